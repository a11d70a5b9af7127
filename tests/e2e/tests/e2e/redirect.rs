//! The redirect page: it takes the response out of its address before anything else, and believes nobody. And a sign-in that leaves the page:
//! the user is told before, and comes back to exactly where she was.

use crate::{ADELE, count, interactive};
use e2e::{Result, on_stage, until};
use serde_json::{Value, json};

#[test]
fn the_redirect_page_leaves_no_code_in_address_history_or_storage() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let blank = format!("{}/uclient/blank.html", stage.demo.origin());
            // The page closes itself at its end, which browsers allow only where nothing was before it.
            stage.browser.goto(&blank).await?;
            let page = format!("{}/WebResources/talxis_/tokenbroker/redirect.html", stage.demo.origin());
            let state = format!("{}.{}", "a".repeat(32), "b".repeat(32));
            stage.browser.goto(format!("{page}#code=SECRET&state={state}")).await?;
            until("the address to be cleared", async || {
                Ok((stage.browser.current_url().await?.as_str() == page).then_some(()))
            })
            .await?;
            // It has tried every way to deliver by then.
            until("the page to be done", async || {
                let said = stage.the("[role=status]").await?.text().await?;
                Ok((said == "You can close this window.").then_some(()))
            })
            .await?;
            let left: Value = stage
                .script(
                    "return [localStorage.length, sessionStorage.length, JSON.stringify(history.state),
                         document.documentElement.outerHTML.includes('SECRET')]",
                )
                .await?;
            assert_eq!(left, json!([0, 0, "null", false]));
            stage.browser.goto(&blank).await?;
            stage.browser.back().await?;
            assert_eq!(stage.browser.current_url().await?.as_str(), page);
            Ok(())
        },
    )
}

#[test]
fn the_redirect_page_goes_back_to_pages_of_this_origin_only() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let page = format!("{}/WebResources/talxis_/tokenbroker/redirect.html", stage.demo.origin());
            let blank = format!("{}/uclient/blank.html", stage.demo.origin());
            let id = "a".repeat(32);
            stage.browser.goto(&blank).await?;
            for (to, goes) in [
                ("'https://evil.example/'", false),
                ("'javascript:document.title=1'", false),
                ("`blob:${location.origin}/c0000000-0000-4000-8000-000000000001`", false),
                ("`${location.origin}.evil.example/`", false),
                ("`${location.origin}/uclient/blank.html?back`", true),
            ] {
                let plant = format!(
                    "localStorage.setItem('talxis-broker:pending:{id}', JSON.stringify({{ v: 1, at: Date.now(), returnTo: {to} }}))"
                );
                let _: Value = stage.script(&plant).await?;
                stage.browser.goto(format!("{page}#code=x&state={id}.b")).await?;
                let there = if goes { format!("{blank}?back") } else { page.clone() };
                until("the response to be left in storage", async || {
                    let left = format!("return localStorage.getItem('talxis-broker:response:{id}') !== null");
                    Ok(stage.script::<bool>(&left).await?.then_some(()))
                })
                .await?;
                assert_eq!(stage.browser.current_url().await?.as_str(), there, "{to}");
                let _: Value = stage.script("localStorage.clear()").await?;
                stage.browser.goto(&blank).await?;
            }
            Ok(())
        },
    )
}

#[test]
fn where_the_configuration_says_so_the_mobile_app_leaves_the_page_and_comes_back_to_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.configure_but("mobile", "redirect");
            stage.demo.host().set_switches(&["client=mobile"]).unwrap();
            let address = format!("{}?appid=x&lookalike=client=mobile#here", stage.demo.address());
            stage.browser.goto(&address).await?;
            // Somebody came back before, to pages without the broker: those responses are still there.
            let _: Value = stage
                .script(
                    "for (const digit of '0123456789abcdef') {
                         const left = { v: 1, at: 1, payload: 'code=x' };
                         localStorage.setItem(`talxis-broker:response:${digit.repeat(32)}`, JSON.stringify(left));
                     }",
                )
                .await?;
            let asked = stage.the(".notification").await?.text().await?;
            assert!(asked.contains("Save your changes first."), "{asked}");
            stage.accept_notification().await?;
            // The same window, gone to Entra.
            stage.fill_in_sign_in_page(ADELE).await?;
            until("five answers", async || {
                Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
            })
            .await?;
            // Exactly where it was, and nothing of the response on the way.
            assert_eq!(stage.browser.current_url().await?.as_str(), address);
            assert!(stage.browser.popups().await?.is_empty());
            assert_eq!(count(stage, interactive), 1);
            let left: Vec<String> = stage.script("return Object.keys(localStorage)").await?;
            assert_eq!(left, Vec::<String>::new());
            Ok(())
        },
    )
}
