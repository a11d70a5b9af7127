//! The broker's memory: what was given back is used again, so that a page that stays open all day does not grow.

use js_sys::{Reflect, WebAssembly::Memory};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

fn bytes() -> f64 {
    let buffer = wasm_bindgen::memory().unchecked_into::<Memory>().buffer();
    Reflect::get(&buffer, &"byteLength".into()).unwrap().as_f64().unwrap()
}

/// One call's worth of memory: texts of many sizes that end in another order than they began, some of which grow meanwhile.
fn call(number: usize) {
    let mut texts: Vec<String> = (0..64).map(|at| "x".repeat(1 + (at * 97 + number * 31) % 4_000)).collect();
    texts.retain(|text| text.len() % 3 != 0);
    texts.iter_mut().step_by(2).for_each(|text| text.push_str("grown"));
}

#[wasm_bindgen_test]
fn ten_thousand_calls_need_no_more_memory_than_the_first_hundred() {
    (0..100).for_each(call);
    let before = bytes();
    (100..10_000).for_each(call);
    assert_eq!(bytes(), before);
}
