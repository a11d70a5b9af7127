//! A private window of each engine, a real one: signed in once, a reload and a second tab go on with it, and who closes the browser leaves
//! nothing. Where a private mode keeps no `CryptoKey`, everything works in memory.

use crate::{ADELE, GRAPH, all_settled, count, interactive, signed_in_form};
use e2e::{Engine, Profile, Result, STORED, Stage, on_stage, on_stage_with, until};
use serde_json::Value;
use std::{fs, path::Path};

fn silently() -> String {
    format!("talxisBroker.getToken({{ client: 'filePicker', scopes: [{GRAPH:?}], interaction: 'never' }})")
}

async fn opened_again(stage: &Stage) -> Result {
    stage.open_app().await?;
    all_settled(stage).await?;
    assert_eq!(stage.count(".control[data-state=answered]").await?, 5);
    assert_eq!(stage.count(".notification").await?, 0);
    let asked = stage.ask(&silently()).await?;
    assert_eq!(stage.value(&asked).await?["fromCache"], true);
    Ok(())
}

/// A day of Adele's, in the end of which she closes the browser. Gives the bytes of a session that the next browser finds in her profile.
fn closed(name: &str, private: bool) -> Result<u64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/e2e").join(name);
    let _ = fs::remove_dir_all(&folder); // Of an earlier run.
    fs::create_dir_all(&folder).unwrap();
    let folder = folder.canonicalize().unwrap();
    let profile = Profile { private, folder: Some(folder.clone()), ..Profile::default() };
    let mut left = None;
    on_stage_with(
        profile.clone(),
        |_| {},
        async |stage| {
            signed_in_form(stage).await?;
            crate::scenarios::stored(stage).await?;
            assert_eq!(stage.script::<Value>("return talxisBroker.diagnostics().storage").await?, "session");
            opened_again(stage).await?;
            // By a click of hers: a tab that Chromium's driver opens is no private one.
            stage.ask_by_click("window.open(location.href, '_blank', 'noopener')").await?;
            let tab = until("another tab", async || Ok(stage.browser.popups().await?.pop())).await?;
            stage.browser.switch_to_window(tab).await?;
            opened_again(stage).await?;
            assert_eq!(count(stage, interactive), 1);

            stage.browser.restart(Engine::chosen()?, &profile).await?;
            stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
            left = stage
                .script_async::<Value>(&format!("const [done] = arguments; {STORED}.then(done)"))
                .await?
                .as_u64();
            // Whatever is left, nobody is signed in by it.
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("interaction_required"));
            assert_eq!(stage.script::<Value>("return talxisBroker.account").await?, Value::Null);
            Ok(())
        },
    )?;
    let _ = fs::remove_dir_all(folder);
    Ok(left.unwrap())
}

#[test]
fn a_private_window_works_as_any_other_and_leaves_nothing() -> Result {
    assert_eq!(closed("private", true)?, 0);
    Ok(())
}

#[test]
fn a_browser_that_was_closed_leaves_what_nobody_can_read() -> Result {
    if Engine::chosen()?.keeps_profiles() {
        assert!(closed("usual", false)? > 0, "a private window would leave no less");
    }
    Ok(())
}

/// What would reach the page's own handlers.
const LISTEN: &str = "window.thrown = [];
    window.addEventListener('error', ({ message }) => thrown.push(message));
    window.addEventListener('unhandledrejection', ({ reason }) => thrown.push(String(reason)));";

/// As in some private modes: the database is there, and takes no key.
#[test]
fn where_no_key_can_be_kept_everything_works_in_memory() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let refusing = "for (const name of ['add', 'put']) {
                const store = IDBObjectStore.prototype[name];
                IDBObjectStore.prototype[name] = function (value, ...key) {
                    if (value instanceof CryptoKey) throw new DOMException('no keys here', 'DataCloneError');
                    return store.call(this, value, ...key);
                };
            }";
            stage.in_page(&[LISTEN, refusing].concat()).await?;
            crate::storage::works_in_memory(stage).await?;
            assert_eq!(stage.script::<Value>("return thrown").await?, Value::Array(vec![]));
            crate::storage::asks_again_after_a_reload(stage).await
        },
    )
}

#[test]
fn a_key_that_another_tab_made_meanwhile_is_that_of_both() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let faster = "const make = crypto.subtle.importKey.bind(crypto.subtle);
                crypto.subtle.importKey = async (...how) => {
                    const theirs = await make(...how);
                    await new Promise((done) => {
                        const request = indexedDB.open('talxis-broker', 1);
                        request.onupgradeneeded = () => request.result.createObjectStore('vault');
                        request.onsuccess = () => {
                            const storing = request.result.transaction('vault', 'readwrite');
                            storing.objectStore('vault').put(theirs, 'secret');
                            storing.oncomplete = () => { request.result.close(); done(); };
                        };
                    });
                    return make(...how);
                };";
            stage.in_page(&[LISTEN, faster].concat()).await?;
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            stage.sign_in_as(ADELE).await?;
            stage.value(&signing_in).await?;
            until("the session to be stored", async || Ok((stage.stored_bytes().await? > 0).then_some(())))
                .await?;
            assert_eq!(stage.script::<Value>("return thrown").await?, Value::Array(vec![]));
            Ok(())
        },
    )
}
