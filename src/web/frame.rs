//! A hidden frame, which page.js shows to nobody.

use super::wait::{Wait, Waiting};
use crate::hooks::Hooks;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = openFrame)]
    fn open_frame(hooks: &Hooks, url: &str) -> Wait;
}

/// Opens one at an address; dropping the wait removes it. Resolves if the page's policy refuses it.
#[must_use]
pub(crate) fn open(hooks: &Hooks, url: &str) -> Waiting {
    Waiting::new(open_frame(hooks, url))
}
