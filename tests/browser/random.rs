//! Random text.

use crate::web::random;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn random_text_is_32_bytes_in_small_hexadecimal_digits_and_never_the_same() {
    let texts: Vec<String> = (0..50).map(|_| random::hexadecimal()).collect();
    for (at, text) in texts.iter().enumerate() {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        assert!(text.len() == 64 && digits && !texts.iter().skip(at + 1).any(|other| other == text));
    }
}
