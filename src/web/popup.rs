//! The sign-in window.

use super::clock;
use crate::hooks::{Prompt, Prompts};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::prelude::*;
use web_sys::Window;

const WIDTH: i32 = 483;
const HEIGHT: i32 = 600;

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
        let name = format!("talxis-broker-{}", clock::now());
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
    let features = format!("popup,width={WIDTH},height={HEIGHT},{}", position(opener).unwrap_or_default());
    let child = opener.open_with_url_and_target_and_features(url, name, &features).ok()??;
    // Some blockers hand out a window that is closed already. Later `closed` means nothing: COOP sets it.
    let blocked = child.closed().unwrap_or(true);
    if !blocked {
        let _ = child.focus();
    }
    (!blocked).then_some(child)
}

/// In the middle of the page, on whichever screen it is.
fn position(opener: &Window) -> Result<String, JsValue> {
    #[allow(clippy::cast_possible_truncation)] // Pixels of a screen.
    let middle = |start: JsValue, size: JsValue, own: i32| {
        let (start, size) =
            (start.as_f64().unwrap_or_default() as i32, size.as_f64().unwrap_or_default() as i32);
        start + ((size - own) / 2).max(0)
    };
    let left = middle(opener.screen_x()?, opener.outer_width()?, WIDTH);
    let top = middle(opener.screen_y()?, opener.outer_height()?, HEIGHT);
    Ok(format!("left={left},top={top}"))
}
