//! The stage of an end-to-end test: the whole demo in this process, a browser, and what a person does in it.
//!
//! Two places to play: the app (`open_app`), with its ribbon and seven controls, and a bare page of the same origin
//! (`open_bare_page`) that loads the packed broker and nothing else. A failed test leaves a picture of what it saw.

use crate::{Browser, Engine, Failure, Profile, Result, costs::Seen, until};
use demo::{Demo, Options};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use thirtyfour::{By, WebElement};

/// The demo and a browser that looks at it.
pub struct Stage {
    /// Everything that answers.
    pub demo: Demo,
    /// Everything that asks.
    pub browser: Browser,
    asked: AtomicU32,
    pub(crate) seen: Cell<Seen>,
}

/// A promise in the page that a test made and may look at later.
#[derive(Debug)]
pub struct Asked(u32);

/// What became of a promise.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    Value(Value),
    Error(BrokerError),
}

/// An error as it reached the page's script.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BrokerError {
    /// Whether it is a real `Error` object.
    pub is_error: bool,
    /// `name`.
    pub name: Option<String>,
    /// `code`.
    pub code: Option<String>,
    /// `message`.
    pub message: Option<String>,
    /// `correlationId`.
    pub correlation_id: Option<String>,
    /// `retryable`.
    pub retryable: Option<bool>,
    /// `interactionRequired`.
    pub interaction_required: Option<bool>,
    /// `consentUrl`.
    pub consent_url: Option<String>,
    /// `aadsts`.
    pub aadsts: Option<u64>,
}

/// Plays a test on a fresh stage of the project's own estate, over TLS, in a browser that allows third-party cookies; `set` may change
/// what is there before it starts.
///
/// # Errors
/// When the stage cannot be set or the test comes to a failure. A panic of the test goes through after cleaning up.
pub fn on_stage(set: impl FnOnce(&mut Options), test: impl AsyncFnOnce(&mut Stage) -> Result) -> Result {
    on_stage_with(Profile::default(), set, test)
}

/// Likewise, in a browser with this profile, or this preference.
///
/// # Errors
/// As [`on_stage`].
pub fn on_stage_with(
    profile: impl Into<Profile>,
    set: impl FnOnce(&mut Options),
    test: impl AsyncFnOnce(&mut Stage) -> Result,
) -> Result {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|source| Failure::System { what: "the async runtime".to_owned(), source })?;
    let mut options = Options { tls: true, ..Options::of_project(&project())? };
    // The suite passes without the application ribbon too: controls load the broker themselves.
    if std::env::var_os("E2E_WITHOUT_RIBBON").is_some() {
        without_ribbon(&mut options);
    }
    set(&mut options);
    let mut stage = runtime.block_on(Stage::set_with(options, profile))?;
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(&mut stage))));
    let failed = !matches!(played, Ok(Ok(())));
    let cleaned = runtime.block_on(async {
        if failed {
            stage.picture_of_failure().await;
        }
        stage.browser.quit().await
    });
    match played {
        Ok(outcome) => outcome.and(cleaned),
        Err(panic) => resume_unwind(panic),
    }
}

impl Stage {
    /// Starts the demo and the chosen browser, which allows third-party cookies.
    ///
    /// # Errors
    /// When either does not start.
    pub async fn set(options: Options) -> Result<Self> {
        Self::set_with(options, Profile::default()).await
    }

    /// Likewise, with this profile of the browser, or this preference.
    ///
    /// # Errors
    /// When either does not start.
    pub async fn set_with(options: Options, profile: impl Into<Profile>) -> Result<Self> {
        let demo = Demo::start(options).await?;
        let browser = Browser::start_with(Engine::chosen()?, &profile.into()).await?;
        Ok(Self { demo, browser, asked: AtomicU32::new(0), seen: Cell::default() })
    }

    /// Opens the app, and comes back when the broker is usable there.
    ///
    /// # Errors
    /// When the browser refuses, or no broker appears.
    pub async fn open_app(&self) -> Result {
        self.browser.goto(self.demo.address()).await?;
        until("the broker in the app", async || {
            let there: bool = self.script("return Boolean(window.talxisBroker)").await?;
            Ok(there.then_some(()))
        })
        .await
    }

    /// Opens an empty page of an origin without Dataverse and loads the packed broker there, without configuring it.
    ///
    /// # Errors
    /// When the browser refuses, or the script cannot be loaded.
    pub async fn open_bare_page(&self) -> Result {
        let switched = self.demo.host().set_switches(&["dataverse=off"]);
        switched.map_err(|why| Failure::wrong(why.to_string()))?;
        self.browser.goto(format!("{}/uclient/blank.html", self.demo.origin())).await?;
        let loaded: bool = self
            .script_async(
                "const [done] = arguments;
                 const script = document.createElement('script');
                 script.src = '/WebResources/talxis_tokenmanagement.js';
                 script.onload = () => done(true);
                 script.onerror = () => done(false);
                 document.head.append(script);",
            )
            .await?;
        if loaded { Ok(()) } else { Err(Failure::wrong("The packed broker could not be loaded.")) }
    }

    /// A bare page whose broker is configured as the demo's is. A button `Go` on it runs `on_click` within the click.
    ///
    /// # Errors
    /// When the browser refuses, or the configuration is refused.
    pub async fn open_configured_page(&self) -> Result {
        self.open_bare_page().await?;
        let tenant = self.tenant();
        let mut config: Value = serde_json::from_str(self.demo.broker_config())
            .map_err(|why| Failure::wrong(format!("The broker's configuration is not JSON: {why}.")))?;
        if let Some(config) = config.as_object_mut() {
            config.insert("tenant".to_owned(), tenant.into());
        }
        let _: Value = self.script(&format!("talxisBroker.configure({config})")).await?;
        let asked = self.ask("talxisBroker.ready").await?;
        self.value(&asked).await?;
        Ok(())
    }

    /// The one tenant of the project's estate.
    #[must_use]
    pub fn tenant(&self) -> String {
        self.demo.estate().tenants.values().next().map(|tenant| tenant.id.clone()).unwrap_or_default()
    }

    /// Runs a script in the page and reads what it returns.
    ///
    /// # Errors
    /// When the script throws, or returns something else.
    pub async fn script<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        Ok(self.browser.execute(script, Vec::new()).await?.convert()?)
    }

    /// Runs a script whose last argument is a function that takes its result.
    ///
    /// # Errors
    /// When the script throws, or its result is something else.
    pub async fn script_async<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        Ok(self.browser.execute_async(script, Vec::new()).await?.convert()?)
    }

    /// Runs a script as the page's own, which a WebDriver's is not in every browser.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn in_page(&self, script: &str) -> Result {
        let script = Value::from(script);
        let add = format!(
            "const script = document.createElement('script'); script.textContent = {script}; document.head.append(script);"
        );
        self.browser.execute(add, Vec::new()).await?;
        Ok(())
    }

    /// Evaluates an expression that is a promise; its outcome can be looked at later, with prompts in between.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn ask(&self, expression: &str) -> Result<Asked> {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let _: Value = self.script(&asking(id, expression)).await?;
        Ok(Asked(id))
    }

    /// Like [`Self::ask`], but within a click of the user.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn ask_by_click(&self, expression: &str) -> Result<Asked> {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let asking = asking(id, expression);
        let _: Value = self
            .script(&format!(
                "const button = document.createElement('button');
                 button.id = 'ask-{id}';
                 button.textContent = 'Go';
                 button.onclick = () => {{ {asking} }};
                 document.body.prepend(button);"
            ))
            .await?;
        self.browser.find(By::Id(format!("ask-{id}"))).await?.click().await?;
        Ok(Asked(id))
    }

    /// Waits for the error of a promise that must reject.
    ///
    /// # Errors
    /// When it resolves, or does not settle in time.
    pub async fn refusal(&self, asked: &Asked) -> Result<BrokerError> {
        match self.outcome(asked).await? {
            Outcome::Error(error) => Ok(error),
            Outcome::Value(_) => Err(Failure::wrong("A promise resolved that should have been rejected.")),
        }
    }

    /// Waits for the value of a promise that must resolve.
    ///
    /// # Errors
    /// When it rejects, or does not settle in time.
    pub async fn value(&self, asked: &Asked) -> Result<Value> {
        match self.outcome(asked).await? {
            Outcome::Value(value) => Ok(value),
            Outcome::Error(error) => Err(Failure::wrong(format!("A promise was rejected: {error:?}."))),
        }
    }

    async fn outcome(&self, asked: &Asked) -> Result<Outcome> {
        let look = format!("return window.asked[{}] ?? null", asked.0);
        until("a promise to settle", async || self.script(&look).await).await
    }

    /// Waits until exactly one element matches.
    ///
    /// # Errors
    /// When none ever does.
    pub async fn the(&self, selector: &str) -> Result<WebElement> {
        until(selector, async || {
            let mut found = self.all(selector).await?;
            Ok(if found.len() == 1 { found.pop() } else { None })
        })
        .await
    }

    /// How many elements match now.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn count(&self, selector: &str) -> Result<usize> {
        Ok(self.all(selector).await?.len())
    }

    /// Every element that matches now.
    async fn all(&self, selector: &str) -> Result<Vec<WebElement>> {
        // WebKit's driver says so of a page that changes, or goes, under its look.
        let changes = ["Could not parse element info", "before the unload event"];
        until("a page that stays", async || match self.browser.find_all(By::Css(selector)).await {
            Err(why) if changes.iter().any(|said| why.to_string().contains(said)) => Ok(None),
            found => Ok(Some(found?)),
        })
        .await
    }

    /// Clicks the button with this text in the broker's own surface.
    ///
    /// # Errors
    /// When there is none.
    pub async fn click_in_surface(&self, text: &str) -> Result {
        let xpath = format!("//*[@data-talxis-broker]//button[text()='{text}']");
        let button = until("the broker's own surface", async || {
            Ok(self.browser.find_all(By::XPath(xpath.as_str())).await?.pop())
        })
        .await?;
        Ok(button.click().await?)
    }

    /// Accepts the app's one notification, as a person would who wants to sign in.
    ///
    /// # Errors
    /// When there is not exactly one.
    pub async fn accept_notification(&self) -> Result {
        Ok(self.the(".notification .action").await?.click().await?)
    }

    /// Goes into the sign-in window.
    ///
    /// # Errors
    /// When none opens.
    pub async fn enter_sign_in_window(&self) -> Result {
        let window = until("the sign-in window", async || Ok(self.browser.popups().await?.pop())).await?;
        Ok(self.browser.switch_to_window(window).await?)
    }

    /// Signs in in the window that is open, and comes back when the window is gone.
    ///
    /// # Errors
    /// When there is no such window, or it stays.
    pub async fn sign_in_as(&self, username: &str) -> Result {
        self.enter_sign_in_window().await?;
        self.fill_in_sign_in_page(username).await?;
        self.leave_sign_in_window().await
    }

    /// Signs in on the sign-in page of the current window.
    ///
    /// # Errors
    /// When this is no such page.
    pub async fn fill_in_sign_in_page(&self, username: &str) -> Result {
        let field = self.the("#username").await?;
        field.clear().await?; // A login hint may be there already.
        field.send_keys(username).await?;
        Ok(self.the("#sign-in").await?.click().await?)
    }

    /// Gives the browser a session at Entra that no application here knows of: signs in on a page of Entra's, and goes no further than
    /// to its question for consent, so that no browser learns that the two sites have to do with each other.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn sign_in_elsewhere_as(&self, username: &str) -> Result {
        self.browser.goto(self.authorize_url("consent")).await?;
        self.fill_in_sign_in_page(username).await?;
        self.the("#accept").await?;
        Ok(())
    }

    /// The address of an authorization request of the broker's registration, with this `prompt`.
    #[must_use]
    pub fn authorize_url(&self, prompt: &str) -> String {
        let (entra, estate) = (self.demo.entra().origin(), self.demo.estate());
        let redirect_uri = estate.redirect_uris(self.demo.origin()).into_iter().next().unwrap_or_default();
        format!(
            "{entra}/{}/oauth2/v2.0/authorize?client_id={}&response_type=code&response_mode=fragment&redirect_uri={redirect_uri}\
             &scope=openid&code_challenge={}&code_challenge_method=S256&state={}.&prompt={prompt}",
            self.tenant(),
            estate.broker.client_id,
            "c".repeat(43),
            "0".repeat(32),
        )
    }

    /// Presses Cancel on the sign-in page, and comes back when the window is gone.
    ///
    /// # Errors
    /// When there is no such window, or it stays.
    pub async fn cancel_on_the_sign_in_page(&self) -> Result {
        self.enter_sign_in_window().await?;
        self.the("#cancel").await?.click().await?;
        self.leave_sign_in_window().await
    }

    /// Comes back to the page when no other window is left.
    ///
    /// # Errors
    /// When one stays.
    pub async fn leave_sign_in_window(&self) -> Result {
        self.browser.to_main_window().await?;
        until("the sign-in window to close", async || {
            Ok(self.browser.popups().await?.is_empty().then_some(()))
        })
        .await
    }

    async fn picture_of_failure(&self) {
        let name = std::thread::current().name().unwrap_or("failure").replace("::", "-");
        let folder = project().join("target/e2e");
        let path = folder.join(format!("{name}.png"));
        let taken = std::fs::create_dir_all(&folder).is_ok() && self.browser.screenshot(&path).await.is_ok();
        if taken {
            eprintln!("a picture of the failure is in target/e2e/{name}.png");
        }
    }
}

/// Settles `window.asked[id]` with what becomes of a promise.
fn asking(id: u32, expression: &str) -> String {
    format!(
        "window.asked ??= {{}};
         const told = (error) => ({{
             isError: error instanceof window.Error, // The page's: in Firefox this script has one of its own.
             ...Object.fromEntries(['name', 'code', 'message', 'correlationId', 'retryable', 'interactionRequired',
                 'consentUrl', 'aadsts'].map((member) => [member, error[member] ?? null])),
         }});
         const failed = (error) => {{ window.asked[{id}] = {{ error: told(error) }} }};
         try {{
             Promise.resolve({expression}).then((value) => {{ window.asked[{id}] = {{ value: value ?? null }} }}, failed);
         }} catch (error) {{
             failed(error);
         }}"
    )
}

/// The project's root.
/// The managed solution, which has the application ribbon: as it is unless somebody asked for the other.
pub fn with_ribbon(options: &mut Options) {
    options.solution = Options::packed_solution(&project(), true);
}

/// The solution without the application ribbon.
pub fn without_ribbon(options: &mut Options) {
    options.solution = Options::packed_solution(&project(), false);
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
