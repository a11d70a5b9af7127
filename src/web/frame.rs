//! A hidden frame, which page.js shows to nobody, and what the tab remembers of such frames.

use crate::hooks::Hooks;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    type Hidden;

    #[wasm_bindgen(method, js_name = close)]
    fn remove(this: &Hidden);

    #[wasm_bindgen(js_name = openFrame)]
    fn open_frame(hooks: &Hooks, url: &str) -> Hidden;

    // Caught, although they do not throw: otherwise the module would import them directly, past the glue that is packed.
    #[wasm_bindgen(catch, js_name = framesWork)]
    fn frames_work() -> Result<bool, JsValue>;

    #[wasm_bindgen(catch, js_name = rememberFrames)]
    fn remember_frames(work: bool) -> Result<(), JsValue>;
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

/// Whether this tab has no bad memory of hidden frames.
pub(crate) fn work() -> bool {
    frames_work().unwrap_or(true)
}

/// Remembers whether they work.
pub(crate) fn remember(work: bool) {
    let _ = remember_frames(work);
}
