//! Timers.

use super::{Patched, js};
use crate::web::clock;
use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_sleep_ends() {
    let before = clock::now();
    clock::sleep(20).await;
    assert!(clock::now() >= before + 19);
}

#[wasm_bindgen_test]
fn a_dropped_sleep_clears_its_timer() {
    js("window.timers = new Set()");
    let _set = Patched::new("setTimeout", "() => { timers.add(7); return 7; }");
    let _clear = Patched::new("clearTimeout", "(timer) => timers.delete(timer)");
    {
        let mut sleep = pin!(clock::sleep(60_000));
        assert!(sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(js("timers.size"), 1);
    }
    assert_eq!(js("timers.size"), 0);
}
