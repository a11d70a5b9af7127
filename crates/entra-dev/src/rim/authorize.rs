//! The authorization endpoint and the posts of its pages over HTTP.
//!
//! A page carries the whole request, sealed; a post is acted on, and then the request is decided anew.

use super::{
    called, ids, show_problem, storm,
    turn::{Flow, Turn},
};
use crate::{
    authorize::{self, Progress, Screen, is_any},
    consent::{self, Consent},
    errors::{CONSENT_DECLINED, GRANT_INVALID, Ids, Refusal, USER_UNKNOWN},
    log::{Endpoint, Outcome, Request},
    params::Params,
    seal::Purpose,
    session,
    shared::Shared,
    weather::{Place, Trouble},
    wire::Switch,
};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use std::sync::Arc;

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
    let trouble = shared.weather(Place::Authorize, params.get("client_id"), None).await;
    if let Some(response) = trouble.and_then(|trouble| storm(trouble, switch)) {
        return response;
    }
    let directory = shared.directory();
    let request = match authorize::read(tenant, &params, &directory, &ids.correlation_id) {
        Ok(request) => request,
        Err(refusal) => {
            record(shared, &params, tenant, &ids, &refusal, has_session(shared, session::cookie(headers)));
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
        had_session: has_session(shared, browser),
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
    let turn = Turn {
        shared: &shared,
        directory: &directory,
        request: &flow.request,
        ids: &ids,
        browser,
        had_session: has_session(&shared, browser),
        origin,
    };
    act(&turn, flow.progress.clone(), flow.consent.as_ref(), &params)
}

fn has_session(shared: &Shared, browser: Option<&str>) -> bool {
    !shared.browsers().sessions(browser).is_empty()
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

fn record(shared: &Shared, params: &Params, tenant: &str, ids: &Ids, refusal: &Refusal, had_session: bool) {
    shared.record(Request {
        at: ids.now,
        endpoint: Endpoint::Authorize { interactive: false },
        tenant: tenant.to_owned(),
        client_id: params.owned("client_id").unwrap_or_default(),
        scopes: params.get("scope").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect(),
        resource: None,
        outcome: Outcome::Refused(refusal.aadsts.number),
        had_session,
        signer: None,
        origin: None,
        correlation_id: ids.correlation_id.clone(),
    });
}
