//! The browser's clock and its timers.

use super::wait::{Wait, Waiting};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    // Caught, although it does not throw: otherwise the module would import it directly, past the glue that is packed.
    #[wasm_bindgen(catch, js_name = sleep)]
    fn start(ms: u32) -> Result<Wait, JsValue>;
}

/// Milliseconds since the epoch.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole and positive for the next 280,000 years.
pub fn now() -> u64 {
    js_sys::Date::now() as u64
}

/// Resolves after so many milliseconds. Dropped before, it leaves no timer behind.
#[must_use]
pub fn sleep(ms: u32) -> Waiting {
    Waiting::new(start(ms).unwrap_throw())
}
