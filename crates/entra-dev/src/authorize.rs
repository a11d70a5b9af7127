//! The authorization endpoint as a decision: what to show, or what to answer (RFC 6749 §4.1, entra.md §1.2, §1.5).
//!
//! Nothing is redirected to before the client and its redirect URI are known. `prompt=none` never shows anything.

use crate::{
    consent::{self, Consent},
    directory::{App, Directory, Person, Platform, Tenant},
    errors::{
        APP_ID_INVALID, APP_NOT_IN_TENANT, CONSENT_MISSING, MALFORMED, NO_SESSION, NOT_ASSIGNED, PKCE_METHOD,
        PKCE_SIZE, REDIRECT_MISMATCH, Refusal, SECOND_FACTOR, SELECT_ACCOUNT, SESSION_NOT_FOUND,
        TENANT_UNKNOWN, UNSUPPORTED_RESPONSE_MODE, UNSUPPORTED_RESPONSE_TYPE, USER_NOT_IN_TENANT,
    },
    params::Params,
    policy::{self, Claims},
    scope,
    session::Session,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A code lives this long (entra.md §1.2).
const CODE_LIFETIME: u64 = 600;

/// A request whose client and redirect URI are trusted; the rest is as it came.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizeRequest {
    /// The tenant as in the path.
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) platform: Platform,
    pub(crate) response_mode: ResponseMode,
    pub(crate) response_type: String,
    pub(crate) state: Option<String>,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    pub(crate) prompt: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) domain_hint: Option<String>,
    pub(crate) sid: Option<String>,
    pub(crate) claims: Option<String>,
    pub(crate) client_info: bool,
    /// The client says that no foreign window can reach the popup.
    pub(crate) pocd: bool,
    pub(crate) correlation_id: String,
}

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

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

/// Reads a request. An error here must be shown, never redirected.
pub(crate) fn read(
    tenant: &str,
    params: &Params,
    directory: &Directory,
    correlation_id: &str,
) -> Result<AuthorizeRequest, Refusal> {
    let client_id = params.require("client_id")?;
    let app = find_client(directory, client_id, tenant)?;
    let redirect_uri = match (params.get("redirect_uri"), app.redirect_uris.as_slice()) {
        (Some(uri), _) => uri,
        (None, [only]) => &only.uri,
        (None, _) => params.require("redirect_uri")?,
    };
    let platform =
        app.platform(redirect_uri).ok_or_else(|| REDIRECT_MISMATCH.with(redirect_uri).with(client_id))?;
    if !is_any(tenant) && directory.tenant(tenant).is_none() {
        return Err(TENANT_UNKNOWN.with(tenant));
    }
    let response_mode = match params.get("response_mode") {
        None | Some("query") => ResponseMode::Query,
        Some("fragment") => ResponseMode::Fragment,
        Some("form_post") => ResponseMode::FormPost,
        Some(other) => return Err(UNSUPPORTED_RESPONSE_MODE.with(other)),
    };
    Ok(AuthorizeRequest {
        tenant: tenant.to_owned(),
        client_id: app.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        platform,
        response_mode,
        response_type: params.owned("response_type").unwrap_or_default(),
        state: params.owned("state"),
        scope: params.owned("scope").unwrap_or_default(),
        nonce: params.owned("nonce"),
        code_challenge: params.owned("code_challenge"),
        code_challenge_method: params.owned("code_challenge_method"),
        prompt: params.owned("prompt"),
        login_hint: params.owned("login_hint"),
        domain_hint: params.owned("domain_hint"),
        sid: params.owned("sid"),
        claims: params.owned("claims"),
        client_info: params.get("client_info") == Some("1"),
        pocd: params.get("pocd") == Some("1"),
        correlation_id: correlation_id.to_owned(),
    })
}

/// The registration of a client that a request names.
pub(crate) fn find_client<'a>(
    directory: &'a Directory,
    client_id: &str,
    tenant: &str,
) -> Result<&'a App, Refusal> {
    if Uuid::try_parse(client_id).is_err() {
        return Err(APP_ID_INVALID.with(client_id));
    }
    directory.app(client_id).ok_or_else(|| APP_NOT_IN_TENANT.with(client_id).with(tenant))
}

/// Whether the path names no tenant: the user's home is taken.
pub(crate) fn is_any(tenant: &str) -> bool {
    matches!(tenant, "common" | "organizations")
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

fn check_form(request: &AuthorizeRequest) -> Result<(), Refusal> {
    if request.response_type != "code" {
        return Err(UNSUPPORTED_RESPONSE_TYPE.with(&request.response_type));
    }
    if request.scope.is_empty() {
        return Err(crate::errors::MISSING_PARAMETER.with("scope"));
    }
    match (&request.code_challenge, request.code_challenge_method.as_deref()) {
        // Entra takes `plain`; this stand-in does not, so that nobody ships it unawares.
        (Some(_), method) if method != Some("S256") => Err((&PKCE_METHOD).into()),
        (Some(challenge), _) if challenge.len() != 43 => Err((&PKCE_SIZE).into()),
        _ => match request.prompt.as_deref() {
            None | Some("none" | "login" | "consent" | "select_account") => Ok(()),
            Some(_) => Err((&MALFORMED).into()),
        },
    }
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
