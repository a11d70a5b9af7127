//! A user's day, as scenarios: each with third-party cookies allowed and blocked, by the browser's own preference and nothing else. Never
//! more than one question, and what each cost is printed beside the least that would do.
//!
//! Where cookies are allowed, a hidden frame finds who is signed in at Entra, and nobody is asked. Where they are blocked, the request of
//! that frame reaches Entra without its session, and one question follows.

use crate::{ADELE, FEED, GRAPH, all_settled, assert_code, count, get_token, granted};
use e2e::{
    Least, Result, Stage,
    ThirdPartyCookies::{self, Allowed, Blocked},
    on_stage_with, until,
};
use entra_dev::{Command, Demand, Endpoint, GrantType};
use serde_json::Value;

/// Everything is there already; what was refused is tried again.
const AGAIN: Least = Least { authorize: 0, token: 1, sts: 1, ..SILENT };
/// A hidden frame brings the session.
const SILENT: Least = Least { prompts: 0, windows: 0, learns: 0, authorize: 1, token: 0, sts: 0 };
/// A question and the window that its answer opens.
const ASKED: Least = Least { prompts: 1, windows: 1, ..SILENT };
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
    first_visit second_tab reload twenty_controls coop_on_the_sign_in_page last_hours_of_a_session refresh_token_expired session_revoked second_factor
    guest sign_in_by_redirect fifty_updates_after_a_refusal offline_and_back
}

/// A page's first sign-in where somebody is signed in at Entra: one frame, which where cookies are blocked is one to learn from.
fn first(cookies: ThirdPartyCookies) -> Least {
    if cookies == Blocked { Least { learns: 1, ..ASKED } } else { SILENT }
}

/// The form of the app, with seven control clients: one code, a client token for each (of which Entra refuses one), seven exchanges.
fn form(signed_in: Least) -> Least {
    Least { token: 8, sts: 7, ..signed_in }
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
    stage.assert_costs("first visit", cookies, form(first(cookies))).await
}

async fn second_tab(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    stored(stage).await?;
    let tab = stage.browser.new_tab().await?;
    stage.browser.switch_to_window(tab).await?;
    stage.count_anew().await?;
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
    let least = Least { token: 11, sts: 13, ..first(cookies) };
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
    stage.assert_costs("COOP on the sign-in page", cookies, form(Least { learns: 1, ..ASKED })).await
}

/// Time passes, in the browser and everywhere else.
async fn pass(stage: &Stage, minutes: u64) -> Result {
    stage.demo.entra().perform(Command::Advance { seconds: minutes * 60 }).unwrap();
    let turn = format!(
        "if (!window.later) {{
             window.later = 0;
             const now = Date.now;
             Date.now = () => now() + window.later;
         }}
         window.later += {}",
        minutes * 60_000
    );
    stage.in_page(&turn).await
}

/// A call that has a token is the quiet moment for the next session: where frames work it begins behind that call. Where they do not, nobody is
/// asked out of the blue; the question comes with the first call that needs it.
async fn last_hours_of_a_session(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    pass(stage, 22 * 60 + 10).await?;
    stage.count_anew().await?;
    let call = get_token("documents", GRAPH);
    // The page's Date: in Firefox this script has one of its own.
    let minutes =
        format!("{call}.then(({{ expiresOn }}) => Math.floor((expiresOn - window.Date.now()) / 60_000))");
    let minutes = stage.ask(&minutes).await?;
    let minutes = stage.value(&minutes).await?.as_u64().unwrap();
    // Past the last quarter's begin, wherever chance put it, and before the last five minutes.
    pass(stage, minutes - 8).await?;
    let late = stage.ask(&call).await?;
    assert_eq!(stage.value(&late).await?["fromCache"], true);
    let next_session = usize::from(cookies == Allowed);
    // The turn that renewals take among tabs is given back when all is stored.
    let idle = "const [done] = arguments;
        const ends = talxisBroker.diagnostics().tokens.map(({ expiresOn }) => expiresOn);
        const isNew = Math.max(...ends) > window.Date.now() + 40 * 60_000;
        navigator.locks.query().then(({ held }) => done(isNew && held.length === 0));";
    until("what goes on behind the call", async || {
        let tokens = [GrantType::RefreshToken, GrantType::Code]
            .map(|grant| count(stage, |request| granted(request, grant)));
        let begun = tokens == [2, next_session];
        Ok((begun && stage.script_async::<bool>(idle).await?).then_some(()))
    })
    .await?;
    assert_eq!(
        stage.count(".notification, [data-talxis-broker]").await?,
        0,
        "somebody is asked out of the blue"
    );
    pass(stage, 120).await?;
    let next_day = stage.ask(&call).await?;
    if cookies == Blocked {
        stage.accept_notification().await?;
    }
    stage.value(&next_day).await?;
    let least = Least { token: 4, sts: 3, ..first(cookies) };
    stage.assert_costs("last hours of a session", cookies, least).await
}

async fn refresh_token_expired(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    known_to_entra(stage).await?;
    open_and_sign_in(stage, cookies).await?;
    // Behind a sign-in by hand a frame may find whom it did not before; what it learns then, nobody pays for again.
    for (scenario, learns) in [("refresh token expired", 1), ("refresh token expired again", 0)] {
        pass(stage, 25 * 60).await?;
        stage.count_anew().await?;
        call_again(stage, cookies == Blocked).await?;
        let learns = if cookies == Blocked { learns } else { 0 };
        let least = Least { learns, token: 2, sts: 1, ..first(cookies) };
        stage.assert_costs(scenario, cookies, least).await?;
    }
    Ok(())
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
    let least = Least { learns: 1, token: 3, sts: 1, ..ASKED };
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
    let least = Least { token: 4, sts: 2, ..ASKED };
    stage.assert_costs("second factor on the exchange", cookies, least).await
}

/// Her account is at home in another tenant.
async fn guest(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    assert!(stage.demo.host().run_as(GUEST), "there is no such user");
    stage.sign_in_elsewhere_as(GUEST).await?;
    stage.count_anew().await?;
    open_and_sign_in(stage, cookies).await?;
    assert_eq!(stage.script::<Value>("return talxisBroker.account.guest").await?, true);
    stage.assert_costs("guest", cookies, form(first(cookies))).await
}

/// A client without windows, whose configuration says that the page may leave.
async fn sign_in_by_redirect(stage: &mut Stage, cookies: ThirdPartyCookies) -> Result {
    stage.configure_but("mobile", "redirect");
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
    stage.assert_costs("redirect", cookies, form(Least { windows: 0, ..first(cookies) })).await
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
    let least = Least { learns: 1, ..ASKED };
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
    stage.assert_costs("offline and back", cookies, AGAIN).await
}
