//! [`broker_core::Json`] over JavaScript values: the browser parses, getters read.
//!
//! Input may come from any script on the page. A getter that throws reads as absent; nothing here throws or panics.

use broker_core::Json;
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::JsValue;

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

    /// Parses text; none if it is not JSON.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    fn get(&self, name: &str) -> Option<JsValue> {
        Reflect::get(&self.0, &name.into()).ok()
    }

    fn items(&self, name: &str) -> Option<Array> {
        let value = self.get(name)?;
        Array::is_array(&value).then(|| Array::from(&value))
    }
}

impl Json for Value {
    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_string()
    }

    fn number(&self, name: &str) -> Option<u64> {
        let value = self.get(name)?;
        match value.as_string() {
            Some(text) => text.parse().ok(),
            None => whole(&value),
        }
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.get(name).filter(JsValue::is_object).map(Self)
    }

    fn names(&self) -> Vec<String> {
        if Array::is_array(&self.0) {
            return Vec::new();
        }
        // Not Object.keys: a proxy may throw, and only this one lets us catch it.
        let names = Reflect::own_keys(&self.0).unwrap_or_default();
        let names = names.iter().filter_map(|name| name.as_string());
        // JSON has no `undefined`: such a member is one that was left out.
        names.filter(|name| self.get(name).is_some_and(|value| !value.is_undefined())).collect()
    }

    fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.items(name)?.iter().map(|item| item.as_string()).collect()
    }

    fn numbers(&self, name: &str) -> Vec<u64> {
        let items = self.items(name).unwrap_or_default();
        items.iter().filter_map(|item| whole(&item)).collect()
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // In range and whole, as just checked.
fn whole(value: &JsValue) -> Option<u64> {
    let number = value.as_f64()?;
    ((0.0..=MAX_SAFE).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}
