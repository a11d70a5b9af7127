//! Where the broker lives: the packed file in a model-driven app look-alike with its many windows and frames.
//!
//! Needs what the end-to-end tests need; `cargo xtask test --only host-page` sees to all of it. One file for each concern: where it
//! boots, how it is configured, whose tokens it serves, what it costs a form.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

mod boot;
mod lookalike;
