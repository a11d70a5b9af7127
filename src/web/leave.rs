//! Leaving the page with a departure stored, which page.js and the vault behind the hooks see to.

use super::wait::{Wait, Waiting};
use crate::{convert, hooks::Hooks};
use broker_core::Departure;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    // Caught, although it does not throw: otherwise the module would import it directly, past the glue that is packed.
    #[wasm_bindgen(catch, js_name = keep)]
    fn keep_departure(hooks: &Hooks, departure: &JsValue) -> Result<Wait, JsValue>;

    #[wasm_bindgen(js_name = leave)]
    fn leave_page(url: &str) -> Wait;
}

/// Stores a departure; resolves when that is done, or failed.
pub(crate) fn keep(hooks: &Hooks, departure: &Departure) -> Waiting {
    Waiting::new(keep_departure(hooks, &convert::departure(departure)).unwrap_throw())
}

/// Goes to an address with the whole page; resolves only if that is impossible.
pub(crate) fn leave(url: &str) -> Waiting {
    Waiting::new(leave_page(url))
}
