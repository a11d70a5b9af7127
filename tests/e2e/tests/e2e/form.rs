//! The main job: one click, and the controls of seven control clients have what they came for, or say what is missing.

use crate::{ADELE, all_settled, count, granted, interactive, signed_in_form};
use e2e::{Claims, Result, Stage, on_stage};
use entra_dev::{GrantType, Outcome};
use serde_json::Value;

async fn states(stage: &Stage) -> Result<(usize, usize)> {
    let answered = stage.count(".control[data-state=answered]").await?;
    Ok((answered, stage.count(".control[data-state=refused]").await?))
}

#[test]
fn one_sign_in_gives_five_controls_their_answers_and_two_a_clear_refusal() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_form(stage).await?;
            assert_eq!(states(stage).await?, (5, 2));
            assert_eq!(count(stage, interactive), 1);
            assert_eq!(stage.count(".notification").await?, 0, "the notification is still there");
            for (control, code) in
                [("people-grid", "app_not_in_tenant"), ("invoice-recognition", "consent_required")]
            {
                let card = stage.the(&format!(".control[data-control={control}]")).await?;
                assert_eq!(card.attr("data-code").await?.as_deref(), Some(code));
                let link = stage.the(&format!(".control[data-control={control}] a")).await?;
                let consent = link.attr("href").await?.unwrap_or_default();
                let client = &stage.demo.estate().controls[control].client_id;
                assert!(consent.starts_with(stage.demo.entra().origin()), "{consent}");
                assert!(consent.contains(&stage.tenant()) && consent.contains(client), "{consent}");
            }
            Ok(())
        },
    )
}

#[test]
fn two_backends_are_reached_from_one_client_token() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_form(stage).await?;
            let client = stage.demo.estate().controls["address-picker"].client_id.clone();
            let of_client = |grant| {
                count(stage, |request| {
                    granted(request, grant)
                        && (request.client_id == client || request.resource.as_ref() == Some(&client))
                })
            };
            assert_eq!(of_client(GrantType::RefreshToken), 1, "more than one client token was fetched");
            assert_eq!(of_client(GrantType::OnBehalfOf), 2);
            Ok(())
        },
    )
}

#[test]
fn a_backend_token_is_issued_to_the_control_client_and_never_to_the_broker() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_form(stage).await?;
            let asked = stage.ask(&crate::get_token("filePicker", crate::GRAPH)).await?;
            let result: Value = stage.value(&asked).await?;
            let claims = Claims::of(result["accessToken"].as_str().unwrap_or_default())?;
            let estate = stage.demo.estate();
            assert_eq!(claims.aud, estate.backends["graph"].client_id);
            assert_eq!(claims.azp, estate.controls["file-picker"].client_id);
            assert_ne!(claims.azp, estate.broker.client_id);
            Ok(())
        },
    )
}

#[test]
fn a_control_without_a_principal_never_reaches_the_sts() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_form(stage).await?;
            let client = stage.demo.estate().controls["people-grid"].client_id.clone();
            assert_eq!(count(stage, |request| request.client_id == client), 0, "the STS asked for it");
            let refused = |request: &entra_dev::Request| request.outcome == Outcome::Refused(500_011);
            assert!(count(stage, refused) >= 1, "Entra never refused it");
            Ok(())
        },
    )
}

#[test]
fn a_user_who_cancels_may_sign_in_later_and_the_controls_try_again() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            stage.accept_notification().await?;
            stage.cancel_on_the_sign_in_page().await?;
            all_settled(stage).await?;
            assert_eq!(states(stage).await?, (0, 7));
            stage.the(".control[data-control=file-picker] button").await?.click().await?;
            stage.sign_in_as(ADELE).await?;
            e2e::until("the five answers", async || Ok((states(stage).await? == (5, 2)).then_some(()))).await
        },
    )
}

/// A form on which this call has been made once.
async fn warm_form(stage: &Stage) -> Result {
    signed_in_form(stage).await?;
    let asked = stage.ask(SILENTLY).await?;
    stage.value(&asked).await.map(drop)
}

/// A call that must not ask; its result is changed by its caller.
const SILENTLY: &str = "talxisBroker
    .getToken({ client: 'filePicker', scopes: ['https://graph.microsoft.com/User.Read'], interaction: 'never' })
    .then((result) => {
        const before = structuredClone(result);
        result.scopes.push('more');
        result.account.username = 'somebody else';
        return before;
    })";

#[test]
fn equal_calls_get_equal_results_each_its_own() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            warm_form(stage).await?;
            let mut results = Vec::new();
            for _ in 0..3 {
                let asked = stage.ask(SILENTLY).await?;
                results.push(stage.value(&asked).await?);
            }
            let ids: std::collections::BTreeSet<_> =
                results.iter_mut().map(|result| result["correlationId"].take().to_string()).collect();
            assert_eq!(ids.len(), 3, "two calls have one correlation id");
            assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
            assert_eq!(results[0]["fromCache"], true);
            Ok(())
        },
    )
}

#[test]
fn a_call_that_was_answered_is_not_answered_again_to_another_user_or_after_a_sign_out() -> Result {
    let ends = [
        ("window.__preload.aadObjectId = 'd0000000-0000-4000-8000-000000000002'", "account_mismatch"),
        ("talxisBroker.signOut()", "interaction_required"),
    ];
    for (end, code) in ends {
        on_stage(
            |_| {},
            async |stage| {
                warm_form(stage).await?;
                for _ in 0..2 {
                    let asked = stage.ask(SILENTLY).await?;
                    assert_eq!(stage.value(&asked).await?["fromCache"], true);
                }
                let asked = stage.ask(end).await?;
                stage.value(&asked).await?;
                let asked = stage.ask(SILENTLY).await?;
                let error = stage.refusal(&asked).await?;
                assert_eq!(error.code.as_deref(), Some(code), "{end}");
                Ok(())
            },
        )?;
    }
    Ok(())
}

#[test]
fn a_user_who_signs_out_leaves_no_data_and_is_not_asked_again() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_form(stage).await?;
            stage.the("#sign-out").await?.click().await?;
            e2e::until("every control to be refused", async || {
                Ok((states(stage).await? == (0, 7)).then_some(()))
            })
            .await?;
            assert_eq!(
                stage.count(".notification, [data-talxis-broker]").await?,
                0,
                "the user is asked again"
            );
            assert_eq!(count(stage, interactive), 1);
            Ok(())
        },
    )
}
