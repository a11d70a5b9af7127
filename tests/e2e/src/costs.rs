//! What a scenario costs, counted from outside: questions to the user in the page's document, windows by the browser, requests by
//! the browser's own record of what the page fetched and by Entra's log. Printed beside the least that would do.

use crate::{Engine, Result, Stage, ThirdPartyCookies};
use entra_dev::{Endpoint, GrantType};
use serde::Deserialize;
use std::io::Write;

/// The least that a scenario can cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Least {
    /// Questions that the user saw.
    pub prompts: usize,
    /// Authorization requests that Entra answered, in frames and in windows.
    pub authorize: usize,
    /// Token requests of the browser.
    pub token: usize,
    /// Exchanges that were asked of the STS.
    pub sts: usize,
}

/// What the pages so far have seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    prompts: usize,
    sts: usize,
}

#[derive(Deserialize)]
struct Page {
    prompts: usize,
    sts: usize,
}

/// Buttons that ask the user to sign in, remembered by the page itself from when they appear.
const WATCH: &str = "
    if (!window.questions) {
        const questions = (window.questions = new Set());
        const look = () => {
            for (const button of document.querySelectorAll('.notification .action, dialog button'))
                if (['Sign in', 'Continue'].includes(button.textContent)) questions.add(button);
        };
        new MutationObserver(look).observe(document, { childList: true, subtree: true });
        look();
    }";

const COUNT: &str = "
    const fetched = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
    return { prompts: window.questions?.size ?? 0, sts: fetched.filter((path) => path === '/oauth2/token').length };";

impl Stage {
    /// Counts from here on what this page asks its user; what is asked already counts.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn watch(&self) -> Result {
        self.browser.execute(WATCH, Vec::new()).await?;
        Ok(())
    }

    /// Adds up what this page cost, before it is left or reloaded.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn add_up(&self) -> Result {
        let page: Page = self.script(COUNT).await?;
        let Seen { prompts, sts } = self.seen.get();
        self.seen.set(Seen { prompts: prompts + page.prompts, sts: sts + page.sts });
        Ok(())
    }

    /// Forgets what was counted so far.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn count_anew(&self) -> Result {
        self.seen.take();
        self.demo.entra().clear_requests();
        let script = "window.questions?.clear(); performance.clearResourceTimings();";
        self.browser.execute(script, Vec::new()).await?;
        Ok(())
    }

    /// Adds up this page, prints the row of a scenario, and holds it to the least. One authorization request more is allowed: a hidden
    /// frame, by which a tab finds out that frames bring nothing.
    ///
    /// # Errors
    /// When the browser refuses.
    ///
    /// # Panics
    /// When the scenario cost more, or less than is possible.
    #[allow(clippy::panic)] // As an assertion in a test does.
    pub async fn assert_costs(&self, scenario: &str, cookies: ThirdPartyCookies, least: Least) -> Result {
        self.add_up().await?;
        let requests = self.demo.entra().requests();
        let count =
            |matching: fn(&Endpoint) -> bool| requests.iter().filter(|one| matching(&one.endpoint)).count();
        let Seen { prompts, sts } = self.seen.get();
        let cost = Least {
            prompts,
            authorize: count(|endpoint| matches!(endpoint, Endpoint::Authorize { .. })),
            token: count(|endpoint| {
                matches!(endpoint, Endpoint::Token { grant: GrantType::Code | GrantType::RefreshToken })
            }),
            sts,
        };
        // Past the test runner, which keeps what a test that passes prints.
        let _ = writeln!(
            std::io::stderr(),
            "cost of {scenario:?} in {}, cookies {cookies:?}: prompts {}, authorize {} (least {}), token {} (least {}), STS {} (least {})",
            Engine::chosen()?.name,
            cost.prompts,
            cost.authorize,
            least.authorize,
            cost.token,
            least.token,
            cost.sts,
            least.sts,
        );
        let learned = Least { authorize: least.authorize + 1, ..least };
        assert!(cost == least || cost == learned, "{scenario:?} cost {cost:?}, and at least {least:?}");
        Ok(())
    }
}
