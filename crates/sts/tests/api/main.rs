//! The service over HTTP, against the stand-in for Entra ID in the same process.
//!
//! One world per test: both servers on free ports, one clock for both, the demo's estate with a second tenant.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cache;
mod credentials;
mod entra_refuses;
mod exchange;
mod faults;
mod isolation;
mod log;
mod operations;
mod program;
mod redis;
mod subject_token;
mod world;
