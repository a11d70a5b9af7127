//! The redirect page: it takes the response out of its address before anything else, and believes nobody.

use e2e::{Result, on_stage};
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
            e2e::until("the address to be cleared", async || {
                Ok((stage.browser.current_url().await?.as_str() == page).then_some(()))
            })
            .await?;
            // It has tried every way to deliver by then.
            e2e::until("the page to be done", async || {
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
                e2e::until("the response to be left in storage", async || {
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
