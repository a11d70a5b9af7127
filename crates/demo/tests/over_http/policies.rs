//! Content security policies (powerapps.md §3.3): which documents carry which, and that a page sets the switches by its query.

use crate::world::{get, start};
use demo::Demo;
use reqwest::{StatusCode, header};

async fn policy(demo: &Demo, path: &str) -> Option<String> {
    let answer = get(&format!("{}/{path}", demo.origin()), "").await;
    let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY)?;
    Some(policy.to_str().unwrap().to_owned())
}

fn directive<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    policy.split("; ").find_map(|directive| directive.strip_prefix(name)?.strip_prefix(' '))
}

#[tokio::test]
async fn an_environment_has_no_policy_until_an_administrator_sets_one() {
    let demo = start().await.demo;
    assert_eq!(policy(&demo, "main.aspx").await, None);
    demo.host().set_switches(&["csp=default"]).unwrap();
    let default = policy(&demo, "main.aspx").await.unwrap();
    assert_eq!(directive(&default, "script-src"), Some("* 'unsafe-inline' 'unsafe-eval'"));
    assert_eq!(directive(&default, "connect-src"), None);
}

#[tokio::test]
async fn a_strict_policy_allows_no_webassembly_and_nobody_but_the_platform() {
    let demo = start().await.demo;
    demo.host().set_switches(&["csp=strict"]).unwrap();
    let strict = policy(&demo, "main.aspx").await.unwrap();
    assert!(!strict.contains("wasm-unsafe-eval") && !strict.contains("unsafe-inline"), "{strict}");
    assert!(!strict.contains(demo.entra().origin()), "{strict}");
    demo.host().set_switches(&["csp=strict", "csp-platform=with-entra"]).unwrap();
    let with_entra = policy(&demo, "main.aspx").await.unwrap();
    assert!(directive(&with_entra, "connect-src").unwrap().contains(demo.entra().origin()), "{with_entra}");
}

#[tokio::test]
async fn an_administrator_adds_what_the_broker_needs_and_no_more() {
    let demo = start().await.demo;
    demo.host().set_switches(&["csp=strict-wasm"]).unwrap();
    let policy = policy(&demo, "main.aspx").await.unwrap();
    assert!(directive(&policy, "script-src").unwrap().ends_with("'wasm-unsafe-eval'"), "{policy}");
    assert!(directive(&policy, "frame-src").unwrap().ends_with(demo.entra().origin()), "{policy}");
    assert!(directive(&policy, "connect-src").unwrap().contains("http://sts.localhost:"), "{policy}");
    assert!(!directive(&policy, "script-src").unwrap().contains("http://"), "{policy}");
}

#[tokio::test]
async fn documents_carry_the_policy_and_scripts_do_not() {
    let demo = start().await.demo;
    let others = ["uclient/blank.html", "WebResources/contoso_/card.html"];
    demo.host().set_switches(&["csp=strict"]).unwrap();
    for path in others {
        assert!(policy(&demo, path).await.is_some(), "{path}");
    }
    assert_eq!(policy(&demo, "WebResources/contoso_account.js").await, None);
    demo.host().set_switches(&["csp=strict", "csp-on=main"]).unwrap();
    for path in others {
        assert_eq!(policy(&demo, path).await, None, "{path}");
    }
    assert!(policy(&demo, "main.aspx").await.is_some());
}

#[tokio::test]
async fn a_person_sets_switches_in_the_address_and_a_typing_error_is_explained() {
    let demo = start().await.demo;
    assert!(policy(&demo, "main.aspx?lookalike=csp=strict,tenant=late").await.is_some());
    assert!(policy(&demo, "main.aspx").await.is_some(), "a page that does not ask changes nothing");
    let wrong = get(&format!("{}/main.aspx?lookalike=csp=strikt", demo.origin()), "").await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert!(wrong.text().await.unwrap().contains("strict-wasm"));
    assert!(policy(&demo, "main.aspx").await.is_some(), "a refused word changes nothing");
}

#[tokio::test]
async fn the_outer_page_is_of_another_site_and_frames_the_app() {
    let demo = start().await.demo;
    let page = get(&format!("{}?a=1&b=%22", demo.outer_address()), "").await.text().await.unwrap();
    assert!(page.contains(&format!(r#"src="{}/main.aspx?a=1&amp;b=%22""#, demo.origin())), "{page}");
    demo.host().set_switches(&["csp=default"]).unwrap();
    let outer = demo.outer_address();
    let outer = outer.trim_end_matches('/');
    let ancestors = policy(&demo, "main.aspx").await.unwrap();
    assert!(!directive(&ancestors, "frame-ancestors").unwrap().contains(outer), "{ancestors}");
    demo.host().set_switches(&["csp=default", "framing=outer"]).unwrap();
    let ancestors = policy(&demo, "main.aspx").await.unwrap();
    assert!(directive(&ancestors, "frame-ancestors").unwrap().contains(outer), "{ancestors}");
}
