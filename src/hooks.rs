//! What the facade gives each instance: where events go, and who wants to know that a prompt is open.

use js_sys::Object;
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `{ emit(event), prompting(open) }`.
    #[derive(Clone)]
    pub type Hooks;

    // Caught: a listener that throws must not reach into a flow of the core.
    #[wasm_bindgen(method, catch)]
    fn emit(this: &Hooks, event: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn prompting(this: &Hooks, open: bool) -> Result<(), JsValue>;
}

impl Hooks {
    pub(crate) fn tell(&self, event: &JsValue) {
        let _ = self.emit(event);
    }
}

impl Default for Hooks {
    /// Nobody listens.
    fn default() -> Self {
        Object::new().unchecked_into()
    }
}

/// Counts what asks the user for something, so that the facade can be patient meanwhile.
#[derive(Clone)]
pub struct Prompts {
    hooks: Hooks,
    open: Rc<Cell<u32>>,
}

impl Prompts {
    /// No prompt is open.
    #[must_use]
    pub fn new(hooks: Hooks) -> Self {
        Self { hooks, open: Rc::new(Cell::new(0)) }
    }

    /// One more prompt, until the result is dropped.
    pub(crate) fn begin(&self) -> Prompt {
        self.add(1);
        Prompt(self.clone())
    }

    fn add(&self, change: i32) {
        let before = self.open.get();
        let after = before.saturating_add_signed(change);
        self.open.set(after);
        if (before == 0) != (after == 0) {
            let _ = self.hooks.prompting(after > 0);
        }
    }
}

/// An open prompt.
pub(crate) struct Prompt(Prompts);

impl Drop for Prompt {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}
