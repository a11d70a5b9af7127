//! A user's day, as scenarios: each with third-party cookies allowed and blocked, by the browser's own preference and nothing else. Never
//! more than one question, and what each cost is printed beside the least that would do.
//!
//! Where cookies are allowed, a hidden frame finds who is signed in at Entra, and nobody is asked. Where they are blocked, the request of
//! that frame reaches Entra without its session, and one question follows.

use crate::{ADELE, FEED, GRAPH, all_settled, assert_code, count, get_token};
use e2e::{
    Least, Result, Stage,
    ThirdPartyCookies::{self, Allowed, Blocked},
    on_stage_with, until,
};
use entra_dev::{Command, Demand, Endpoint};
use serde_json::Value;
use std::time::Duration;

/// The form of the app, with seven control clients: one code, a client token for each (of which Entra refuses one), seven exchanges.
const FORM: Least = Least { prompts: 0, authorize: 1, token: 8, sts: 7 };
/// Everything is there already; what was refused is tried again.
const AGAIN: Least = Least { prompts: 0, authorize: 0, token: 1, sts: 1 };
const GUEST: &str = "carla@fabrikam.example";

/// A scenario in its two plays.
macro_rules! twice {
    ($($name:ident)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn with_cookies_allowed() -> Result {
                on_stage_with(Allowed, |_| {}, async |stage| super::$name(stage, Allowed).await)
            }

            #[test]
            fn with_cookies_blocked() -> Result {
                on_stage_with(Blocked, |_| {}, async |stage| super::$name(stage, Blocked).await)
            }
        }
    )* };
}

twice! {
    first_visit second_tab reload twenty_controls coop_on_the_sign_in_page refresh_token_expired session_revoked second_factor guest
    sign_in_by_redirect fifty_updates_after_a_refusal offline_and_back
}

/// How often the user is asked where somebody is signed in at Entra.
fn asked(cookies: ThirdPartyCookies) -> usize {
    usize::from(cookies == Blocked)
}

/// Opens the app, with Adele signed in at Entra, and accepts the question that comes where cookies are blocked. The window closes by itself.
async fn open_and_sign_in(stage: &Stage, cookies: ThirdPartyCookies) -> Result {
    stage.open_app().await?;
    stage.watch().await?;
    if cookies == Blocked {
        stage.accept_notification().await?;
    }
    all_settled(stage).await?;
    assert_eq!(stage.count(".control[data-state=answered]").await?, 5);
    Ok(())
}

async fn known_to_entra(stage: &Stage) -> Result {
    stage.sign_in_elsewhere_as(ADELE).await?;
    stage.count_anew().await?;
    Ok(())
}

async fn first_visit(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    let requests = stage.demo.entra().requests();
    let frame =
        requests.iter().find(|request| matches!(request.endpoint, Endpoint::Authorize { .. })).unwrap();
    assert_eq!(frame.had_session, cookies == Allowed, "whether Entra's session came along from the frame");
    stage.assert_costs("first visit", cookies, Least { prompts: asked(cookies), ..FORM }).await
}

async fn second_tab(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    stored(stage).await?;
    stage.count_anew().await?;
    let tab = stage.browser.new_tab().await?;
    stage.browser.switch_to_window(tab).await?;
    open_again(stage).await?;
    stage.assert_costs("second tab", cookies, AGAIN).await
}

async fn reload(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    stored(stage).await?;
    stage.count_anew().await?;
    open_again(stage).await?;
    stage.assert_costs("reload", cookies, AGAIN).await
}

/// Opens the app where nobody has to be asked.
async fn open_again(stage: &Stage) -> Result {
    stage.open_app().await?;
    stage.watch().await?;
    all_settled(stage).await?;
    assert_eq!(stage.count(".control[data-state=answered]").await?, 5);
    Ok(())
}

/// Waits until everything lies in the vault, which happens a moment after the last token.
pub(crate) async fn stored(stage: &Stage) -> Result {
    let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
    let token = stage.value(&asked).await?["accessToken"].as_str().unwrap_or_default().len();
    until("the session to be stored", async || {
        let bytes = stage.stored_bytes().await?;
        // Six client tokens and six backend tokens, each about as long as this one, and the refresh token.
        Ok((bytes > 12 * token).then_some(()))
    })
    .await
}

/// Thirteen tokens of ten control clients, in twenty calls at once, on a page that is not Power Apps'.
async fn twenty_controls(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    const CLIENTS: [&str; 10] = [
        "filePicker",
        "calendar",
        "addressPicker",
        "resourceScheduler",
        "mapPicker",
        "documents",
        "companyProfileHinting",
        "filePickerGroupCreation",
        "filePickerAdvancedPermissions",
        "invoiceRecognition",
    ];
    known_to_entra(stage).await?;
    stage.open_configured_page().await?;
    stage.watch().await?;
    let graph = CLIENTS.map(|client| get_token(client, GRAPH));
    let feed = ["addressPicker", "mapPicker", "companyProfileHinting"].map(|client| get_token(client, FEED));
    let calls: Vec<String> = graph.iter().chain(&feed).chain(&graph[..7]).cloned().collect();
    let asked_for =
        stage.ask(&format!("Promise.all([{}]).then((all) => all.length)", calls.join(", "))).await?;
    if cookies == Blocked {
        stage.click_in_surface("Sign in").await?;
    }
    assert_eq!(stage.value(&asked_for).await?, 20);
    let least = Least { prompts: asked(cookies), authorize: 1, token: 11, sts: 13 };
    stage.assert_costs("twenty controls at once", cookies, least).await
}

/// The window looks closed from the start, and has no opener when it comes back.
async fn coop_on_the_sign_in_page(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    stage.demo.entra().enforce_coop(true);
    stage.open_app().await?;
    stage.watch().await?;
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await?;
    all_settled(stage).await?;
    stage.assert_costs("COOP on the sign-in page", cookies, Least { prompts: 1, ..FORM }).await
}

/// A day and an hour later, in the browser and everywhere else.
async fn refresh_token_expired(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    let later = Duration::from_secs(25 * 3600);
    stage.demo.entra().perform(Command::Advance { seconds: later.as_secs() }).unwrap();
    stage.in_page(&format!("const now = Date.now; Date.now = () => now() + {}", later.as_millis())).await?;
    stage.count_anew().await?;
    call_again(stage, cookies == Blocked).await?;
    let least = Least { prompts: asked(cookies), authorize: 1, token: 2, sts: 1 };
    stage.assert_costs("refresh token expired", cookies, least).await
}

/// An administrator ends every session of the user, the one at Entra included: cookies or not, she has to sign in.
async fn session_revoked(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    stage.demo.entra().perform(Command::RevokeSessions { user: ADELE.to_owned() }).unwrap();
    stage.count_anew().await?;
    let calling = stage.ask(&ANEW.replace("documents", "calendar")).await?;
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await?;
    stage.value(&calling).await?;
    let least = Least { prompts: 1, authorize: 1, token: 3, sts: 1 };
    stage.assert_costs("session revoked", cookies, least).await
}

/// A call that takes nothing from the cache.
const ANEW: &str = "talxisBroker.getToken({ client: 'documents', scopes: ['https://graph.microsoft.com/User.Read'], forceRefresh: true })";

async fn call_again(stage: &Stage, asks: bool) -> Result {
    let calling = stage.ask(ANEW).await?;
    if asks {
        stage.accept_notification().await?;
    }
    stage.value(&calling).await?;
    Ok(())
}

/// The backend wants a second factor, which only the exchange finds out.
async fn second_factor(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    stage.demo.entra().demand("contoso", "graph", Demand::SecondFactor).unwrap();
    stage.count_anew().await?;
    let calling = stage.ask(ANEW).await?;
    stage.accept_notification().await?;
    stage.enter_sign_in_window().await?;
    stage.the("button[value=second_factor]").await?.click().await?;
    stage.leave_sign_in_window().await?;
    stage.value(&calling).await?;
    // The client token, the same with the challenge, which Entra refuses, the code, and the client token of the stronger session.
    let least = Least { prompts: 1, authorize: 1, token: 4, sts: 2 };
    stage.assert_costs("second factor on the exchange", cookies, least).await
}

/// Her account is at home in another tenant.
async fn guest(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    assert!(stage.demo.host().run_as(GUEST), "there is no such user");
    stage.sign_in_elsewhere_as(GUEST).await?;
    stage.count_anew().await?;
    open_and_sign_in(stage, cookies).await?;
    assert_eq!(stage.script::<Value>("return talxisBroker.account.guest").await?, true);
    stage.assert_costs("guest", cookies, Least { prompts: asked(cookies), ..FORM }).await
}

/// A client without windows, whose configuration says that the page may leave.
async fn sign_in_by_redirect(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    let mut config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
    config["mobile"] = "redirect".into();
    stage.configure_with(&config);
    stage.demo.host().set_switches(&["client=mobile"]).unwrap();
    known_to_entra(stage).await?;
    stage.open_app().await?;
    stage.watch().await?;
    if cookies == Blocked {
        stage.the(".notification .action").await?;
        stage.add_up().await?;
        stage.accept_notification().await?;
    }
    until("five answers", async || {
        Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
    })
    .await?;
    all_settled(stage).await?;
    assert!(stage.browser.popups().await?.is_empty());
    stage.assert_costs("redirect", cookies, Least { prompts: asked(cookies), ..FORM }).await
}

async fn fifty_updates_after_a_refusal(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    stage.open_app().await?;
    stage.watch().await?;
    stage.accept_notification().await?;
    stage.cancel_on_the_sign_in_page().await?;
    all_settled(stage).await?;
    let fifty = format!(
        "Promise.all(Array.from({{ length: 50 }}, () => {}.catch(({{ code }}) => code)))",
        get_token("filePicker", GRAPH)
    );
    let codes = stage.ask(&fifty).await?;
    assert_eq!(stage.value(&codes).await?, Value::from(vec!["user_cancelled"; 50]));
    let least = Least { prompts: 1, authorize: 1, token: 0, sts: 0 };
    stage.assert_costs("fifty updates after a refusal", cookies, least).await
}

async fn offline_and_back(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    let asked = stage.ask(&get_token("calendar", GRAPH)).await?;
    stage.value(&asked).await?;
    stage.count_anew().await?;
    stage
        .in_page("Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false })")
        .await?;
    let cached = stage.ask(&get_token("calendar", GRAPH)).await?;
    let missing = stage.ask(ANEW).await?;
    stage.value(&cached).await?;
    let error = stage.refusal(&missing).await?;
    assert_code(&error, "network");
    assert_eq!((error.retryable, count(stage, |_| true)), (Some(true), 0));
    stage.in_page("delete navigator.onLine").await?;
    call_again(stage, false).await?;
    stage
        .assert_costs("offline and back", cookies, Least { prompts: 0, authorize: 0, token: 1, sts: 1 })
        .await
}
