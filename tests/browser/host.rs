//! What Power Apps tells, and what is made of a page that is not Power Apps.

use super::{Patched, text};
use crate::web::{activated, host};
use wasm_bindgen_test::wasm_bindgen_test;

fn xrm(context: &str) -> Patched {
    Patched::new("Xrm", &format!("{{ Utility: {{ getGlobalContext: () => ({context}) }} }}"))
}

#[wasm_bindgen_test]
fn a_page_without_xrm_has_its_own_address_and_nothing_else() {
    let facts = host::facts();
    assert_eq!((facts.tenant, facts.login_hint), (None, None));
    assert_eq!(facts.client_url, Some(text("location.origin")));
}

#[wasm_bindgen_test]
fn power_apps_tells_tenant_address_and_user() {
    let _xrm = xrm(
        "{ organizationSettings: { organizationTenant: 't-1' }, getClientUrl: () => location.origin + '/org/' }",
    );
    let _preload = Patched::new("__preload", "{ aadLoginHint: 'adele@contoso.example' }");
    let facts = host::facts();
    assert_eq!(facts.tenant.as_deref(), Some("t-1"));
    assert_eq!(facts.login_hint.as_deref(), Some("adele@contoso.example"));
    assert_eq!(facts.client_url, Some(format!("{}/org", text("location.origin"))));
}

#[wasm_bindgen_test]
fn facts_are_read_anew_each_time() {
    let xrm_before = xrm("{ organizationSettings: { organizationTenant: '' } }");
    assert_eq!(host::facts().tenant, None);
    drop(xrm_before);
    let _xrm = xrm("{ organizationSettings: { organizationTenant: '', tenantId: 't-2' } }");
    assert_eq!(host::facts().tenant.as_deref(), Some("t-2"));
}

#[wasm_bindgen_test]
fn an_address_on_another_origin_is_not_believed() {
    for foreign in ["'https://evil.example'", "location.origin + '.evil.example'", "7"] {
        let _xrm = xrm(&format!("{{ getClientUrl: () => {foreign} }}"));
        assert_eq!(host::facts().client_url, Some(text("location.origin")), "{foreign}");
    }
}

#[wasm_bindgen_test]
fn what_throws_is_absent() {
    let _xrm = Patched::new(
        "Xrm",
        "{ get Utility() { throw new Error('not now'); }, get App() { throw new Error('no'); } }",
    );
    assert_eq!(host::facts().tenant, None);
    let _xrm = xrm("{ get organizationSettings() { throw 1; }, getClientUrl() { throw 2; } }");
    assert_eq!(host::facts().client_url, Some(text("location.origin")));
}

#[wasm_bindgen_test]
fn without_a_click_the_page_is_not_activated() {
    assert!(!activated());
}
