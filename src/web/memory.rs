//! What this tab remembers between page loads, which page.js keeps.

use broker_core::Fact;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = remembers)]
    fn tab_remembers(name: &str) -> bool;

    #[wasm_bindgen(js_name = remember)]
    fn tell_tab(name: &str, holds: bool);
}

/// Whether the tab remembers this.
pub(crate) fn remembers(fact: Fact) -> bool {
    tab_remembers(fact.as_str())
}

/// Remembers it, or forgets it.
pub(crate) fn remember(fact: Fact, holds: bool) {
    tell_tab(fact.as_str(), holds);
}
