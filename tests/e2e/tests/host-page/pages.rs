//! What tests of the host page share: pages with frames in frames, a host that serves more than the shipped files, and a person who
//! signs in. Scripts run in the top window; each of its frames is a page that Dataverse could have served.

use e2e::{Failure, Result, Stage, on_stage, packages};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) const ADELE: &str = "adele@contoso.example";
pub(crate) const BORIS: &str = "boris@contoso.example";
pub(crate) const GRAPH: &str = "https://graph.microsoft.com/User.Read";
pub(crate) const FILE_PICKER: &str = "c0000000-0000-4000-8000-000000000001";
/// The packed broker's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `open`: a new frame below a window. `load`: a script in a window. `evaluate`: a script's text, as an inline script: it has no address.
const FUNCTIONS: &str = "
    const open = (above = window) => new Promise((opened) => {
        const frame = above.document.createElement('iframe');
        frame.src = '/uclient/blank.html?frame';
        frame.onload = () => opened(frame.contentWindow);
        above.document.body.append(frame);
    });
    const load = (into, name = 'talxis_tokenmanagement.js', type = 'text/javascript') => new Promise((loaded, failed) => {
        const script = into.document.createElement('script');
        script.type = type;
        script.src = `/WebResources/${name}`;
        script.onload = loaded;
        script.onerror = () => failed(new Error(`${name} could not be loaded.`));
        into.document.head.append(script);
    });
    const evaluate = async (into, name = 'talxis_tokenmanagement.js') => {
        const script = into.document.createElement('script');
        script.textContent = await (await fetch(`/WebResources/${name}`)).text();
        into.document.head.append(script);
    };
    const xrm = (address = '/WebResources/talxis_tokenmanagement.js') => {
        const context = { getWebResourceUrl: () => address, organizationSettings: {} };
        return { Utility: { getGlobalContext: () => context } };
    };
    // A host of its own below the top window, and a frame in it.
    const nest = async () => {
        const host = await open();
        host.Xrm = xrm();
        return [host, await open(host)];
    };
    const arrived = (host) => new Promise((done) => host.talxisBroker ? done() : host.addEventListener('talxisbroker', done, { once: true }));
    const codeOf = (promise) => promise.then(() => 'resolved', (error) => error.code ?? error.message);
    const scriptsOf = (host) => [...host.document.scripts].filter(({ src }) => src.includes('tokenmanagement')).length;
";

/// Plays a test on an empty page of a Dataverse host that also serves what [`extras`] adds.
pub(crate) fn on_page(test: impl AsyncFnOnce(&mut Stage) -> Result) -> Result {
    let folder = extras()?;
    on_stage(
        |options| {
            options.solution = folder;
            // The pages here configure the broker themselves.
            options.switches = vec!["dataverse=off".to_owned()];
        },
        async |stage| {
            stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
            test(stage).await
        },
    )
}

/// Runs an async function's body with the functions above, `config` among them, and reads what it returns.
pub(crate) async fn run<T: DeserializeOwned>(stage: &Stage, body: &str) -> Result<T> {
    let config = config(stage)?;
    let script = format!(
        "const [done] = arguments;
         {FUNCTIONS}
         const config = {config};
         (async () => {{ {body} }})().then((value) => done({{ value: value ?? null }}), (error) => done({{ thrown: `${{error}} ${{error?.stack}}` }}));"
    );
    let mut outcome: Value = stage.script_async(&script).await?;
    if let Some(thrown) = outcome.get("thrown") {
        return Err(Failure::wrong(format!("The script threw {thrown}.")));
    }
    serde_json::from_value(outcome["value"].take())
        .map_err(|why| Failure::wrong(format!("The script returned something else: {why}.")))
}

/// The demo's configuration, with a client for calls without scopes.
pub(crate) fn config(stage: &Stage) -> Result<Value> {
    let mut config: Value = serde_json::from_str(stage.demo.broker_config())
        .map_err(|why| Failure::wrong(format!("The broker's configuration is not JSON: {why}.")))?;
    config["tenant"] = stage.tenant().into();
    config["clients"]["default"] = FILE_PICKER.into();
    Ok(config)
}

/// Loads the broker into the page, configures it and signs Adele in.
pub(crate) async fn sign_in(stage: &Stage) -> Result {
    let _: Value = run(stage, "await load(window); talxisBroker.configure(config)").await?;
    let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
    stage.sign_in_as(ADELE).await?;
    stage.value(&signing_in).await?;
    Ok(())
}

/// The packed web resources, beside them the same file as other versions (`broker-VERSION.js`), the npm module and the unmodified helper
/// of `@talxis/client-libraries`.
fn extras() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let node = root.join("tests/e2e/node");
    packages::npm(&node)?;
    let folder = root.join("target/host-page/webresources");
    let copy = |from: PathBuf, to: &str| -> Result {
        let failed = |source| Failure::System { what: from.display().to_string(), source };
        let to = folder.join(to);
        fs::create_dir_all(to.parent().unwrap_or(&to)).map_err(failed)?;
        fs::copy(&from, to).map_err(failed)?;
        Ok(())
    };
    let packed = root.join("dist/webresources");
    for name in
        ["talxis_tokenmanagement.js", "talxis_/tokenbroker/redirect.html", "talxis_/tokenbroker/redirect.js"]
    {
        copy(packed.join(name), name)?;
    }
    copy(root.join("dist/npm/index.js"), "npm/token-broker.js")?;
    let helper = "node_modules/@talxis/client-libraries/dist/helpers/msal/waitForTokenManagement.js";
    copy(node.join(helper), "npm/client-libraries.js")?;
    let packed = packed.join("talxis_tokenmanagement.js");
    let failed = |source| Failure::System { what: packed.display().to_string(), source };
    let script = fs::read_to_string(&packed).map_err(failed)?;
    for version in ["0.1.9", "0.2.0", "1.0.0"] {
        let (own, other) = (format!("\"{VERSION}\""), format!("\"{version}\""));
        assert!(script.contains(&own), "the packed broker does not say its version");
        fs::write(folder.join(format!("broker-{version}.js")), script.replace(&own, &other))
            .map_err(failed)?;
    }
    Ok(folder)
}
