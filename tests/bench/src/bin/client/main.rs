//! What a token costs with the broker, beside `@azure/msal-browser` in its own best configuration, in one run of one Chromium: the same
//! page of the same origin, rounds of both in turn, medians. Each answer of Entra and of the STS takes 100 ms on its way, also the one
//! that the STS waits for; Power Apps' own answers come at once, on both sides. All of it is HTTP/2, which the browser is asked about.
//!
//! | figure | what is measured |
//! |---|---|
//! | `cached_call` | a call whose token is there; MSAL's `acquireTokenSilent` with the fastest of its three caches |
//! | `reload_to_first_token` | from the start of the script to a token, in a page that finds a stored session; MSAL with the faster of its two lasting caches |
//! | `reload_floor` | the same, of a script that only reads a session kept as contract §6 wants it, and has no broker around it |
//! | `twenty_cold_tokens` | from the first call to the last of twenty tokens of twenty clients, with a session at Entra and nothing in the page; ours with the exchange at the STS, MSAL's without any |
//! | `twenty_cold_requests` | what the browser asks for meanwhile, redirect pages and configuration included |
//! | `twenty_cold_prompts` | the windows that a user meets in place of that where third-party cookies are blocked |
//! | `wire_bytes` | the file that brings it, in brotli; MSAL's as small as a bundler makes it |
//! | `heap_500_tokens` | memory of the page after 500 different tokens, WebAssembly's included. How many of them each side still has stands beside it: MSAL drops none, the broker keeps 128 of all kinds (crates/broker-core/src/cache.rs) |

mod estate;

use bench::{Row, percentile, print};
use demo::Options;
use e2e::{Failure, Result, Stage, ThirdPartyCookies, until};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Command, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
const TWENTY: usize = 20;
const ROUNDS: usize = 30;
const CALLS: usize = 50;
const LATENCY: Duration = Duration::from_millis(100);
/// The goal for the file, in bytes of brotli.
const WIRE: f64 = 55_000.0;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Broker,
    /// What contract §6 costs by itself.
    Floor,
    Msal,
}

impl Side {
    /// As page.js calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Floor => "floor",
            Self::Msal => "msal",
        }
    }
}

#[tokio::main]
async fn main() -> Result {
    let mut rows = on_stand(ThirdPartyCookies::Allowed, async |stand| stand.measure().await).await?;
    rows.extend(on_stand(ThirdPartyCookies::Blocked, async |stand| stand.prompts().await).await?);
    rows.push(wire_bytes()?);
    print(&rows);
    Ok(())
}

async fn on_stand(
    cookies: ThirdPartyCookies,
    measure: impl AsyncFnOnce(&Stand) -> Result<Vec<Row>>,
) -> Result<Vec<Row>> {
    let options = Options {
        estate: estate::estate()?,
        certificates: root().join("target/bench/certificates"),
        tls: true,
        latency: LATENCY,
        ..Options::of_project(&root())?
    };
    let stand = Stand::set(Stage::set_with(options, cookies).await?).await?;
    let measured = measure(&stand).await;
    stand.stage.browser.quit().await?;
    measured
}

struct Stand {
    stage: Stage,
    /// What the page has to know.
    told: Value,
}

impl Stand {
    /// With MSAL and its redirect page among the web resources, and the user signed in at Entra.
    async fn set(stage: Stage) -> Result<Self> {
        let (host, library) =
            (stage.demo.host(), root().join("target/node/node_modules/@azure/msal-browser/lib"));
        let bridge = read(&library.join("redirect-bridge/msal-redirect-bridge.min.js"))?;
        // In one file: its best.
        let page = format!(
            "<!doctype html><title>Back</title><script>{bridge}</script>\
             <script>msalRedirectBridge.broadcastResponseToMainFrame()</script>"
        );
        let put = |name: &str, text: String| {
            host.set_web_resource(name, text).map_err(|why| Failure::wrong(why.to_string()))
        };
        put("msal_/msal.js", read(&msal())?)?;
        put(estate::MSAL_REDIRECT, page)?;
        put("floor_/floor.js", include_str!("floor.js").to_owned())?;

        let tenant = stage.tenant();
        let authority = format!("{}/{tenant}", stage.demo.entra().origin());
        let address = |name: &str| format!("/%7B638000000000000000%7D/WebResources/{name}");
        let user =
            host.users().into_iter().next().ok_or_else(|| Failure::wrong("The estate has no user."))?;
        stage.browser.set_script_timeout(Duration::from_secs(120)).await?;
        stage.sign_in_elsewhere_as(estate::USER).await?;
        let config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap_or_default();
        let sts = config.get("sts").and_then(Value::as_str).unwrap_or_default();
        for address in [blank(&stage), format!("{authority}/discovery/v2.0/keys"), format!("{sts}/livez")] {
            stage.browser.goto(&address).await?;
            let protocol: String =
                stage.script("return performance.getEntriesByType('navigation')[0].nextHopProtocol").await?;
            if protocol != "h2" {
                return Err(Failure::wrong(format!("The browser speaks {protocol:?} with {address}.")));
            }
        }
        stage.browser.goto(blank(&stage)).await?;
        let metadata: String = stage
            .script_async(&format!(
                "const [done] = arguments;
                 fetch('{authority}/v2.0/.well-known/openid-configuration').then((answer) => answer.text()).then(done, String);"
            ))
            .await?;
        let told = json!({
            "tenant": tenant,
            "user": user,
            "authority": authority,
            "metadata": metadata,
            "broker": address("talxis_tokenmanagement.js"),
            "floor": address("floor_/floor.js"),
            "msal": address("msal_/msal.js"),
            "redirect": estate::MSAL_REDIRECT,
            "aliases": (1..=TWENTY).map(estate::alias).collect::<Vec<_>>(),
            "applications": (1..=TWENTY).map(estate::msal_client).collect::<Vec<_>>(),
            "scopes": (1..=estate::APIS).map(estate::scope).collect::<Vec<_>>(),
        });
        Ok(Self { stage, told })
    }

    async fn measure(&self) -> Result<Vec<Row>> {
        let mut rows = vec![self.cached_call().await?];
        rows.extend(self.reload().await?);
        rows.extend(self.cold().await?);
        rows.push(self.heap().await?);
        Ok(rows)
    }

    async fn cached_call(&self) -> Result<Row> {
        let (mut ours, mut peers) = (Vec::new(), Vec::new());
        for cache in ["memoryStorage", "sessionStorage", "localStorage"] {
            self.fresh_page().await?;
            let options = json!({ "rounds": ROUNDS, "calls": CALLS, "cache": cache });
            let figures = self.act("cached", options).await?;
            ours.extend(numbers(&figures, "broker"));
            peers.push(median(&numbers(&figures, "msal")));
        }
        Ok(Row::new("cached_call", median(&ours), Some(least(&peers)), "us").at_most(1.0 / 40.0))
    }

    async fn reload(&self) -> Result<[Row; 2]> {
        let ways = [
            (Side::Broker, ""),
            (Side::Floor, ""),
            (Side::Msal, "sessionStorage"),
            (Side::Msal, "localStorage"),
        ];
        let mut taken = [const { Vec::new() }; 4];
        self.fresh_page().await?;
        // The first brings the session, the next two the script into the browser's caches.
        for round in 0..ROUNDS + 3 {
            for ((side, cache), taken) in ways.iter().zip(&mut taken) {
                self.page().await?;
                let answer = self.side("first", *side, json!({ "cache": cache })).await?;
                let from_cache = answer.get("fromCache").and_then(Value::as_bool) == Some(true);
                match number(&answer, "taken") {
                    figure if round > 2 && from_cache => taken.push(figure),
                    _ if round > 2 => return Err(Failure::wrong("A reloaded page found no session.")),
                    // What is to be kept is on its way.
                    _ => tokio::time::sleep(Duration::from_millis(300)).await,
                }
            }
        }
        let [ours, floor, session, local] = taken.map(|taken| median(&taken));
        let peer = Some(least(&[session, local]));
        Ok([
            Row::new("reload_to_first_token", ours, peer, "ms").at_most(1.0 / 3.0),
            Row::new("reload_floor", floor, peer, "ms"),
        ])
    }

    async fn cold(&self) -> Result<[Row; 2]> {
        let (mut taken, mut asked) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
        for round in 0..=ROUNDS {
            for (at, side) in [Side::Broker, Side::Msal].into_iter().enumerate() {
                self.fresh_page().await?;
                let before = self.requests();
                let answer = self.side("cold", side, json!({})).await?;
                // The first fills the browser's caches.
                if let (true, Some(taken), Some(asked)) = (round > 0, taken.get_mut(at), asked.get_mut(at)) {
                    taken.push(number(&answer, "taken"));
                    asked.push(count(self.requests() - before));
                }
            }
        }
        let ([ours, peer], [our_requests, requests]) = (taken, asked);
        let requests = (median(&our_requests), median(&requests));
        Ok([
            Row::new("twenty_cold_tokens", median(&ours), Some(median(&peer)), "ms").at_most(1.0),
            Row::new("twenty_cold_requests", requests.0, Some(requests.1), "requests").at_most(0.999),
        ])
    }

    /// What the browser asked for so far: the exchanges, of which each made the STS ask Entra once, instead of that.
    fn requests(&self) -> usize {
        self.stage.demo.entra().requests().len() + self.stage.demo.host().requests().len()
    }

    async fn heap(&self) -> Result<Row> {
        self.page().await?;
        let empty = self.heap_now().await?;
        // What came before counts against the minute of the STS's limit for one user.
        self.stage.demo.entra().clock().advance(MINUTE);
        let (mut held, mut kept) = (Vec::new(), Vec::new());
        for side in [Side::Broker, Side::Msal] {
            self.fresh_page().await?;
            kept.push(self.side("many", side, json!({})).await?);
            held.push((self.heap_now().await? - empty) / 1024.0);
        }
        let [ours, peer] = held.try_into().unwrap_or_default();
        let [ours_kept, peers_kept] = kept.try_into().unwrap_or_default();
        let note = format!("after 500 tokens ours keeps {ours_kept} of them, the peer {peers_kept}");
        Ok(Row::new("heap_500_tokens", ours, Some(peer), "KiB").noting(note))
    }

    /// Bytes.
    async fn heap_now(&self) -> Result<f64> {
        let tools = self.stage.browser.cdp();
        for _ in 0..3 {
            tools.send_raw("HeapProfiler.collectGarbage", json!({})).await?;
        }
        let usage = tools.send_raw("Runtime.getHeapUsage", json!({})).await?;
        let memory = self.act("memory", json!({})).await?.as_f64().unwrap_or_default();
        Ok(number(&usage, "usedSize") + memory)
    }

    /// Where the user must help, because Entra's cookies do not come along in a frame.
    async fn prompts(&self) -> Result<Vec<Row>> {
        self.fresh_page().await?;
        self.side("ask", Side::Broker, json!({})).await?;
        self.stage.click_in_surface("Sign in").await?;
        let ours = self.windows().await?;

        self.fresh_page().await?;
        self.side("ask", Side::Msal, json!({})).await?;
        for _ in 0..TWENTY {
            let before = self.act("asked", json!({})).await?;
            self.stage.the("#go").await?.click().await?;
            until("an instance to sign in", async || {
                let now = self.act("asked", json!({})).await?;
                Ok((number(&now, "got") > number(&before, "got")).then_some(()))
            })
            .await?;
        }
        let peer = self.windows().await?;
        Ok(vec![Row::new("twenty_cold_prompts", ours, Some(peer), "windows")])
    }

    /// How many windows opened until all twenty had their token.
    async fn windows(&self) -> Result<f64> {
        until("twenty tokens", async || {
            let asked = self.act("asked", json!({})).await?;
            Ok((number(&asked, "got") >= count(TWENTY)).then(|| number(&asked, "opened")))
        })
        .await
    }

    /// A page, as after a reload.
    async fn page(&self) -> Result {
        Ok(self.stage.browser.goto(blank(&self.stage)).await?)
    }

    /// A page that finds nothing of earlier ones.
    async fn fresh_page(&self) -> Result {
        self.page().await?;
        self.act("forget", json!({})).await.map(drop)
    }

    async fn side(&self, act: &str, side: Side, mut options: Value) -> Result<Value> {
        if let Some(options) = options.as_object_mut() {
            options.insert("side".to_owned(), side.name().into());
        }
        self.act(act, options).await
    }

    async fn act(&self, act: &str, options: Value) -> Result<Value> {
        let arguments = vec![self.told.clone(), act.into(), options];
        let answer = self.stage.browser.execute_async(include_str!("page.js"), arguments).await?;
        let answer = answer.json();
        match answer.get("error") {
            Some(why) => Err(Failure::wrong(format!("{act} failed in the page: {why}."))),
            None => Ok(answer.get("value").cloned().unwrap_or_default()),
        }
    }
}

/// Measured by the packer's own script.
fn wire_bytes() -> Result<Row> {
    let broker = root().join("dist/webresources/talxis_tokenmanagement.js");
    let mut sizes = Command::new("node");
    sizes.arg(root().join("xtask/src/node/sizes.mjs")).args([broker, msal()]);
    let output = sizes.output().map_err(|source| Failure::System { what: "node".to_owned(), source })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let brotli = |line: &str| line.split(' ').nth(2)?.parse::<f64>().ok();
    let [ours, peer] = text.lines().filter_map(brotli).collect::<Vec<_>>().try_into().unwrap_or_default();
    Ok(Row::new("wire_bytes", ours, Some(peer), "bytes").at_most((WIRE / peer).min(1.0)))
}

fn blank(stage: &Stage) -> String {
    format!("{}/uclient/blank.html", stage.demo.origin())
}

/// As `cargo xtask dist` bundles it.
fn msal() -> PathBuf {
    root().join("target/dist/msal.js")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &PathBuf) -> Result<String> {
    fs::read_to_string(path).map_err(|source| Failure::System { what: path.display().to_string(), source })
}

fn median(figures: &[f64]) -> f64 {
    percentile(figures, 0.5)
}

fn least(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(f64::INFINITY, f64::min)
}

fn number(value: &Value, name: &str) -> f64 {
    value.get(name).and_then(Value::as_f64).unwrap_or_default()
}

fn numbers(value: &Value, name: &str) -> Vec<f64> {
    let list = value.get(name).and_then(Value::as_array);
    list.map(|list| list.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

#[allow(clippy::cast_precision_loss)] // Small counts.
fn count(number: usize) -> f64 {
    number as f64
}
