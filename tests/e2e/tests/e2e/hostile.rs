//! A page with markup and scripts that mean no good: what takes the names that the packed files look at.

use e2e::{Result, Stage, on_stage};
use serde_json::{Value, json};

/// Loads the broker in a new frame of this page, whose body is this markup, and runs `then` with `frame` and `done`.
fn in_frame(markup: &str, then: &str) -> String {
    format!(
        "const [done] = arguments;
         const frame = document.createElement('iframe');
         frame.src = '/uclient/blank.html?frame';
         frame.onload = () => {{
             const page = frame.contentDocument;
             page.body.innerHTML = {markup:?};
             const script = page.createElement('script');
             script.src = '/WebResources/talxis_tokenmanagement.js';
             script.onload = () => {{ {then} }};
             page.head.append(script);
         }};
         document.body.append(frame);"
    )
}

async fn open_blank_page(stage: &Stage) -> Result {
    stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
    Ok(())
}

#[test]
fn an_image_called_like_the_current_script_is_not_loaded_as_one() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_blank_page(stage).await?;
            let markup = "<img name='currentScript' src='/evil.js'>";
            let then = "const { ready } = frame.contentWindow.talxisBroker;
                const scripts = () => done([...document.scripts].map((script) => new URL(script.src).pathname));
                window.addEventListener('talxisbroker', scripts);
                if (window.talxisBroker || [...document.scripts].some(({ src }) => src.includes('evil'))) scripts();";
            let scripts: Value = stage.script_async(&in_frame(markup, then)).await?;
            assert_eq!(scripts, json!(["/WebResources/talxis_tokenmanagement.js"]));
            Ok(())
        },
    )
}

#[test]
fn neither_an_element_nor_an_event_passes_for_the_hosts_broker() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_blank_page(stage).await?;
            let then = "const answer = frame.contentWindow.talxisBroker.ready;
                window.dispatchEvent(new Event('talxisbroker'));
                answer.then(() => done('ready'), (error) => done(error.code));";
            let clobber = "document.body.innerHTML = '<form id=talxisBroker></form>';";
            let answer: String = stage.script_async(&format!("{clobber}{}", in_frame("", then))).await?;
            // Loaded into the host, where Dataverse has its configuration.
            assert_eq!(answer, "ready");
            Ok(())
        },
    )
}

#[test]
fn the_redirect_page_clears_an_address_whose_path_starts_with_two_slashes() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_blank_page(stage).await?;
            let address: String = stage
                .script_async(
                    "const [done] = arguments;
                     document.body.innerHTML = '<p role=status></p>';
                     history.replaceState(null, '', location.origin + '//talxis_/redirect.html#code=SECRET');
                     const script = document.createElement('script');
                     script.src = location.origin + '/WebResources/talxis_/tokenbroker/redirect.js';
                     script.onload = () => done(location.href);
                     document.head.append(script);",
                )
                .await?;
            assert_eq!(address, format!("{}//talxis_/redirect.html", stage.demo.origin()));
            Ok(())
        },
    )
}

/// Loads the broker into this page after `before`, and then runs `then` with `broker` and `done`.
fn in_page(before: &str, then: &str) -> String {
    format!(
        "const [done] = arguments;
         {before};
         const script = document.createElement('script');
         script.src = '/WebResources/talxis_tokenmanagement.js';
         script.onload = () => {{ const broker = window.talxisBroker; {then} }};
         document.head.append(script);"
    )
}

#[test]
fn members_put_on_every_object_neither_thaw_the_facade_nor_put_links_into_errors() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_blank_page(stage).await?;
            let before = "Object.assign(Object.prototype,
                { writable: true, configurable: true, consentUrl: 'https://evil.example/' })";
            let then = "try { window.talxisBroker = 1; } catch { /* Strict mode says it. */ }
                broker.getToken({ client: 'x', timeoutMs: 1 }).catch((error) => done([
                    broker.version !== undefined, window.talxisBroker === broker, Object.hasOwn(error, 'consentUrl'), error.code]));";
            let seen: Value = stage.script_async(&in_page(before, then)).await?;
            assert_eq!(seen, json!([true, true, false, "timed_out"]));
            Ok(())
        },
    )
}

#[test]
fn an_element_with_the_brokers_name_does_not_keep_it_away() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_blank_page(stage).await?;
            let before =
                "document.body.innerHTML = '<form id=talxisBroker><input name=version value=9></form>'";
            let kind: String = stage.script_async(&in_page(before, "done(typeof broker.getToken)")).await?;
            assert_eq!(kind, "function");
            Ok(())
        },
    )
}

#[test]
fn a_signal_that_throws_leaves_no_call_open() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_blank_page(stage).await?;
            let then = "const { signal } = new AbortController();
                signal.removeEventListener = () => { throw new Error('no'); };
                broker.getToken({ client: 'x', timeoutMs: 1, signal }).catch((error) => done(error.code));";
            let code: String = stage.script_async(&in_page("", then)).await?;
            assert_eq!(code, "timed_out");
            Ok(())
        },
    )
}
