//! Frames that are destroyed with calls in flight: nothing of theirs is left in the host, and who else waits still gets an answer.
//! Seen from outside by weak references and the browser's own collector, which Chromium's developer tools start.

use crate::pages::{ADELE, on_page, run, sign_in};
use e2e::{Result, Stage, until};
use serde_json::{Value, json};

/// Makes frames with calls in flight, takes them away, and remembers them weakly: a realm is alive as long as its `Object`.
const DESTROY: &str = "
    const destroyed = async (count, above, begin, bring = load) => {
        window.realms ??= [];
        for (let i = 0; i < count; i++) {
            const frame = await open(above);
            await bring(frame);
            await begin(frame);
            window.realms.push(new WeakRef(frame.Object));
            frame.frameElement.remove();
        }
    };
";

async fn collect(stage: &Stage) -> Result<f64> {
    let tools = stage.browser.cdp();
    tools.send_raw("HeapProfiler.collectGarbage", json!({})).await?;
    let usage = tools.send_raw("Runtime.getHeapUsage", json!({})).await?;
    Ok(usage["usedSize"].as_f64().unwrap_or(f64::MAX))
}

/// How many destroyed frames are alive.
async fn alive(stage: &Stage) -> Result<usize> {
    collect(stage).await?;
    stage.script("return window.realms.filter((realm) => realm.deref()).length").await
}

async fn all_gone(stage: &Stage) -> Result {
    until("the destroyed frames to be collected", async || Ok((alive(stage).await? == 0).then_some(()))).await
}

#[test]
fn fifty_frames_that_go_in_mid_call_leave_nothing_and_one_broker() -> Result {
    on_page(async |stage| {
        let body = format!(
            "{DESTROY}
             await load(window);
             talxisBroker.configure(config);
             window.broker = talxisBroker;
             const before = document.scripts.length;
             // Open until somebody signs in: each call in a frame waits for the same prompt.
             window.mine = talxisBroker.getToken({{ client: 'filePicker' }});
             window.mine.catch(() => {{}});
             await destroyed(50, window, (frame) => {{
                 frame.talxisBroker.addEventListener('signedin', () => {{}});
                 frame.talxisBroker.getToken({{ client: 'filePicker' }}).catch(() => {{}});
                 frame.talxisBroker.getToken({{ client: 'calendar', scopes: ['User.Read'], signal: new frame.AbortController().signal }}).catch(() => {{}});
                 frame.TALXIS.Utils.TokenManagement.getAccessToken().catch(() => {{}});
                 frame.talxisBroker.ready.catch(() => {{}});
                 frame.TALXIS.Utils.TokenBroker.isEnabled();
             }});
             return [document.scripts.length - before, document.querySelectorAll('iframe').length];"
        );
        let seen: Value = run(stage, &body).await?;
        assert_eq!(seen, json!([0, 0]));
        all_gone(stage).await?;
        stage.click_in_surface("Sign in").await?;
        stage.sign_in_as(ADELE).await?;
        let mine = stage.ask("window.mine").await?;
        assert!(
            stage.value(&mine).await?["accessToken"].is_string(),
            "a destroyed frame took the host's call with it"
        );
        let one: Value =
            run(stage, "return [talxisBroker === window.broker, talxisBroker.diagnostics().restarts]")
                .await?;
        assert_eq!(one, json!([true, 0]));
        Ok(())
    })
}

#[test]
fn frames_that_wait_for_a_host_leave_nothing_at_once() -> Result {
    on_page(async |stage| {
        let body = format!(
            "{DESTROY}
             const host = await open();
             host.Xrm = xrm('/WebResources/nowhere.js');
             await destroyed(5, host, (frame) => {{
                 frame.talxisBroker.getToken({{ client: 'filePicker' }}).catch(() => {{}});
                 frame.TALXIS.Utils.TokenManagement.getAccessToken().catch(() => {{}});
             }}, evaluate);
             await destroyed(5, host, async (frame) => {{
                 const {{ waitForBroker }} = await frame.eval(\"import('/WebResources/npm/token-broker.js')\");
                 waitForBroker().catch(() => {{}});
             }}, () => {{}});"
        );
        let _: Value = run(stage, &body).await?;
        collect(stage).await?;
        assert_eq!(alive(stage).await?, 0, "frames that are gone are still waited for");
        Ok(())
    })
}

#[test]
fn frames_that_wait_for_a_configuration_are_kept_no_longer_than_that_wait() -> Result {
    on_page(async |stage| {
        let body = format!(
            "{DESTROY}
             await load(window);
             await destroyed(5, window, (frame) => {{
                 frame.talxisBroker.ready.catch(() => {{}});
                 frame.talxisBroker.getToken({{ client: 'filePicker' }}).catch(() => {{}});
                 frame.TALXIS.Utils.TokenManagement.getAccessToken().catch(() => {{}});
             }});"
        );
        let _: Value = run(stage, &body).await?;
        all_gone(stage).await
    })
}

#[test]
fn fifty_navigations_cost_less_than_a_megabyte() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let navigate = format!(
            "{DESTROY}
             await destroyed(50, window, (frame) => {{
                 frame.TALXIS.Utils.TokenBroker.isEnabled();
                 return frame.talxisBroker.getToken({{ client: 'filePicker', scopes: ['User.Read'] }});
             }});"
        );
        let _: Value = run(stage, &navigate).await?;
        all_gone(stage).await?;
        let before = collect(stage).await?;
        let _: Value = run(stage, &navigate).await?;
        all_gone(stage).await?;
        let more = collect(stage).await? - before;
        assert!(more < 1_000_000.0, "{more} bytes more");
        Ok(())
    })
}

#[test]
fn a_call_in_a_frame_that_is_gone_is_refused_and_starts_nothing() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            talxisBroker.configure(config);
            const frame = await open();
            await load(frame);
            const { talxisBroker: broker, TALXIS, document: page } = frame;
            frame.frameElement.remove();
            const answer = TALXIS.Utils.TokenBroker.isEnabled();
            // Its promises may never settle: a browser runs nothing for a frame that is gone.
            broker.getToken({ client: 'filePicker' }).catch(() => {});
            await new Promise((done) => setTimeout(done));
            return [answer, page.scripts.length, document.querySelectorAll('[data-talxis-broker]').length];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([true, 1, 0]));
        Ok(())
    })
}

#[test]
fn a_caller_in_a_frame_may_abort_its_own_call() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            talxisBroker.configure(config);
            const frame = await open();
            await load(frame);
            const controller = new frame.AbortController();
            const call = frame.talxisBroker.getToken({ client: 'filePicker', signal: controller.signal });
            const other = talxisBroker.getToken({ client: 'filePicker', timeoutMs: 300 });
            controller.abort();
            const error = await call.catch((error) => error);
            return [error.name, error.code, error instanceof frame.Error, await codeOf(other)];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!(["AbortError", "aborted", true, "timed_out"]));
        Ok(())
    })
}
