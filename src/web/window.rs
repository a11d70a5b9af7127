//! The sign-in window, the invitation to it, and the surface that waits with the user: what prompt.js shows, each undone on drop.

use super::wait::{Wait, Waiting};
use crate::hooks::{Hooks, Prompt};
use broker_core::Invitation;
use std::{
    future::{Future, poll_fn},
    pin::Pin,
};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/prompt.js")]
extern "C" {
    type Child;

    #[wasm_bindgen(method)]
    fn reopen(this: &Child);

    #[wasm_bindgen(method, js_name = close)]
    fn close_window(this: &Child);

    #[wasm_bindgen(js_name = openWindow)]
    fn open_window(hooks: &Hooks, url: &str) -> Option<Child>;

    #[wasm_bindgen(js_name = invite)]
    fn show_invitation(hooks: &Hooks, url: &str, ends: bool) -> Wait;

    // Caught, although it does not throw: otherwise the module would import it directly, past the glue that is packed. So is the next one.
    #[wasm_bindgen(catch, js_name = waitWith)]
    fn wait_with(hooks: &Hooks, child: &Child) -> Result<Wait, JsValue>;

    #[wasm_bindgen(catch, js_name = activated)]
    fn is_activated() -> Result<bool, JsValue>;
}

/// Whether the user acted just now, so that a window may open.
pub(crate) fn activated() -> bool {
    is_activated().unwrap_or(true)
}

/// An open sign-in window; dropping it closes it if it is still there.
pub struct Popup {
    child: Child,
    _prompt: Prompt,
}

impl Popup {
    /// Opens a window now, within this call; none if the browser refuses.
    pub(crate) fn open(hooks: &Hooks, url: &str) -> Option<Self> {
        open_window(hooks, url).map(|child| Self::of(hooks, child))
    }

    /// Brings the window back, or opens it anew, in the handler of a click.
    #[cfg(all(test, target_arch = "wasm32"))]
    pub(crate) fn reopen(&self) {
        self.child.reopen();
    }

    fn of(hooks: &Hooks, child: Child) -> Self {
        Self { child, _prompt: hooks.prompt() }
    }
}

impl Drop for Popup {
    fn drop(&mut self) {
        self.child.close_window();
    }
}

/// Shows one invitation, in a surface of Power Apps if there is one, or asks whether to sign out everywhere, and waits for the user.
pub(crate) fn invite(
    hooks: &Hooks,
    url: &str,
    ends: bool,
) -> impl Future<Output = Invitation<Popup>> + Unpin {
    let (hooks, prompt) = (hooks.clone(), hooks.prompt());
    let mut waiting = Waiting::new(show_invitation(&hooks, url, ends));
    poll_fn(move |context| {
        let _open = &prompt;
        Pin::new(&mut waiting).poll(context).map(|answer| match answer.into() {
            child if JsValue::is_object(&child) => {
                Invitation::Opened(Popup::of(&hooks, child.unchecked_into()))
            }
            accepted if accepted == JsValue::TRUE => Invitation::Accepted,
            declined if declined == JsValue::FALSE => Invitation::Declined,
            _ => Invitation::Blocked,
        })
    })
}

/// Shows that sign-in goes on in another window, and resolves when the user gives up on it.
pub(crate) fn given_up(hooks: &Hooks, popup: &Popup) -> Waiting {
    Waiting::new(wait_with(hooks, &popup.child).unwrap_throw())
}
