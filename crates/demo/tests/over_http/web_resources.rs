//! Web resources by name, version and type (powerapps.md §3.1), and the log of who asked for them.

use crate::world::{get, options, start};
use demo::{Demo, Kind, StartError};
use reqwest::{StatusCode, header};

const PAGE: &str = "contoso_/card.html";

#[tokio::test]
async fn a_versioned_address_may_be_kept_for_a_year_and_an_unversioned_one_not_at_all() {
    let demo = start().await.demo;
    let versioned = get(&format!("{}/%7B638%7D/WebResources/{PAGE}", demo.origin()), "").await;
    assert_eq!(versioned.headers()[header::CACHE_CONTROL], "public, max-age=31536000");
    let unversioned = get(&format!("{}/WebResources/{PAGE}", demo.origin()), "").await;
    assert_eq!(unversioned.headers()[header::CACHE_CONTROL], "private");
    assert!(unversioned.headers().contains_key(header::EXPIRES));
}

#[tokio::test]
async fn a_name_is_found_in_any_case_and_served_by_its_type() {
    let demo = start().await.demo;
    for (name, media_type) in [
        ("Contoso_/CARD.html", "text/html; charset=utf-8"),
        ("contoso_/card.css", "text/css; charset=utf-8"),
        ("CONTOSO_ACCOUNT.JS", "text/javascript; charset=utf-8"),
    ] {
        let answer = get(&format!("{}/webRESOURCES/{name}", demo.origin()), "").await;
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], media_type, "{name}");
    }
    let unknown = get(&format!("{}/WebResources/contoso_/missing.js", demo.origin()), "").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_html_web_resource_takes_known_query_keys_only_and_a_script_takes_any() {
    let demo = start().await.demo;
    let status = async |path: &str| get(&format!("{}/WebResources/{path}", demo.origin()), "").await.status();
    assert_eq!(status(&format!("{PAGE}?Data=1&typename=account")).await, StatusCode::OK);
    assert_eq!(status(&format!("{PAGE}?code=1")).await, StatusCode::BAD_REQUEST);
    assert_eq!(status("contoso_account.js?code=1").await, StatusCode::OK);
    demo.host().set_switches(&["html-query=accepted"]).unwrap();
    assert_eq!(status(&format!("{PAGE}?code=1")).await, StatusCode::OK);
}

#[tokio::test]
async fn the_log_tells_downloads_of_each_version_from_pages_and_calls() {
    let demo = start().await.demo;
    let before = demo.host().requests().len();
    for path in ["%7B7%7D/WebResources/Contoso_account.js?x=1", "uclient/blank.html", "api/data/v9.2/nothing"]
    {
        get(&format!("{}/{path}", demo.origin()), "").await;
    }
    let log = demo.host().requests().split_off(before);
    let script = Kind::WebResource { name: "contoso_account.js".to_owned(), version: Some("7".to_owned()) };
    let kinds: Vec<&Kind> = log.iter().map(|request| &request.kind).collect();
    assert_eq!(kinds, [&script, &Kind::Page, &Kind::WebApi]);
    assert_eq!((log[0].method.as_str(), log[0].query.as_str()), ("GET", "x=1"));
    assert_eq!(demo.host().downloads("Contoso_Account.js"), 1);
    assert_eq!(demo.host().web_api_calls(), 1);
}

#[tokio::test]
async fn publishing_changes_the_token_and_a_replaced_web_resource_is_served() {
    let demo = start().await.demo;
    let token = async || {
        let page = get(&format!("{}/demo.json", demo.origin()), "").await;
        page.json::<serde_json::Value>().await.unwrap()["version"].clone()
    };
    let first = token().await;
    demo.host().set_web_resource("Contoso_account.js", "second").unwrap();
    demo.host().publish();
    assert_ne!(token().await, first);
    let served = get(&format!("{}/WebResources/contoso_account.js", demo.origin()), "").await;
    assert_eq!(served.text().await.unwrap(), "second");
}

#[tokio::test]
async fn a_packed_file_over_five_megabytes_is_refused_at_the_start() {
    let options = options("too-large", "");
    std::fs::write(options.solution.join("talxis_large.js"), vec![b' '; 5 * 1024 * 1024 + 1]).unwrap();
    let Err(why) = Demo::start(options).await else { panic!("it started") };
    assert!(matches!(why, StartError::WebResource(_)), "{why}");
    assert!(why.to_string().contains("talxis_large.js"), "{why}");
}
