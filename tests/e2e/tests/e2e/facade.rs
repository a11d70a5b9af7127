//! `window.talxisBroker` itself: there at once, and nobody's to change.

use e2e::{Result, on_stage};
use serde_json::{Value, json};

#[test]
fn the_facade_is_there_in_the_same_turn_as_the_script_runs() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
            let there: Value = stage
                .script_async(
                    "const done = arguments[arguments.length - 1];
                     fetch('/WebResources/talxis_tokenmanagement.js').then((answer) => answer.text()).then((text) => {
                         const script = document.createElement('script');
                         script.textContent = text;
                         document.head.append(script);
                         done([typeof window.talxisBroker, typeof window.talxisBroker?.getToken]);
                     });",
                )
                .await?;
            assert_eq!(there, json!(["object", "function"]));
            Ok(())
        },
    )
}

#[test]
fn the_facade_can_be_neither_changed_nor_replaced() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_bare_page().await?;
            let facts: Value = stage
                .script(
                    "const { writable, configurable } = Object.getOwnPropertyDescriptor(window, 'talxisBroker');
                     const before = window.talxisBroker;
                     try { window.talxisBroker = {}; } catch {}
                     try { before.getToken = () => 'mine'; } catch {}
                     try { delete window.talxisBroker; } catch {}
                     return [writable, configurable, Object.isFrozen(before), window.talxisBroker === before,
                         String(window.talxisBroker.getToken).includes('mine')];",
                )
                .await?;
            assert_eq!(facts, json!([false, false, true, true, false]));
            Ok(())
        },
    )
}

#[test]
fn loading_the_script_twice_changes_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let same: bool = stage
                .script_async(
                    "const done = arguments[arguments.length - 1];
                     const before = window.talxisBroker;
                     const script = document.createElement('script');
                     script.src = '/WebResources/talxis_tokenmanagement.js';
                     script.onload = () => done(window.talxisBroker === before);
                     document.head.append(script);",
                )
                .await?;
            assert!(same, "the second copy replaced the first");
            let asked = stage.ask("talxisBroker.ready").await?;
            stage.value(&asked).await?;
            Ok(())
        },
    )
}
