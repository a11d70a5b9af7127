//! Where a browser keeps nothing: everything works as long as the page lives, `diagnostics()` says so, and only what could not come back
//! without is `storage_unavailable`.

use crate::{ADELE, GRAPH, assert_code, count, get_token, interactive};
use e2e::{Engine, Result, Stage, on_stage, until};
use serde_json::{Value, json};

/// Signs in on a page of Power Apps' origin and fetches a token, twice; the second one is the first.
pub(crate) async fn works_in_memory(stage: &Stage) -> Result {
    let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
    stage.sign_in_as(ADELE).await?;
    assert_eq!(stage.value(&signing_in).await?["username"], ADELE);
    for from_cache in [false, true] {
        let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
        assert_eq!(stage.value(&asked).await?["fromCache"], from_cache);
    }
    until("the broker to say that nothing is kept", async || {
        let storage: Value = stage.script("return talxisBroker.diagnostics().storage").await?;
        Ok((storage == "unavailable").then_some(()))
    })
    .await
}

pub(crate) async fn asks_again_after_a_reload(stage: &Stage) -> Result {
    stage.open_configured_page().await?;
    assert_eq!(stage.script::<Value>("return talxisBroker.account").await?, Value::Null);
    // The tab remembers nothing that would keep the user from signing in.
    let before = count(stage, interactive);
    let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
    assert_eq!(stage.value(&signing_in).await?["username"], ADELE);
    assert_eq!(count(stage, interactive), before, "Entra knows her");
    Ok(())
}

/// What browsers do in some private modes, and where the user forbids sites to store.
const DENIED: &str = "for (const name of ['indexedDB', 'localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
}";

/// What browsers throw where no space is left.
const FULL: &str =
    "const refuse = () => { throw new DOMException('no space is left', 'QuotaExceededError'); };
for (const name of ['add', 'put']) IDBObjectStore.prototype[name] = refuse;
Storage.prototype.setItem = refuse;";

#[test]
fn where_storage_is_denied_everything_works_in_memory() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let _: Value = stage.script(DENIED).await?;
            works_in_memory(stage).await?;
            asks_again_after_a_reload(stage).await
        },
    )
}

#[test]
fn where_the_quota_is_full_everything_works_in_memory() -> Result {
    let has_quotas = Engine::chosen()?.sets_quotas();
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            if has_quotas {
                let quota = json!({ "origin": stage.demo.origin(), "quotaSize": 1 });
                stage.browser.cdp().send_raw("Storage.overrideQuotaForOrigin", quota).await?;
            } else {
                let _: Value = stage.script(FULL).await?;
            }
            works_in_memory(stage).await?;
            asks_again_after_a_reload(stage).await
        },
    )
}

#[test]
fn a_vault_of_a_later_version_is_left_alone() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let open = |version: &str, then: &str| {
                format!(
                    "const [done] = arguments;
                     const request = indexedDB.open('talxis-broker'{version});
                     request.onupgradeneeded = () => request.result.createObjectStore('later').put('theirs', 'session');
                     request.onsuccess = () => {{
                         const all = request.result.transaction('later').objectStore('later').get('session');
                         all.onsuccess = () => {{ {then} request.result.close(); done(all.result); }};
                     }};"
                )
            };
            let _: Value = stage.script_async(&open(", 9", "")).await?;
            works_in_memory(stage).await?;
            assert_eq!(stage.script_async::<Value>(&open("", "")).await?, "theirs");
            Ok(())
        },
    )
}

#[test]
fn only_a_sign_in_that_leaves_the_page_needs_storage() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.configure_but("mobile", "redirect");
            stage.demo.host().set_switches(&["client=mobile"]).unwrap();
            stage.open_app().await?;
            stage.the(".notification .action").await?;
            let _: Value = stage.script(DENIED).await?;
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            assert_code(&stage.refusal(&signing_in).await?, "storage_unavailable");
            assert_eq!(count(stage, interactive), 0, "the page was left");
            Ok(())
        },
    )
}
