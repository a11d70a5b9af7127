//! (in the making) The Token Broker's protocol and policy.
mod env;
mod error;
mod json;
pub use env::{Env, Event, EventKind, HostFacts, Inbox, Invitation, Reply, Unreachable};
pub use error::{Code, Error, Result};
pub use json::Json;
