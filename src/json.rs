//! [`broker_core::Json`] over JavaScript values: the browser parses, getters read own members.
//!
//! Input may come from any script on the page. A getter that throws reads as absent; nothing here throws or panics.

use broker_core::Json;
use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = parseJson)]
    fn parse_json(text: &str) -> JsValue;

    #[wasm_bindgen(js_name = parseBase64url)]
    fn parse_base64url(text: &str) -> JsValue;

    #[wasm_bindgen(js_name = parseForm)]
    fn parse_form(text: &str) -> JsValue;

    #[wasm_bindgen(js_name = member)]
    fn own_member(value: &JsValue, name: &str) -> JsValue;

    // Caught, although it does not throw: otherwise the module would import it directly, past the glue that is packed.
    #[wasm_bindgen(catch, js_name = names)]
    fn own_names(value: &JsValue) -> Result<Array, JsValue>;
}

/// The largest whole number that a JavaScript number holds exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A JavaScript value, read as JSON.
pub struct Value(JsValue);

impl Value {
    /// A value that JavaScript handed over.
    #[must_use]
    pub fn new(value: JsValue) -> Self {
        Self(value)
    }

    /// Parses text; what is not JSON has no members.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(parse_json(text))
    }

    /// Parses JSON text in base64url; what is not that has no members.
    #[must_use]
    pub fn parse_base64url(text: &str) -> Self {
        Self(parse_base64url(text))
    }

    /// Parses form text; what is not that has no members.
    #[must_use]
    pub fn form(text: &str) -> Self {
        Self(parse_form(text))
    }

    fn get(&self, name: &str) -> JsValue {
        own_member(&self.0, name)
    }

    fn items(&self, name: &str) -> Option<Array> {
        let value = self.get(name);
        Array::is_array(&value).then(|| Array::from(&value))
    }
}

impl From<Value> for JsValue {
    fn from(value: Value) -> Self {
        value.0
    }
}

impl Json for Value {
    fn text(&self, name: &str) -> Option<String> {
        self.get(name).as_string()
    }

    fn number(&self, name: &str) -> Option<u64> {
        let value = self.get(name);
        match value.as_string() {
            Some(text) => text.parse().ok(),
            None => whole(&value),
        }
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).as_bool()
    }

    fn member(&self, name: &str) -> Option<Self> {
        Some(self.get(name)).filter(JsValue::is_object).map(Self)
    }

    fn names(&self) -> Vec<String> {
        own_names(&self.0).unwrap_or_default().iter().filter_map(|name| name.as_string()).collect()
    }

    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        for item in self.items(name)?.iter() {
            texts.push(item.as_string()?);
        }
        Some(texts)
    }

    fn numbers(&self, name: &str) -> Vec<u64> {
        let mut numbers = Vec::new();
        for item in self.items(name).unwrap_or_default().iter() {
            numbers.extend(whole(&item));
        }
        numbers
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // In range and whole, as just checked.
fn whole(value: &JsValue) -> Option<u64> {
    let number = value.as_f64()?;
    ((0.0..=MAX_SAFE).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}
