//! The sample APIs and the Power Apps environment over HTTP. Needs the estate file and no browser.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

mod admission;
mod harness;
mod latency;
mod policies;
mod ports;
mod provisioning;
mod revocation;
mod web_api;
mod web_resources;
mod world;
