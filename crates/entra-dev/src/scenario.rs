//! Changing the world under test: one command type for Rust and, as JSON, for the second port.
//!
//! The second port is for loopback only and is not started unless asked for. It asks nobody who they are, but it takes only
//! JSON and answers no preflight, so that a page of another site in a browser on this machine cannot command it.

use crate::{
    Aadsts, Demand, MintRequest, Mischief, OriginCheck, Weather,
    claims::Issuing,
    directory::{App, Directory, Tenant},
    jws::{Jws, SigningKey},
    mint,
    policy::Policy,
    seal::Purpose,
    session::Session,
    shared::Shared,
};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Something to change. Tenants, applications and users are named as in the estate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Moves the clock ahead.
    Advance {
        /// By how much.
        seconds: u64,
    },
    /// Makes the next answer of /authorize wrong.
    NextResponse(Mischief),
    /// Makes bad weather.
    Weather(Weather),
    /// Ends all bad weather.
    ClearWeather,
    /// Creates a service principal.
    AddPrincipal {
        /// Where.
        tenant: String,
        /// Of what.
        app: String,
    },
    /// Removes a service principal.
    RemovePrincipal {
        /// Where.
        tenant: String,
        /// Of what.
        app: String,
    },
    /// Grants scopes to everybody.
    Grant {
        /// Where.
        tenant: String,
        /// Who may ask.
        client: String,
        /// For what.
        resource: String,
        /// Which scopes.
        scopes: Vec<String>,
    },
    /// Takes back all grants of a client for a resource.
    Revoke {
        /// Where.
        tenant: String,
        /// Who may no longer ask.
        client: String,
        /// For what.
        resource: String,
    },
    /// Lets only assigned users into an application.
    RequireAssignment {
        /// Where.
        tenant: String,
        /// Into what.
        app: String,
        /// Who is assigned.
        users: Vec<String>,
    },
    /// Puts a policy on a resource.
    Demand {
        /// Where.
        tenant: String,
        /// On what.
        resource: String,
        /// What it asks for.
        demand: Demand,
    },
    /// Lifts all policies.
    LiftPolicies {
        /// Where.
        tenant: String,
    },
    /// Revokes all sessions, codes and refresh tokens of a user.
    RevokeSessions {
        /// Whose.
        user: String,
    },
    /// Forgets all browser sessions, as if every browser had lost its cookie.
    ForgetBrowsers,
    /// Signs with a new key from now on.
    RollKeys {
        /// Whose.
        tenant: String,
        /// Whether the old keys vanish at once, as in an emergency.
        #[serde(default)]
        retire_old: bool,
    },
    /// Sends `Cross-Origin-Opener-Policy` with sign-in pages.
    EnforceCoop(bool),
    /// What /token demands of `Origin`.
    CheckOrigin(OriginCheck),
    /// Makes a token; returned as `token`.
    Mint(MintRequest),
    /// Empties the log.
    ClearRequests,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It names what does not exist.
    #[error("nothing in the estate is called {0:?}")]
    Unknown(String),
    /// It names an error that the table lacks.
    #[error("the table has no AADSTS{0}")]
    UnknownError(u32),
    /// A key or token could not be made.
    #[error("the key or token cannot be made")]
    Failed,
}

/// The number of the pool's first key that no tenant started with.
const FRESH_KEYS: usize = 32;

/// Carries a command out.
pub(crate) fn perform(shared: &Shared, command: Command) -> Result<Value, ScenarioError> {
    let mut answer = json!({});
    match command {
        Command::Advance { seconds } => shared.clock.advance(Duration::from_secs(seconds)),
        Command::NextResponse(mischief) => {
            if let Mischief::Error(number) = mischief {
                Aadsts::find(number).ok_or(ScenarioError::UnknownError(number))?;
            }
            shared.plan(mischief);
        }
        Command::Weather(weather) => {
            if let crate::Trouble::Refuse { aadsts } = weather.trouble {
                Aadsts::find(aadsts).ok_or(ScenarioError::UnknownError(aadsts))?;
            }
            shared.forecast().add(weather);
        }
        Command::ClearWeather => shared.forecast().clear(),
        Command::AddPrincipal { tenant, app } => {
            let id = app_id(shared, &app)?;
            in_tenant(shared, &tenant, |tenant| tenant.principals.extend([id]))?;
        }
        Command::RemovePrincipal { tenant, app } => {
            let id = app_id(shared, &app)?;
            in_tenant(shared, &tenant, |tenant| tenant.principals.retain(|principal| *principal != id))?;
        }
        Command::Grant { tenant, client, resource, scopes } => {
            let (client, resource) = (app_id(shared, &client)?, app_id(shared, &resource)?);
            in_tenant(shared, &tenant, |tenant| tenant.grant(&client, &resource, None, scopes))?;
        }
        Command::Revoke { tenant, client, resource } => {
            let (client, resource) = (app_id(shared, &client)?, app_id(shared, &resource)?);
            let keep = |grant: &crate::directory::Grant| grant.client != client || grant.resource != resource;
            in_tenant(shared, &tenant, |tenant| tenant.grants.retain(keep))?;
        }
        Command::RequireAssignment { tenant, app, users } => {
            let id = app_id(shared, &app)?;
            let directory = shared.directory();
            let place = directory.tenant(&tenant).ok_or_else(|| ScenarioError::Unknown(tenant.clone()))?;
            let oid = |user: &String| directory.person_named(user)?.oid_in(place).map(str::to_owned);
            let oids = users.iter().map(|user| oid(user).ok_or_else(|| ScenarioError::Unknown(user.clone())));
            let oids = oids.collect::<Result<_, _>>()?;
            in_tenant(shared, &tenant, |tenant| tenant.assignments.extend([(id, oids)]))?;
        }
        Command::Demand { tenant, resource, demand } => {
            let policy =
                Policy { id: Uuid::new_v4().to_string(), resource: app_id(shared, &resource)?, demand };
            answer = json!({ "policy": policy.id });
            in_tenant(shared, &tenant, |tenant| tenant.policies.push(policy))?;
        }
        Command::LiftPolicies { tenant } => in_tenant(shared, &tenant, |tenant| tenant.policies.clear())?,
        Command::RevokeSessions { user } => shared.change(|directory| {
            let named = |person: &&mut crate::directory::Person| person.username.eq_ignore_ascii_case(&user);
            let person =
                directory.people.iter_mut().find(named).ok_or(ScenarioError::Unknown(user.clone()))?;
            person.generation += 1;
            Ok(())
        })?,
        Command::ForgetBrowsers => shared.browsers().clear(),
        Command::RollKeys { tenant, retire_old } => roll_keys(shared, &tenant, retire_old)?,
        Command::EnforceCoop(on) => shared.set(|settings| settings.coop = on),
        Command::CheckOrigin(check) => shared.set(|settings| settings.origin_check = check),
        Command::Mint(request) => {
            let issuing = Issuing { origin: shared.site.main(), now: shared.clock.now(), seal: &shared.seal };
            let token =
                mint::mint(&request, &shared.directory(), &issuing).map_err(|_| ScenarioError::Failed)?;
            answer = json!({ "token": token });
        }
        Command::ClearRequests => shared.clear_requests(),
    }
    Ok(answer)
}

/// The claims challenge for a token whose session was revoked (entra.md §1.8).
pub(crate) fn challenge(shared: &Shared, access_token: &str) -> Option<String> {
    let jws = Jws::parse(access_token)?;
    jws.claims.get("xms_cc")?;
    let session: Session = shared.seal.open(Purpose::Session, jws.claim("aio")?)?;
    if session.person(&shared.directory()).is_some() {
        return None;
    }
    let not_before = shared.clock.now().to_string();
    let claims = json!({ "access_token": { "nbf": { "essential": true, "value": not_before } } });
    let claims = STANDARD.encode(claims.to_string());
    let endpoint = format!("{}/common/oauth2/v2.0/authorize", shared.site.main());
    Some(format!(
        r#"Bearer realm="", authorization_uri="{endpoint}", error="insufficient_claims", claims="{claims}""#
    ))
}

/// The second port.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", post(command))
        .route("/requests", get(|State(shared): State<Arc<Shared>>| async move { Json(shared.requests()) }))
        .route(
            "/errors",
            get(|| async { Json(Aadsts::ALL.iter().map(|one| one.number).collect::<Vec<_>>()) }),
        )
        .merge(crate::graph::router())
        .with_state(shared)
}

async fn command(State(shared): State<Arc<Shared>>, Json(command): Json<Command>) -> Response {
    match perform(&shared, command) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))).into_response(),
    }
}

fn roll_keys(shared: &Shared, name: &str, retire_old: bool) -> Result<(), ScenarioError> {
    let directory = shared.directory();
    let used = |key: &Arc<SigningKey>| {
        directory.tenants.iter().flat_map(|tenant| &tenant.keys).any(|other| other.kid() == key.kid())
    };
    let fresh = (FRESH_KEYS..)
        .map(SigningKey::pooled)
        .find(|key| key.as_ref().is_ok_and(|key| !used(key)) || key.is_err())
        .and_then(Result::ok)
        .ok_or(ScenarioError::Failed)?;
    in_tenant(shared, name, |tenant| {
        if retire_old {
            tenant.keys.clear();
        }
        tenant.keys.insert(0, fresh);
    })
}

fn app_id(shared: &Shared, name: &str) -> Result<String, ScenarioError> {
    let directory: Arc<Directory> = shared.directory();
    let app: Option<&App> = directory.named(name);
    app.map(|app| app.client_id.clone()).ok_or_else(|| ScenarioError::Unknown(name.to_owned()))
}

fn in_tenant(shared: &Shared, name: &str, change: impl FnOnce(&mut Tenant)) -> Result<(), ScenarioError> {
    shared.change(|directory| {
        let tenant = directory.tenant_mut(name).ok_or_else(|| ScenarioError::Unknown(name.to_owned()))?;
        change(tenant);
        Ok(())
    })
}
