//! Windows in which another script was first and froze, replaced or took what we use: the contract's answer or nothing, and never an
//! exception out of our script.

use crate::pages::{on_page, run};
use e2e::Result;
use serde_json::{Value, json};

#[test]
fn where_talxis_takes_nothing_the_facade_still_works() -> Result {
    on_page(async |stage| {
        let body = "
            const vendors = {
                frozen: { value: Object.freeze({ theirs: 1 }) },
                text: { value: 'theirs' },
                nothing: { value: null },
                throwing: { get() { throw new Error('no') } },
                frozenUtils: { value: { Utils: Object.freeze({}) } },
                open: { value: { theirs: 1 }, writable: true },
                function: { value: function theirs() {} },
                older: { value: { Utils: { TokenManagement: { theirs: 1 } } } },
            };
            const seen = {};
            for (const [name, vendor] of Object.entries(vendors)) {
                const [host] = await nest();
                Object.defineProperty(host, 'TALXIS', vendor);
                const errors = [];
                host.addEventListener('error', (event) => errors.push(event.message));
                await load(host);
                const broker = host.talxisBroker;
                broker.configure(config);
                const code = await codeOf(broker.getToken({ client: 'filePicker', interaction: 'never' }));
                const { value, get } = Object.getOwnPropertyDescriptor(host, 'TALXIS');
                const kept = value === vendor.value && get === vendor.get;
                seen[name] = [errors.length, code, broker.diagnostics().tokenManagement, kept];
            }
            return [seen, vendors.older.value.Utils.TokenManagement];";
        let (seen, older): (Value, Value) = run(stage, body).await?;
        let state = |state: &str| json!([0, "interaction_required", state, true]);
        assert_eq!(
            seen,
            json!({
                "frozen": state("missing"), "text": state("missing"), "nothing": state("missing"), "throwing": state("missing"),
                "frozenUtils": state("missing"), "open": state("ours"), "function": state("ours"), "older": state("foreign"),
            })
        );
        assert_eq!(older, json!({ "theirs": 1 }));
        Ok(())
    })
}

#[test]
fn replaced_and_polluted_globals_bring_an_answer_or_nothing() -> Result {
    on_page(async |stage| {
        let body = "
            const attacks = {
                freeze: (host) => { host.Object.freeze = (value) => value },
                throwingFreeze: (host) => { host.Object.freeze = () => { throw new Error('no') } },
                promise: (host) => { host.Promise = class { constructor() { throw new Error('no') } } },
                symbol: (host) => { host.Symbol.for = () => { throw new Error('no') } },
                sameSymbol: (host) => { host.Symbol.for = () => 'talxisBroker' },
                define: (host) => { host.Object.defineProperty = () => {} },
                polluted: (host) => { Object.assign(host.Object.prototype, { value: 1, get: undefined, signal: {}, scopes: ['x'], configurable: true, writable: true }) },
                parent: (host) => { host.parent = { document: {} } },
                frames: (host) => { host.length = 1e9 },
            };
            const seen = {};
            for (const [name, attack] of Object.entries(attacks)) {
                const [host] = await nest();
                const errors = [];
                host.addEventListener('error', (event) => errors.push(event.message));
                host.console.error = () => {};
                attack(host);
                await load(host);
                await load(host);
                const broker = host.talxisBroker;
                let code = 'nothing';
                if (broker) {
                    code = await codeOf((async () => {
                        broker.configure(config);
                        return broker.getToken({ client: 'filePicker', interaction: 'never' });
                    })());
                }
                seen[name] = [errors, code, broker ? Object.isFrozen(broker) : true];
            }
            return seen;";
        let seen: Value = run(stage, body).await?;
        for (attack, outcome) in seen.as_object().unwrap() {
            assert_eq!(outcome[0], json!([]), "{attack}: an exception came out of the script");
            assert_eq!(outcome[2], true, "{attack}: the facade is not frozen");
            let answers = ["nothing", "interaction_required", "internal", "version_conflict"];
            assert!(answers.iter().any(|answer| outcome[1] == *answer), "{attack}: {outcome}");
        }
        let working = ["parent", "frames", "polluted"].map(|attack| seen[attack][1].clone());
        assert_eq!(
            json!(working),
            json!(["interaction_required", "interaction_required", "interaction_required"])
        );
        Ok(())
    })
}

#[test]
fn a_signal_that_is_none_leaves_no_call_open() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            talxisBroker.configure(config);
            await codeOf(talxisBroker.getToken({ client: 'filePicker', signal: { aborted: false } }));
            // Each call that is open gets a new limit when a prompt opens.
            const { setTimeout: web } = window;
            let limits = 0;
            window.setTimeout = (run, ms, ...more) => { limits += ms === 120000; return web(run, ms, ...more); };
            talxisBroker.getToken({ client: 'filePicker' }).catch(() => {});
            for (let at = 0; at < 500 && !document.querySelector('dialog[data-talxis-broker]'); at++) await new Promise((done) => web(done, 20));
            return limits;";
        assert_eq!(run::<usize>(stage, body).await?, 1);
        Ok(())
    })
}

#[test]
fn a_listener_that_is_added_again_ends_with_its_new_signal() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            talxisBroker.configure(config);
            const heard = [];
            const listener = ({ code }) => heard.push(code);
            const [before, now] = [new AbortController(), new AbortController()];
            for (const { signal } of [before, now]) talxisBroker.addEventListener('error', listener, { signal });
            const fail = () => codeOf(talxisBroker.getToken({ client: 'filePicker', interaction: 'never' }));
            before.abort();
            await fail();
            const heardOnce = heard.length;
            now.abort();
            await fail();
            return [heardOnce > 0, heard.length === heardOnce];";
        assert_eq!(run::<Value>(stage, body).await?, json!([true, true]));
        Ok(())
    })
}
