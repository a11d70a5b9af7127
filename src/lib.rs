//! The Token Broker's browser shell: effects and a JavaScript surface, no protocol decisions.
//!
//! | module | what it is |
//! |---|---|
//! | [`broker`] | what JavaScript calls; one line into [`broker_core::Core`] each |
//! | [`web`] | [`broker_core::Env`] over the browser, one file per capability; what works on the page is JavaScript beside it |
//! | [`json`] | foreign values in, through getters |
//! | `convert` | results out, as plain objects |
//! | [`hooks`] | where events go |
//! | `poison` | what happens on a panic |
//!
//! `api.d.ts` is the public TypeScript surface, written by hand. `pkg-template/` is what callers meet: `window.talxisBroker`.

pub mod broker;
pub mod hooks;
pub mod json;
pub mod web;

mod convert;
mod poison;

#[cfg(all(test, target_arch = "wasm32"))]
#[path = "../tests/browser/mod.rs"]
mod tests;

#[cfg(target_arch = "wasm32")]
use lol_alloc::{FreeListAllocator, LockedAllocator};
use wasm_bindgen::prelude::*;

/// Smaller than the default one; the broker's memory is small and its speed is the network's.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

#[wasm_bindgen(typescript_custom_section)]
const API: &str = include_str!("api.d.ts");

/// Runs once per instance. Beside the custom section above, so that the linker keeps that.
#[wasm_bindgen(start)]
pub fn start() {
    poison::install();
}
