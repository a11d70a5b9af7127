//! The Security Token Service: a control client's token in, a backend token out (contract §4, RFC 8693).
//!
//! It holds the private keys of all control clients and stands in front of Entra's on-behalf-of flow. What it decides, in
//! the order of one exchange: `config` and `policy` say who may ask for what, `token` decodes a client token without
//! believing it, `keys` finds the key its tenant signs with, `verify` believes it or not, `assertion` and `obo` make the
//! request to Entra, `judge` reads the answer. `exchange` is that walk; `router`, `serve` and `server` carry it over HTTP.
//!
//! It never takes the control client from a parameter, only from the verified `aud`; never returns a refresh token; and
//! never writes a token, an assertion, an e-mail or an upstream description anywhere but where it belongs.

mod assertion;
mod claims;
mod clock;
mod config;
mod cors;
mod error;
mod exchange;
mod form;
mod http;
mod ids;
mod judge;
mod keys;
pub mod log;
mod obo;
mod origin;
mod policy;
mod refusal;
mod router;
mod secret;
mod serve;
mod server;
#[cfg(test)]
mod testing;
mod token;
mod verify;

pub use assertion::CredentialError;
pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use server::{Server, StartError};
