//! What end-to-end tests and the demo's check share: a browser over WebDriver, and a stage on which the whole demo runs.
//!
//! Everything is observed from outside: the page's document, the browser's windows and Entra's own log. Waiting is always
//! for a condition with a deadline, never for a length of time.

mod app;
mod browser;
mod costs;
mod engine;
pub mod packages;
mod stage;
mod token;

pub use app::{Evaluation, HEADER_FRAME, STORED};
pub use browser::Browser;
pub use costs::Least;
pub use engine::{Engine, Profile, ThirdPartyCookies};
pub use stage::{Asked, BrokerError, Stage, on_stage, on_stage_with, with_ribbon, without_ribbon};
pub use token::{Claims, thumbprint};

use std::time::{Duration, Instant};
use thirtyfour::error::WebDriverError;

/// How long anything may take before a test says that it did not happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why something could not be done or seen.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The demo did not start.
    #[error(transparent)]
    Demo(#[from] demo::StartError),
    /// The project's files cannot be used.
    #[error(transparent)]
    Usage(#[from] demo::UsageError),
    /// The browser refused a command.
    #[error("the browser refused: {0}")]
    Browser(#[from] Box<WebDriverError>),
    /// A program or file cannot be used.
    #[error("cannot use {what}: {source}")]
    System {
        /// The program or file.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A condition never came true.
    #[error("waited for {0} in vain")]
    Late(String),
    /// Something is not as it should be.
    #[error("{0}")]
    Wrong(String),
}

impl From<WebDriverError> for Failure {
    fn from(error: WebDriverError) -> Self {
        Self::Browser(Box::new(error))
    }
}

impl Failure {
    /// Something is not as it should be; `what` is a sentence.
    pub fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }
}

/// What everything here comes to.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// Looks again and again until there is something to see.
///
/// # Errors
/// When looking fails, or nothing is seen in time.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if Instant::now() > deadline {
            return Err(Failure::Late(what.to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
