//! The Power Apps environment's one origin: the app's page, web resources, and Dataverse's Web API, with a log of what was asked.
//!
//! Everything in it can be changed while it runs, as administrators and publishers change a real one. It must never rewrite a
//! file, and never behave as no Power Apps environment would.

mod csp;
mod environment;
pub(crate) mod harness;
mod import;
mod log;
pub(crate) mod outer;
mod pages;
mod switches;
mod web_api;
mod web_resources;

pub(crate) use csp::Origins;
pub(crate) use environment::Environment;
pub use environment::{SystemUser, Variable};
pub(crate) use import::Imported;
pub use log::{HostRequest, Kind};
pub(crate) use pages::Pages;
pub use switches::SwitchError;
pub(crate) use switches::{Switches, TABLE};
pub use web_resources::WebResourceError;
pub(crate) use web_resources::WebResources;

use axum::{
    Router,
    extract::{Path as UrlPath, Query, RawQuery, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::any,
};
use csp::Document;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use web_resources::Address;

/// The running environment, as its administrator and its publisher see it.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

struct Shared {
    pages: Pages,
    origins: Origins,
    environment: Mutex<Environment>,
    log: Mutex<Vec<HostRequest>>,
    held: watch::Sender<Option<String>>,
}

impl Host {
    pub(crate) fn new(pages: Pages, origins: Origins, environment: Environment) -> Self {
        let (environment, log, held) = (Mutex::new(environment), Mutex::default(), watch::Sender::default());
        Self(Arc::new(Shared { pages, origins, environment, log, held }))
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/", any(|| async { Redirect::to("/main.aspx") }))
            .route("/{*path}", any(answer))
            .with_state(self.clone())
    }

    /// Everything that was asked since the start, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<HostRequest> {
        lock(&self.0.log).clone()
    }

    /// How many Web API calls there were.
    #[must_use]
    pub fn web_api_calls(&self) -> usize {
        lock(&self.0.log).iter().filter(|request| request.kind == Kind::WebApi).count()
    }

    /// How often a web resource was downloaded, in whatever version.
    #[must_use]
    pub fn downloads(&self, web_resource: &str) -> usize {
        lock(&self.0.log).iter().filter(|request| request.is_web_resource(web_resource)).count()
    }

    /// Sets every switch: the defaults, changed by words such as `csp=strict`. The page obeys from its next load on.
    ///
    /// # Errors
    /// When the table has no such switch or value; then nothing changes.
    pub fn set_switches(&self, words: &[&str]) -> Result<(), SwitchError> {
        let mut environment = lock(&self.0.environment);
        environment.switches = environment.switches.with(words.iter().copied())?;
        Ok(())
    }

    /// Publishes customisations: addresses of web resources get another version token from the next page load on.
    pub fn publish(&self) {
        lock(&self.0.environment).version += 1;
    }

    /// Creates or replaces a web resource. Browsers that have it under the present token notice after [`Self::publish`].
    ///
    /// # Errors
    /// When no type has its extension, or it is too large.
    pub fn set_web_resource(&self, name: &str, content: impl Into<Vec<u8>>) -> Result<(), WebResourceError> {
        lock(&self.0.environment).web_resources.put(name, content.into())
    }

    /// Keeps downloads of a web resource waiting, as a slow network does, until [`Self::release`].
    pub fn hold(&self, web_resource: &str) {
        self.0.held.send_replace(Some(web_resource.to_ascii_lowercase()));
    }

    /// Lets what was held go.
    pub fn release(&self) {
        self.0.held.send_replace(None);
    }

    /// The environment variables.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        lock(&self.0.environment).variables.values().cloned().collect()
    }

    /// Creates or replaces an environment variable.
    pub fn set_variable(&self, variable: Variable) {
        lock(&self.0.environment).variables.insert(variable.schema_name.clone(), variable);
    }

    /// Deletes an environment variable, by its schema name.
    pub fn remove_variable(&self, schema_name: &str) {
        lock(&self.0.environment).variables.remove(schema_name);
    }

    /// The users of the environment: the tenant's members, then its guests.
    #[must_use]
    pub fn users(&self) -> Vec<SystemUser> {
        lock(&self.0.environment).users.clone()
    }

    /// Makes a user the one whom Power Apps runs as from the next page load on; false if there is none of that name.
    pub fn run_as(&self, username: &str) -> bool {
        let mut environment = lock(&self.0.environment);
        let at = environment.users.iter().position(|user| user.username == username);
        environment.user = at.unwrap_or(environment.user);
        at.is_some()
    }
}

async fn answer(
    State(host): State<Host>,
    method: Method,
    UrlPath(path): UrlPath<String>,
    RawQuery(raw): RawQuery,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let path = format!("/{path}");
    let name = Address::parse(&path).map(|address| address.name);
    // The sender is the host's own and outlives this.
    let _ = host.0.held.subscribe().wait_for(|held| held.is_none() || *held != name).await;
    let (kind, response) = host.route(&method, &path, &query);
    lock(&host.0.log).push(HostRequest {
        method: method.to_string(),
        path,
        query: raw.unwrap_or_default(),
        status: response.status().as_u16(),
        kind,
    });
    response
}

impl Host {
    fn route(&self, method: &Method, path: &str, query: &[(String, String)]) -> (Kind, Response) {
        let mut environment = lock(&self.0.environment);
        if let Some(address) = Address::parse(path) {
            let content = environment.web_resources.content(&address.name);
            let answer = web_resources::answer(&address, query, content, &environment.switches);
            let mut answer = if address.is_page() {
                self.with_policy(answer, Document::Other, &environment)
            } else {
                answer
            };
            // powerapps.md §10.4 [U] switch `coop`
            if address.is_page() && environment.switches.is("coop", "web-resources") {
                let policy = header::HeaderValue::from_static("same-origin");
                answer.headers_mut().insert("cross-origin-opener-policy", policy);
            }
            return (Kind::WebResource { name: address.name, version: address.version }, answer);
        }
        if let Some(resource) = path.strip_prefix("/api/data/") {
            return (Kind::WebApi, web_api::answer(method, resource, query, &environment));
        }
        let answer = match path {
            "/main.aspx" => match obey(&mut environment, query) {
                Ok(()) => self.with_policy(self.0.pages.answer("index.html"), Document::Main, &environment),
                Err(why) => (StatusCode::BAD_REQUEST, why.to_string()).into_response(),
            },
            "/demo.json" => environment.page(),
            other => self.with_policy(
                self.0.pages.answer(other.trim_start_matches('/')),
                Document::Other,
                &environment,
            ),
        };
        (Kind::Page, answer)
    }

    fn with_policy(&self, mut answer: Response, document: Document, environment: &Environment) -> Response {
        let policy = csp::policy(document, &environment.switches, &self.0.origins);
        if let Some(policy) = policy.and_then(|policy| policy.parse().ok()) {
            answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        answer
    }
}

/// `main.aspx?lookalike=csp=strict,tenant=late` sets the environment's switches, as a person who explores it does.
fn obey(environment: &mut Environment, query: &[(String, String)]) -> Result<(), SwitchError> {
    if let Some((_, words)) = query.iter().find(|(key, _)| key == "lookalike") {
        environment.switches = environment.switches.with(words.split(','))?;
    }
    Ok(())
}

/// A handler that panicked leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
