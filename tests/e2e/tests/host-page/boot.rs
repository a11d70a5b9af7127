//! One broker, in the window of the app, however many windows load its script, in whatever order and however often.

use crate::pages::{on_page, run};
use e2e::{Result, on_stage};
use serde_json::{Value, json};

#[test]
fn the_broker_boots_in_the_app_window() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let host: bool = stage.script("return talxisBroker.diagnostics().host").await?;
            assert!(host);
            Ok(())
        },
    )
}

#[test]
fn the_host_is_the_topmost_window_with_xrm_and_else_the_topmost() -> Result {
    on_page(async |stage| {
        let body = "
            const [host, frame] = await nest();
            await load(frame);
            await arrived(host);
            const withXrm = [window, host, frame].map((at) => at.talxisBroker?.diagnostics().host ?? null);
            delete host.Xrm;
            host.frameElement.remove();
            const inner = await open(await open());
            await load(inner);
            await arrived(window);
            return [withXrm, [window, inner.parent, inner].map((at) => at.talxisBroker?.diagnostics().host ?? null)];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([[null, true, false], [true, null, false]]));
        Ok(())
    })
}

#[test]
fn a_foreign_window_on_top_is_survived() -> Result {
    on_page(async |stage| {
        let outer = stage.demo.origin().replace("app.localhost", "outer.localhost");
        stage.browser.goto(format!("{outer}/uclient/blank.html")).await?;
        let address = format!("{}/uclient/blank.html?app", stage.demo.origin());
        let _: Value = stage
            .script_async(&format!(
                "const [done] = arguments;
                 const frame = document.createElement('iframe');
                 frame.onload = () => done();
                 frame.src = {address:?};
                 document.body.append(frame);"
            ))
            .await?;
        stage.browser.enter_frame(0).await?;
        let body = "
            const frame = await open();
            await load(frame);
            await arrived(window);
            let foreign = false;
            try { void top.document } catch { foreign = true }
            return [foreign, talxisBroker.diagnostics().host, frame.talxisBroker.diagnostics().host];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([true, true, false]));
        Ok(())
    })
}

#[test]
fn twenty_frames_at_once_load_the_broker_once() -> Result {
    on_page(async |stage| {
        let body = "
            const frames = await Promise.all(Array.from({ length: 20 }, () => open()));
            let most = 0;
            const observer = new MutationObserver(() => { most = Math.max(most, scriptsOf(window)) });
            observer.observe(document, { childList: true, subtree: true });
            let events = 0;
            window.addEventListener('talxisbroker', () => { events += 1 });
            await Promise.all(frames.map((frame) => load(frame)));
            await arrived(window);
            talxisBroker.configure(config);
            await Promise.all(frames.map((frame) => frame.talxisBroker.ready));
            const codes = await Promise.all(frames.map((frame) => codeOf(frame.talxisBroker.getToken({ client: 'filePicker', interaction: 'never' }))));
            return [most, events, [...new Set(codes)], frames.some((frame) => frame.talxisBroker.diagnostics().host)];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([1, 1, ["interaction_required"], false]));
        Ok(())
    })
}

#[test]
fn a_broker_stays_where_it_is_when_xrm_comes_later() -> Result {
    on_page(async |stage| {
        let body = "
            const shell = await open();
            const early = await open(shell);
            await load(early);
            await arrived(window);
            shell.Xrm = xrm();
            const late = await open(shell);
            await load(late);
            talxisBroker.configure(config);
            await Promise.all([early, late].map((frame) => frame.talxisBroker.ready));
            return [shell.talxisBroker === undefined, early.talxisBroker.diagnostics().clientId === late.talxisBroker.diagnostics().clientId];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([true, true]));
        Ok(())
    })
}

#[test]
fn a_frame_that_could_not_load_the_host_finds_the_one_that_got_xrm_since() -> Result {
    on_page(async |stage| {
        let body = "
            const shell = await open();
            const frame = await open(shell);
            frame.Xrm = xrm('/WebResources/nowhere.js');
            delete frame.Xrm;
            window.Xrm = xrm('/WebResources/nowhere.js');
            await evaluate(frame);
            const first = await codeOf(frame.talxisBroker.ready);
            delete window.Xrm;
            shell.Xrm = xrm();
            const second = frame.talxisBroker.ready;
            await arrived(shell);
            shell.talxisBroker.configure(config);
            return [first, await codeOf(second), window.talxisBroker === undefined];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!(["network", "resolved", true]));
        Ok(())
    })
}

#[test]
fn a_window_that_forwards_never_becomes_the_host() -> Result {
    on_page(async |stage| {
        let body = "
            const shell = await open();
            window.Xrm = xrm('/WebResources/nowhere.js');
            await evaluate(shell);
            await codeOf(shell.talxisBroker.ready);
            delete window.Xrm;
            shell.Xrm = xrm();
            const frame = await open(shell);
            await load(frame);
            const ready = [shell, frame].map(({ talxisBroker }) => codeOf(talxisBroker.ready));
            await arrived(window);
            talxisBroker.configure(config);
            return [await Promise.all(ready), [window, shell, frame].map(({ talxisBroker }) => talxisBroker.diagnostics().host)];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([["resolved", "resolved"], [true, false, false]]));
        Ok(())
    })
}

#[test]
fn a_failed_download_is_tried_again_by_the_next_call() -> Result {
    on_page(async |stage| {
        let body = "
            const [host, frame] = await nest();
            host.Xrm = xrm('/WebResources/nowhere.js');
            await evaluate(frame);
            const failed = await codeOf(frame.talxisBroker.ready);
            const left = host.document.scripts.length;
            host.Xrm = xrm();
            const ready = frame.talxisBroker.ready;
            await arrived(host);
            host.talxisBroker.configure(config);
            return [failed, left, await codeOf(ready)];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!(["network", 0, "resolved"]));
        Ok(())
    })
}

#[test]
fn a_download_that_failed_after_its_frame_was_gone_holds_nobody_up() -> Result {
    on_page(async |stage| {
        let body = "
            const [host, frame] = await nest();
            host.Xrm = xrm('/WebResources/nowhere.js');
            await evaluate(frame);
            const script = host.document.querySelector('script[src]');
            frame.frameElement.remove();
            await new Promise((done) => script.addEventListener('error', done));
            script.dataset.since -= 9000; // As if nine of the ten seconds had passed.
            host.Xrm = xrm();
            const next = await open(host);
            await evaluate(next);
            const ready = next.talxisBroker.ready;
            await arrived(host);
            host.talxisBroker.configure(config);
            return await codeOf(ready);";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, "resolved");
        Ok(())
    })
}

#[test]
fn whatever_stands_under_our_symbol_the_broker_arrives() -> Result {
    on_page(async |stage| {
        let body = "
            const key = Symbol.for('talxis.broker');
            const values = {
                text: () => 'loading',
                promise: () => new Promise(() => {}),
                hostile: () => ({ get ownerDocument() { throw new Error('no') }, get broker() { throw new Error('no') }, get isConnected() { throw new Error('no') } }),
                loose: (host) => host.document.createElement('script'),
                stale: (host) => {
                    const script = Object.assign(host.document.createElement('script'), { type: 'text/x' });
                    script.dataset.since = 1;
                    host.document.head.append(script);
                    return script;
                },
                unmarked: (host) => host.document.head.appendChild(Object.assign(host.document.createElement('script'), { type: 'text/x' })),
            };
            const seen = {};
            for (const [name, make] of Object.entries(values)) {
                for (const taken of [false, true]) {
                    const [host, frame] = await nest();
                    Object.defineProperty(host, key, { value: make(host), configurable: !taken });
                    await load(frame);
                    const ready = frame.talxisBroker.ready;
                    await Promise.race([arrived(host), codeOf(ready)]);
                    host.talxisBroker?.configure(config);
                    seen[`${name} ${taken}`] = await codeOf(ready);
                }
            }
            return Object.entries(seen).filter(([, code]) => code !== 'resolved');";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([]));
        Ok(())
    })
}

#[test]
fn the_rule_loads_what_is_missing_and_answers_at_once() -> Result {
    on_page(async |stage| {
        let body = "
            const [host, frame] = await nest();
            host.Xrm = xrm('/WebResources/nowhere.js');
            await evaluate(frame);
            await codeOf(frame.talxisBroker.ready);
            host.Xrm = xrm();
            const { TokenBroker } = frame.TALXIS.Utils;
            const answer = TokenBroker.isEnabled();
            const began = performance.now();
            for (let i = 0; i < 200; i++) TokenBroker.isEnabled();
            const each = (performance.now() - began) / 200;
            await arrived(host);
            return [answer, Object.isFrozen(TokenBroker), scriptsOf(host) <= 1, each < 1, host.TALXIS.Utils.TokenBroker.isEnabled()];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([true, true, true, true, true]));
        Ok(())
    })
}

#[test]
fn a_second_evaluation_does_nothing_in_less_than_two_milliseconds() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            const before = [window.talxisBroker, window.TALXIS.Utils.TokenManagement];
            const text = await (await fetch('/WebResources/talxis_tokenmanagement.js')).text();
            // The 95th percentile of the quietest of six rounds: other programs use this machine too.
            const rounds = Array.from({ length: 6 }, () => {
                const times = Array.from({ length: 20 }, () => {
                    const script = document.createElement('script');
                    script.textContent = text;
                    const began = performance.now();
                    document.head.append(script);
                    return performance.now() - began;
                });
                return times.sort((a, b) => a - b)[18];
            });
            const same = before[0] === window.talxisBroker && before[1] === window.TALXIS.Utils.TokenManagement;
            return [same, Math.min(...rounds)];";
        let (same, p95): (bool, f64) = run(stage, body).await?;
        assert!(same);
        println!("a second evaluation: {p95} ms");
        assert!(p95 <= 2.0, "the 95th percentile is {p95} ms");
        Ok(())
    })
}
