//! What the page around the broker tells: Power Apps' facts about its user and its address, its notification bar, and whether the
//! user acted just now.
//!
//! `Xrm` is untyped, partly undocumented, and appears and changes while the page lives: it is read anew on each call, and
//! whatever is missing, throws or has another type is absent. Never a decision about the protocol.

use broker_core::HostFacts;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Window;

/// Power Apps' facts. The window is the host window: the facade starts the broker nowhere else.
#[must_use]
pub fn facts(window: &Window) -> HostFacts {
    let context = global_context(window);
    let organization = context.as_ref().and_then(|context| get(context, "organizationSettings"));
    let setting = |name| organization.as_ref().and_then(|settings| text(settings, name));
    HostFacts {
        // `tenantId` is the older name; both are empty for a moment while the first page loads.
        tenant: setting("organizationTenant").or_else(|| setting("tenantId")),
        login_hint: get(window, "__preload").and_then(|preload| text(&preload, "aadLoginHint")),
        client_url: client_url(window, context.as_ref()),
    }
}

/// Where the packaged redirect page lies. Another origin than the page's own could never send the response back.
fn client_url(window: &Window, context: Option<&JsValue>) -> Option<String> {
    let origin = window.location().origin().ok()?;
    let url = context.and_then(|context| call(context, "getClientUrl", &[])).and_then(|url| url.as_string());
    let same_origin =
        |url: &String| url.strip_prefix(&origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    Some(url.filter(same_origin).map_or(origin.clone(), |url| url.trim_end_matches('/').to_owned()))
}

/// Whether the user acted just now, so that a window may open. Where the browser does not say, trying is the way to find out.
#[must_use]
pub fn activated(window: &Window) -> bool {
    let activation =
        get(&window.navigator(), "userActivation").and_then(|activation| get(&activation, "isActive"));
    activation.is_none_or(|active| active.is_truthy())
}

/// Shows a line in the app's notification bar; none where there is no such bar. The promise gives what
/// [`clear_notification`] needs.
pub(crate) fn notify(window: &Window, message: &str, label: &str, on_action: &JsValue) -> Option<Promise> {
    let app = app(window)?;
    let notification = object(&[
        ("type", &2.into()),  // The bar; there is no other type.
        ("level", &4.into()), // Information.
        ("message", &message.into()),
        ("showCloseButton", &true.into()),
        ("action", &object(&[("actionLabel", &label.into()), ("eventHandler", on_action)])),
    ]);
    call(&app, "addGlobalNotification", &[&notification]).map(|shown| Promise::resolve(&shown))
}

/// Takes a line out of the app's notification bar.
pub(crate) fn clear_notification(window: &Window, id: &JsValue) {
    if let Some(app) = app(window) {
        let _ = call(&app, "clearGlobalNotification", &[id]);
    }
}

fn app(window: &Window) -> Option<JsValue> {
    get(&get(window, "Xrm")?, "App")
}

fn global_context(window: &Window) -> Option<JsValue> {
    call(&get(&get(window, "Xrm")?, "Utility")?, "getGlobalContext", &[])
}

fn get(from: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(from, &name.into()).ok().filter(|value| !value.is_null() && !value.is_undefined())
}

fn text(from: &JsValue, name: &str) -> Option<String> {
    get(from, name)?.as_string().filter(|text| !text.is_empty())
}

fn call(this: &JsValue, name: &str, arguments: &[&JsValue]) -> Option<JsValue> {
    let function: Function = get(this, name)?.dyn_into().ok()?;
    function.apply(this, &arguments.iter().copied().collect::<Array>()).ok()
}

fn object(members: &[(&str, &JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}
