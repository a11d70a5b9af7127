//! What the broker costs a form that loads it, beside the same page without it, in one run of one Chromium: main-thread time of a first
//! load with its first call, which compiles the WebAssembly, and of later evaluations of the script; and how many requests a page load
//! with a kept configuration makes.

use bench::{Row, percentile, print};
use demo::{Demo, Options};
use e2e::{Browser, Engine, Failure, Result};
use serde_json::{Value, json};
use std::path::Path;

const ROUNDS: usize = 40;
const LATER: usize = 200;
const WEB_RESOURCE: &str = "talxis_tokenmanagement.js";

#[tokio::main]
async fn main() -> Result {
    let demo =
        Demo::start(Options::of_project(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?).await?;
    let browser = Browser::start(Engine::chosen()?).await?;
    let measured = Stand { demo: &demo, browser: &browser }.measure().await;
    browser.quit().await?;
    print(&measured?);
    Ok(())
}

struct Stand<'a> {
    demo: &'a Demo,
    browser: &'a Browser,
}

impl Stand<'_> {
    async fn measure(&self) -> Result<Vec<Row>> {
        self.browser.cdp().send_raw("Performance.enable", json!({})).await?;
        let (none, broker) = (self.page("done();"), self.page(&self.first_call()));
        // From here on the configuration is kept, and the script is in the browser's cache.
        self.load(&broker).await?;
        let before = self.demo.host().web_api_calls();
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(self.load(&none).await?);
            with.push(self.load(&broker).await?);
        }
        let calls = self.demo.host().web_api_calls() - before;
        let mut later = Vec::new();
        for _ in 0..LATER {
            later.push(self.later_evaluation().await?);
        }
        let (with, without) = (percentile(&with, 0.5), percentile(&without, 0.5));
        let downloads = self.demo.host().downloads(WEB_RESOURCE);
        Ok(vec![
            Row::new("first_load_main_thread", with - without, None, "ms").at_most(20.0),
            Row::new("page_with_broker", with, Some(without), "ms"),
            Row::new("later_evaluation_p50", percentile(&later, 0.5), None, "ms"),
            Row::new("later_evaluation_p95", percentile(&later, 0.95), None, "ms").at_most(2.0),
            Row::new("web_api_calls_with_kept_variables", count(calls), None, "calls").at_most(0.0),
            Row::new("downloads_of_one_version", count(downloads), None, "downloads").at_most(1.0),
        ])
    }

    /// A page of Power Apps that runs this.
    fn page(&self, script: &str) -> String {
        let user = self.demo.host().users().into_iter().next();
        let (id, object) = user.map(|user| (user.id, user.object_id)).unwrap_or_default();
        let tenant = self.demo.estate().tenants.values().next().map(|tenant| tenant.id.clone());
        let tenant = tenant.unwrap_or_default();
        format!(
            "const [done] = arguments;
             const context = {{
                 client: {{ getClient: () => 'Web', getClientState: () => 'Online' }},
                 organizationSettings: {{ organizationTenant: '{tenant}' }},
                 userSettings: {{ userId: '{{{id}}}' }},
                 getClientUrl: () => location.origin,
             }};
             window.__preload = {{ aadObjectId: '{object}', aadLoginHint: 'adele@contoso.example' }};
             window.Xrm = {{ Utility: {{ getGlobalContext: () => context }} }};
             {script}"
        )
    }

    /// Loads the versioned script as a ribbon does, and makes the first call.
    fn first_call(&self) -> String {
        format!(
            "const script = document.createElement('script');
             script.src = '{}';
             script.onload = () =>
                 talxisBroker.getToken({{ client: 'filePicker', interaction: 'never' }}).catch((error) => done(error.code));
             document.head.append(script);",
            self.address()
        )
    }

    fn address(&self) -> String {
        format!("/%7B638000000000000000%7D/WebResources/{WEB_RESOURCE}")
    }

    /// Milliseconds of main-thread work that a page makes by running this.
    async fn load(&self, script: &str) -> Result<f64> {
        self.browser.goto(format!("{}/uclient/blank.html", self.demo.origin())).await?;
        let before = self.busy().await?;
        self.browser.execute_async(script, vec![]).await?;
        Ok(self.busy().await? - before)
    }

    /// Milliseconds that the main thread of the page has been busy.
    async fn busy(&self) -> Result<f64> {
        let answer = self.browser.cdp().send_raw("Performance.getMetrics", json!({})).await?;
        let metrics = answer.get("metrics").and_then(Value::as_array).cloned().unwrap_or_default();
        let duration =
            metrics.iter().find(|metric| metric.get("name").is_some_and(|name| name == "TaskDuration"));
        let seconds = duration.and_then(|metric| metric.get("value")?.as_f64());
        seconds
            .map(|seconds| seconds * 1000.0)
            .ok_or_else(|| Failure::wrong("Chromium tells no TaskDuration."))
    }

    /// Milliseconds of one more evaluation in a new frame of the page, as the ribbon rule of the next form makes it.
    async fn later_evaluation(&self) -> Result<f64> {
        let script = format!(
            "const [done] = arguments;
             window.source ??= fetch('{}').then((answer) => answer.text());
             window.source.then((text) => {{
                 const frame = document.createElement('iframe');
                 frame.src = '/uclient/blank.html';
                 frame.onload = () => {{
                     const script = frame.contentDocument.createElement('script');
                     script.textContent = text; // Runs within the next statement but one, so that it can be timed.
                     const begun = performance.now();
                     frame.contentDocument.head.append(script);
                     const taken = performance.now() - begun;
                     frame.remove();
                     done(taken);
                 }};
                 document.body.append(frame);
             }});",
            self.address()
        );
        let taken = self.browser.execute_async(script, vec![]).await?;
        taken.json().as_f64().ok_or_else(|| Failure::wrong("An evaluation was not timed."))
    }
}

#[allow(clippy::cast_precision_loss)] // Small counts.
fn count(number: usize) -> f64 {
    number as f64
}
