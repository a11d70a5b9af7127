//! Unpredictable text, made by page.js. The browser's generator cannot fail for so few bytes; if it did, going on with predictable ones
//! would be worse than stopping: what it throws makes the facade start afresh.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    /// 32 bytes of the browser's generator, in hexadecimal digits.
    #[must_use]
    #[wasm_bindgen(js_name = random)]
    pub fn hexadecimal() -> String;
}
