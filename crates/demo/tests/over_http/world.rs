//! The demo's servers without a browser, and requests with a token.

use demo::{Demo, Options, StartError};
use estate::Estate;
use reqwest::{Client, Response};
use serde_json::Value;
use std::path::Path;
use tokio::sync::Mutex;

/// The demo with an empty file in the packed broker's place, and where its sample APIs are.
pub(crate) struct Parts {
    pub(crate) demo: Demo,
    pub(crate) graph: String,
    pub(crate) feed: String,
}

/// Tests share certificates, which the first one makes.
static STARTING: Mutex<()> = Mutex::const_new(());

pub(crate) async fn start() -> Parts {
    start_with("").await
}

/// With more in the estate than is there.
pub(crate) async fn start_with(more: &str) -> Parts {
    let demo = started(options("webresources", more)).await;
    let page: Value = get(&format!("{}/demo.json", demo.origin()), "").await.json().await.unwrap();
    let url = |origin: &str, path: &str| format!("{}{path}", page[origin].as_str().unwrap());
    Parts { graph: url("graph", "/v1.0/me"), feed: url("feed", "/feed"), demo }
}

/// The demo with these options.
pub(crate) async fn started(options: Options) -> Demo {
    start_or_fail(options).await.unwrap()
}

pub(crate) async fn start_or_fail(options: Options) -> Result<Demo, StartError> {
    let _alone = STARTING.lock().await;
    Demo::start(options).await
}

/// Options with an empty file in the packed broker's place, in a folder of that name.
pub(crate) fn options(folder: &str, more: &str) -> Options {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let webresources = scratch.join(folder);
    std::fs::create_dir_all(&webresources).unwrap();
    std::fs::write(webresources.join("talxis_tokenmanagement.js"), "").unwrap();
    let text = std::fs::read_to_string(root.join("www/estate.toml")).unwrap();
    Options {
        estate: Estate::parse(&(text + more)).unwrap(),
        solution: webresources,
        certificates: scratch.join("certificates"),
        ..Options::of_project(&root).unwrap()
    }
}

/// Asks with a token. Names under `.localhost` are loopback (RFC 6761 §6.3), whatever the resolver thinks.
pub(crate) async fn get(url: &str, token: &str) -> Response {
    let host = url.split("//").nth(1).unwrap().split(':').next().unwrap();
    client(host).get(url).bearer_auth(token).send().await.unwrap()
}

pub(crate) fn client(host: &str) -> Client {
    Client::builder().no_proxy().resolve(host, ([127, 0, 0, 1], 0).into()).build().unwrap()
}
