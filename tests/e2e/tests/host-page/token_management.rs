//! `TALXIS.Utils.TokenManagement` (contract §2): plain strings for consumers who know scopes and no control clients, found where they
//! look; and the unmodified helper of npm `@talxis/client-libraries`, by which they find it.

use crate::pages::{ADELE, BORIS, FILE_PICKER, GRAPH, on_page, run, sign_in};
use e2e::{Claims, Result, Stage};
use entra_dev::{Endpoint, GrantType, Outcome};
use serde_json::{Value, json};

/// `waitForTokenManagement` in a window's own realm, as its authors built it.
const HELPER: &str = "
    const helperOf = async (at) => (await at.eval(\"import('/WebResources/npm/client-libraries.js')\")).waitForTokenManagement;
    const me = async (token) => {
        const { graph } = await (await fetch('/demo.json')).json();
        const answer = await fetch(`${graph}/v1.0/me`, { headers: { Authorization: `Bearer ${token}` } });
        return [answer.status, (await answer.json()).userPrincipalName];
    };
    const scope = 'api://c0000000-0000-4000-8000-000000000001/access_as_user';
    const viaObo = async ({ getAccessToken, getAccessTokenObo }) =>
        me(await getAccessTokenObo(await getAccessToken([scope]), ['https://graph.microsoft.com/User.Read']));
";

fn with_helper(body: &str) -> String {
    format!("{HELPER}{body}")
}

fn granted(stage: &Stage, grant: GrantType) -> usize {
    let of = |request: &&entra_dev::Request| {
        request.endpoint == Endpoint::Token { grant } && request.outcome == Outcome::Ok
    };
    stage.demo.entra().requests().iter().filter(of).count()
}

#[test]
fn a_scope_or_none_names_the_client_and_the_answer_is_a_plain_string() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let body = "
            const { getAccessToken } = top.TALXIS.Utils.TokenManagement;
            const first = await getAccessToken([scope]);
            return [first, await getAccessToken(), await getAccessToken([]), await getAccessToken([scope.toUpperCase().replace('API', 'api')]),
                await getAccessToken([scope], true)];";
        let tokens: Vec<String> = run(stage, &with_helper(body)).await?;
        for token in &tokens {
            assert_eq!(Claims::of(token)?.aud, FILE_PICKER);
        }
        assert!(tokens[..4].iter().all(|token| *token == tokens[0]), "cached tokens differ");
        assert_ne!(tokens[4], tokens[0], "`force` brought a cached token");
        Ok(())
    })
}

#[test]
fn what_names_no_client_or_two_is_refused() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            delete config.clients.default;
            config.clients.filePicker = { clientId: config.clients.filePicker, scope: scope.replace('api:', 'https:').replace('access_as_user', 'own') };
            talxisBroker.configure(config);
            const { getAccessToken, getAccessTokenObo } = TALXIS.Utils.TokenManagement;
            const other = scope.replace('0001/', '0002/');
            const named = await codeOf(talxisBroker.getToken({ client: 'filePicker', interaction: 'never' }));
            const asked = new Promise((done) => {
                const look = () => document.querySelector('[data-talxis-broker]') && done('asked');
                new MutationObserver(look).observe(document.body, { childList: true });
            });
            const own = await Promise.race([asked, codeOf(getAccessToken([config.clients.filePicker.scope]))]);
            return [await codeOf(getAccessToken()), await codeOf(getAccessToken(['User.Read'])), await codeOf(getAccessToken([scope, other])),
                await codeOf(getAccessToken(['api://contoso.example/access'])), await codeOf(getAccessTokenObo('x', ['User.Read'])), named, own];";
        let seen: Value = run(stage, &with_helper(body)).await?;
        let refused = "client_not_allowed";
        assert_eq!(
            seen,
            json!(["config_invalid", refused, refused, refused, refused, "interaction_required", "asked"])
        );
        Ok(())
    })
}

#[test]
fn a_client_token_of_ours_becomes_a_backend_token_that_the_api_accepts() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let body = "
            const frame = await open();
            await load(frame);
            const { accessToken } = await talxisBroker.getToken({ client: 'filePicker' });
            const { getAccessTokenObo } = frame.TALXIS.Utils.TokenManagement;
            const backend = await getAccessTokenObo(accessToken, ['User.Read']);
            return [await viaObo(TALXIS.Utils.TokenManagement), await me(backend), await codeOf(getAccessTokenObo(accessToken, [])), backend];";
        let seen: Value = run(stage, &with_helper(body)).await?;
        assert_eq!(seen[0], json!([200, ADELE]));
        assert_eq!(seen[1], json!([200, ADELE]));
        assert_eq!(seen[2], "scope_not_allowed");
        assert_eq!(Claims::of(seen[3].as_str().unwrap())?.azp, FILE_PICKER);
        Ok(())
    })
}

#[test]
fn a_token_that_is_not_ours_is_refused_and_leaves_the_page_nowhere() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let body = format!(
            "const {{ accessToken }} = await talxisBroker.getToken({{ client: 'filePicker', scopes: ['{GRAPH}'] }});
             const client = await TALXIS.Utils.TokenManagement.getAccessToken([scope]);
             const sent = performance.getEntriesByType('resource').length;
             const forged = [accessToken, client.slice(0, -1), `${{client}} `, '', 'x.y.z'];
             const codes = await Promise.all(forged.map((token) => codeOf(TALXIS.Utils.TokenManagement.getAccessTokenObo(token, ['{GRAPH}']))));
             return [[...new Set(codes)], performance.getEntriesByType('resource').length - sent];"
        );
        let seen: Value = run(stage, &with_helper(&body)).await?;
        assert_eq!(seen, json!([["client_not_allowed"], 0]));
        Ok(())
    })
}

#[test]
fn a_client_token_that_ran_out_is_replaced_silently() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let body = "
            window.old = await TALXIS.Utils.TokenManagement.getAccessToken([scope]);
            window.end = (await talxisBroker.getToken({ client: 'filePicker' })).expiresOn;";
        let _: Value = run(stage, &with_helper(body)).await?;
        let before = granted(stage, GrantType::RefreshToken);
        let body = "
            const { now } = Date;
            const { fetch } = window;
            Date.now = () => window.end + 1;
            // What is fetched now is of the present.
            window.fetch = (...request) => {
                Object.assign(window, { fetch });
                Object.assign(Date, { now });
                return fetch(...request);
            };
            return me(await TALXIS.Utils.TokenManagement.getAccessTokenObo(window.old, ['User.Read']));";
        let seen: Value = run(stage, &with_helper(body)).await?;
        assert_eq!(seen, json!([200, ADELE]));
        assert_eq!(granted(stage, GrantType::RefreshToken), before + 1);
        Ok(())
    })
}

#[test]
fn a_client_token_of_another_user_is_not_ours_any_more() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let body = "window.adeles = await TALXIS.Utils.TokenManagement.getAccessToken([scope]); await talxisBroker.signOut();";
        let _: Value = run(stage, &with_helper(body)).await?;
        let signing_in = stage.ask_by_click("talxisBroker.signIn({ selectAccount: true })").await?;
        stage.enter_sign_in_window().await?;
        stage.the("#another").await?.click().await?;
        stage.sign_in_as(BORIS).await?;
        stage.value(&signing_in).await?;
        let body = "return [talxisBroker.account.username, await codeOf(TALXIS.Utils.TokenManagement.getAccessTokenObo(window.adeles, ['User.Read']))]";
        let seen: Value = run(stage, &with_helper(body)).await?;
        assert_eq!(seen, json!([BORIS, "client_not_allowed"]));
        Ok(())
    })
}

#[test]
fn it_is_where_consumers_look_and_overwrites_nothing() -> Result {
    on_page(async |stage| {
        let body = "
            const early = await open();
            const theirs = await open();
            theirs.TALXIS = { Utils: { TokenManagement: { theirs: 1 } }, own: 1 };
            const ribbon = await open();
            await load(ribbon);
            await arrived(window);
            const late = await open();
            const before = late.TALXIS;
            ribbon.TALXIS.Utils.TokenBroker.isEnabled();
            await load(late);
            const host = window.TALXIS.Utils.TokenManagement;
            ribbon.TALXIS.extended = ribbon.TALXIS.Utils.extended = 1;
            const methods = ({ TALXIS }) => Object.keys(TALXIS.Utils.TokenManagement).join();
            return [methods(window), early.TALXIS.Utils.TokenManagement === host, early.TALXIS instanceof early.Object,
                theirs.TALXIS.Utils.TokenManagement, methods(ribbon), before === undefined, ribbon.TALXIS.extended, Object.isFrozen(host),
                [window, early, ribbon, late].map((at) => at.talxisBroker?.diagnostics().tokenManagement ?? null)];";
        let seen: Value = run(stage, body).await?;
        let methods = "getAccessToken,getAccessTokenObo";
        let states = json!(["ours", null, "ours", "ours"]);
        assert_eq!(seen, json!([methods, true, true, { "theirs": 1 }, methods, true, 1, true, states]));
        Ok(())
    })
}

#[test]
fn the_consumers_helper_finds_it_from_the_app_window_and_from_a_frame() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let body = "
            const evaluated = await open();
            await load(evaluated);
            const bare = await open();
            const answers = [];
            for (const at of [window, evaluated, bare]) answers.push(await viaObo(await (await helperOf(at))(300)));
            return answers;";
        let seen: Value = run(stage, &with_helper(body)).await?;
        assert_eq!(seen, json!([[200, ADELE], [200, ADELE], [200, ADELE]]));
        Ok(())
    })
}

#[test]
fn the_consumers_helper_loads_it_where_it_is_missing() -> Result {
    on_page(async |stage| {
        // In the app's window; and from a frame, whose copy brings the host's.
        let body = "
            window.Xrm = xrm();
            const waiting = (await helperOf(window))(100, true);
            const management = await waiting;
            talxisBroker.configure(config);
            return Object.keys(management).length;";
        let members: u32 = run(stage, &with_helper(body)).await?;
        assert_eq!(members, 2);
        let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
        stage.sign_in_as(ADELE).await?;
        stage.value(&signing_in).await?;
        let answer: Value = run(stage, &with_helper("return viaObo(TALXIS.Utils.TokenManagement)")).await?;
        assert_eq!(answer, json!([200, ADELE]));

        stage.browser.goto(format!("{}/uclient/blank.html?again", stage.demo.origin())).await?;
        let body = "
            const frame = await open();
            window.Xrm = frame.Xrm = xrm();
            window.management = await (await helperOf(frame))(100, true);
            await arrived(window);
            talxisBroker.configure(config);
            return frame.talxisBroker.diagnostics().host;";
        let host: bool = run(stage, &with_helper(body)).await?;
        assert!(!host);
        let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
        // Entra knows her already, and the window goes by itself.
        stage.value(&signing_in).await?;
        let answer: Value = run(stage, &with_helper("return viaObo(window.management)")).await?;
        assert_eq!(answer, json!([200, ADELE]));
        Ok(())
    })
}

#[test]
fn the_consumers_helper_loads_no_second_copy_into_a_frame_of_the_app() -> Result {
    on_page(async |stage| {
        let body = "
            const frame = await open();
            frame.Xrm = xrm();
            await load(window);
            const helper = await helperOf(frame);
            await helper(200, true);
            // The helper's own clock goes on after it found what it looked for: wait until that has run out.
            await new Promise((done) => frame.setTimeout(done, 400));
            return scriptsOf(frame);";
        let scripts: u32 = run(stage, &with_helper(body)).await?;
        assert_eq!(scripts, 0);
        Ok(())
    })
}

#[test]
fn a_request_that_is_never_answered_does_not_hold_the_calls_after_it() -> Result {
    on_page(async |stage| {
        sign_in(stage).await?;
        let body = "
            const { fetch } = window;
            const { timeout } = AbortSignal;
            // After this nothing but the network is waited for.
            await codeOf(talxisBroker.getToken({ client: 'filePicker' }));
            const late = new AbortController();
            AbortSignal.timeout = () => late.signal;
            let begin;
            const begun = new Promise((resolve) => (begin = resolve));
            window.fetch = (url, { signal }) => new Promise((_, no) => {
                signal?.addEventListener('abort', () => no(signal.reason));
                begin();
            });
            const get = () => codeOf(talxisBroker.getToken({ client: 'filePicker', forceRefresh: true, timeoutMs: 5000 }));
            const first = get();
            await begun; // The tab takes its turn first.
            Object.assign(window, { fetch });
            Object.assign(AbortSignal, { timeout });
            late.abort('late');
            return [await first, await get()];";
        let seen: Value = run(stage, body).await?;
        assert_eq!(seen, json!(["network", "resolved"]));
        Ok(())
    })
}
