//! What a scenario costs, counted from outside: questions to the user in the page's document, windows by what the page asks the browser for and
//! by those that the browser has in the end, requests by the browser's own record of what the page fetched and by Entra's log. Printed
//! beside the least that would do.

use crate::{Engine, Result, Stage, ThirdPartyCookies, until};
use entra_dev::{Endpoint, GrantType};
use serde::Deserialize;
use std::io::Write;

/// The least that a scenario can cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Least {
    /// Questions that the user saw.
    pub prompts: usize,
    /// Windows that opened. None of them may be there in the end.
    pub windows: usize,
    /// Hidden frames beyond the least, by which the page finds out that frames bring nothing.
    pub learns: usize,
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
    windows: usize,
    sts: usize,
    /// The tabs that the test itself has, beside the first.
    tabs: usize,
}

#[derive(Deserialize)]
struct Page {
    prompts: usize,
    windows: usize,
    sts: usize,
}

/// Buttons that ask the user to sign in, remembered by the page itself from when they appear; and the windows that it gets of the browser.
const WATCH: &str = "
    if (!window.questions) {
        window.windows = 0;
        const { open } = window;
        window.open = (...all) => {
            const child = open(...all);
            window.windows += child ? 1 : 0;
            return child;
        };
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
    return { prompts: window.questions?.size ?? 0, windows: window.windows ?? 0, sts: fetched.filter((path) => path === '/oauth2/token').length };";

impl Stage {
    /// Counts from here on what this page asks its user; what is asked already counts.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn watch(&self) -> Result {
        self.in_page(WATCH).await
    }

    /// Adds up what this page cost, before it is left or reloaded.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn add_up(&self) -> Result {
        let page: Page = self.script(COUNT).await?;
        let mut seen = self.seen.get();
        seen.prompts += page.prompts;
        seen.windows += page.windows;
        seen.sts += page.sts;
        self.seen.set(seen);
        Ok(())
    }

    /// Forgets what was counted so far. What tabs there are now are the test's own.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn count_anew(&self) -> Result {
        self.seen.set(Seen { tabs: self.browser.popups().await?.len(), ..Seen::default() });
        self.demo.entra().clear_requests();
        self.in_page("window.questions?.clear(); window.windows = 0; performance.clearResourceTimings();")
            .await
    }

    /// Adds up this page, prints the row of a scenario, and holds it to the least, of windows too: none stays.
    ///
    /// # Errors
    /// When the browser refuses, or a window stays.
    ///
    /// # Panics
    /// When the scenario cost more, or less than is possible.
    #[allow(clippy::panic)] // As an assertion in a test does.
    pub async fn assert_costs(&self, scenario: &str, cookies: ThirdPartyCookies, least: Least) -> Result {
        self.add_up().await?;
        let requests = self.demo.entra().requests();
        let count =
            |matching: fn(&Endpoint) -> bool| requests.iter().filter(|one| matching(&one.endpoint)).count();
        let Seen { prompts, windows, sts, tabs } = self.seen.get();
        let cost = Least {
            prompts,
            windows,
            learns: least.learns,
            authorize: count(|endpoint| matches!(endpoint, Endpoint::Authorize { .. })),
            token: count(|endpoint| {
                matches!(endpoint, Endpoint::Token { grant: GrantType::Code | GrantType::RefreshToken })
            }),
            sts,
        };
        // Past the test runner, which keeps what a test that passes prints.
        let _ = writeln!(
            std::io::stderr(),
            "cost of {scenario:?} in {}, cookies {cookies:?}: prompts {}, windows {}, authorize {} (least {}), token {} (least {}), STS {} (least {})",
            Engine::chosen()?.name,
            cost.prompts,
            cost.windows,
            cost.authorize,
            least.authorize,
            cost.token,
            least.token,
            cost.sts,
            least.sts,
        );
        let allowed = Least { authorize: least.authorize + least.learns, ..least };
        assert_eq!(cost, allowed, "{scenario:?}");
        until("every window but the app's to close", async || {
            Ok((self.browser.popups().await?.len() == tabs).then_some(()))
        })
        .await
    }
}
