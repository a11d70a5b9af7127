//! Several tabs of one browser: one of them signs in and refreshes, the others find it done, or take over from a tab that died.

use crate::{
    ADELE, GRAPH, all_settled, assert_code, count, get_token, interactive, prompt::click_in_confirm,
};
use e2e::{Engine, Result, Stage, on_stage, until};
use entra_dev::Endpoint;
use serde_json::{Value, json};
use thirtyfour::WindowHandle;

/// Opens the app in a tab of its own, and goes there.
async fn open_in_new_tab(stage: &Stage) -> Result<WindowHandle> {
    let tab = stage.browser.new_tab().await?;
    stage.browser.switch_to_window(tab.clone()).await?;
    stage.open_app().await?;
    Ok(tab)
}

/// Goes into the one window that is none of these.
async fn enter_the_other_than(stage: &Stage, known: &[&WindowHandle]) -> Result {
    let window = until("the sign-in window", async || {
        let windows = stage.browser.windows().await?;
        Ok(windows.into_iter().find(|window| !known.contains(&window)))
    })
    .await?;
    Ok(stage.browser.switch_to_window(window).await?)
}

/// Comes back when the page waits for its turn of this name.
async fn waits_for_its_turn(stage: &Stage, name: &str) -> Result {
    let look = format!(
        "const [done] = arguments;
         navigator.locks.query().then(({{ pending }}) => done(pending.some((lock) => lock.name === 'talxis-broker:{name}')))"
    );
    until("a tab to wait for its turn", async || Ok(stage.script_async::<bool>(&look).await?.then_some(())))
        .await
}

/// The app in two tabs; in the first one the sign-in window is open, in the second one a call waits. The second one is current.
async fn one_signs_in_and_one_waits(stage: &Stage) -> Result<(WindowHandle, WindowHandle, e2e::Asked)> {
    stage.open_app().await?;
    let first = stage.browser.window().await?;
    stage.accept_notification().await?;
    enter_the_other_than(stage, &[&first]).await?;
    stage.the("#username").await?;
    stage.browser.switch_to_window(first.clone()).await?; // Not every browser opens a tab from a window without tabs.
    let second = open_in_new_tab(stage).await?;
    let waiting = stage.ask(&get_token("filePicker", GRAPH)).await?;
    waits_for_its_turn(stage, "sign-in").await?;
    assert_eq!(stage.count(".notification, [data-talxis-broker]").await?, 0, "both tabs ask the user");
    Ok((first, second, waiting))
}

#[test]
fn while_one_tab_signs_in_the_other_one_asks_nobody_and_goes_on_with_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let (first, second, waiting) = one_signs_in_and_one_waits(stage).await?;
            enter_the_other_than(stage, &[&first, &second]).await?;
            stage.fill_in_sign_in_page(ADELE).await?;
            stage.browser.switch_to_window(second).await?;
            assert_eq!(stage.value(&waiting).await?["account"]["username"], ADELE);
            assert_eq!((count(stage, interactive), stage.count(".notification").await?), (1, 0));
            Ok(())
        },
    )
}

#[test]
fn a_tab_that_is_closed_in_the_middle_of_a_sign_in_leaves_it_to_the_other_one() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let (first, second, waiting) = one_signs_in_and_one_waits(stage).await?;
            stage.browser.switch_to_window(first.clone()).await?;
            stage.browser.close_window().await?;
            stage.browser.switch_to_window(second.clone()).await?;
            stage.the(".notification .action").await?;
            if !Engine::chosen()?.clicks_in_driver_tabs_open_windows() {
                return Ok(());
            }
            // The window of the dead tab may still be there, and leads nowhere.
            let known = stage.browser.windows().await?;
            stage.accept_notification().await?;
            enter_the_other_than(stage, &known.iter().collect::<Vec<_>>()).await?;
            stage.fill_in_sign_in_page(ADELE).await?;
            stage.browser.switch_to_window(second).await?;
            assert_eq!(stage.value(&waiting).await?["account"]["username"], ADELE);
            Ok(())
        },
    )
}

#[test]
fn what_one_tab_has_fetched_another_one_has_without_a_request() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            stage.accept_notification().await?;
            stage.sign_in_as(ADELE).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            let token = stage.value(&asked).await?["accessToken"].clone();
            until("all answers", async || {
                Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
            })
            .await?;
            // A turn that is taken comes after everything is stored.
            let asked =
                stage.ask("talxisBroker.getToken({ client: 'filePicker', forceRefresh: true })").await?;
            stage.value(&asked).await?;
            open_in_new_tab(stage).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            assert_eq!(stage.value(&asked).await?["accessToken"], token);
            Ok(())
        },
    )
}

#[test]
fn after_a_sign_out_a_new_tab_signs_in_nobody_without_asking() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            stage.accept_notification().await?;
            stage.sign_in_as(ADELE).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.value(&asked).await?;
            let asked = stage.ask("talxisBroker.signOut()").await?;
            stage.value(&asked).await?;
            let hidden = |stage: &Stage| {
                count(stage, |request| request.endpoint == Endpoint::Authorize { interactive: false })
            };
            let before = hidden(stage);
            open_in_new_tab(stage).await?;
            let asked =
                stage.ask("talxisBroker.getToken({ client: 'filePicker', interaction: 'never' })").await?;
            assert_code(&stage.refusal(&asked).await?, "interaction_required");
            assert_eq!(hidden(stage), before, "a hidden frame was asked");
            Ok(())
        },
    )
}

#[test]
fn a_sign_out_reaches_tabs_that_keep_nothing_too() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.configure_but("storage", "memory");
            stage.open_app().await?;
            let first = stage.browser.window().await?;
            stage.accept_notification().await?;
            stage.sign_in_as(ADELE).await?;
            all_settled(stage).await?;
            open_in_new_tab(stage).await?;
            let signed_out = stage.ask("talxisBroker.signOut()").await?;
            stage.value(&signed_out).await?;
            stage.browser.switch_to_window(first).await?;
            until("the first tab to be signed out", async || {
                let account: Value = stage.script("return talxisBroker.account").await?;
                Ok(account.is_null().then_some(()))
            })
            .await
        },
    )
}

#[test]
fn no_cookie_of_a_neighbour_signs_anybody_out() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            // As any host below the same domain can set them.
            let _: Value = stage
                .script(
                    "for (const of of ['x=__Host-talxis-broker-signed-out', 'talxis-broker-signed-out']) document.cookie = `${of}=1; Path=/; Max-Age=9999`;
                     return null",
                )
                .await?;
            stage.accept_notification().await?;
            stage.sign_in_as(ADELE).await?;
            all_settled(stage).await?;
            stage.open_app().await?;
            all_settled(stage).await?;
            assert_eq!(stage.count(".control[data-state=answered]").await?, 5);
            assert_eq!(count(stage, interactive), 1);
            Ok(())
        },
    )
}

#[test]
fn a_sign_out_everywhere_ends_the_session_in_all_tabs_and_at_entra() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let account = "return talxisBroker.account?.username ?? null";
            stage.open_app().await?;
            let first = stage.browser.window().await?;
            stage.accept_notification().await?;
            stage.sign_in_as(ADELE).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.value(&asked).await?;
            let second = open_in_new_tab(stage).await?;
            until("the other tab to be signed in", async || {
                Ok(stage.script::<Option<String>>(account).await?.map(|_| ()))
            })
            .await?;

            // Refused, nothing is signed out.
            stage.browser.switch_to_window(first.clone()).await?;
            let asked = stage.ask("talxisBroker.signOut({ everywhere: true })").await?;
            stage.click_in_surface("Cancel").await?;
            assert_code(&stage.refusal(&asked).await?, "user_cancelled");
            assert_eq!(stage.script::<Option<String>>(account).await?.as_deref(), Some(ADELE));
            assert_eq!(count(stage, |request| request.endpoint == Endpoint::Logout), 0);

            let asked = stage.ask("talxisBroker.signOut({ everywhere: true })").await?;
            // Anybody's window can come to the redirect page without a response; said before the click, nobody hears it.
            let _: Value = stage
                .script(
                    "const channel = new BroadcastChannel(`talxis-broker:${'0'.repeat(32)}`);
                     channel.postMessage({ v: 1, payload: '' });",
                )
                .await?;
            stage.click_in_surface("Sign out").await?;
            stage.value(&asked).await?;
            assert_eq!(count(stage, |request| request.endpoint == Endpoint::Logout), 1);
            until("the window to be gone", async || {
                Ok((stage.browser.windows().await?.len() == 2).then_some(()))
            })
            .await?;
            for tab in [first, second] {
                stage.browser.switch_to_window(tab).await?;
                until("a tab to be signed out", async || {
                    Ok(stage.script::<Option<String>>(account).await?.is_none().then_some(()))
                })
                .await?;
            }
            // In another session of the browser, Entra is asked, and knows nobody.
            let _: Option<bool> = stage
                .script("document.cookie = '__Host-talxis-broker-signed-out=; Path=/; Max-Age=0; Secure'; sessionStorage.clear()")
                .await?;
            stage.open_app().await?;
            let asked =
                stage.ask("talxisBroker.getToken({ client: 'filePicker', interaction: 'never' })").await?;
            assert_code(&stage.refusal(&asked).await?, "interaction_required");
            let last = stage
                .demo
                .entra()
                .requests()
                .into_iter()
                .rfind(|request| request.endpoint == Endpoint::Authorize { interactive: false });
            assert!(!last.unwrap().had_session, "Entra still knew the user");
            Ok(())
        },
    )
}

#[test]
fn two_tabs_have_one_sign_in_and_one_sign_out() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let account = "return talxisBroker.account?.username ?? null";
            stage.open_app().await?;
            stage.the(".notification .action").await?;
            let first = stage.browser.window().await?;
            let second = open_in_new_tab(stage).await?;
            stage.the(".notification .action").await?;

            // Signed in in the first tab, the second one asks no longer and has what it waited for.
            stage.browser.switch_to_window(first.clone()).await?;
            stage.accept_notification().await?;
            enter_the_other_than(stage, &[&first, &second]).await?;
            stage.fill_in_sign_in_page(ADELE).await?;
            stage.browser.switch_to_window(second.clone()).await?;
            until("five answers in the other tab", async || {
                Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
            })
            .await?;
            assert_eq!((stage.count(".notification").await?, count(stage, interactive)), (0, 1));

            // Signed out in the second tab, nobody is signed in in the first one.
            let asked = stage.ask("talxisBroker.signOut()").await?;
            stage.value(&asked).await?;
            stage.browser.switch_to_window(first).await?;
            until("the first tab to be signed out", async || {
                Ok(stage.script::<Value>(account).await?.is_null().then_some(()))
            })
            .await?;
            Ok(())
        },
    )
}

#[test]
fn controls_of_a_tab_whose_user_refused_hear_of_a_sign_in_in_another_one_and_are_answered() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.configure_but("prompt", "confirm");
            stage.open_app().await?;
            let first = stage.browser.window().await?;
            let second = open_in_new_tab(stage).await?;
            stage
                .in_page("window.heard = []; talxisBroker.addEventListener('signedin', ({ type }) => heard.push(type));")
                .await?;
            click_in_confirm(stage, "Not now").await?;
            until("every control to be refused", async || {
                let refused = stage.count(".control[data-code=user_cancelled]").await?;
                Ok((refused == stage.count(".control").await?).then_some(()))
            })
            .await?;
            assert_eq!(stage.script::<Value>("return heard").await?, json!([]));

            stage.browser.switch_to_window(first.clone()).await?;
            click_in_confirm(stage, "Sign in").await?;
            enter_the_other_than(stage, &[&first, &second]).await?;
            stage.fill_in_sign_in_page(ADELE).await?;
            stage.browser.switch_to_window(second).await?;
            until("all answers", async || {
                Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
            })
            .await?;
            assert_eq!(stage.script::<Value>("return heard").await?, json!(["signedin"]));
            assert_eq!((count(stage, interactive), stage.count("dialog").await?), (1, 0));
            Ok(())
        },
    )
}
