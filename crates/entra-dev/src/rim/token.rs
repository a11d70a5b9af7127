//! The token endpoint over HTTP. Its answers can be read from any origin: who may have them is decided, not hidden.

use super::{called, ids, storm, text};
use crate::{
    client_auth::{self, Credential},
    errors::{CODE_REDEEMED, Ids, MISSING_PARAMETER, POST_ONLY, Refusal},
    jws::Jws,
    log::{Endpoint, GrantType, Outcome, Request, Signer},
    params::Params,
    scope,
    shared::Shared,
    token::{self, TokenRequest, World},
    weather::{Place, Trouble},
    wire::Switch,
};
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::sync::Arc;

pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = Params::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let read = Params::read(&body);
    let empty = Params::default();
    let params = read.as_ref().unwrap_or(&empty);
    let ids = ids(&shared, &[params, &query], &headers);
    let origin = text(&headers, "origin");
    let mut entry = Request {
        at: ids.now,
        endpoint: Endpoint::Token { grant: token::grant_type(params) },
        tenant: tenant.clone(),
        client_id: params.owned("client_id").unwrap_or_default(),
        scopes: params.get("scope").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect(),
        resource: None,
        outcome: Outcome::Failed,
        had_session: false,
        signer: None,
        origin: origin.map(str::to_owned),
        correlation_id: ids.correlation_id.clone(),
    };
    let user = asserted(params, &tenant, &shared);
    let trouble = shared.weather(Place::Token, params.get("client_id"), user.as_deref()).await;
    if let Some(response) = trouble.and_then(|trouble| storm(trouble, &switch)) {
        shared.record(entry);
        return response;
    }
    let request = TokenRequest {
        tenant: &tenant,
        params,
        origin,
        authorization: text(&headers, "authorization"),
        site: &shared.site,
    };
    let decided = match (read.as_ref(), trouble.and_then(Trouble::aadsts)) {
        (Ok(_), None) => serve(&request, &shared, called(&shared, &headers), ids.now, &mut entry),
        (Ok(_), Some(aadsts)) => Err(Refusal::from(aadsts)),
        (Err(_), _) => read.map(|_| Value::Null),
    };
    entry.outcome = match &decided {
        Ok(_) => Outcome::Ok,
        Err(refusal) => Outcome::Refused(refusal.aadsts.number),
    };
    shared.record(entry);
    let mut response = answer(decided, &ids, called(&shared, &headers));
    if let Some(Trouble::Throttle { retry_after }) = trouble {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    }
    if response.status() == StatusCode::TEMPORARY_REDIRECT
        && let Ok(location) = HeaderValue::from_str(&format!("/{tenant}/oauth2/v2.0/token"))
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    share(&mut response, headers.get(header::ORIGIN));
    response
}

fn serve(
    request: &TokenRequest<'_>,
    shared: &Shared,
    called: &str,
    now: u64,
    entry: &mut Request,
) -> Result<Value, Refusal> {
    let directory = shared.directory();
    let world = World {
        directory: &directory,
        seal: &shared.seal,
        origin_check: shared.settings().origin_check,
        now,
    };
    let resource = request.params.get("scope").and_then(|text| scope::read(text, &directory, None).ok());
    entry.resource = resource.and_then(|ask| Some(ask.resources.first()?.app.client_id.clone()));
    if token::grant_type(request.params) == GrantType::Unsupported
        && request.params.get("grant_type").is_none()
    {
        return Err(MISSING_PARAMETER.with("grant_type"));
    }
    let client = client_auth::authenticate(request, &directory, now)?;
    entry.client_id.clone_from(&client.app.client_id);
    entry.signer = signer(&client.credential);
    let grant = token::decide(request, client, &world)?;
    if let Some((code, expires)) = &grant.code
        && !shared.redeem(code, *expires)
    {
        return Err((&CODE_REDEEMED).into());
    }
    entry.resource = Some(grant.resource.client_id.clone());
    token::issue(&grant, &shared.seal, called, now)
}

/// The sign-in name of whom an assertion is about: believed by the weather only.
fn asserted(params: &Params, tenant: &str, shared: &Shared) -> Option<String> {
    let assertion = Jws::parse(params.get("assertion")?)?;
    let directory = shared.directory();
    let person = directory.person_in(directory.tenant(tenant)?, assertion.claim("oid")?)?;
    Some(person.username.clone())
}

fn signer(credential: &Credential) -> Option<Signer> {
    match credential {
        Credential::Certificate(signer) => Some(signer.clone()),
        _ => None,
    }
}

fn answer(decided: Result<Value, Refusal>, ids: &Ids, origin: &str) -> Response {
    let mut response = match decided {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.aadsts.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, Json(refusal.body(ids, origin))).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(trace_id) = HeaderValue::from_str(&ids.trace_id) {
        headers.insert("x-ms-request-id", trace_id);
    }
    response
}

/// Lets the calling origin read the answer.
fn share(response: &mut Response, origin: Option<&HeaderValue>) {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
}

/// A preflight is answered, and logged: a broker that keeps its requests simple leaves none.
pub(super) async fn preflight(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Response {
    let ids = ids(&shared, &[], &headers);
    shared.record(Request {
        at: ids.now,
        endpoint: Endpoint::Preflight,
        tenant,
        client_id: String::new(),
        scopes: Vec::new(),
        resource: None,
        outcome: Outcome::Ok,
        had_session: false,
        signer: None,
        origin: text(&headers, "origin").map(str::to_owned),
        correlation_id: ids.correlation_id,
    });
    let mut response = StatusCode::NO_CONTENT.into_response();
    share(&mut response, headers.get(header::ORIGIN));
    response
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}

pub(super) async fn wrong_verb(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let ids = ids(&shared, &[], &headers);
    answer(Err((&POST_ONLY).into()), &ids, called(&shared, &headers))
}
