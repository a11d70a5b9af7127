//! What happens on a panic: the facade is told where, rejects every open call and makes a fresh instance.
//!
//! The message of a panic is not passed on: it might quote what it choked on.

use std::panic;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // Resolves to the parameter of the factory that the packer wraps around the glue (pkg-template/instance.js).
    // Caught: built without the packer there is nobody to tell, and the abort that follows says enough.
    #[wasm_bindgen(catch, js_name = onPoison)]
    fn on_poison(file: &str, line: u32) -> Result<(), JsValue>;
}

/// Installs the panic hook. Hooks run before the abort, while promises can still be rejected.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        if let Some(at) = info.location() {
            let _ = on_poison(at.file(), at.line());
        }
    }));
}
