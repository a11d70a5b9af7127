//! `cargo xtask demo --serve-for`: a control in `pcf-start` gets tokens, and the files.

use crate::{ADELE, FILES, sample};
use e2e::{Failure, Result, Stage, on_stage, until};
use serde_json::json;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};
use thirtyfour::By;

/// The running harness; it ends with this.
struct Harness {
    process: Child,
    address: String,
    /// It cannot live when nobody listens.
    output: Option<BufReader<ChildStdout>>,
}

impl Harness {
    /// Starts what `pcf-scripts start` starts, on the built control.
    fn start() -> Result<Self> {
        let failed = |source| Failure::System { what: "pcf-start".to_owned(), source };
        let mut process = Command::new("node")
            .args(["node_modules/pcf-start/bin/pcf-start.js", "--codePath", "out/controls/FileList"])
            .current_dir(sample(""))
            .env("PP_TOOLS_TELEMETRY_OPTOUT", "1")
            .env("BROWSER", "none")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut output = process.stdout.take().map(BufReader::new);
        let mut harness = Self { process, address: String::new(), output: None };
        for line in output.iter_mut().flat_map(BufRead::lines).map_while(std::result::Result::ok) {
            // Its own port, or the next that is free.
            if let Some((_, address)) = line.split_once("Local: ") {
                address.trim().clone_into(&mut harness.address);
                break;
            }
        }
        harness.output = output;
        if harness.address.is_empty() {
            Err(Failure::wrong("pcf-start did not say where it is."))
        } else {
            Ok(harness)
        }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The harness's page loads React from unpkg.com. Tests load nothing from there: React is in the page before anything runs.
async fn with_react(stage: &Stage) -> Result {
    let read = |path: &str| {
        fs::read_to_string(sample(path)).map_err(|source| Failure::System { what: path.to_owned(), source })
    };
    let react = read("node_modules/react/umd/react.development.js")?;
    let react_dom = read("node_modules/react-dom/umd/react-dom.development.js")?;
    let tools = stage.browser.cdp();
    tools.send_raw("Network.enable", json!({})).await?;
    tools.send_raw("Network.setBlockedURLs", json!({ "urls": ["*unpkg.com*", "*microsoft.com*"] })).await?;
    let source = json!({ "source": format!("{react}\n{react_dom}") });
    tools.send_raw("Page.addScriptToEvaluateOnNewDocument", source).await?;
    Ok(())
}

/// Gives one of the control's properties a value, as a developer does at the right of the page; without the keys, because a key is a
/// gesture, by which the sign-in window would open at once.
async fn give(stage: &Stage, property: &str, value: &str) -> Result {
    let input = format!("//div[@class='io-item'][.//span[text()='{property}']]//input");
    let input =
        until("the property", async || Ok(stage.browser.find_all(By::XPath(input.as_str())).await?.pop()));
    let script = "
        const [input, value] = arguments;
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, value);
        input.dispatchEvent(new Event('input', { bubbles: true }));";
    stage.browser.execute(script, vec![input.await?.to_json()?, json!(value)]).await?;
    Ok(())
}

#[test]
fn a_control_in_pcf_start_gets_a_token_and_shows_the_files() -> Result {
    let harness = Harness::start()?;
    on_stage(
        |options| {
            options.tls = false;
            options.serve_for = Some(harness.address.clone());
        },
        async |stage| {
            with_react(stage).await?;
            stage.browser.goto(stage.demo.origin()).await?;
            give(stage, "graph", stage.demo.graph()).await?;
            stage.click_in_surface("Sign in").await?;
            stage.sign_in_as(ADELE).await?;
            until("the files", async || Ok((crate::files(stage).await? == FILES).then_some(()))).await?;
            assert_eq!(crate::exchanges(stage), 1);
            // What the control says of the choice comes back from the harness.
            stage.the(".contoso-file-list li:nth-child(2) button").await?.click().await?;
            stage.the(".contoso-file-list li:nth-child(2) button[aria-pressed=true]").await?;
            Ok(())
        },
    )
}
