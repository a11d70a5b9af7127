//! A small non-modal element of our own, for pages that have no notification bar: one sentence and a few buttons.
//!
//! It takes no focus and covers nothing. No markup text and no style attribute: a strict CSP or Trusted Types would refuse them.

use crate::texts;
use wasm_bindgen::prelude::*;
use web_sys::{Document, HtmlElement};

/// How the facade finds elements that a dead instance left behind (pkg-template/engine.js says the same).
const MARK: &str = "data-talxis-broker";

const BOX: &str = "position:fixed;right:16px;bottom:16px;z-index:2147483647;max-width:320px;padding:16px;\
    font:14px/1.4 'Segoe UI',system-ui,sans-serif;color:#242424;background:#fff;border:1px solid #d1d1d1;\
    border-radius:4px;box-shadow:0 4px 12px rgba(0,0,0,.2)";
const BUTTON: &str = "margin:12px 8px 0 0;padding:6px 12px;font:inherit;color:inherit;background:#fff;\
    border:1px solid #616161;border-radius:4px;cursor:pointer";

/// The element, until it is dropped.
pub(crate) struct Surface {
    element: HtmlElement,
    _clicks: Vec<Closure<dyn FnMut()>>,
}

/// A button: its text, and what a click does, within the click.
pub(crate) type Button = (&'static str, Box<dyn FnMut()>);

impl Surface {
    /// Shows the element; none if the page has no body or refuses it.
    pub(crate) fn show(document: &Document, message: &str, buttons: Vec<Button>) -> Option<Self> {
        let element = create(document, "div", BOX)?;
        element.set_attribute(MARK, "").ok()?;
        element.set_attribute("role", "region").ok()?;
        element.set_attribute("aria-label", texts::LABEL).ok()?;
        let sentence = create(document, "div", "")?;
        // Read out on arrival, although the focus stays where the user works.
        sentence.set_attribute("role", "alert").ok()?;
        sentence.set_text_content(Some(message));
        element.append_child(&sentence).ok()?;
        let clicks = buttons.into_iter().filter_map(|button| add(document, &element, button)).collect();
        document.body()?.append_child(&element).ok()?;
        Some(Self { element, _clicks: clicks })
    }
}

impl Drop for Surface {
    fn drop(&mut self) {
        self.element.remove();
    }
}

fn add(document: &Document, parent: &HtmlElement, (label, on_click): Button) -> Option<Closure<dyn FnMut()>> {
    let button = create(document, "button", BUTTON)?;
    button.set_attribute("type", "button").ok()?; // Never a submit button of a form around it.
    button.set_text_content(Some(label));
    let click = Closure::wrap(on_click);
    button.set_onclick(Some(click.as_ref().unchecked_ref()));
    parent.append_child(&button).ok()?;
    Some(click)
}

fn create(document: &Document, tag: &str, style: &str) -> Option<HtmlElement> {
    let element: HtmlElement = document.create_element(tag).ok()?.unchecked_into();
    element.style().set_css_text(style);
    Some(element)
}
