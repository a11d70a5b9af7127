//! The stand-in over real HTTP: what a client sees, in the words of a client.

// Helpers of tests may fail the way tests do; clippy.toml allows it inside test functions only.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod browser;
mod conditional_access;
mod consent;
mod every_error;
mod metadata;
mod mint;
mod on_behalf_of;
mod sign_in;
mod single_page_app;
mod weather;
mod world;
