//! What the facade gives each instance: what Power Apps tells, where events go, and who wants to know that a prompt is open or that
//! there is something new to store.

use js_sys::Object;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `{ emit(event), prompting(begins), facts(), changed(), kept(), reread(), keep(id, departure), ended, texts, confirms() }`; the signal
    /// `ended` fires when this instance is dead, what is not bound here is for the JavaScript beside the effects.
    #[derive(Clone)]
    pub type Hooks;

    // Caught: a listener that throws must not reach into a flow of the core.
    #[wasm_bindgen(method, catch)]
    fn emit(this: &Hooks, event: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn prompting(this: &Hooks, begins: bool) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn facts(this: &Hooks) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn changed(this: &Hooks) -> Result<(), JsValue>;
}

impl Hooks {
    pub(crate) fn tell(&self, event: &JsValue) {
        let _ = self.emit(event);
    }

    /// What Power Apps tells.
    pub(crate) fn host(&self) -> JsValue {
        self.facts().unwrap_or_default()
    }

    /// There is something new to store.
    pub(crate) fn tell_changed(&self) {
        let _ = self.changed();
    }

    /// Something asks the user, until the result is dropped. The facade counts, and is patient meanwhile.
    pub(crate) fn prompt(&self) -> Prompt {
        let _ = self.prompting(true);
        Prompt(self.clone())
    }
}

impl Default for Hooks {
    /// Nobody listens.
    fn default() -> Self {
        Object::new().unchecked_into()
    }
}

/// An open prompt.
pub(crate) struct Prompt(Hooks);

impl Drop for Prompt {
    fn drop(&mut self) {
        let _ = self.0.prompting(false);
    }
}
