//! The authorization endpoint as a decision: what to show, or what to answer (RFC 6749 §4.1, entra.md §1.2, §1.5).
//!
//! Nothing is redirected to before the client and its redirect URI are known. `prompt=none` never shows anything.

mod request;

use crate::{
    consent::{self, Consent},
    directory::{Directory, Person, Platform, Tenant},
    errors::{
        CONSENT_MISSING, NO_SESSION, NOT_ASSIGNED, Refusal, SECOND_FACTOR, SELECT_ACCOUNT, SESSION_NOT_FOUND,
        TENANT_UNKNOWN, USER_NOT_IN_TENANT,
    },
    policy::{self, Claims},
    scope,
    session::Session,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use request::check_form;
pub(crate) use request::{AuthorizeRequest, ResponseMode, find_client, is_any, read};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A code lives this long (entra.md §1.2).
const CODE_LIFETIME: u64 = 600;

/// What the user already did on pages of this request.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The session that was chosen or started.
    pub(crate) session: Option<String>,
    /// Whether credentials were given now, which `prompt=login` insists on.
    pub(crate) proven: bool,
    /// Whether the user asked to use another account.
    pub(crate) another: bool,
    /// Whether consent was given now, which `prompt=consent` insists on.
    pub(crate) consented: bool,
}

/// What comes next.
pub(crate) enum Step {
    /// The user has to do something.
    Show(Screen),
    /// The application gets a code for this.
    Answer(Box<Code>),
    /// The application gets an error.
    Refuse(Refusal),
}

/// A page.
pub(crate) enum Screen {
    SignIn { hint: Option<String>, problem: Option<Refusal> },
    PickAccount,
    SecondFactor { session: String },
    Consent { session: String, consent: Consent },
}

/// What a code stands for. Sealed, it is the code.
#[derive(Serialize, Deserialize)]
pub(crate) struct Code {
    /// So that it is redeemed once.
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) platform: Platform,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) session: Session,
    pub(crate) expires: u64,
}

/// Decides.
pub(crate) fn decide(
    request: &AuthorizeRequest,
    directory: &Directory,
    sessions: &[Session],
    progress: &Progress,
    now: u64,
) -> Step {
    match try_decide(request, directory, sessions, progress, now) {
        Ok(step) => step,
        Err(refusal) => Step::Refuse(refusal),
    }
}

fn try_decide(
    request: &AuthorizeRequest,
    directory: &Directory,
    sessions: &[Session],
    progress: &Progress,
    now: u64,
) -> Result<Step, Refusal> {
    check_form(request)?;
    let claims = Claims::read(request.claims.as_deref())?;
    let prompt = request.prompt.as_deref();
    let silent = prompt == Some("none");
    let show =
        |screen: Screen, otherwise: Refusal| if silent { Err(otherwise) } else { Ok(Step::Show(screen)) };

    let session = match choose(request, directory, sessions, progress) {
        Chosen::Session(session) => session,
        Chosen::SignIn(hint, refusal) => return show(Screen::SignIn { hint, problem: None }, refusal),
        Chosen::Pick => return show(Screen::PickAccount, (&SELECT_ACCOUNT).into()),
    };
    let Some(person) = session.person(directory) else { return Err((&NO_SESSION).into()) };
    let tenant = tenant_of(request, directory, person)?;
    let client = find_client(directory, &request.client_id, &tenant.domain)?;
    let Some(oid) = person.oid_in(tenant) else {
        let refusal = || {
            USER_NOT_IN_TENANT
                .with(&person.username)
                .with(&person.home)
                .with(&tenant.domain)
                .with(&client.display_name)
        };
        return show(Screen::SignIn { hint: None, problem: Some(refusal()) }, refusal());
    };

    let ask = scope::read(&request.scope, directory, Some(tenant))?;
    let consent = consent::missing(
        directory,
        tenant,
        client,
        person,
        &ask,
        prompt == Some("consent") && !progress.consented,
    )?;
    for app in ask.resources.iter().map(|wanted| wanted.app).chain([client]) {
        if tenant.shuts_out(app, oid) {
            return Err(NOT_ASSIGNED.with(&app.display_name).with(&person.username));
        }
    }
    for wanted in &ask.resources {
        if let Err(refusal) = policy::check(&tenant.policies, &wanted.app.client_id, session.second_factor) {
            let can_be_met = refusal.aadsts == &SECOND_FACTOR;
            return if can_be_met {
                show(Screen::SecondFactor { session: session.id.clone() }, refusal)
            } else {
                Err(refusal)
            };
        }
    }
    if claims.step_up && !session.second_factor {
        return show(Screen::SecondFactor { session: session.id.clone() }, (&SECOND_FACTOR).into());
    }
    if let Some(consent) = consent {
        let refusal = CONSENT_MISSING.with(&client.client_id).with(&client.display_name);
        return show(Screen::Consent { session: session.id.clone(), consent }, refusal);
    }
    Ok(Step::Answer(Box::new(Code {
        id: Uuid::new_v4().simple().to_string(),
        tenant: tenant.id.clone(),
        client_id: client.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        platform: request.platform,
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        session: session.clone(),
        expires: now + CODE_LIFETIME,
    })))
}

enum Chosen<'a> {
    Session(&'a Session),
    /// Hint for the page, refusal for a silent request.
    SignIn(Option<String>, Refusal),
    Pick,
}

fn choose<'a>(
    request: &AuthorizeRequest,
    directory: &Directory,
    sessions: &'a [Session],
    progress: &Progress,
) -> Chosen<'a> {
    let username = request.login_hint.as_deref().map(|hint| read_login_hint(hint, directory));
    let sign_in = |aadsts: &'static crate::Aadsts| Chosen::SignIn(username.clone(), aadsts.into());
    let alive = || sessions.iter().filter(|session| session.person(directory).is_some());
    if let Some(session) = alive().find(|session| Some(&session.id) == progress.session.as_ref()) {
        if progress.proven || request.prompt.as_deref() != Some("login") {
            return Chosen::Session(session);
        }
        return Chosen::SignIn(
            session.person(directory).map(|person| person.username.clone()),
            (&NO_SESSION).into(),
        );
    }
    match request.prompt.as_deref() {
        _ if progress.another => return Chosen::SignIn(None, (&NO_SESSION).into()),
        Some("login") => return sign_in(&NO_SESSION),
        Some("select_account") if alive().next().is_some() => return Chosen::Pick,
        _ => {}
    }
    if let Some(sid) = &request.sid {
        return alive()
            .find(|session| session.id == *sid)
            .map_or_else(|| sign_in(&SESSION_NOT_FOUND), Chosen::Session);
    }
    let fits = |session: &&Session| {
        let Some(person) = session.person(directory) else { return false };
        let domain = person.username.rsplit_once('@').map(|(_, domain)| domain);
        username.as_ref().is_none_or(|username| person.username.eq_ignore_ascii_case(username))
            && request
                .domain_hint
                .as_deref()
                .is_none_or(|hint| hint == "organizations" || Some(hint) == domain)
    };
    let fitting: Vec<&Session> = alive().filter(fits).collect();
    match fitting.as_slice() {
        [] => sign_in(&NO_SESSION),
        [session] => Chosen::Session(session),
        _ => Chosen::Pick,
    }
}

fn tenant_of<'a>(
    request: &AuthorizeRequest,
    directory: &'a Directory,
    person: &Person,
) -> Result<&'a Tenant, Refusal> {
    let name = if is_any(&request.tenant) { &person.home } else { &request.tenant };
    directory.tenant(name).ok_or_else(|| TENANT_UNKNOWN.with(name))
}

/// The opaque `login_hint` claim of a person.
pub(crate) fn login_hint(person: &Person) -> String {
    format!("O.{}", URL_SAFE_NO_PAD.encode(format!("{}@{}", person.oid, person.home)))
}

/// A hint is a sign-in name, or the opaque claim.
fn read_login_hint(hint: &str, directory: &Directory) -> String {
    let opaque = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(hint.strip_prefix("O.")?).ok()?).ok()?;
        let (oid, home) = text.split_once('@')?;
        Some(directory.person(home, oid)?.username.clone())
    };
    opaque().unwrap_or_else(|| hint.to_owned())
}
