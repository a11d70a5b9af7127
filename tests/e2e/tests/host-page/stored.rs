//! What outlives a page load: the session in the vault, for another page load, for other tabs, and for nobody once the user or the browser is
//! gone.

use crate::{
    ADELE,
    identity::{is_stored, signed_in, silently},
};
use e2e::{Result, STORED, Stage, on_stage, until};
use entra_dev::{Endpoint, GrantType};
use serde_json::{Value, json};

#[test]
fn a_reload_and_another_tab_go_on_with_the_session() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            let sent = |stage: &Stage| {
                crate::count(stage, |request| matches!(request.endpoint, Endpoint::Authorize { .. }))
            };
            let before = sent(stage);
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(stage.value(&asked).await?["fromCache"], true);
            assert_eq!(sent(stage), before, "a reload asked Entra who this is");
            assert_eq!(stage.count(".notification").await?, 0);

            stage.browser.new_tab().await?;
            let tab = stage.browser.popups().await?.pop().unwrap();
            stage.browser.switch_to_window(tab).await?;
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(stage.value(&asked).await?["fromCache"], true);
            Ok(())
        },
    )
}

/// The tab holds what it is about to keep until it is let go, as a busy one would; where a sign-out comes in between, that counts.
#[test]
fn a_tab_that_was_just_saving_brings_back_nobody_who_signed_out_in_another() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let account = "return talxisBroker.account?.username ?? null";
            signed_in(stage, ADELE).await?;
            let first = stage.browser.window().await?;
            let second = stage.browser.new_tab().await?;
            stage.browser.switch_to_window(second.clone()).await?;
            stage.open_app().await?;
            until("the second tab to have what the first one kept", async || {
                Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
            })
            .await?;
            let _: Value = stage
                .script(
                    "const { encrypt } = SubtleCrypto.prototype;
                     const go = new Promise((resolve) => (window.letGo = resolve));
                     window.saving = new Promise((resolve) => {
                         SubtleCrypto.prototype.encrypt = async function (...all) {
                             resolve(true);
                             await go;
                             return encrypt.apply(this, all);
                         };
                     });
                     talxisBroker.getToken({ client: 'calendar', forceRefresh: true }).catch(() => {});",
                )
                .await?;
            let saving = stage.ask("window.saving").await?;
            stage.value(&saving).await?;

            stage.browser.switch_to_window(first.clone()).await?;
            let asked = stage.ask("talxisBroker.signOut()").await?;
            stage.value(&asked).await?;
            stage.browser.switch_to_window(second.clone()).await?;
            let _: Value = stage.script("window.letGo()").await?;
            for tab in [second, first] {
                stage.browser.switch_to_window(tab).await?;
                until("a tab to be signed out", async || {
                    Ok(stage.script::<Value>(account).await?.is_null().then_some(()))
                })
                .await?;
            }
            // A page load finds nobody either.
            stage.open_app().await?;
            let asked =
                stage.ask("talxisBroker.getToken({ client: 'calendar', interaction: 'never' })").await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("interaction_required"));
            Ok(())
        },
    )
}

#[test]
fn what_is_stored_is_not_readable_as_it_lies_there_and_ends_with_the_browsers_session() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            let asked = stage.ask(&silently()).await?;
            let token = stage.value(&asked).await?["accessToken"].as_str().unwrap_or_default().to_owned();
            let everything: String = stage
                .script_async(
                    "const [done] = arguments;
                     const request = indexedDB.open('talxis-broker', 1);
                     request.onsuccess = () => {
                         const all = request.result.transaction('vault').objectStore('vault').getAll();
                         all.onsuccess = () => {
                             request.result.close();
                             const text = all.result.map((one) => one.sealed ? new TextDecoder('latin1').decode(one.sealed) : `key extractable=${one.extractable}`);
                             done(JSON.stringify([text, Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]));
                         };
                     };",
                )
                .await?;
            let signature = token.rsplit('.').next().unwrap_or_default();
            assert!(
                signature.len() > 40
                    && !everything.contains(&token[..40])
                    && !everything.contains(&signature[..40])
            );
            assert!(everything.contains("extractable=false"), "{everything}");
            // The session cookie is gone when the browser is closed; so is the session.
            let _: Value =
                stage.script("document.cookie = '__Host-talxis-broker=; Path=/; Max-Age=0; Secure'").await?;
            let codes =
                |stage: &Stage| crate::count(stage, |request| crate::granted(request, GrantType::Code));
            let before = codes(stage);
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            let anew = stage.value(&asked).await?;
            assert_eq!(
                (&anew["fromCache"], codes(stage)),
                (&json!(false), before + 1),
                "what was stored was read"
            );
            Ok(())
        },
    )
}

#[test]
fn who_has_signed_out_has_nothing_stored_any_more() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            let asked = stage.ask(&format!("talxisBroker.signOut().then(() => {STORED})")).await?;
            assert_eq!(stage.value(&asked).await?, 0);
            Ok(())
        },
    )
}

#[test]
fn what_is_stored_late_does_not_bring_back_who_has_signed_out() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in(stage, ADELE).await?;
            let _: Value = stage
                .script(
                    "const seal = crypto.subtle.encrypt.bind(crypto.subtle);
                     const slow = new Promise((done) => { window.release = done; });
                     crypto.subtle.encrypt = async (...how) => { await slow; return seal(...how); };",
                )
                .await?;
            let asked =
                stage.ask("talxisBroker.getToken({ client: 'filePicker', forceRefresh: true })").await?;
            stage.value(&asked).await?;
            until("the vault to be too slow", async || {
                let storage: Value = stage.script("return talxisBroker.diagnostics().storage").await?;
                Ok((storage == "unavailable").then_some(()))
            })
            .await?;
            let asked = stage.ask("talxisBroker.signOut()").await?;
            stage.value(&asked).await?;
            until("the session to be erased", async || Ok((!is_stored(stage).await?).then_some(()))).await?;
            // Sealing takes a task or two of the browser's; what is read after a hundred comes later.
            let asked = stage
                .ask(&format!(
                    "(async () => {{
                         release();
                         for (let at = 0; at < 100; at++) await crypto.subtle.digest('SHA-256', new Uint8Array(4096));
                         return {STORED};
                     }})()"
                ))
                .await?;
            assert_eq!(stage.value(&asked).await?, 0);
            Ok(())
        },
    )
}
