//! What a test does in the model-driven app look-alike beyond signing in: opens it under switches or within another site's page, and
//! navigates it as a user or a script would.
//!
//! Navigation goes through `Xrm`, as scripts do it in a real environment, so these helpers need one in the app's window.

use crate::{Failure, Result, Stage, until};
use demo::Variable;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The id of the global bar's script frame.
pub const HEADER_FRAME: &str = "ClientApiFrame_crm_header_global";

/// The bytes of what is signed in as it lies in the vault: an expression, a promise.
pub const STORED: &str = "new Promise((done) => {
    const request = indexedDB.open('talxis-broker', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('vault');
    request.onsuccess = () => {
        const get = request.result.transaction('vault').objectStore('vault').get('session');
        get.onsuccess = () => { request.result.close(); done(get.result?.sealed.byteLength ?? 0); };
    };
})";

/// One evaluation of the ribbon's enable rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Evaluation {
    /// `global`, `form`, `grid`, `dashboard` or `quickcreate`.
    pub bar: String,
    /// The id of the script frame in which it ran.
    pub frame: String,
    /// What the bar makes of it.
    pub enabled: bool,
    /// Where that came from: the rule's `value` or `promise`; its default because it is `missing` or `threw`, or because its
    /// library failed, in a sentence; or a promise that was `late`.
    pub why: String,
}

impl Stage {
    /// Opens the app while it behaves as switches say, such as `tenant=late`; the others have their defaults. `www/switches.json`
    /// has them all. Comes back when the page can be used, with a broker or without.
    ///
    /// # Errors
    /// When the browser refuses, there is no such switch, or the page does not start.
    pub async fn open_app_with(&self, switches: &[&str]) -> Result {
        self.demo.host().set_switches(switches).map_err(|why| Failure::wrong(why.to_string()))?;
        self.browser.goto(self.demo.address()).await?;
        self.app_started().await
    }

    /// Opens the redirect page as somebody does who has no sign-in to finish; comes back when it has said so.
    ///
    /// # Errors
    /// When the browser refuses, or the page says something else.
    pub async fn open_redirect_page(&self) -> Result {
        let page = format!("{}/WebResources/talxis_/tokenbroker/redirect.html", self.demo.origin());
        self.browser.goto(&page).await?;
        until("the redirect page", async || {
            let said = self.the("[role=status]").await?.text().await?;
            Ok((said == "There is no sign-in to finish here. You can close this window.").then_some(()))
        })
        .await
    }

    /// Gives the environment's variable another configuration.
    pub fn configure_with(&self, config: &Value) {
        self.demo.host().set_variable(Variable {
            schema_name: "talxis_TokenBrokerConfig".to_owned(),
            default_value: None,
            value: Some(config.to_string()),
        });
    }

    /// The same configuration, but for one member.
    pub fn configure_but(&self, name: &str, value: impl Into<Value>) {
        let mut config: Map<String, Value> =
            serde_json::from_str(self.demo.broker_config()).unwrap_or_default();
        config.insert(name.to_owned(), value.into());
        self.configure_with(&config.into());
    }

    /// The bytes of what is signed in as it lies in the vault; 0 if nothing does.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn stored_bytes(&self) -> Result<usize> {
        self.script_async(&format!("const [done] = arguments; {STORED}.then(done);")).await
    }

    /// Opens a page of another site that frames the app, as Teams does, under switches; goes into the frame.
    ///
    /// # Errors
    /// When the browser refuses, there is no such switch, or the page in the frame does not start.
    pub async fn open_app_within_another_site(&self, switches: &[&str]) -> Result {
        self.demo.host().set_switches(switches).map_err(|why| Failure::wrong(why.to_string()))?;
        self.browser.goto(self.demo.outer_address()).await?;
        self.the("#app").await?.enter_frame().await?;
        self.app_started().await
    }

    /// Opens the form of the nth account, counted from one.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn open_record(&self, n: usize) -> Result {
        self.navigate(&format!("{{ pageType: 'entityrecord', entityName: 'account', entityId: '{n}' }}"))
            .await
    }

    /// Opens the main grid of accounts.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn go_to_grid(&self) -> Result {
        self.navigate("{ pageType: 'entitylist', entityName: 'account' }").await
    }

    /// Opens the dashboard.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn go_to_dashboard(&self) -> Result {
        self.navigate("{ pageType: 'dashboard' }").await
    }

    /// Opens quick create over the page, by its command; it has a script frame of its own.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn open_quick_create(&self) -> Result {
        self.the("#new").await?.click().await?;
        self.the("dialog.panel").await?;
        Ok(())
    }

    /// The ids of the script frames that are there now, the global bar's among them.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn script_frames(&self) -> Result<Vec<String>> {
        self.script(
            "return [...document.querySelectorAll('iframe[id^=ClientApiFrame_]')].map(({ id }) => id)",
        )
        .await
    }

    /// The id of the script frame of the page, or of the panel over it: the one that came last.
    ///
    /// # Errors
    /// When the browser refuses, or there is none.
    pub async fn page_frame(&self) -> Result<String> {
        let frames = self.script_frames().await?;
        let last = frames.into_iter().rfind(|id| id != HEADER_FRAME);
        last.ok_or_else(|| Failure::wrong("The page has no script frame."))
    }

    /// Takes a script frame away in the middle of whatever runs there.
    ///
    /// # Errors
    /// When there is none of that id.
    pub async fn destroy_script_frame(&self, id: &str) -> Result {
        let gone: bool = self
            .script(&format!(
                "const frame = document.getElementById('{id}'); frame?.remove(); return Boolean(frame);"
            ))
            .await?;
        if gone { Ok(()) } else { Err(Failure::wrong(format!("There is no script frame {id}."))) }
    }

    /// Every evaluation of the enable rule in this page load.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn rule_evaluations(&self) -> Result<Vec<Evaluation>> {
        self.script("return window.lookalike?.evaluations ?? []").await
    }

    async fn navigate(&self, input: &str) -> Result {
        let failed: Value = self
            .script_async(&format!(
                "const [done] = arguments;
                 Xrm.Navigation.navigateTo({input}).then(() => done(null), (error) => done(String(error)));"
            ))
            .await?;
        match failed {
            Value::Null => Ok(()),
            why => Err(Failure::wrong(format!("The app could not open {input}: {why}."))),
        }
    }

    async fn app_started(&self) -> Result {
        until("the app to start", async || {
            let started: bool = self.script("return document.body?.dataset.ready !== undefined").await?;
            Ok(started.then_some(()))
        })
        .await
    }
}
