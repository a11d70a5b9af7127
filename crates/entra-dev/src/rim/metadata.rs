//! Metadata endpoints: readable from any origin, as at Entra.

use super::{called, ids, storm};
use crate::{
    discovery::{self, Version},
    errors::Refusal,
    params::Params,
    shared::Shared,
    weather::Place,
    wire::Switch,
};
use axum::{
    Json,
    extract::{ConnectInfo, Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::sync::Arc;

type Shell = State<Arc<Shared>>;

pub(super) async fn configuration_v2(
    state: Shell,
    switch: ConnectInfo<Switch>,
    path: Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(state, switch, headers, |shared, origin| {
        discovery::configuration(&path, Version::V2, origin, &shared.directory())
    })
    .await
}

pub(super) async fn configuration_v1(
    state: Shell,
    switch: ConnectInfo<Switch>,
    path: Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(state, switch, headers, |shared, origin| {
        discovery::configuration(&path, Version::V1, origin, &shared.directory())
    })
    .await
}

pub(super) async fn keys_v2(
    state: Shell,
    switch: ConnectInfo<Switch>,
    path: Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(state, switch, headers, |shared, origin| {
        discovery::keys(&path, Version::V2, origin, &shared.directory())
    })
    .await
}

pub(super) async fn keys_v1(
    state: Shell,
    switch: ConnectInfo<Switch>,
    path: Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(state, switch, headers, |shared, origin| {
        discovery::keys(&path, Version::V1, origin, &shared.directory())
    })
    .await
}

pub(super) async fn instance(
    state: Shell,
    switch: ConnectInfo<Switch>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    answer(state, switch, headers, |shared, origin| {
        let params = Params::read(query.unwrap_or_default().as_bytes())?;
        discovery::instance(
            params.require("authorization_endpoint")?,
            &shared.site,
            origin,
            &shared.directory(),
        )
    })
    .await
}

async fn answer(
    State(shared): Shell,
    ConnectInfo(switch): ConnectInfo<Switch>,
    headers: HeaderMap,
    decide: impl FnOnce(&Shared, &str) -> Result<Value, Refusal>,
) -> Response {
    if let Some(response) =
        shared.weather(Place::Metadata, None, None).await.and_then(|trouble| storm(trouble, &switch))
    {
        return response;
    }
    let origin = called(&shared, &headers);
    let mut response = match decide(&shared, origin) {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => {
            let ids = ids(&shared, &[], &headers);
            let status = StatusCode::from_u16(refusal.aadsts.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, Json(refusal.body(&ids, origin))).into_response()
        }
    };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
