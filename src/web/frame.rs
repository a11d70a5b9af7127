//! A hidden frame, which page.js shows to nobody.

use crate::hooks::Hooks;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    type Hidden;

    #[wasm_bindgen(method, js_name = close)]
    fn remove(this: &Hidden);

    #[wasm_bindgen(js_name = openFrame)]
    fn open_frame(hooks: &Hooks, url: &str) -> Hidden;
}

/// A hidden frame; dropping it removes it.
pub struct Frame(Hidden);

impl Frame {
    /// Opens one at an address.
    pub(crate) fn open(hooks: &Hooks, url: &str) -> Self {
        Self(open_frame(hooks, url))
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.0.remove();
    }
}
