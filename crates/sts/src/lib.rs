//! The Security Token Service: a control client's token in, a backend token out (contract §4, RFC 8693).
//!
//! It holds the private keys of all control clients and stands in front of Entra's on-behalf-of flow. What it decides, in
//! the order of one exchange: `config` and `policy` say who may ask for what, `token` decodes a client token without
//! believing it, `keys` finds the key its tenant signs with, `verify` believes it or not (`newcomers` counts the false ones), `limits` counts the others, `scope` allows.
//! Then `backend` knows where a backend token comes from: its cache, or `entra`, which asks on its `lane` with a `credential`, leaves users in a loop alone (`looping`)
//! and lets `judge` read the answer. `exchange` is that walk; `router`, `serve` and `server` carry it over HTTP, `service`
//! keeps house, and `doctor` looks at it all before the first user comes.
//!
//! It never takes the control client from a parameter, only from the verified `aud`; never returns a refresh token; and
//! never writes a token, an assertion, an e-mail or an upstream description anywhere but where it belongs.

mod arrivals;
mod backend;
mod claims;
mod clock;
mod config;
mod cors;
mod credential;
mod doctor;
mod entra;
mod error;
mod exchange;
mod form;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod ids;
mod judge;
mod keys;
mod lane;
mod limits;
pub mod log;
mod looping;
mod metrics;
mod newcomers;
mod origin;
mod patience;
mod policy;
mod proxy;
mod refusal;
mod router;
mod scope;
mod secret;
mod serve;
mod server;
mod service;
mod share;
#[cfg(test)]
mod testing;
mod tls;
mod token;
mod verify;

pub use backend::SharedCacheError;
pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use credential::CredentialError;
pub use doctor::{Finding, Grade, examine};
pub use server::{Server, StartError};
pub use tls::TlsError;
