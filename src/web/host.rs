//! What Power Apps tells about its user and its address, read anew on each call by page.js. The window is the host window: the
//! facade starts the broker nowhere else.

use broker_core::HostFacts;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    fn tenant() -> Option<String>;

    #[wasm_bindgen(js_name = loginHint)]
    fn login_hint() -> Option<String>;

    #[wasm_bindgen(js_name = clientUrl)]
    fn client_url() -> String;
}

/// Power Apps' facts.
#[must_use]
pub fn facts() -> HostFacts {
    HostFacts { tenant: tenant(), login_hint: login_hint(), client_url: Some(client_url()) }
}
