//! The browser's clock and its timers.

use super::once::Once;
use wasm_bindgen::prelude::*;
use web_sys::Window;

/// Milliseconds since the epoch.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole and positive for the next 280,000 years.
pub fn now() -> u64 {
    js_sys::Date::now() as u64
}

/// Resolves after so many milliseconds. Dropped before, it leaves no timer behind.
pub async fn sleep(window: &Window, ms: u32) {
    let timer = Timer::start(window, ms);
    timer.rang.take().await;
}

struct Timer {
    window: Window,
    handle: Option<i32>,
    rang: Once<()>,
    _ring: Closure<dyn FnMut()>,
}

impl Timer {
    fn start(window: &Window, ms: u32) -> Self {
        let rang = Once::new();
        let ringing = rang.clone();
        let ring = Closure::once(move || ringing.set(()));
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let handle = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(ring.as_ref().unchecked_ref(), ms)
            .ok();
        Self { window: window.clone(), handle, rang, _ring: ring }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(handle) = self.handle {
            self.window.clear_timeout_with_handle(handle);
        }
    }
}
