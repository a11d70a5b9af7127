//! The authorization endpoint and the posts of its pages over HTTP.
//!
//! A page carries the whole request, sealed; a post is acted on, and then the request is decided anew.

use super::{called, ids, show, show_problem, storm};
use crate::{
    authorize::{self, AuthorizeRequest, Code, Progress, ResponseMode, Screen, Step, is_any},
    claims,
    consent::{self, Consent},
    directory::{Directory, Person},
    errors::{CONSENT_DECLINED, GRANT_INVALID, Ids, Refusal, TRY_AGAIN, USER_UNKNOWN},
    log::{Endpoint, Outcome, Request},
    page::{self, Frame},
    params::{self, Params},
    scope,
    seal::Purpose,
    session,
    shared::{Mischief, Shared},
    weather::{Place, Trouble},
    wire::Switch,
};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// A request on its way through pages. Sealed, it is the hidden field of each.
#[derive(Serialize, Deserialize)]
struct Flow {
    request: AuthorizeRequest,
    progress: Progress,
    /// The browser that it belongs to, once that has a session.
    browser: Option<String>,
    consent: Option<Consent>,
}

pub(super) async fn by_query(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    authorize(&shared, &switch, &tenant, query.unwrap_or_default().as_bytes(), &headers).await
}

pub(super) async fn by_form(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    authorize(&shared, &switch, &tenant, &body, &headers).await
}

async fn authorize(
    shared: &Shared,
    switch: &Switch,
    tenant: &str,
    text: &[u8],
    headers: &HeaderMap,
) -> Response {
    let read = Params::read(text);
    let ids = ids(shared, &[read.as_ref().unwrap_or(&Params::default())], headers);
    let params = match read {
        Ok(params) => params,
        Err(refusal) => return show_problem(&refusal, &ids),
    };
    let trouble = shared.weather(Place::Authorize, params.get("client_id")).await;
    if let Some(response) = trouble.and_then(|trouble| storm(trouble, switch)) {
        return response;
    }
    let directory = shared.directory();
    let request = match authorize::read(tenant, &params, &directory, &ids.correlation_id) {
        Ok(request) => request,
        Err(refusal) => {
            record(shared, &params, tenant, &ids, &refusal);
            return show_problem(&refusal, &ids);
        }
    };
    let browser = session::cookie(headers);
    let turn = Turn {
        shared,
        directory: &directory,
        request: &request,
        ids: &ids,
        browser,
        origin: called(shared, headers),
    };
    match trouble.and_then(Trouble::aadsts) {
        Some(aadsts) => turn.finish(false, Err(aadsts.into())),
        None => turn.go(&Progress::default(), false),
    }
}

pub(super) async fn login(
    State(shared): State<Arc<Shared>>,
    Path(_): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fallback = ids(&shared, &[], &headers);
    let Ok(params) = Params::read(&body) else { return show_problem(&GRANT_INVALID.with("form"), &fallback) };
    let browser = session::cookie(&headers);
    let flow: Option<Flow> = params.get("flow").and_then(|flow| shared.seal.open(Purpose::Flow, flow));
    let Some(flow) = flow.filter(|flow| flow.browser.is_none() || flow.browser.as_deref() == browser) else {
        return show_problem(&GRANT_INVALID.with("flow"), &fallback);
    };
    let ids = Ids { correlation_id: flow.request.correlation_id.clone(), ..fallback };
    let directory = shared.directory();
    let origin = called(&shared, &headers);
    let turn =
        Turn { shared: &shared, directory: &directory, request: &flow.request, ids: &ids, browser, origin };
    act(&turn, flow.progress.clone(), flow.consent.as_ref(), &params)
}

/// Does what the user pressed.
fn act(turn: &Turn<'_>, mut progress: Progress, consent: Option<&Consent>, params: &Params) -> Response {
    let shared = turn.shared;
    let pressed =
        params.get("action").unwrap_or(if params.get("session").is_some() { "pick" } else { "sign_in" });
    match pressed {
        "cancel" => return turn.cancel(),
        "decline" => return turn.finish(true, Err((&CONSENT_DECLINED).into())),
        "another" => progress.another = true,
        "pick" => progress.session = params.owned("session"),
        "sign_in" => {
            let username = params.get("known").or_else(|| params.get("username")).unwrap_or_default();
            let Some(person) = turn.directory.person_named(username) else {
                let tenant = &turn.request.tenant;
                let problem = Some(USER_UNKNOWN.with(username).with(tenant));
                return turn.show(&progress, Screen::SignIn { hint: Some(username.to_owned()), problem });
            };
            let (browser, session) = shared.browsers().sign_in(turn.browser, person, turn.ids.now);
            let progress = Progress { session: Some(session), proven: true, another: false, ..progress };
            let mut response = Turn { browser: Some(&browser), ..*turn }.go(&progress, true);
            if let Ok(cookie) = HeaderValue::from_str(&session::set_cookie(&browser)) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            return response;
        }
        "second_factor" => {
            if let Some(session) = &progress.session {
                shared.browsers().step_up(turn.browser, session);
            }
        }
        "accept" => {
            if let Some(consent) = consent {
                accept(turn, &progress, consent, params.get("everybody").is_some());
                progress.consented = true;
            }
            let directory = shared.directory();
            return Turn { directory: &directory, ..*turn }.go(&progress, true);
        }
        _ => return show_problem(&GRANT_INVALID.with("action"), turn.ids),
    }
    turn.go(&progress, true)
}

fn accept(turn: &Turn<'_>, progress: &Progress, consent: &Consent, for_everybody: bool) {
    let sessions = turn.shared.browsers().sessions(turn.browser);
    let person = sessions
        .iter()
        .find(|session| Some(&session.id) == progress.session.as_ref())
        .and_then(|session| session.person(turn.directory));
    let Some(person) = person else { return };
    let tenant = if is_any(&turn.request.tenant) { &person.home } else { &turn.request.tenant };
    turn.shared.change(|directory| {
        let Some(tenant) = directory.tenant_mut(tenant) else { return };
        let oid = person.oid_in(tenant).unwrap_or_default().to_owned();
        let user = (!(for_everybody && person.admin)).then_some(oid.as_str());
        consent::record(tenant, &turn.request.client_id, consent, user);
    });
}

/// One round of deciding a request.
#[derive(Clone, Copy)]
struct Turn<'a> {
    shared: &'a Shared,
    directory: &'a Directory,
    request: &'a AuthorizeRequest,
    ids: &'a Ids,
    browser: Option<&'a str>,
    origin: &'a str,
}

impl Turn<'_> {
    fn go(&self, progress: &Progress, interactive: bool) -> Response {
        let sessions = self.shared.browsers().sessions(self.browser);
        match authorize::decide(self.request, self.directory, &sessions, progress, self.ids.now) {
            Step::Show(screen) => self.show(progress, screen),
            Step::Answer(code) => self.finish(interactive, Ok(*code)),
            Step::Refuse(refusal) => self.finish(interactive, Err(refusal)),
        }
    }

    fn show(&self, progress: &Progress, screen: Screen) -> Response {
        let mut progress = progress.clone();
        let mut asked = None;
        match &screen {
            Screen::SecondFactor { session } => progress.session = Some(session.clone()),
            Screen::Consent { session, consent } => {
                progress.session = Some(session.clone());
                asked = Some(consent.clone());
            }
            Screen::SignIn { .. } | Screen::PickAccount => {}
        }
        let flow = Flow {
            request: self.request.clone(),
            progress: progress.clone(),
            browser: self
                .browser
                .filter(|browser| !self.shared.browsers().sessions(Some(browser)).is_empty())
                .map(str::to_owned),
            consent: asked,
        };
        let Ok(flow) = self.shared.seal.close(Purpose::Flow, &flow) else {
            return show_problem(&(&TRY_AGAIN).into(), self.ids);
        };
        let app = self.directory.app(&self.request.client_id).map_or("", |app| &app.display_name);
        let post = format!("/{}/login", self.request.tenant);
        let frame = Frame { post: &post, flow: &flow, app };
        let sessions = self.shared.browsers().sessions(self.browser);
        let html = match screen {
            Screen::SignIn { hint, problem } => {
                let problem = problem.map(|problem| problem.description(self.ids));
                page::sign_in(&frame, hint.as_deref(), problem.as_deref(), &self.people())
            }
            Screen::PickAccount => {
                let account = |one: &'_ session::Session| Some((one.id.clone(), one.person(self.directory)?));
                let accounts: Vec<(String, &Person)> = sessions.iter().filter_map(account).collect();
                let accounts: Vec<(&str, &Person)> =
                    accounts.iter().map(|(id, person)| (id.as_str(), *person)).collect();
                page::pick_account(&frame, &accounts)
            }
            Screen::SecondFactor { .. } => page::second_factor(&frame),
            Screen::Consent { session, consent } => {
                let chosen = sessions.iter().find(|one| one.id == session);
                let admin =
                    chosen.and_then(|one| one.person(self.directory)).is_some_and(|person| person.admin);
                page::consent(&frame, &consent, self.directory, admin)
            }
        };
        show(StatusCode::OK, html, self.shared.settings().coop && !self.request.pocd)
    }

    /// Whom the page offers: the people of the tenant, or of the hinted domain.
    fn people(&self) -> Vec<&Person> {
        let tenant = self.directory.tenant(&self.request.tenant);
        let hinted = self.request.domain_hint.as_deref().filter(|hint| *hint != "organizations");
        let fits = |person: &&Person| {
            tenant.is_none_or(|tenant| person.oid_in(tenant).is_some())
                && hinted.is_none_or(|hint| {
                    person.username.rsplit_once('@').is_some_and(|(_, domain)| domain == hint)
                })
        };
        self.directory.people.iter().filter(fits).collect()
    }

    /// The user gave up: Entra says so without a number.
    fn cancel(&self) -> Response {
        self.record(true, Outcome::Cancelled);
        let description = "the user canceled the authentication";
        self.redirect(&[
            ("error", "access_denied"),
            ("error_subcode", "cancel"),
            ("error_description", description),
        ])
    }

    fn finish(&self, interactive: bool, decided: Result<Code, Refusal>) -> Response {
        let mischief = self.shared.mischief();
        let decided = match (mischief, decided) {
            (Some(Mischief::Error(number)), _) => {
                Err(crate::Aadsts::find(number).unwrap_or(&TRY_AGAIN).into())
            }
            (Some(Mischief::ForeignNonce), Ok(code)) => {
                Ok(Code { nonce: Some(Uuid::new_v4().to_string()), ..code })
            }
            (_, decided) => decided,
        };
        let sealed =
            decided.and_then(|code| Ok((self.shared.seal.close(Purpose::Code, &code)?, code.session)));
        match sealed {
            Ok((code, session)) => {
                self.record(interactive, Outcome::Ok);
                let info = claims::client_info(&session);
                let mut pairs = vec![("code", code.as_str()), ("session_state", &session.id)];
                pairs.extend(self.request.client_info.then_some(("client_info", info.as_str())));
                if mischief == Some(Mischief::ForeignState) {
                    let request = AuthorizeRequest {
                        state: Some(foreign(self.request.state.as_deref())),
                        ..self.request.clone()
                    };
                    return Turn { request: &request, ..*self }.redirect(&pairs);
                }
                self.redirect(&pairs)
            }
            Err(refusal) => {
                self.record(interactive, Outcome::Refused(refusal.aadsts.number));
                let description = refusal.description(self.ids);
                let link = format!("{}/error?code={}", self.origin, refusal.aadsts.number);
                let error = refusal.aadsts.redirect_error;
                let mut pairs =
                    vec![("error", error), ("error_description", &description), ("error_uri", &link)];
                pairs.extend(refusal.aadsts.suberror.map(|suberror| ("suberror", suberror)));
                pairs.extend(refusal.claims.as_deref().map(|claims| ("claims", claims)));
                self.redirect(&pairs)
            }
        }
    }

    fn redirect(&self, pairs: &[(&str, &str)]) -> Response {
        let request = self.request;
        let mut pairs = pairs.to_vec();
        pairs.extend(request.state.as_deref().map(|state| ("state", state)));
        let uri = &request.redirect_uri;
        let separator = match request.response_mode {
            ResponseMode::FormPost => return form_post(uri, &pairs),
            ResponseMode::Fragment => '#',
            ResponseMode::Query if uri.contains('?') => '&',
            ResponseMode::Query => '?',
        };
        let location = format!("{uri}{separator}{}", params::write(pairs));
        (StatusCode::FOUND, [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())])
            .into_response()
    }

    fn record(&self, interactive: bool, outcome: Outcome) {
        let request = self.request;
        let ask = scope::read(&request.scope, self.directory, None).unwrap_or_default();
        self.shared.record(Request {
            at: self.ids.now,
            endpoint: Endpoint::Authorize { interactive },
            tenant: request.tenant.clone(),
            client_id: request.client_id.clone(),
            scopes: request.scope.split_ascii_whitespace().map(str::to_owned).collect(),
            resource: ask.resources.first().map(|wanted| wanted.app.client_id.clone()),
            outcome,
            signer: None,
            origin: None,
            correlation_id: self.ids.correlation_id.clone(),
        });
    }
}

/// A `state` of the same form, so that it reaches the same waiting broker, which must notice: only the last letters differ.
fn foreign(state: Option<&str>) -> String {
    let state = state.unwrap_or_default();
    let kept = state.len().saturating_sub(8);
    let ending = Uuid::new_v4().simple().to_string();
    format!("{}{}", state.get(..kept).unwrap_or_default(), ending.get(..8).unwrap_or_default())
}

fn form_post(uri: &str, pairs: &[(&str, &str)]) -> Response {
    let mut response = show(StatusCode::OK, page::form_post(uri, pairs), false);
    // This one page needs its one line of script.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn record(shared: &Shared, params: &Params, tenant: &str, ids: &Ids, refusal: &Refusal) {
    shared.record(Request {
        at: ids.now,
        endpoint: Endpoint::Authorize { interactive: false },
        tenant: tenant.to_owned(),
        client_id: params.owned("client_id").unwrap_or_default(),
        scopes: params.get("scope").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect(),
        resource: None,
        outcome: Outcome::Refused(refusal.aadsts.number),
        signer: None,
        origin: None,
        correlation_id: ids.correlation_id.clone(),
    });
}
