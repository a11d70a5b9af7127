//! Versions side by side: a frame works with the host's where semver's caret rule allows it, and says so where it does not; in one
//! window the first stays. And names that somebody else took.

use crate::pages::{VERSION, on_page, run};
use e2e::Result;
use serde_json::{Value, json};

#[test]
fn another_patch_works_and_another_minor_below_one_does_not() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            talxisBroker.configure(config);
            const seen = {};
            const id = crypto.randomUUID();
            for (const version of ['0.1.9', '0.2.0', '1.0.0']) {
                const frame = await open();
                await load(frame, `broker-${version}.js`);
                const broker = frame.talxisBroker;
                const error = await broker.getToken({ client: 'filePicker', interaction: 'never', correlationId: id }).catch((error) => error);
                const { TokenManagement } = frame.TALXIS.Utils;
                seen[version] = [broker.version, broker.diagnostics().hostVersion, error.code, error instanceof frame.Error,
                    await codeOf(broker.ready), await codeOf(TokenManagement.getAccessTokenObo('x', ['y'])), broker.account, error.correlationId === id,
                    error.code === 'version_conflict' && [version, talxisBroker.version].every((text) => error.message.includes(text))];
            }
            return seen;";
        let seen: Value = run(stage, body).await?;
        let refused = |version: &str| {
            let conflict = "version_conflict";
            json!([version, VERSION, conflict, true, conflict, conflict, null, true, true])
        };
        assert_eq!(
            seen,
            json!({
                "0.1.9": ["0.1.9", VERSION, "interaction_required", true, "resolved", "client_not_allowed", null, true, false],
                "0.2.0": refused("0.2.0"),
                "1.0.0": refused("1.0.0"),
            })
        );
        Ok(())
    })
}

#[test]
fn in_one_window_the_first_version_stays() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window, 'broker-1.0.0.js');
            const first = talxisBroker;
            await load(window);
            await load(window, 'broker-0.2.0.js');
            return [talxisBroker === first, first.version];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([true, "1.0.0"]));
        Ok(())
    })
}

#[test]
fn what_is_not_ours_is_replaced_where_that_can_be() -> Result {
    on_page(async |stage| {
        let body = "
            const fakes = {
                object: { value: { version: '0.1.0', getToken() {} }, writable: true },
                thawed: { value: { version: '0.1.0', getToken() {}, signIn() {}, configure() {}, addEventListener() {}, diagnostics() {} } },
                versionless: { value: Object.freeze({ version: 'x', getToken() {}, signIn() {}, configure() {}, addEventListener() {}, diagnostics() {} }) },
                getter: { get() { window.ran = true; throw new Error('no') } },
            };
            const seen = {};
            for (const [name, fake] of Object.entries(fakes)) {
                const [host, frame] = await nest();
                Object.defineProperty(host, 'talxisBroker', { configurable: true, ...fake });
                await load(frame);
                await new Promise((done) => host.addEventListener('talxisbroker', done, { once: true }));
                seen[name] = [Object.isFrozen(host.talxisBroker), host.talxisBroker.version, host.talxisBroker.diagnostics().host];
            }
            return [seen, window.ran ?? null];";
        let (seen, ran): (Value, Value) = run(stage, body).await?;
        let ours = json!([true, VERSION, true]);
        assert_eq!(seen, json!({ "object": ours, "thawed": ours, "versionless": ours, "getter": ours }));
        assert_eq!(ran, Value::Null, "a foreign getter was run");
        Ok(())
    })
}

#[test]
fn a_name_that_is_taken_for_good_is_a_conflict_said_once_and_no_endless_wait() -> Result {
    on_page(async |stage| {
        let body = "
            const [host, frame] = await nest();
            const theirs = { theirs: true };
            Object.defineProperty(host, 'talxisBroker', { value: theirs });
            const said = [];
            host.console.error = (text) => said.push(String(text).split(':')[0]);
            const began = performance.now();
            await load(frame);
            const code = await codeOf(frame.talxisBroker.getToken({ client: 'filePicker' }));
            await load(host);
            await load(host);
            return [said, code, performance.now() - began < 5000, host.talxisBroker === theirs, host.TALXIS === undefined];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!([["version_conflict"], "version_conflict", true, true, true]));
        Ok(())
    })
}
