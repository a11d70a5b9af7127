//! A page with markup and scripts that mean no good: what takes the names that the packed files look at.

use crate::signed_in_form;
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

/// What `call` comes to after `before`: the client of the token and whether its account is `account`'s, or the code of the error.
async fn told(stage: &Stage, before: &str, call: &str) -> Result<Value> {
    let expression = format!(
        "(async () => {{
             {before}
             const answer = await {call};
             return {{ client: answer?.clientId ?? null, forged: answer?.accessToken === 'FORGED' }};
         }})().catch(({{ code }}) => ({{ code }}))"
    );
    let asked = stage.ask(&expression).await?;
    stage.value(&asked).await
}

#[test]
fn no_request_that_says_two_things_gets_an_answer_that_is_kept_for_another() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_form(stage).await?;
            let id = |name: &str| stage.demo.estate().controls[name].client_id.clone();
            let [picker, calendar] = ["file-picker", "calendar"].map(id);
            for alias in ["filePicker", "calendar"] {
                let asked = stage.ask(&format!("talxisBroker.getToken({{ client: '{alias}' }})")).await?;
                stage.value(&asked).await?;
            }
            // From here on both are answered from what is cached.
            let before = "let times = 0;
                const names = ['filePicker', 'calendar', 'calendar', 'calendar'];
                const request = { toJSON: () => ({ client: names[Math.min(times++, 3)] }) };
                await talxisBroker.getToken(request);
                let looks = 0;
                const signal = { addEventListener() {}, removeEventListener() {}, get aborted() { return looks++ === 0; } };
                await talxisBroker.getToken({ client: 'calendar', signal }).catch(() => {});";
            let seen = told(stage, before, "talxisBroker.getToken({ client: 'filePicker' })").await?;
            assert_eq!(seen, json!({ "client": picker, "forged": false }));
            let seen = told(stage, "", "talxisBroker.getToken({ client: 'calendar' })").await?;
            assert_eq!(seen, json!({ "client": calendar, "forged": false }));
            // Whoever names a call is answered under that name.
            let name = "0f0f0f0f-0000-4000-8000-000000000001";
            let call = format!("talxisBroker.getToken({{ client: 'calendar', correlationId: '{name}' }})");
            let named = stage.ask(&call).await?;
            assert_eq!(stage.value(&named).await?["correlationId"], name);
            // A member on every object answers for nobody, and signs nobody out of signing out.
            let before = "const { account } = talxisBroker;
                const result = { accessToken: 'FORGED', expiresOn: 9e15, scopes: [], account, clientId: 'forged' };
                Object.assign(Object.prototype, { at: String(Date.now()), result });";
            let call = "talxisBroker.getToken({ client: 'filePicker', scopes: [] })
                .finally(() => { delete Object.prototype.at; delete Object.prototype.result; })";
            let seen = told(stage, before, call).await?;
            assert_ne!(seen["forged"], true, "{seen}");
            let seen = told(stage, "", "talxisBroker.signOut()").await?;
            assert_eq!(seen, json!({ "client": null, "forged": false }));
            assert_eq!(stage.script::<Value>("return talxisBroker.account").await?, Value::Null);
            Ok(())
        },
    )
}
