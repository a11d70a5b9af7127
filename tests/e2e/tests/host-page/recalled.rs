//! The first calls of a page load are answered from what an earlier one kept, before the WebAssembly is there. Shown in pages in which WebAssembly does
//! not work: whoever is answered there was answered by that, and whatever makes such an answer unusable is `internal`.

use crate::{
    ADELE, GRAPH,
    identity::{signed_in, silently},
};
use e2e::{Result, Stage, on_stage, until};
use entra_dev::{Endpoint, GrantType};
use serde_json::Value;

/// A bare page of the app's origin, with what the broker reads of Power Apps and nobody who calls it. `first` runs before the script.
async fn page_load(stage: &Stage, first: &str, script: &str) -> Result {
    stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
    let user = stage.demo.host().users().into_iter().find(|user| user.username == ADELE).unwrap();
    let loaded: bool = stage
        .script_async(&format!(
            "const [done] = arguments;
             const context = {{
                 client: {{ getClient: () => 'Web', getClientState: () => 'Online' }},
                 organizationSettings: {{ organizationTenant: '{}' }},
                 userSettings: {{ userId: '{}' }},
                 getClientUrl: () => location.origin,
             }};
             window.__preload = {{ aadObjectId: '{}' }};
             window.Xrm = {{ Utility: {{ getGlobalContext: () => context }} }};
             {first}
             const script = document.createElement('script');
             script.src = '/WebResources/{script}';
             script.onload = () => done(true);
             script.onerror = () => done(false);
             document.head.append(script);",
            stage.tenant(),
            user.id,
            user.object_id,
        ))
        .await?;
    assert!(loaded, "{script} could not be loaded");
    Ok(())
}

const BROKER: &str = "talxis_tokenmanagement.js";
const WITHOUT: &str = "WebAssembly.Module = function () { throw new Error('not in this page'); };";

/// What a call comes to in a page without WebAssembly: `answered`, or the code of its error.
async fn outcome(stage: &Stage, call: &str) -> Result<String> {
    let asked = stage
        .ask(&format!(
            "{call}.then(({{ fromCache }}) => fromCache ? 'answered' : 'fetched', (error) => error.code)"
        ))
        .await?;
    Ok(stage.value(&asked).await?.as_str().unwrap_or_default().to_owned())
}

async fn after(stage: &Stage, first: &str, call: &str) -> Result<String> {
    page_load(stage, &[WITHOUT, first].concat(), BROKER).await?;
    outcome(stage, call).await
}

/// Changes the configuration that is kept in the tab.
fn configured(change: &str) -> String {
    format!(
        "const kept = JSON.parse(sessionStorage.getItem('talxis-broker:variables'));
         for (const name of Object.keys(kept.variables)) if (name.endsWith('_TokenBrokerConfig')) {{
             const config = JSON.parse(kept.variables[name]);
             {change};
             kept.variables[name] = JSON.stringify(config);
         }}
         sessionStorage.setItem('talxis-broker:variables', JSON.stringify(kept));"
    )
}

/// Which sealed session lies in the vault: each has a vector of its own.
const WHICH: &str = "const [done] = arguments;
    const request = indexedDB.open('talxis-broker', 1);
    request.onsuccess = () => {
        const get = request.result.transaction('vault').objectStore('vault').get('session');
        get.onsuccess = () => { request.result.close(); done(get.result?.iv.join() ?? ''); };
    };";

const FORCED: &str =
    "talxisBroker.getToken({ client: 'filePicker', forceRefresh: true, interaction: 'never' })";
const CHALLENGED: &str =
    "talxisBroker.getToken({ client: 'filePicker', claims: '{\"access_token\":{}}', interaction: 'never' })";

#[test]
fn a_reload_is_answered_before_the_webassembly_is_there() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            for call in [FORCED, CHALLENGED] {
                let before: String = stage.script_async(WHICH).await?;
                assert_eq!(outcome(stage, call).await?, "fetched");
                until("its token to be kept", async || {
                    Ok((stage.script_async::<String>(WHICH).await? != before).then_some(()))
                })
                .await?;
            }
            // Whoever names a call gets that name back, as often as he asks.
            let id = "11111111-1111-4111-8111-111111111111";
            let named = silently().replace(" })", &format!(", correlationId: '{id}' }})"));
            let other = named.replace("filePicker", "documents").replace(&format!("{GRAPH:?}"), "");
            for (call, client) in [(&named, 1), (&named, 1), (&other, 8)] {
                let asked = stage.ask(call).await?;
                let result = stage.value(&asked).await?;
                assert_eq!(result["correlationId"], id);
                assert_eq!(result["clientId"], format!("c0000000-0000-4000-8000-{client:012}"));
            }
            assert_eq!(after(stage, "", &silently()).await?, "answered");
            let another = "talxisBroker.getToken({ client: 'filePicker', scopes: ['api://x/y'], interaction: 'never' })";
            for call in [FORCED, CHALLENGED, &named, another] {
                assert_eq!(after(stage, "", call).await?, "internal", "{call}");
            }
            for (what, first) in [
                ("another user", "window.__preload.aadObjectId = 'd0000000-0000-4000-8000-0000000000ff';".to_owned()),
                ("another tenant", "context.organizationSettings.organizationTenant = '70000000-0000-4000-8000-0000000000ff';".to_owned()),
                ("the last five minutes", "const at = Date.now() + 86_400_000; Date.now = () => at;".to_owned()),
                ("a clock that was turned back", "const at = Date.now() - 86_400_000; Date.now = () => at;".to_owned()),
                ("another configuration", configured("config.restrict = !config.restrict")),
                ("storage that keeps nothing", configured("delete config.restrict; config.storage = 'memory'")),
            ] {
                assert_eq!(after(stage, &first, &silently()).await?, "internal", "{what}");
                assert_eq!(stage.script::<Value>("return talxisBroker.account").await?, Value::Null, "{what}");
            }
            // Back to what it was, it is answered again: nothing of that was erased.
            let same = configured("delete config.storage; delete config.restrict");
            assert_eq!(after(stage, &same, &silently()).await?, "answered");

            // Another version of the script may decide otherwise.
            let packed = std::fs::read_to_string(
                std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/webresources").join(BROKER),
            )
            .unwrap();
            let own = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
            stage
                .demo
                .host()
                .set_web_resource("talxis_other.js", packed.replace(&own, "\"0.1.99\""))
                .unwrap();
            page_load(stage, WITHOUT, "talxis_other.js").await?;
            assert_eq!(outcome(stage, &silently()).await?, "internal");
            Ok(())
        },
    )
}

/// As another tab signs out: it erases first and tells then.
const SIGN_OUT: &str = "const [done] = arguments;
    const request = indexedDB.open('talxis-broker', 1);
    request.onsuccess = () => {
        const erasing = request.result.transaction('vault', 'readwrite');
        erasing.objectStore('vault').delete('session');
        erasing.oncomplete = () => {
            request.result.close();
            const heard = new BroadcastChannel('talxis-broker'); // Made last, it hears last.
            heard.onmessage = () => done(null);
            new BroadcastChannel('talxis-broker').postMessage({ v: 1, kind: 'changed', sequence: 1 });
        };
    };";

/// With so many calls answered before it.
fn signed_out_in_another_tab(calls: usize) -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            page_load(stage, WITHOUT, BROKER).await?;
            for _ in 0..calls {
                assert_eq!(outcome(stage, &silently()).await?, "answered");
            }
            let _: Value = stage.script_async(SIGN_OUT).await?;
            assert_eq!(outcome(stage, &silently()).await?, "internal");
            Ok(())
        },
    )
}

#[test]
fn a_sign_out_in_another_tab_takes_what_was_fetched_for_the_first_call() -> Result {
    signed_out_in_another_tab(0)
}

#[test]
fn a_sign_out_in_another_tab_takes_what_the_first_calls_were_answered_from() -> Result {
    signed_out_in_another_tab(1)
}

#[test]
fn behind_such_an_answer_the_core_goes_on_and_renews_what_is_due() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            // Three quarters of its life are over, and more than five minutes are left.
            let asked = stage.ask(&silently()).await?;
            let ends = stage.value(&asked).await?["expiresOn"].as_u64().unwrap();
            let refreshed = |stage: &Stage| {
                crate::count(stage, |request| crate::granted(request, GrantType::RefreshToken))
            };
            let asks = |stage: &Stage| {
                crate::count(stage, |request| matches!(request.endpoint, Endpoint::Authorize { .. }))
            };
            let before = (refreshed(stage), asks(stage));
            page_load(stage, &format!("const late = {ends} - 360_000 - Date.now(), clock = Date.now; Date.now = () => clock() + late;"), BROKER)
                .await?;
            let account: Value = stage
                .script_async(&format!(
                    "const [done] = arguments; {}.then(() => done(talxisBroker.account?.username ?? null), () => done('refused'))",
                    silently()
                ))
                .await?;
            assert_eq!(account, ADELE, "whoever is answered knows whose token it is");
            until("the next token to be fetched", async || Ok((refreshed(stage) > before.0).then_some(())))
                .await?;
            assert_eq!(asks(stage), before.1, "Entra was asked who this is");
            Ok(())
        },
    )
}
