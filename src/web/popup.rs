//! The sign-in window.

use crate::hooks::{Prompt, Prompts};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::prelude::*;
use web_sys::Window;

const WIDTH: f64 = 483.0;
const HEIGHT: f64 = 600.0;

/// Opens sign-in windows over one page.
#[derive(Clone)]
pub(crate) struct Popups {
    pub(crate) window: Window,
    pub(crate) prompts: Prompts,
}

impl Popups {
    /// Opens a window now, within this call; none if the browser refuses.
    pub(crate) fn open(&self, url: &str) -> Option<Popup> {
        // A name of its own: a known one would navigate a window that some other script opened.
        let name = ["talxis-broker-", &text(JsValue::from(js_sys::Date::now()))].concat();
        let child = Rc::new(RefCell::new(open(&self.window, url, &name)?));
        Some(Popup { opener: self.window.clone(), name, child, _prompt: self.prompts.begin() })
    }
}

/// An open sign-in window; dropping it closes it if it is still there.
pub struct Popup {
    opener: Window,
    name: String,
    child: Rc<RefCell<Window>>,
    _prompt: Prompt,
}

impl Popup {
    /// What brings the window back if it is still there, and else opens a new one. To be called in the handler of a click.
    pub(crate) fn reopen(&self, url: &str) -> impl FnMut() + 'static {
        let (opener, name, child, url) =
            (self.opener.clone(), self.name.clone(), Rc::clone(&self.child), url.to_owned());
        move || {
            if let Some(opened) = open(&opener, &url, &name) {
                child.replace(opened);
            }
        }
    }
}

impl Drop for Popup {
    fn drop(&mut self) {
        let _ = self.child.borrow().close();
    }
}

fn open(opener: &Window, url: &str, name: &str) -> Option<Window> {
    let child = opener.open_with_url_and_target_and_features(url, name, &features(opener)).ok()??;
    // Some blockers hand out a window that is closed already. Later `closed` means nothing: COOP sets it.
    let blocked = child.closed().unwrap_or(true);
    if !blocked {
        let _ = child.focus();
    }
    (!blocked).then_some(child)
}

/// A small window in the middle of the page, on whichever screen that is.
fn features(opener: &Window) -> String {
    let middle = |start: Result<JsValue, JsValue>, size: Result<JsValue, JsValue>, own: f64| {
        let number =
            |value: Result<JsValue, JsValue>| value.ok().and_then(|value| value.as_f64()).unwrap_or_default();
        text((number(start) + (number(size) - own) / 2.0).max(0.0).floor().into())
    };
    let left = middle(opener.screen_x(), opener.outer_width(), WIDTH);
    let top = middle(opener.screen_y(), opener.outer_height(), HEIGHT);
    ["popup,width=", &text(WIDTH.into()), ",height=", &text(HEIGHT.into()), ",left=", &left, ",top=", &top]
        .concat()
}

/// The browser's own number formatting: Rust's costs half a kilobyte.
fn text(number: JsValue) -> String {
    number.unchecked_into::<js_sys::Number>().to_string_with_radix(10).map(String::from).unwrap_or_default()
}
