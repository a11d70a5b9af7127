//! A local stand-in for Microsoft Entra ID: strict where Entra is strict, loose where Entra is loose, offline.
//!
//! [`Entra::start`] serves an [`estate::Estate`] on loopback. Requests are decided by pure functions over a snapshot of the
//! directory (`authorize`, `token`, `consent`, `policy`); `rim` is HTTP around them, and [`Entra`] is the handle with
//! which a test or the demo changes the world and reads the log. README.md says what is imitated and how surely.
//!
//! It must never be reachable from another machine: whoever knows a user name signs in as that user.

mod authorize;
mod certificate;
mod claims;
mod client_auth;
mod clock;
mod consent;
mod directory;
mod discovery;
mod errors;
mod graph;
mod jws;
mod log;
mod mint;
mod page;
mod params;
mod policy;
mod rim;
mod scenario;
mod scope;
mod seal;
mod seed;
mod server;
mod session;
mod shared;
mod site;
mod tls;
mod token;
mod weather;
mod wire;

pub use certificate::UnreadableCertificate;
pub use clock::Clock;
pub use errors::Aadsts;
pub use log::{Endpoint, GrantType, Outcome, Request, Signer};
pub use mint::{MintRequest, SignedBy};
pub use policy::Demand;
pub use scenario::{Command, ScenarioError};
pub use server::{Entra, Options, StartError};
pub use shared::Mischief;
pub use tls::{Tls, TlsError};
pub use token::OriginCheck;
pub use weather::{Place, Trouble, Weather};

/// The README's Rust is compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
