//! Unpredictable bytes.

use wasm_bindgen::throw_str;
use web_sys::Window;

/// 32 bytes of the browser's generator. It cannot fail for so few; if it did, going on with predictable bytes would be
/// worse than stopping, and what is thrown here makes the facade start afresh.
#[must_use]
pub fn bytes(window: &Window) -> [u8; 32] {
    let mut bytes = [0; 32];
    let filled = window.crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if filled.is_err() {
        throw_str("The browser gave no random bytes.");
    }
    bytes
}
