//! `waitForBroker` of `@talxis/token-broker` (contract §8): found in this window or above it, loaded where Dataverse serves it, once, also
//! where the top window is foreign; typed errors, and nothing left behind.

use crate::pages::{on_page, run};
use e2e::{Failure, Result, Stage};
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// `waitForBroker` in a window's own realm.
fn with_wait(body: &str) -> String {
    format!(
        "const waitOf = async (at) => (await at.eval(\"import('/WebResources/npm/token-broker.js')\")).waitForBroker;
         const helperOf = async (at) => (await at.eval(\"import('/WebResources/npm/client-libraries.js')\")).waitForTokenManagement;
         {body}"
    )
}

#[test]
fn a_broker_of_this_window_or_of_one_above_is_found_at_once() -> Result {
    on_page(async |stage| {
        let body = "
            const inner = await open(await open());
            const wait = await waitOf(inner);
            await load(window);
            const above = await wait();
            await load(inner);
            return [above === window.talxisBroker, (await wait()) === inner.talxisBroker, (await (await waitOf(window))()) === window.talxisBroker];";
        let seen: Value = run(stage, &with_wait(body)).await?;
        assert_eq!(seen, json!([true, true, true]));
        Ok(())
    })
}

#[test]
fn where_dataverse_serves_it_it_is_loaded_at_once_and_once() -> Result {
    on_page(async |stage| {
        let body = "
            const [host, frame] = await nest();
            const other = await open(host);
            let most = 0;
            const observer = new MutationObserver(() => { most = Math.max(most, scriptsOf(host)) });
            observer.observe(host.document, { childList: true, subtree: true });
            const waits = await Promise.all([host, frame, other].map(waitOf));
            const [brokers] = await Promise.all([Promise.all(waits.map((wait) => wait({ timeoutMs: 5000 }))), load(other)]);
            const versions = new Set([...brokers, host.talxisBroker].map(({ version }) => version));
            // No `Xrm` anywhere: the address of the page tells that this is Dataverse.
            const plain = await (await waitOf(window))({ timeoutMs: 5000 });
            return [most, versions.size, host.talxisBroker.diagnostics().host, plain === window.talxisBroker];";
        let seen: Value = run(stage, &with_wait(body)).await?;
        assert_eq!(seen, json!([1, 1, true, true]));
        Ok(())
    })
}

/// A page of the same origin that no one would take for Dataverse's.
async fn elsewhere(stage: &Stage) -> Result {
    stage.browser.goto(format!("{}/style.css", stage.demo.origin())).await?;
    Ok(())
}

#[test]
fn a_broker_or_xrm_that_comes_late_is_found() -> Result {
    on_page(async |stage| {
        elsewhere(stage).await?;
        let body = "
            const [late, withXrm] = [document.body.appendChild(document.createElement('iframe')), document.createElement('iframe')];
            const wait = await waitOf(window);
            const waiting = wait();
            await load(window);
            const found = (await waiting) === window.talxisBroker;
            return found;";
        let found: bool = run(stage, &with_wait(body)).await?;
        assert!(found);
        elsewhere(stage).await?;
        let body = "
            const waiting = (await waitOf(window))();
            window.Xrm = xrm();
            return (await waiting) === window.talxisBroker;";
        let found: bool = run(stage, &with_wait(body)).await?;
        assert!(found);
        Ok(())
    })
}

#[test]
fn nothing_in_time_and_an_abort_are_typed_and_leave_nothing_behind() -> Result {
    on_page(async |stage| {
        elsewhere(stage).await?;
        let body = "
            const wait = await waitOf(window);
            const signals = [];
            const timers = new Set();
            const { addEventListener } = window;
            window.addEventListener = (type, listener, options) => { signals.push(options?.signal); addEventListener(type, listener, options) };
            for (const kind of ['Timeout', 'Interval']) {
                const [set, clear] = [window[`set${kind}`], window[`clear${kind}`]];
                window[`set${kind}`] = (...values) => { const id = set(...values); timers.add(id); return id };
                window[`clear${kind}`] = (id) => { timers.delete(id); clear(id) };
            }
            const told = (error) => [error instanceof Error, error.name, error.code, /[.!?]$/.test(error.message)];
            const late = await wait({ timeoutMs: 50 }).catch(told);
            const controller = new AbortController();
            const waiting = wait({ signal: controller.signal }).catch(told);
            controller.abort();
            const aborted = await waiting;
            const before = await wait({ signal: AbortSignal.abort() }).catch(told);
            window.Xrm = xrm('/WebResources/nowhere.js');
            const missing = await wait({ timeoutMs: 1000 }).catch((error) => [error.code, error.message.includes('No Token Broker')]);
            return [late, aborted, before, missing, timers.size, signals.length > 0 && signals.every((signal) => signal.aborted), scriptsOf(window)];";
        let seen: Value = run(stage, &with_wait(body)).await?;
        let aborted = json!([true, "AbortError", "aborted", true]);
        let late = json!([true, "TalxisBrokerError", "timed_out", true]);
        assert_eq!(seen, json!([late, aborted, aborted, ["timed_out", true], 0, true, 0]));
        Ok(())
    })
}

#[test]
fn below_a_foreign_top_it_works_where_the_consumers_helper_cannot() -> Result {
    on_page(async |stage| {
        let outer = stage.demo.origin().replace("app.localhost", "outer.localhost");
        stage.browser.goto(format!("{outer}/uclient/blank.html")).await?;
        let _: Value = stage
            .script_async(&format!(
                "const [done] = arguments;
                 const frame = document.createElement('iframe');
                 frame.onload = () => done();
                 frame.src = '{}/uclient/blank.html?app';
                 document.body.append(frame);",
                stage.demo.origin()
            ))
            .await?;
        stage.browser.enter_frame(0).await?;
        let body = "
            window.Xrm = xrm();
            const frame = await open();
            const theirs = await (await helperOf(window))(300, true).then(() => 'found', (error) => error.name);
            const ours = await (await waitOf(frame))();
            return [theirs, ours === window.talxisBroker, ours.diagnostics().host];";
        let seen: Value = run(stage, &with_wait(body)).await?;
        assert_eq!(seen, json!(["SecurityError", true, true]));
        Ok(())
    })
}

#[test]
fn its_types_are_those_of_a_control_that_uses_it() -> Result {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    e2e::packages::npm(&node)?;
    let mut tsc = Command::new("node");
    tsc.args(["node_modules/typescript/bin/tsc", "--project", "."]).current_dir(&node);
    let output = tsc.output().map_err(|source| Failure::System { what: "node".to_owned(), source })?;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    Ok(())
}
