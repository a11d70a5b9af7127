//! Leaving the page with a departure stored, which page.js and the vault behind the hooks see to.

use super::wait::{Wait, Waiting};
use crate::{convert, hooks::Hooks};
use broker_core::Departure;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = leave)]
    fn leave_page(hooks: &Hooks, url: &str, departure: &JsValue) -> Wait;
}

/// Goes to an address with the whole page; resolves only if that is impossible.
pub(crate) fn leave(hooks: &Hooks, url: &str, departure: &Departure) -> Waiting {
    Waiting::new(leave_page(hooks, url, &convert::departure(departure)))
}
