//! Each effect of `src/web/` in a real browser: what it does, and that it undoes it. Run by
//! `wasm-pack test --headless --chrome`; `webdriver.json` gives the browser its popup blocker back.

#![allow(clippy::unwrap_used)] // Clippy does not take #[wasm_bindgen_test] for a test.

mod clock;
mod http;
mod inbox;
mod invite;
mod json;
mod lock;
mod memory;
mod popup;
mod random;

use crate::hooks::Hooks;
use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test_configure;
use web_sys::Window;

wasm_bindgen_test_configure!(run_in_browser);

fn window() -> Window {
    web_sys::window().unwrap()
}

/// Runs JavaScript; what it leaves on the page is undone by [`Patched`].
fn js(script: &str) -> JsValue {
    js_sys::eval(script).unwrap()
}

fn text(script: &str) -> String {
    js(script).as_string().unwrap()
}

/// Replaces a member of `window` until it is dropped.
struct Patched {
    name: &'static str,
    before: JsValue,
}

impl Patched {
    fn new(name: &'static str, script: &str) -> Self {
        let before = Reflect::get(&window(), &name.into()).unwrap();
        Reflect::set(&window(), &name.into(), &js(&format!("({script})"))).unwrap();
        Self { name, before }
    }
}

impl Drop for Patched {
    fn drop(&mut self) {
        if self.before.is_undefined() {
            Reflect::delete_property(&window(), &self.name.into()).unwrap();
        } else {
            Reflect::set(&window(), &self.name.into(), &self.before).unwrap();
        }
    }
}

/// A browser that opens windows without a gesture, and keeps a log of what happens to them in `window.opened`.
fn willing_browser() -> Patched {
    js("window.opened = []");
    Patched::new(
        "open",
        "(url, name, features) => {
            opened.push(`open ${url}`);
            window.lastName = name;
            window.lastFeatures = features;
            return { closed: false, focus() {}, close() { opened.push('close'); } };
        }",
    )
}

/// Hooks that count open prompts in `window.prompting`, ask by the confirm dialog if `window.confirms`, and have the real texts.
fn hooks() -> Hooks {
    js("window.prompting = 0");
    js("window.instance = new AbortController()");
    let texts = |file: &str| format!("(() => {{ {} return prompt; }})()", file.replace("export ", ""));
    let (english, czech) = (
        texts(include_str!("../../pkg-template/texts/en.js")),
        texts(include_str!("../../pkg-template/texts/cs.js")),
    );
    js(&format!(
        "({{ prompting: (begins) => {{ prompting += begins ? 1 : -1; }}, ended: instance.signal,
             confirms: () => window.confirms === true, texts: {{ cs: {czech}, en: {english} }} }})"
    ))
    .unchecked_into()
}

fn open_prompts() -> Option<f64> {
    js("prompting").as_f64()
}

/// Lets everything that is due happen.
async fn turn() {
    let promise = js("new Promise((resolve) => setTimeout(resolve, 20))");
    wasm_bindgen_futures::JsFuture::from(promise.unchecked_into::<js_sys::Promise>()).await.unwrap();
}

fn click(button: &str) {
    let click = js(&format!(
        "() => [...document.querySelectorAll('[data-talxis-broker] button')].find((button) => button.textContent === '{button}').click()"
    ));
    click.unchecked_into::<Function>().call0(&JsValue::NULL).unwrap();
}

fn surfaces() -> usize {
    text("'x'.repeat(document.querySelectorAll('[data-talxis-broker]').length)").len()
}
