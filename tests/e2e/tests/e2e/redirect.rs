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
