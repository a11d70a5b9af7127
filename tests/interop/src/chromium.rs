//! Chromium over TLS: as `e2e::Browser`, but it takes the stand-in's own certificate, without which MSAL talks to nobody, and
//! third-party cookies, without which Entra's hidden frames find no session.

use crate::{Failure, Result, StandIn, system};
use e2e::until;
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, TcpListener},
    ops::Deref,
    process::Stdio,
};
use thirtyfour::{By, Capabilities, WebDriver, WebElement};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1320,900",
];

/// A browser under WebDriver, which it dereferences to. Tests that use it need a multi-threaded runtime: where one fails
/// before [`Self::quit`], dropping it blocks its thread until the browser is gone.
pub struct Chromium {
    driver: WebDriver,
    _process: Child,
}

/// What became of a promise of the page.
pub type Outcome = std::result::Result<Value, Value>;

impl Chromium {
    /// Starts a driver on a free port, and through it a browser with a fresh profile.
    ///
    /// # Errors
    /// When the driver is not on PATH or refuses.
    pub async fn start() -> Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(system("a port for chromedriver"))?.port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(system("chromedriver"))?;
        until("chromedriver to listen", async || Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok())).await?;
        let mut capabilities = Capabilities::new();
        capabilities.set("browserName", "chrome")?;
        capabilities.set("acceptInsecureCerts", true)?;
        let options = json!({
            "args": ARGUMENTS,
            "excludeSwitches": ["disable-popup-blocking"],
            "prefs": { "profile.cookie_controls_mode": 0 },
        });
        capabilities.set("goog:chromeOptions", options)?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await?;
        Ok(Self { driver, _process: process })
    }

    /// Ends the browser and its driver.
    ///
    /// # Errors
    /// When the browser does not end.
    pub async fn quit(self) -> Result {
        Ok(self.driver.quit().await?)
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        Ok(self.driver.execute(script, arguments.to_vec()).await?.json().clone())
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
        until(selector, async || Ok(self.driver.find_all(By::Css(selector)).await?.pop())).await
    }

    /// Does something in the window that is open besides the first one, and comes back when that is gone.
    ///
    /// # Errors
    /// When there is none, or it stays.
    pub async fn in_popup(&self, act: impl AsyncFnOnce() -> Result) -> Result {
        let main = self.driver.window().await?;
        let popup = until("a popup", async || {
            Ok(self.driver.windows().await?.into_iter().find(|window| *window != main))
        });
        self.driver.switch_to_window(popup.await?).await?;
        act().await?;
        self.driver.switch_to_window(main).await?;
        until("the popup to close", async || Ok((self.driver.windows().await?.len() == 1).then_some(()))).await
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
    type Target = WebDriver;

    fn deref(&self) -> &WebDriver {
        &self.driver
    }
}
