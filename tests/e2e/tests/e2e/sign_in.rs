//! What can go wrong while a user signs in, and what is left afterwards: an error with a code, no token, and silence.

use crate::{ADELE, GRAPH, assert_code, count, get_token, granted, interactive};
use e2e::{BrokerError, Result, Stage, ThirdPartyCookies, on_stage, on_stage_with};
use entra_dev::{GrantType, Mischief};
use serde_json::{Value, json};

/// Another user of the tenant, and his object there.
const BORIS: &str = "boris@contoso.example";
const BORIS_ID: &str = "d0000000-0000-4000-8000-000000000002";

/// AADSTS number of a misconfigured application; neither the user nor the broker can do anything about it.
const MISCONFIGURED: u32 = 650_056;

/// Signs in on a bare page while Entra answers in a wrong way, and comes to the error.
async fn sign_in_despite(stage: &Stage, mischief: Mischief) -> Result<BrokerError> {
    stage.open_configured_page().await?;
    stage.demo.entra().next_response(mischief);
    let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
    stage.sign_in_as(ADELE).await?;
    stage.refusal(&signing_in).await
}

/// Asserts that nobody is signed in and that no token is there.
async fn assert_nothing_kept(stage: &Stage) -> Result {
    assert!(stage.script::<Value>("return talxisBroker.account").await?.is_null(), "an account is kept");
    let facts: Value = stage.script("return talxisBroker.diagnostics()").await?;
    assert_eq!((&facts["signedIn"], &facts["tokens"]), (&json!(false), &json!([])), "{facts}");
    assert_eq!(stored(stage).await?, 0, "something is left in storage");
    Ok(())
}

/// Entries in the browser's storage.
async fn stored(stage: &Stage) -> Result<usize> {
    stage.script("return localStorage.length + sessionStorage.length").await
}

/// Asserts that calls reject at once and that nobody is asked anything.
async fn assert_silence(stage: &Stage) -> Result {
    let asked = stage.ask(&get_token("calendar", GRAPH)).await?;
    assert_code(&stage.refusal(&asked).await?, "user_cancelled");
    assert_eq!(stage.count(".notification, [data-talxis-broker]").await?, 0, "the user is asked again");
    assert_eq!(stage.browser.popups().await?.len(), 0, "a window opened");
    Ok(())
}

#[test]
fn a_sign_in_without_a_click_is_popup_blocked() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let signing_in = stage.ask("talxisBroker.signIn()").await?;
            let error = stage.refusal(&signing_in).await?;
            assert_code(&error, "popup_blocked");
            assert_eq!(error.interaction_required, Some(true));
            assert_eq!(stage.browser.popups().await?.len(), 0);
            Ok(())
        },
    )
}

#[test]
fn a_user_who_cancels_on_the_sign_in_page_is_left_alone() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.accept_notification().await?;
            stage.cancel_on_the_sign_in_page().await?;
            assert_code(&stage.refusal(&asked).await?, "user_cancelled");
            assert_silence(stage).await
        },
    )
}

#[test]
fn a_user_who_gives_up_on_the_open_window_is_left_alone() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.accept_notification().await?;
            stage.enter_sign_in_window().await?;
            stage.the("#username").await?; // Nobody gives up on a window that has not come yet, and a browser may lose that.
            stage.browser.to_main_window().await?;
            stage.click_in_surface("Cancel").await?;
            assert_code(&stage.refusal(&asked).await?, "user_cancelled");
            stage.leave_sign_in_window().await?;
            assert_silence(stage).await
        },
    )
}

#[test]
fn a_user_who_declines_the_invitation_is_left_alone() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.click_in_surface("Not now").await?;
            assert_code(&stage.refusal(&asked).await?, "user_cancelled");
            assert_silence(stage).await
        },
    )
}

#[test]
fn whoever_is_found_at_entra_as_somebody_else_may_choose_in_the_window_and_when_it_opens_again() -> Result {
    on_stage_with(
        ThirdPartyCookies::Allowed, // So that a hidden frame finds her.
        |_| {},
        async |stage| {
            stage.sign_in_elsewhere_as(ADELE).await?;
            stage.open_app().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            assert_eq!(stage.value(&asked).await?["account"]["username"], ADELE, "no frame found her");
            let _: Value =
                stage.script(&format!("return window.__preload.aadObjectId = '{BORIS_ID}'")).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the(".notification .action").await?;

            let choosing = stage.ask_by_click("talxisBroker.signIn({ selectAccount: true })").await?;
            stage.enter_sign_in_window().await?;
            stage.the("#another").await?;
            stage.browser.close_window().await?;
            stage.browser.to_main_window().await?;
            stage.click_in_surface("Open again").await?;
            stage.enter_sign_in_window().await?;
            stage.the("#another").await?.click().await?;
            stage.fill_in_sign_in_page(BORIS).await?;
            stage.leave_sign_in_window().await?;
            for asked in [choosing, asked] {
                let value = stage.value(&asked).await?;
                assert_eq!(value.get("account").unwrap_or(&value)["username"], BORIS);
            }
            Ok(())
        },
    )
}

#[test]
fn a_sign_in_window_that_was_closed_can_be_opened_again() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            stage.enter_sign_in_window().await?;
            stage.browser.close_window().await?;
            stage.browser.to_main_window().await?;
            stage.click_in_surface("Open again").await?;
            stage.sign_in_as(ADELE).await?;
            assert_eq!(stage.value(&signing_in).await?["username"], ADELE);
            Ok(())
        },
    )
}

#[test]
fn an_error_of_the_sign_in_page_is_identity_provider() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let error = sign_in_despite(stage, Mischief::Error(MISCONFIGURED)).await?;
            assert_code(&error, "identity_provider");
            assert_nothing_kept(stage).await
        },
    )
}

#[test]
fn a_response_with_a_foreign_state_gives_no_token() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let error = sign_in_despite(stage, Mischief::ForeignState).await?;
            assert_code(&error, "identity_provider");
            assert_eq!(count(stage, |request| granted(request, GrantType::Code)), 0, "the code was redeemed");
            assert_nothing_kept(stage).await
        },
    )
}

#[test]
fn an_id_token_with_a_foreign_nonce_gives_no_token() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let error = sign_in_despite(stage, Mischief::ForeignNonce).await?;
            assert_code(&error, "identity_provider");
            assert_eq!(
                count(stage, |request| granted(request, GrantType::RefreshToken)),
                0,
                "tokens were fetched"
            );
            assert_nothing_kept(stage).await
        },
    )
}

#[test]
fn a_sign_in_leaves_nothing_in_storage() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            crate::signed_in_page(stage).await?;
            assert_eq!(count(stage, interactive), 1);
            assert_eq!(stored(stage).await?, 0);
            Ok(())
        },
    )
}
