//! The main job: one click, and the controls of seven control clients have what they came for, or say what is missing.

use crate::{ADELE, all_settled, count, granted, interactive};
use e2e::{Claims, Result, Stage, on_stage};
use entra_dev::{GrantType, Outcome};
use serde_json::Value;

/// Signs in on the form and waits until no control waits.
async fn signed_in_form(stage: &Stage) -> Result {
    stage.open_app().await?;
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await?;
    all_settled(stage).await
}

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
