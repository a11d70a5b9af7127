//! What browsers, pages and policies do to a broker: WebAssembly that traps, windows that do not open, policies that are in the way, and
//! storage that refuses.

use crate::{ADELE, GRAPH, all_settled, assert_code, count, get_token, interactive};
use e2e::{Result, Stage, ThirdPartyCookies, on_stage, on_stage_with, until};
use serde_json::{Value, json};
use std::path::Path;

/// Puts a script in front of the app's own; runs in the page before the broker does.
async fn open_app_after(stage: &Stage, script: &str) -> Result {
    put_before_the_broker(stage, script);
    stage.open_app().await
}

fn put_before_the_broker(stage: &Stage, script: &str) {
    let packed = "../../dist/webresources/talxis_tokenmanagement.js";
    let pack = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(packed)).unwrap();
    let pack = format!("\u{feff}{script};\n{}", pack.trim_start_matches('\u{feff}'));
    stage.demo.host().set_web_resource("talxis_tokenmanagement.js", pack).unwrap();
}

async fn signed_in_app(stage: &Stage) -> Result {
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await?;
    all_settled(stage).await
}

#[test]
fn a_trap_in_the_webassembly_rejects_every_open_call_and_the_next_call_works() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let keep = "if (!window.unhandled) {
                window.unhandled = [];
                addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)));
                // A function whose only instruction is `unreachable`.
                const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11];
                const { t } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports;
                const trapping = (run) => (...values) => {
                    if (!window.trap) return run(...values);
                    window.trap = false;
                    t();
                };
                const { Instance } = WebAssembly;
                WebAssembly.Instance = new Proxy(Instance, { construct(target, values) {
                    const { exports } = Reflect.construct(target, values);
                    const wrap = ([name, value]) => [name, typeof value === 'function' ? trapping(value) : value];
                    return { exports: Object.fromEntries(Object.entries(exports).map(wrap)) };
                } });
            }";
            open_app_after(stage, keep).await?;
            // Seven controls of the form wait, and these.
            let open = stage
                .ask("Promise.all([1, 2, 3].map(() => talxisBroker.getToken({ client: 'documents' }).catch(({ code }) => code)))")
                .await?;
            stage.the(".notification .action").await?;
            stage.in_page("window.trap = true").await?;
            let trapping = stage.ask("talxisBroker.getToken({ client: 'calendar' })").await?;
            assert_code(&stage.refusal(&trapping).await?, "internal");
            assert_eq!(stage.value(&open).await?, json!(["internal", "internal", "internal"]));
            assert_eq!(stage.count(".notification").await?, 0, "the dead instance's question is still there");

            let next = stage.ask(&get_token("filePicker", GRAPH)).await?;
            signed_in_app(stage).await?;
            stage.value(&next).await?;
            assert_eq!(count(stage, interactive), 1);
            let facts: Value =
                stage.script("return [talxisBroker.diagnostics().restarts, window.unhandled]").await?;
            assert_eq!(facts, json!([1, []]));
            Ok(())
        },
    )
}

/// A browser that opens no window whatever the user does, and counts how often it was to.
const NO_WINDOWS: &str = "window.tries ??= 0; window.open = () => { window.tries += 1; return null; }";

async fn tries(stage: &Stage) -> Result<u32> {
    stage.script("return window.tries").await
}

/// Clicks all that asks for a window: Power Apps' line, and the button of the dialog that follows it.
async fn click_in_vain(stage: &Stage) -> Result {
    stage.accept_notification().await?;
    stage.click_in_surface("Sign in").await
}

/// Every control and every further call says at once that nobody can sign in here, and where it would work; nobody is asked.
async fn assert_unsupported(stage: &Stage) -> Result {
    all_settled(stage).await?;
    let codes: Vec<String> = stage
        .script("return [...document.querySelectorAll('.control')].map(({ dataset }) => dataset.code ?? '')")
        .await?;
    assert!(codes.len() == 7 && codes.iter().all(|code| code == "unsupported_client"), "{codes:?}");
    let tried = tries(stage).await?;
    for call in [get_token("filePicker", GRAPH), "talxisBroker.signIn()".to_owned()] {
        let asked = stage.ask_by_click(&call).await?;
        let error = stage.refusal(&asked).await?;
        assert_code(&error, "unsupported_client");
        assert!(error.message.is_some_and(|message| message.ends_with("in a browser tab of its own.")));
    }
    assert_eq!(stage.count(".notification, dialog[data-talxis-broker]").await?, 0);
    assert_eq!(tries(stage).await?, tried, "it tries again what cannot work");
    assert_eq!(count(stage, interactive), 0);
    Ok(())
}

/// The mobile app, where no window opens, under a value of `mobile`.
async fn open_mobile_app(stage: &Stage, mobile: &str) -> Result {
    stage.configure_but("mobile", mobile);
    stage.demo.host().set_switches(&["client=mobile"]).unwrap();
    open_app_after(stage, NO_WINDOWS).await
}

#[test]
fn the_mobile_app_tries_no_window_unless_told_to_and_nobody_waits() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_mobile_app(stage, "unsupported").await?;
            assert_unsupported(stage).await?;
            assert_eq!(tries(stage).await?, 0);
            Ok(())
        },
    )
}

#[test]
fn the_mobile_app_that_was_told_that_windows_open_finds_out_that_they_do_not() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_mobile_app(stage, "popup").await?;
            click_in_vain(stage).await?;
            assert_unsupported(stage).await?;
            assert_eq!(tries(stage).await?, 2, "one for each click");
            Ok(())
        },
    )
}

#[test]
fn the_mobile_app_that_may_leave_the_page_needs_no_window() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_mobile_app(stage, "redirect").await?;
            stage.the(".notification .action").await?;
            assert_eq!(tries(stage).await?, 0);
            leaves_and_comes_back(stage).await
        },
    )
}

/// The user agrees to leave the page, signs in at Entra in the same window, and is on the form again.
async fn leaves_and_comes_back(stage: &Stage) -> Result {
    let address = stage.browser.current_url().await?;
    let said = stage.the(".notification").await?.text().await?;
    assert!(said.contains("Save your changes first."), "{said}");
    stage.accept_notification().await?;
    stage.fill_in_sign_in_page(ADELE).await?;
    until("five answers", async || {
        Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
    })
    .await?;
    assert_eq!(stage.browser.current_url().await?, address, "it came back to another page");
    assert_eq!((count(stage, interactive), tries(stage).await?), (1, 0));
    Ok(())
}

#[test]
fn where_no_window_opens_on_a_desktop_the_page_is_left_and_comes_back_exactly_to_where_it_was() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            put_before_the_broker(stage, NO_WINDOWS);
            stage.browser.goto(format!("{}?appid=x#here", stage.demo.address())).await?;
            click_in_vain(stage).await?;
            // As it does before the mobile app leaves: what is unsaved is the user's to save.
            until("the question whether to leave", async || {
                let leaving = "return Boolean(document.querySelector('.notification')?.textContent.includes('you leave this page'))";
                Ok(stage.script::<bool>(leaving).await?.then_some(()))
            })
            .await?;
            assert_eq!((tries(stage).await?, count(stage, interactive)), (2, 0), "it left by itself");
            leaves_and_comes_back(stage).await
        },
    )
}

#[test]
fn under_each_policy_that_lets_webassembly_run_the_user_signs_in() -> Result {
    for policy in ["csp=default", "csp=strict-wasm"] {
        on_stage(
            |_| {},
            async |stage| {
                stage.open_app_with(&[policy]).await?;
                signed_in_app(stage).await?;
                assert_eq!(stage.count(".control[data-state=answered]").await?, 5, "{policy}");
                Ok(())
            },
        )?;
    }
    Ok(())
}

#[test]
fn a_policy_against_webassembly_is_said_to_every_caller() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&["csp=strict"]).await?;
            all_settled(stage).await?;
            let codes: Vec<String> = stage
                .script("return [...document.querySelectorAll('.control')].map(({ dataset }) => dataset.code ?? '')")
                .await?;
            assert!(codes.len() == 7 && codes.iter().all(|code| code == "wasm_blocked_by_csp"), "{codes:?}");
            Ok(())
        },
    )
}

/// A bare page with a policy of its own, given by its markup before the broker is configured.
async fn page_with_policy(stage: &Stage, policy: &str) -> Result {
    stage.open_bare_page().await?;
    let _: Value = stage
        .script(&format!(
            "const meta = document.createElement('meta');
             meta.httpEquiv = 'Content-Security-Policy';
             meta.content = {policy:?};
             document.head.append(meta);"
        ))
        .await?;
    let mut config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
    config["tenant"] = stage.tenant().into();
    stage
        .in_page(&format!(
            "window.told = [];
         talxisBroker.addEventListener('error', ({{ code }}) => told.push(code));
         talxisBroker.configure({config})"
        ))
        .await
}

#[test]
fn a_policy_against_frames_is_told_to_listeners_and_the_user_is_asked_at_once() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            page_with_policy(stage, "frame-src 'none'").await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.click_in_surface("Sign in").await?;
            stage.sign_in_as(ADELE).await?;
            stage.value(&asked).await?;
            let told: Vec<String> = stage.script("return window.told").await?;
            assert_eq!(told, ["frame_blocked_by_csp"]);
            Ok(())
        },
    )
}

#[test]
fn a_policy_against_requests_is_named_with_the_directive_and_the_host_that_it_lacks() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            page_with_policy(stage, "connect-src 'self'").await?;
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            stage.sign_in_as(ADELE).await?;
            let error = stage.refusal(&signing_in).await?;
            assert_code(&error, "connect_blocked_by_csp");
            let need = format!("connect-src needs {}.", stage.demo.entra().origin());
            assert!(error.message.as_ref().is_some_and(|message| message.ends_with(&need)), "{error:?}");
            Ok(())
        },
    )
}

#[test]
fn whoever_signs_in_with_the_wrong_account_may_choose_again() -> Result {
    for cookies in [ThirdPartyCookies::Allowed, ThirdPartyCookies::Blocked] {
        on_stage_with(
            cookies,
            |_| {},
            async |stage| {
                stage.open_app().await?;
                let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
                stage.accept_notification().await?;
                stage.sign_in_as("boris@contoso.example").await?;
                assert_code(&stage.refusal(&asked).await?, "account_mismatch");
                let again = stage.ask_by_click("talxisBroker.signIn({ selectAccount: true })").await?;
                stage.enter_sign_in_window().await?;
                stage.the("#another").await?.click().await?;
                stage.fill_in_sign_in_page(ADELE).await?;
                stage.leave_sign_in_window().await?;
                assert_eq!(stage.value(&again).await?["username"], ADELE);
                until("the five answers", async || {
                    Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
                })
                .await
            },
        )?;
    }
    Ok(())
}
