//! The Token Broker's browser shell: effects and a JavaScript surface, no protocol decisions.
//!
//! | module | what it is |
//! |---|---|
//! | [`broker`] | what JavaScript calls; one line into [`broker_core::Core`] each |
//! | [`web`] | [`broker_core::Env`] over the browser, one file per capability |
//! | [`host`] | what Power Apps tells |
//! | [`json`] | foreign values in, through getters |
//! | `convert` | results out, as plain objects |
//! | [`hooks`] | where events go |
//! | `poison` | what happens on a panic |
//! | `texts` | every sentence shown to a person |
//!
//! `api.d.ts` is the public TypeScript surface, written by hand. `pkg-template/` is what callers meet: `window.talxisBroker`.

pub mod broker;
pub mod hooks;
pub mod host;
pub mod json;
pub mod web;

mod convert;
mod poison;
mod texts;

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const API: &str = include_str!("api.d.ts");

/// Runs once per instance. Beside the custom section above, so that the linker keeps that.
#[wasm_bindgen(start)]
pub fn start() {
    poison::install();
}
