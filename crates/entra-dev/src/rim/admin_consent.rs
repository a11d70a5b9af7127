//! Admin consent (entra.md §2.6, §7.4): creates the application's principal in the tenant and grants for everybody.
//!
//! Nobody signs in here: without passwords that would prove nothing. At Entra it takes an administrator.

use super::{ids, show, show_problem};
use crate::{
    authorize::find_client,
    consent::{self, Consent, Line},
    directory::{App, Directory, Tenant},
    errors::{
        CONSENT_DECLINED, GRANT_INVALID, Ids, REDIRECT_MISMATCH, RESOURCE_NOT_IN_TENANT, Refusal,
        TENANT_MISSING, TENANT_UNKNOWN, TRY_AGAIN,
    },
    log::{Endpoint, Outcome, Request},
    page::{self, Frame},
    params::{self, Params},
    scope,
    seal::Purpose,
    shared::Shared,
};
use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A request on its way through the page.
#[derive(Serialize, Deserialize)]
struct Flow {
    tenant: String,
    client_id: String,
    redirect_uri: Option<String>,
    state: Option<String>,
    scope: String,
    consent: Consent,
}

pub(super) async fn ask(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = Params::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let ids = ids(&shared, &[&params], &headers);
    try_ask(&shared, &tenant, &params).unwrap_or_else(|refusal| {
        record(
            &shared,
            &tenant,
            params.get("client_id").unwrap_or_default(),
            &ids,
            Outcome::Refused(refusal.aadsts.number),
        );
        show_problem(&refusal, &ids)
    })
}

fn try_ask(shared: &Shared, tenant: &str, params: &Params) -> Result<Response, Refusal> {
    let directory = shared.directory();
    let tenant = find_tenant(&directory, tenant)?;
    let client = find_client(&directory, params.require("client_id")?, &tenant.domain)?;
    if let Some(uri) = params.get("redirect_uri").filter(|uri| client.platform(uri).is_none()) {
        return Err(REDIRECT_MISMATCH.with(uri).with(&client.client_id));
    }
    let scope = params.get("scope").unwrap_or_default();
    let consent = Consent { lines: lines(&directory, tenant, client, scope)? };
    let flow = Flow {
        tenant: tenant.id.clone(),
        client_id: client.client_id.clone(),
        redirect_uri: params.owned("redirect_uri"),
        state: params.owned("state"),
        scope: scope.to_owned(),
        consent,
    };
    let sealed = shared.seal.close(Purpose::Flow, &flow)?;
    let post = format!("/{}/adminconsent", tenant.id);
    let frame = Frame { post: &post, flow: &sealed, app: &client.display_name };
    Ok(show(
        StatusCode::OK,
        page::admin_consent(&frame, tenant, &flow.consent, &directory),
        shared.settings().coop,
    ))
}

pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = Params::read(&body).unwrap_or_default();
    let ids = ids(&shared, &[&params], &headers);
    let flow: Option<Flow> = params.get("flow").and_then(|flow| shared.seal.open(Purpose::Flow, flow));
    let Some(flow) = flow else { return show_problem(&GRANT_INVALID.with("flow"), &ids) };
    let accepted = params.get("action") == Some("accept");
    if accepted {
        let recorded = shared.change(|directory| {
            let tenant = directory.tenant_mut(&flow.tenant).ok_or(&TRY_AGAIN)?;
            consent::record(tenant, &flow.client_id, &flow.consent, None);
            Ok::<_, Refusal>(())
        });
        if let Err(refusal) = recorded {
            return show_problem(&refusal, &ids);
        }
    }
    let outcome = if accepted { Outcome::Ok } else { Outcome::Refused(CONSENT_DECLINED.number) };
    record(&shared, &tenant, &flow.client_id, &ids, outcome);
    let declined = Refusal::from(&CONSENT_DECLINED).description(&ids);
    let Some(uri) = &flow.redirect_uri else {
        let text = if accepted {
            "The permissions are granted for your organization"
        } else {
            "Nothing was granted"
        };
        return show(StatusCode::OK, page::done(text), false);
    };
    let mut pairs = vec![("tenant", flow.tenant.as_str())];
    if accepted {
        pairs.extend([("admin_consent", "True"), ("scope", &flow.scope)]);
    } else {
        pairs.extend([("error", "access_denied"), ("error_description", &declined)]);
    }
    pairs.extend(flow.state.as_deref().map(|state| ("state", state)));
    let location = format!("{uri}{}{}", if uri.contains('?') { '&' } else { '?' }, params::write(pairs));
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// `organizations` and `common` stand for the administrator's own tenant: clear here only if there is just one.
fn find_tenant<'a>(directory: &'a Directory, name: &str) -> Result<&'a Tenant, Refusal> {
    match (crate::authorize::is_any(name), directory.tenants.as_slice()) {
        (true, [only]) => Ok(only),
        (true, _) => Err((&TENANT_MISSING).into()),
        (false, _) => directory.tenant(name).ok_or_else(|| TENANT_UNKNOWN.with(name)),
    }
}

/// What is granted: the named scopes, what the registration lists for a resource with `.default`, or all that it lists.
fn lines(directory: &Directory, tenant: &Tenant, client: &App, text: &str) -> Result<Vec<Line>, Refusal> {
    let listed = consent::static_permissions(directory, client);
    let ask = scope::read(text, directory, Some(tenant))?;
    let lines = if ask.resources.is_empty() {
        listed
    } else {
        ask.resources
            .iter()
            .map(|wanted| {
                let resource = &wanted.app.client_id;
                let own =
                    || listed.iter().find(|line| line.resource == *resource).map(|line| line.scopes.clone());
                let scopes =
                    if wanted.is_default() { own().unwrap_or_default() } else { wanted.values.clone() };
                Line { client: client.client_id.clone(), resource: resource.clone(), scopes }
            })
            .collect()
    };
    let missing =
        lines.iter().filter_map(|line| directory.app(&line.resource)).find(|resource| !tenant.has(resource));
    match missing {
        None => Ok(lines),
        Some(resource) => Err(RESOURCE_NOT_IN_TENANT.with(resource.identifier()).with(&tenant.domain)),
    }
}

fn record(shared: &Shared, tenant: &str, client_id: &str, ids: &Ids, outcome: Outcome) {
    shared.record(Request {
        at: ids.now,
        endpoint: Endpoint::AdminConsent,
        tenant: tenant.to_owned(),
        client_id: client_id.to_owned(),
        scopes: Vec::new(),
        resource: None,
        outcome,
        had_session: false,
        signer: None,
        origin: None,
        correlation_id: ids.correlation_id.clone(),
    });
}
