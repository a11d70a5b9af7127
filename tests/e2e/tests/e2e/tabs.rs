//! Several tabs of one browser: one of them signs in and refreshes, the others find it done, or take over from a tab that died.

use crate::{ADELE, GRAPH, count, get_token, interactive};
use e2e::{Result, Stage, on_stage, until};
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

async fn sign_in_here(stage: &Stage) -> Result {
    let field = stage.the("#username").await?;
    field.clear().await?;
    field.send_keys(ADELE).await?;
    Ok(stage.the("#sign-in").await?.click().await?)
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
            sign_in_here(stage).await?;
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
            stage.accept_notification().await?;
            // The window of the dead tab is still there, and leads nowhere.
            let windows = until("a second sign-in window", async || {
                let windows = stage.browser.windows().await?;
                Ok((windows.len() == 3).then_some(windows))
            })
            .await?;
            let newest = windows.into_iter().rfind(|window| *window != second).unwrap();
            stage.browser.switch_to_window(newest).await?;
            sign_in_here(stage).await?;
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
