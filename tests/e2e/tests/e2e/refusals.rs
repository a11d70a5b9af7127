//! Refusals of Entra and of the STS, each with the contract's code, and with a consent address where one helps.

use crate::{FEED, GRAPH, assert_code, count, get_token, signed_in_page};
use e2e::{BrokerError, Result, Stage, on_stage};

/// What a signed-in user's call is refused with.
async fn refused(stage: &Stage, client: &str, scope: &str) -> Result<BrokerError> {
    signed_in_page(stage).await?;
    let asked = stage.ask(&get_token(client, scope)).await?;
    stage.refusal(&asked).await
}

#[track_caller]
fn assert_consent_url(stage: &Stage, error: &BrokerError, control: &str) {
    let url = error.consent_url.as_deref().unwrap_or_default();
    let client = &stage.demo.estate().controls[control].client_id;
    let start = format!("{}/{}/", stage.demo.entra().origin(), stage.tenant());
    assert!(url.starts_with(&start) && url.contains(client), "{url}");
}

#[test]
fn a_control_client_without_a_principal_is_app_not_in_tenant() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let error = refused(stage, "peopleGrid", GRAPH).await?;
            assert_code(&error, "app_not_in_tenant");
            assert_eq!(error.aadsts, Some(500_011));
            assert_consent_url(stage, &error, "people-grid");
            Ok(())
        },
    )
}

#[test]
fn a_backend_that_nobody_granted_is_consent_required() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let error = refused(stage, "invoiceRecognition", FEED).await?;
            assert_code(&error, "consent_required");
            assert_eq!(error.aadsts, Some(65_001));
            assert_consent_url(stage, &error, "invoice-recognition");
            Ok(())
        },
    )
}

#[test]
fn a_backend_without_a_principal_is_app_not_in_tenant() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let scope = "api://a0000000-0000-4000-8000-000000000003/user_impersonation";
            let error = refused(stage, "documents", scope).await?;
            assert_code(&error, "app_not_in_tenant");
            assert_consent_url(stage, &error, "documents");
            Ok(())
        },
    )
}

#[test]
fn a_scope_outside_the_allow_list_is_scope_not_allowed() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            assert_code(&refused(stage, "filePicker", FEED).await?, "scope_not_allowed");
            let client = &stage.demo.estate().controls["file-picker"].client_id;
            assert_eq!(count(stage, |request| request.client_id == *client), 0, "the STS asked Entra");
            Ok(())
        },
    )
}

#[test]
fn a_client_that_the_sts_does_not_know_is_client_not_allowed() -> Result {
    on_stage(
        |options| options.unknown_to_sts.push("calendar".to_owned()),
        async |stage| {
            assert_code(&refused(stage, "calendar", GRAPH).await?, "client_not_allowed");
            Ok(())
        },
    )
}

#[test]
fn the_broker_itself_gets_no_backend_token() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let broker = stage.demo.estate().broker.client_id.clone();
            assert_code(&refused(stage, &broker, GRAPH).await?, "client_not_allowed");
            Ok(())
        },
    )
}

#[test]
fn an_sts_that_does_not_answer_is_sts_unavailable() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_page(stage).await?;
            stage.demo.stop_sts();
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            let error = stage.refusal(&asked).await?;
            assert_code(&error, "sts_unavailable");
            assert_eq!(error.retryable, Some(true));
            Ok(())
        },
    )
}
