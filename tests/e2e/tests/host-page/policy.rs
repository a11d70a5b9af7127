//! Content security policies: under those that let WebAssembly run the app works; under one that does not, every caller is told so at
//! once, and which directive it is.

use crate::{ADELE, GRAPH, get_token};
use e2e::{Result, on_stage, until};
use serde_json::{Value, json};

#[test]
fn a_strict_policy_without_webassembly_is_said_to_every_caller_within_a_second() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&["csp=strict"]).await?;
            until("the broker", async || {
                let there: bool = stage.script("return Boolean(window.talxisBroker)").await?;
                Ok(there.then_some(()))
            })
            .await?;
            // Once the configuration is there, nothing but the policy is in the way.
            let asked = stage.ask("talxisBroker.ready").await?;
            stage.value(&asked).await?;
            let answers: Value = stage
                .script_async(
                    "const [done] = arguments;
                     const begun = performance.now();
                     const frame = document.querySelector('iframe').contentWindow;
                     const told = ({ code, message }) => [code, message.includes(\"'wasm-unsafe-eval'\") && message.includes('script-src')];
                     const callers = [
                         talxisBroker.getToken({ client: 'filePicker' }),
                         talxisBroker.getToken({ client: 'calendar', scopes: ['User.Read'], interaction: 'never' }),
                         talxisBroker.signIn(),
                         TALXIS.Utils.TokenManagement.getAccessToken(['api://c0000000-0000-4000-8000-000000000001/access_as_user']),
                         ...(frame?.talxisBroker ? [frame.talxisBroker.getToken({ client: 'filePicker' })] : []),
                     ];
                     Promise.all(callers.map((call) => call.then(() => 'resolved', told)))
                         .then((answers) => done([answers, performance.now() - begun]));",
                )
                .await?;
            for answer in answers[0].as_array().unwrap() {
                assert_eq!(*answer, json!(["wasm_blocked_by_csp", true]));
            }
            assert!(answers[0].as_array().unwrap().len() >= 4);
            assert!(answers[1].as_f64().unwrap() < 1_000.0, "it took {} ms", answers[1]);
            Ok(())
        },
    )
}

#[test]
fn under_policies_that_let_webassembly_run_the_form_works() -> Result {
    for policy in ["csp=default", "csp=strict-wasm"] {
        on_stage(
            |_| {},
            async |stage| {
                stage.open_app_with(&[policy]).await?;
                stage.accept_notification().await?;
                stage.sign_in_as(ADELE).await?;
                let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
                stage.value(&asked).await?;
                until(policy, async || {
                    Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
                })
                .await
            },
        )?;
    }
    Ok(())
}
