//! Unpredictable bytes.

use wasm_bindgen::{prelude::*, throw_str};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn fill(bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// 32 bytes of the browser's generator. It cannot fail for so few; if it did, going on with predictable bytes would be
/// worse than stopping, and what is thrown here makes the facade start afresh.
#[must_use]
pub fn bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    if fill(&mut bytes).is_err() {
        throw_str("The browser gave no random bytes.");
    }
    bytes
}
