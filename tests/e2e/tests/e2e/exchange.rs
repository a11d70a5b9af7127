//! Tokens that are handed out: once per question, cached, long enough alive, and nowhere else to be seen.

use crate::{ADELE, GRAPH, count, get_token, granted, signed_in_page};
use e2e::{Result, on_stage};
use entra_dev::GrantType;
use serde_json::Value;

#[test]
fn twenty_equal_calls_are_one_exchange() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_page(stage).await?;
            let call = get_token("filePicker", GRAPH);
            let asked =
                stage.ask(&format!("Promise.all(Array.from({{ length: 20 }}, () => {call}))")).await?;
            let results = stage.value(&asked).await?;
            let tokens: Vec<&Value> =
                results.as_array().into_iter().flatten().map(|one| &one["accessToken"]).collect();
            assert_eq!(tokens.len(), 20);
            assert!(tokens.iter().all(|token| token.is_string() && *token == tokens[0]));
            assert_eq!(count(stage, |request| granted(request, GrantType::OnBehalfOf)), 1);
            assert_eq!(count(stage, |request| granted(request, GrantType::RefreshToken)), 1);
            Ok(())
        },
    )
}

#[test]
fn the_second_call_is_answered_from_the_cache_and_lasts_five_minutes() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_page(stage).await?;
            for from_cache in [false, true] {
                let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
                let result = stage.value(&asked).await?;
                assert_eq!(result["fromCache"], from_cache);
                assert_eq!(result["tokenType"], "Bearer");
                let now: f64 = stage.script("return Date.now()").await?;
                let expires = result["expiresOn"].as_f64().unwrap_or_default();
                assert!(expires - now >= 300_000.0, "{expires} is too near");
            }
            assert_eq!(count(stage, |request| granted(request, GrantType::OnBehalfOf)), 1);
            Ok(())
        },
    )
}

#[test]
fn a_forced_refresh_asks_again() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_page(stage).await?;
            for force in [false, true] {
                let call = format!(
                    "talxisBroker.getToken({{ client: 'filePicker', scopes: ['{GRAPH}'], forceRefresh: {force} }})"
                );
                let asked = stage.ask(&call).await?;
                assert_eq!(stage.value(&asked).await?["fromCache"], false);
            }
            assert_eq!(count(stage, |request| granted(request, GrantType::OnBehalfOf)), 2);
            Ok(())
        },
    )
}

#[test]
fn a_call_that_is_aborted_rejects_with_abort_error() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_page(stage).await?;
            let asked = stage
                .ask(&format!(
                    "(() => {{
                         const controller = new AbortController();
                         const call = talxisBroker.getToken(
                             {{ client: 'filePicker', scopes: ['{GRAPH}'], signal: controller.signal }});
                         controller.abort();
                         return call;
                     }})()"
                ))
                .await?;
            let error = stage.refusal(&asked).await?;
            assert_eq!((error.name.as_deref(), error.code.as_deref()), (Some("AbortError"), Some("aborted")));
            assert!(error.is_error);
            Ok(())
        },
    )
}

#[test]
fn diagnostics_hold_no_token_and_no_person() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_page(stage).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.value(&asked).await?;
            let text: String = stage.script("return JSON.stringify(talxisBroker.diagnostics())").await?;
            assert!(text.len() > 2, "diagnostics say nothing");
            for secret in ["eyJ", ADELE, "adele", "Adele"] {
                assert!(!text.contains(secret), "{secret} is in {text}");
            }
            Ok(())
        },
    )
}
