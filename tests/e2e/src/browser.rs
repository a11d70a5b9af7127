//! One browser with one driver process of its own, gone when this is gone.

use crate::{Engine, Failure, Profile, Result, until};
use std::{
    net::{Ipv4Addr, TcpListener},
    ops::Deref,
    process::Stdio,
    time::Duration,
};
use thirtyfour::{WebDriver, WindowHandle};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// How long a browser may take to start before it is started anew.
const START: Duration = Duration::from_secs(30);

/// A browser under WebDriver, which it dereferences to.
pub struct Browser {
    driver: WebDriver,
    process: Child,
    /// The window it started with.
    main: WindowHandle,
}

impl Browser {
    /// Starts a driver on a free port, and through it a browser with a fresh profile that allows third-party cookies.
    ///
    /// # Errors
    /// When the driver is not on PATH or refuses.
    pub async fn start(engine: &Engine) -> Result<Self> {
        Self::start_with(engine, &Profile::default()).await
    }

    /// Likewise, with this profile.
    ///
    /// # Errors
    /// When the driver is not on PATH or refuses.
    pub async fn start_with(engine: &Engine, profile: &Profile) -> Result<Self> {
        // WebKit's driver waits for ever for a browser that died while it started. Nothing of a test has happened by then.
        match timeout(START, Self::attempt(engine, profile)).await {
            Ok(started) => started,
            Err(_) => Self::attempt(engine, profile).await,
        }
    }

    async fn attempt(engine: &Engine, profile: &Profile) -> Result<Self> {
        let failed = |source| Failure::System { what: engine.driver.to_owned(), source };
        let port = free_port().map_err(failed)?;
        let mut command = Command::new(engine.driver);
        match engine.port_option.strip_suffix('=') {
            Some(_) => command.arg(format!("{}{port}", engine.port_option)),
            None => command.args([engine.port_option, &port.to_string()]),
        };
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        until("the WebDriver to listen", async || {
            Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok())
        })
        .await?;
        let driver =
            WebDriver::new(format!("http://127.0.0.1:{port}"), engine.capabilities(profile)?).await?;
        let main = driver.window().await?;
        Ok(Self { driver, process, main })
    }

    /// Makes the window it started with the current one again.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn to_main_window(&self) -> Result {
        Ok(self.switch_to_window(self.main.clone()).await?)
    }

    /// The windows beside the one it started with.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn popups(&self) -> Result<Vec<WindowHandle>> {
        let mut windows = self.windows().await?;
        windows.retain(|window| *window != self.main);
        Ok(windows)
    }

    /// Ends the browser, and starts another one with this profile in its place.
    ///
    /// # Errors
    /// When either does not happen.
    pub async fn restart(&mut self, engine: &Engine, profile: &Profile) -> Result {
        self.end().await?;
        *self = Self::start_with(engine, profile).await?;
        Ok(())
    }

    /// Ends the browser and its driver.
    ///
    /// # Errors
    /// When either does not end.
    pub async fn quit(mut self) -> Result {
        self.end().await
    }

    async fn end(&mut self) -> Result {
        let ended = self.driver.clone().quit().await;
        self.process
            .kill()
            .await
            .map_err(|source| Failure::System { what: "the WebDriver".to_owned(), source })?;
        Ok(ended?)
    }
}

impl Deref for Browser {
    type Target = WebDriver;

    fn deref(&self) -> &WebDriver {
        &self.driver
    }
}

/// A port that was free a moment ago; not every driver can choose and tell one.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
