//! The browser in which MSAL runs: what a person and a page of `pages` do in it.

use crate::{Failure, Result, StandIn};
use e2e::{Browser, Engine, until};
use serde_json::Value;
use std::ops::Deref;
use thirtyfour::{By, WebElement};

/// Chromium under WebDriver, which it dereferences to. Tests that use it need a multi-threaded runtime: where one fails
/// before [`Self::quit`], dropping it blocks its thread until the browser is gone.
pub struct Chromium(Browser);

/// What became of a promise of the page.
pub type Outcome = std::result::Result<Value, Value>;

impl Chromium {
    /// Starts a browser with a fresh profile.
    ///
    /// # Errors
    /// When the driver is not on PATH or refuses.
    pub async fn start() -> Result<Self> {
        Ok(Self(Browser::start(Engine::chosen()?).await?))
    }

    /// Ends the browser and its driver.
    ///
    /// # Errors
    /// When the browser does not end.
    pub async fn quit(self) -> Result {
        self.0.quit().await
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        Ok(self.execute(script, arguments.to_vec()).await?.json().clone())
    }

    /// Waits for what becomes of the page's last promise.
    ///
    /// # Errors
    /// When it does not settle.
    pub async fn outcome(&self) -> Result<Outcome> {
        let settled = until("a promise to settle", async || {
            let outcome = self.script("return window.outcome ?? null", &[]).await?;
            Ok((!outcome.is_null()).then_some(outcome))
        });
        let mut settled = settled.await?;
        let member = |settled: &mut Value, name: &str| settled.get_mut(name).map(Value::take);
        match member(&mut settled, "error") {
            Some(error) => Ok(Err(error)),
            None => Ok(Ok(member(&mut settled, "value").unwrap_or_default())),
        }
    }

    /// Waits for the value of the page's last promise.
    ///
    /// # Errors
    /// When it is rejected, or does not settle.
    pub async fn value(&self) -> Result<Value> {
        self.outcome().await?.map_err(|error| Failure::wrong(format!("A promise was rejected: {error}.")))
    }

    /// Waits for an element.
    ///
    /// # Errors
    /// When it does not appear.
    pub async fn the(&self, selector: &str) -> Result<WebElement> {
        until(selector, async || Ok(self.find_all(By::Css(selector)).await?.pop())).await
    }

    /// Does something in the window that is open besides the first one, and comes back when that is gone.
    ///
    /// # Errors
    /// When there is none, or it stays.
    pub async fn in_popup(&self, act: impl AsyncFnOnce() -> Result) -> Result {
        let main = self.window().await?;
        let popup =
            until("a popup", async || Ok(self.windows().await?.into_iter().find(|window| *window != main)));
        self.switch_to_window(popup.await?).await?;
        act().await?;
        self.switch_to_window(main).await?;
        until("the popup to close", async || Ok((self.windows().await?.len() == 1).then_some(()))).await
    }

    /// Signs the estate's user in at the stand-in, on the page that is shown.
    ///
    /// # Errors
    /// When it is no sign-in page.
    pub async fn sign_in(&self, at: &StandIn) -> Result {
        let name = self.the("#username").await?;
        name.clear().await?;
        name.send_keys(&at.user()?.username).await?;
        Ok(self.the("#sign-in").await?.click().await?)
    }
}

impl Deref for Chromium {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.0
    }
}
