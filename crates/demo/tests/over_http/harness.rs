//! The door before a control's own harness (`--serve-for`): what is the harness's comes from there, unless it is a web resource; its pages
//! begin with the broker, and where there is no harness, that is said.

use crate::world::{get, options, started};
use axum::{Router, http::Uri, response::Html, routing::get as on_get};
use demo::{Demo, Options};
use tokio::net::TcpListener;

const PAGE: &str = "<!doctype html><html><head><title>Harness</title></head></html>";

async fn served_for(folder: &str, harness: &str) -> Demo {
    started(Options { serve_for: Some(harness.to_owned()), ..options(folder, "") }).await
}

#[tokio::test]
async fn a_page_of_the_harness_begins_with_the_broker_and_everything_else_is_as_it_was() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let harness = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/", on_get(|| async { Html(PAGE) }))
        .fallback(|uri: Uri| async move { format!("asked for {uri}") });
    tokio::spawn(async { axum::serve(listener, router).await });
    let demo = served_for("harness", &harness).await;

    let page = get(&format!("{}/", demo.origin()), "").await.text().await.unwrap();
    let script = "<head><script src=\"/WebResources/talxis_tokenmanagement.js\"></script><script>talxisBroker.configure(";
    assert!(page.contains(script), "{page}");
    let tenant = &demo.estate().tenants["contoso"].id;
    assert!(page.contains(tenant) && page.ends_with("<title>Harness</title></head></html>"), "{page}");

    let other = get(&format!("{}/bundle.js?v=1", demo.origin()), "").await.text().await.unwrap();
    assert_eq!(other, "asked for /bundle.js?v=1");
    let broker = get(&format!("{}/WebResources/talxis_tokenmanagement.js", demo.origin()), "").await;
    assert_eq!(broker.headers()["content-type"], "text/javascript; charset=utf-8");
}

#[tokio::test]
async fn where_no_harness_runs_the_page_says_what_to_do() {
    let demo = served_for("no-harness", "http://127.0.0.1:1").await;
    let answer = get(&format!("{}/", demo.origin()), "").await;
    assert_eq!(answer.status(), 502);
    let text = answer.text().await.unwrap();
    assert!(
        text.contains("http://127.0.0.1:1 does not answer") && text.contains("pcf-scripts start"),
        "{text}"
    );
}
