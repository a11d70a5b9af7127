//! Sign-out (entra.md §1.1): ends the browser's sessions, or the one that a hint names, and goes back where it may.

use super::{ids, show, show_problem};
use crate::{
    authorize::login_hint,
    errors::REDIRECT_MISMATCH,
    jws::Jws,
    log::{Endpoint, Outcome, Request},
    page,
    params::{self, Params},
    session,
    shared::Shared,
};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

pub(super) async fn logout(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = Params::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let ids = ids(&shared, &[&params], &headers);
    let directory = shared.directory();
    // An id_token is only a hint here: its session id and application, unverified, as RP-initiated logout allows.
    let hint = params.get("id_token_hint").and_then(Jws::parse);
    let sid = hint.as_ref().and_then(|hint| hint.claim("sid"));
    let client = hint.as_ref().and_then(|hint| hint.claim("aud")).or_else(|| params.get("client_id"));
    let target = params.get("post_logout_redirect_uri");
    let registered = |uri: &str| {
        let apps = directory.apps.iter().filter(|app| client.is_none_or(|client| app.client_id == client));
        apps.into_iter().any(|app| app.platform(uri).is_some())
    };
    if let Some(uri) = target.filter(|uri| !registered(uri)) {
        return show_problem(&REDIRECT_MISMATCH.with(uri).with(client.unwrap_or_default()), &ids);
    }
    let leaving = |session: &session::Session| match (sid, params.get("logout_hint")) {
        (Some(sid), _) => session.id == sid,
        (None, Some(hint)) => session
            .person(&directory)
            .is_some_and(|person| login_hint(person) == hint || person.username.eq_ignore_ascii_case(hint)),
        (None, None) => true,
    };
    shared.browsers().sign_out(session::cookie(&headers), leaving);
    shared.record(Request {
        at: ids.now,
        endpoint: Endpoint::Logout,
        tenant,
        client_id: client.unwrap_or_default().to_owned(),
        scopes: Vec::new(),
        resource: None,
        outcome: Outcome::Ok,
        had_session: false,
        signer: None,
        origin: None,
        correlation_id: ids.correlation_id,
    });
    let Some(uri) = target else {
        return show(StatusCode::OK, page::done("You signed out of your account"), false);
    };
    let location = match params.get("state") {
        Some(state) => {
            format!("{uri}{}{}", if uri.contains('?') { '&' } else { '?' }, params::write([("state", state)]))
        }
        None => uri.to_owned(),
    };
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}
