//! The JavaScript surface of one instance: each method is one call into the core. What callers see is made of this by the facade
//! (pkg-template/), which owns time limits, aborts, real errors and restarts.
//!
//! Methods take `&self` and give promises over an `Rc`: an `async fn` on an exported type would keep it borrowed, and every
//! other call would throw meanwhile.

use crate::{convert, hooks::Hooks, json::Value, web::Web};
use broker_core::{Core, Json, Pins, SignInRequest, TokenRequest};
use js_sys::Promise;
use std::{pin::Pin, rc::Rc};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// One instance of the broker. It throws and rejects with plain objects.
#[wasm_bindgen]
pub struct Broker {
    core: Rc<Core<Web>>,
}

#[wasm_bindgen]
impl Broker {
    /// An instance without configuration. `pins` is `{ authorityHost?, stsHost? }`.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(hooks: Hooks, pins: JsValue) -> Self {
        let pins = Value::new(pins);
        let pins = Pins { authority_host: pins.text("authorityHost"), sts_host: pins.text("stsHost") };
        Self { core: Core::new(Web::new(hooks), pins) }
    }

    /// Whether this could be the `BrokerConfig`; keeps nothing of it.
    ///
    /// # Errors
    /// `config_invalid`, naming the field.
    pub fn check(&self, config: JsValue) -> Result<(), JsValue> {
        self.core.check(&Value::new(config)).map_err(|error| convert::error(&error))
    }

    /// Takes a `BrokerConfig`, and the aliases of other solutions by variable. Gives the `storage` that it asks for.
    ///
    /// # Errors
    /// `config_invalid`, naming the field.
    pub fn configure(&self, config: JsValue, clients: JsValue) -> Result<String, JsValue> {
        let configured = self.core.configure(&Value::new(config), &Value::new(clients));
        configured.map(|storage| storage.as_str().to_owned()).map_err(|error| convert::error(&error))
    }

    /// Comes back from a sign-in that left the page: what was kept, and the response.
    #[wasm_bindgen(js_name = comeBack, unchecked_return_type = "Promise<Account>")]
    pub fn come_back(&self, departure: JsValue, response: &str) -> Promise {
        let coming = self.core.come_back(Value::new(departure), response);
        promise(async move { coming.await.map(|account| convert::account(&account)) })
    }

    /// What a later page load goes on with, as plain data with secrets in it; null if nobody is signed in.
    pub fn snapshot(&self) -> JsValue {
        self.core.snapshot().map_or(JsValue::NULL, |snapshot| convert::snapshot(&snapshot))
    }

    /// The session was ended in another tab.
    pub fn part(&self) {
        self.core.part();
    }

    /// Goes on with a snapshot, of an earlier page load or of another tab; false if it is not of this configuration and this user, and so has to be erased.
    pub fn restore(&self, snapshot: JsValue) -> bool {
        self.core.restore(&Value::new(snapshot))
    }

    /// `TalxisBroker.getToken`.
    #[wasm_bindgen(js_name = getToken, unchecked_return_type = "Promise<TokenResult>")]
    pub fn get_token(&self, request: JsValue) -> Promise {
        let core = Rc::clone(&self.core);
        promise(async move {
            let request = TokenRequest::read(&Value::new(request))?;
            core.get_token(request).await.map(|result| convert::token_result(&result))
        })
    }

    /// `TalxisBroker.signIn`.
    #[wasm_bindgen(js_name = signIn, unchecked_return_type = "Promise<Account>")]
    pub fn sign_in(&self, options: JsValue) -> Promise {
        let core = Rc::clone(&self.core);
        promise(async move {
            let request = SignInRequest::read(&Value::new(options))?;
            core.sign_in(request).await.map(|account| convert::account(&account))
        })
    }

    /// `TalxisBroker.signOut`.
    #[wasm_bindgen(js_name = signOut, unchecked_return_type = "Promise<void>")]
    pub fn sign_out(&self, options: JsValue) -> Promise {
        if Value::new(options).flag("everywhere") == Some(true) {
            let ending = self.core.sign_out_everywhere();
            return promise(async move { ending.await.map(|()| JsValue::UNDEFINED) });
        }
        self.core.sign_out();
        Promise::resolve(&JsValue::UNDEFINED)
    }

    /// `TalxisBroker.account`.
    #[wasm_bindgen(getter, unchecked_return_type = "Account | null")]
    pub fn account(&self) -> JsValue {
        self.core.account().map_or(JsValue::NULL, |account| convert::account(&account))
    }

    /// The core's part of `TalxisBroker.diagnostics`.
    #[wasm_bindgen(unchecked_return_type = "BrokerDiagnostics")]
    pub fn diagnostics(&self) -> JsValue {
        convert::diagnostics(&self.core.diagnostics())
    }
}

/// Boxed, so that the machinery of promises is in the module once.
fn promise(call: impl Future<Output = broker_core::Result<JsValue>> + 'static) -> Promise {
    let call: Pin<Box<dyn Future<Output = broker_core::Result<JsValue>>>> = Box::pin(call);
    future_to_promise(async move { call.await.map_err(|error| convert::error(&error)) })
}
