//! The Token Broker's protocol and policy: pure, so that every flow runs on the host against a fake browser.
//!
//! Knows no browser, no clock, no random source: all that comes in through [`Env`], a trait of browser verbs. Parses no text
//! format: what was parsed comes in through [`Json`]. Requests are text made by pure functions, answers are judged by pure functions, and
//! sending is the one line between them.
//!
//! # A first call
//! [`Core::get_token`] lets the call in (`call.rs`), finds nothing in the `cache.rs` and joins the flight of all equal calls
//! (`single_flight.rs`). From there `flow/get_token.rs` reads top to bottom:
//! 1. no session: a hidden frame (`flow/silent.rs`), then `flow/sign_in.rs`, one for all who wait. With a click of the user the
//!    window opens; without one there is an invitation (`flow/invitation.rs`); where windows are no good the page leaves
//!    (`flow/redirect.rs`). All three are ways of one `flow/attempt.rs`: `authorize.rs` makes the address and judges the response, `token.rs` redeems the code, `id_token.rs` says who it is, and `session.rs` remembers them;
//! 2. `flow/client_token.rs`: the refresh token brings a token for the control client, one request per client;
//! 3. `flow/backend_token.rs`: the STS turns it into a backend token (`exchange.rs`, over `sts-wire`).
//!
//! Flights leave what they bring in the state, so nineteen more calls that want the same find it there, and so does a call
//! that comes later.
//!
//! # What each file decides
//! | file | decides |
//! |---|---|
//! | `config.rs`, `clients.rs`, `url.rs`, `members.rs` | what a configuration may say, and which addresses may be sent a token |
//! | `request.rs`, `call.rs`, `scope.rs` | who may ask for what |
//! | `authorize.rs`, `encoding.rs` | what Entra is asked, and which response is the answer to it |
//! | `token.rs`, `id_token.rs`, `account.rs` | what an answer of the token endpoint is worth, and whose it is |
//! | `entra_error.rs`, `error.rs` | what a failure means to the caller |
//! | `exchange.rs` | what the STS is asked and what its answer means |
//! | `cache.rs`, `session.rs`, `core.rs` | what is remembered, and when it is forgotten |
//! | `snapshot.rs` | what a later page load goes on with |
//! | `flow/` | what happens, in which order, and what is tried again; `flow/post.rs` is the one line that sends |
//! | `single_flight.rs`, `race.rs` | who waits for whom |
//! | `secret.rs`, `guid.rs` | how secrets and ids are held |
//! | `diagnostics.rs` | what a support person may see |
//! | `testing` (feature) | a browser that is none |
//!
//! # Why it is written like this
//! All of this is downloaded by every form. So the code is here and there plainer than the standard library would have it: no
//! sorting, no text patterns, no `{:?}`, each of which is kilobytes of WebAssembly; texts are joined as `[&str]`, in one
//! instance for all. And what awaits is short: before and after it stand plain functions, because every await repeats the
//! farewell to everything that is alive across it. The browser's own waits are futures themselves, without an `async fn` around.
//!
//! # What it never does
//! It never asks Entra for a backend or for `.default`: OpenID Connect's scopes and one named scope of a control client are
//! all that it asks for (`tests/flows/calls.rs` looks at every request). It never starts a consent. It never serves a token of
//! another account than the session's. Nothing secret is in an error, an event or an address.

mod account;
mod authorize;
mod cache;
mod call;
mod clients;
mod config;
mod core;
mod diagnostics;
mod encoding;
mod entra_error;
mod env;
mod error;
mod exchange;
mod flow;
mod guid;
mod id_token;
mod json;
mod members;
mod race;
mod request;
mod scope;
mod secret;
mod session;
mod single_flight;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod url;

pub use self::core::Core;
pub use account::Account;
pub use config::{Pins, Storage};
pub use diagnostics::{CachedToken, Diagnostics};
pub use env::{Env, Event, EventKind, Fact, HostFacts, Inbox, Invitation, Reply, Unreachable};
pub use error::{Code, Error, Result};
pub use flow::redirect::Departure;
pub use json::Json;
pub use request::{Interaction, SignInRequest, TokenRequest, TokenResult};
pub use secret::Secret;
pub use snapshot::{Snapshot, StoredToken};
