//! Another page of the same origin, which listens to everything that tabs can hear of each other and forges all of it (contract §6): what it
//! hears, what a forgery costs, and that the right user is signed in all the same. What it may hear and disturb is in SECURITY.md.

use crate::{ADELE, GRAPH, all_settled, assert_code, count, get_token};
use e2e::{Result, Stage, on_stage, until};
use entra_dev::{Endpoint, GrantType, Request};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use thirtyfour::WindowHandle;

/// It joins every channel and reads every entry that it can know of. What it forges for a sign-in that waits stands in `window.forging`:
/// a response on the channel or one in the storage; what is no answer to anybody it forges all the time.
const LISTENER: &str = "
    window.heard = [];
    window.channels = new Map();
    const join = (name) => {
        if (channels.has(name)) return;
        const channel = new BroadcastChannel(name);
        channel.onmessage = ({ data }) => heard.push({ by: name, said: data });
        channels.set(name, channel);
    };
    join('talxis-broker');
    addEventListener('message', ({ data }) => heard.push({ by: 'message', said: data }));
    addEventListener('storage', ({ key, newValue }) => {
        heard.push({ by: 'storage', said: { key, newValue } });
        forge();
    });
    const forge = () => {
        for (const key of Object.keys(localStorage)) {
            const id = key.match(/^talxis-broker:pending:([0-9a-f]{32})$/)?.[1];
            if (!id) continue;
            const name = `talxis-broker:${id}`;
            join(name);
            const payload = `code=forged&state=${id}.${'0'.repeat(64)}`;
            if (window.forging === 'channel') channels.get(name).postMessage({ v: 1, payload });
            if (window.forging === 'storage') localStorage.setItem(`talxis-broker:response:${id}`, JSON.stringify({ v: 1, payload }));
            channels.get(name).postMessage({ v: 1, ack: true, id });
        }
        const other = 'f'.repeat(32);
        join(`talxis-broker:${other}`);
        const payload = `code=forged&state=${other}.${'0'.repeat(64)}`;
        channels.get(`talxis-broker:${other}`).postMessage({ v: 1, payload });
        localStorage.setItem(`talxis-broker:response:${other}`, JSON.stringify({ v: 1, at: Date.now(), payload }));
        for (const kind of ['changed', 'signedin', 'signedout', 'token', 42, null])
            channels.get('talxis-broker').postMessage({ v: 1, kind, sequence: 1e9, payload: 'code=x', accessToken: 'forged', account: null });
    };
    setInterval(forge, 50);";

/// Counts what the app tells other tabs, and keeps what it sends to Entra and the STS and what they answer: all the secrets that there are.
const SECRETS: &str = "{
    window.told = 0;
    const { postMessage } = BroadcastChannel.prototype;
    BroadcastChannel.prototype.postMessage = function (data) {
        if (this.name === 'talxis-broker') window.told += 1;
        postMessage.call(this, data);
    };
    window.secrets = new Set();
    const SECRET = ['code', 'code_verifier', 'refresh_token', 'access_token', 'id_token', 'subject_token'];
    const unwatched = window.fetch;
    const keep = (fields) => {
        for (const [name, value] of fields) if (SECRET.includes(name)) secrets.add(`${name} ${value}`);
    };
    window.fetch = async (url, request) => {
        if (request?.method === 'POST') keep(new URLSearchParams(request.body));
        const response = await unwatched(url, request);
        if (request?.method === 'POST') response.clone().json().then((body) => keep(Object.entries(body)), () => {});
        return response;
    };
}";

#[derive(Debug, Deserialize)]
struct Heard {
    by: String,
    said: Value,
}

/// The app, and in another tab the page that listens. The app's is the current one.
struct Listener {
    app: WindowHandle,
    page: WindowHandle,
}

impl Listener {
    async fn beside_the_app(stage: &Stage) -> Result<Self> {
        let app = stage.browser.window().await?;
        let page = stage.browser.new_tab().await?;
        stage.browser.switch_to_window(page.clone()).await?;
        stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
        stage.in_page(LISTENER).await?;
        stage.browser.switch_to_window(app.clone()).await?;
        stage.in_page(SECRETS).await?;
        Ok(Self { app, page })
    }

    async fn script<T: DeserializeOwned>(&self, stage: &Stage, script: &str) -> Result<T> {
        stage.browser.switch_to_window(self.page.clone()).await?;
        let found = stage.script(script).await?;
        stage.browser.switch_to_window(self.app.clone()).await?;
        Ok(found)
    }

    async fn forges(&self, stage: &Stage, way: &str) -> Result {
        stage.browser.switch_to_window(self.page.clone()).await?;
        stage.in_page(&format!("window.forging = {way:?}")).await?;
        Ok(stage.browser.switch_to_window(self.app.clone()).await?)
    }

    async fn heard(&self, stage: &Stage) -> Result<Vec<Heard>> {
        self.script(stage, "return window.heard").await
    }

    /// Waits until it has heard every change that the app told of, which are more than before; gives how many.
    async fn hears_all(&self, stage: &Stage, before: usize) -> Result<usize> {
        until("the page to hear all changes", async || {
            let told: usize = stage.script("return window.told").await?;
            let heard = self.heard(stage).await?.iter().filter(|one| one.by == "talxis-broker").count();
            Ok((told > before && heard == told).then_some(told))
        })
        .await
    }
}

/// The id of the sign-in that waits, if the page listens to it.
const LISTENED_TO: &str = "
    const ids = Object.keys(localStorage).flatMap((key) => key.match(/^talxis-broker:pending:(.*)/)?.[1] ?? []);
    return ids.find((id) => channels.has(`talxis-broker:${id}`)) ?? null;";

/// Goes into the window of the sign-in with this id. A browser may lose that an earlier one was closed, if that had not come yet.
async fn enter_window_of(stage: &Stage, id: &str) -> Result {
    until("the sign-in window", async || {
        for window in stage.browser.windows().await? {
            let there = stage.browser.switch_to_window(window).await.is_ok();
            if there && stage.browser.current_url().await.is_ok_and(|url| url.as_str().contains(id)) {
                return Ok(Some(()));
            }
        }
        Ok(None)
    })
    .await
}

/// That no token was fetched, and nobody is signed in.
async fn assert_nobody_signed_in(stage: &Stage) -> Result {
    let redeemed = |request: &Request| request.endpoint == Endpoint::Token { grant: GrantType::Code };
    assert_eq!(count(stage, redeemed), 0, "the forged code went to Entra");
    assert!(stage.script::<Value>("return talxisBroker.account").await?.is_null());
    Ok(())
}

#[test]
fn a_hostile_page_of_this_origin_hears_no_secret_and_its_forgeries_bring_no_token() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            stage.the(".notification .action").await?;
            let listener = Listener::beside_the_app(stage).await?;

            // A forged response is not the answer to the request: that sign-in is over, and nothing is kept of it.
            listener.forges(stage, "channel").await?;
            stage.accept_notification().await?;
            all_settled(stage).await?;
            let codes: BTreeSet<String> = stage
                .script("return [...document.querySelectorAll('.control')].map(({ dataset }) => dataset.code ?? '')")
                .await?;
            assert_eq!(codes, BTreeSet::from(["identity_provider".to_owned()]));
            assert_nobody_signed_in(stage).await?;
            listener.forges(stage, "storage").await?;
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            assert_code(&stage.refusal(&signing_in).await?, "identity_provider");
            assert_nobody_signed_in(stage).await?;

            // It forges on, but no answer: the right user signs in, has fresh tokens, and signs out.
            listener.forges(stage, "").await?;
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            let id = until("the page to listen to this sign-in", async || {
                listener.script::<Option<String>>(stage, LISTENED_TO).await
            })
            .await?;
            enter_window_of(stage, &id).await?;
            stage.fill_in_sign_in_page(ADELE).await?;
            stage.browser.switch_to_window(listener.app.clone()).await?;
            assert_eq!(stage.value(&signing_in).await?["username"], ADELE);
            all_settled(stage).await?;
            let told = listener.hears_all(stage, 0).await?;
            let anew = get_token("filePicker", GRAPH).replace(" })", ", forceRefresh: true })");
            let asked = stage.ask(&anew).await?;
            assert_eq!(stage.value(&asked).await?["account"]["username"], ADELE);
            let told = listener.hears_all(stage, told).await?;
            let asked = stage.ask("talxisBroker.signOut()").await?;
            stage.value(&asked).await?;
            listener.hears_all(stage, told).await?;

            let secrets: Vec<String> = stage.script("return [...window.secrets]").await?;
            for kind in
                ["code ", "code_verifier ", "refresh_token ", "access_token ", "id_token ", "subject_token "]
            {
                assert!(secrets.iter().any(|secret| secret.starts_with(kind)), "the app has no {kind}");
            }
            assert_heard_no_secret(&listener.heard(stage).await?, &secrets);
            Ok(())
        },
    )
}

/// Tabs say a kind and a number. The response itself comes by the channel that its id names: there a page that listens sees the code, which is
/// worth nothing without the verifier, and nowhere else.
#[track_caller]
fn assert_heard_no_secret(heard: &[Heard], secrets: &[String]) {
    for Heard { by, said } in heard {
        if by == "talxis-broker" {
            let sequence = said["sequence"].as_u64();
            assert_eq!(*said, json!({ "v": 1, "kind": "changed", "sequence": sequence }));
            assert!(sequence.is_some(), "{said}");
        }
        let text = said.to_string();
        for secret in secrets {
            let (kind, value) = secret.split_once(' ').unwrap_or_default();
            let is_response = by.starts_with("talxis-broker:") && kind == "code";
            assert!(is_response || !text.contains(value), "the {kind} was heard by {by}");
        }
    }
    let of_response = |one: &&Heard| one.said["payload"].as_str().is_some_and(|form| form.contains("code="));
    let responses: Vec<_> = heard.iter().filter(of_response).collect();
    assert!(matches!(responses[..], [one] if one.by.len() == "talxis-broker:".len() + 32), "{responses:?}");
}
