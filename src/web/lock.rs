//! A turn among the tabs of this browser, which page.js takes.

use super::wait::{Wait, Waiting};
use crate::hooks::Hooks;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = lock)]
    fn take_turn(hooks: &Hooks, name: &str) -> Wait;
}

/// Takes a turn; dropping it gives it back.
pub(crate) fn lock(hooks: &Hooks, name: &str) -> Waiting {
    Waiting::new(take_turn(hooks, name))
}
