//! Two sample APIs that a control could call: one like Microsoft Graph's `/v1.0/me`, and a data feed. Each stands on an
//! origin of its own, and each lets in only who [`bearer`] says.
//!
//! The answers annotate what the token said (`@demo.token`), so that a person sees who asked. Never the token itself.

mod bearer;

use axum::{
    Json, Router,
    http::{HeaderName, HeaderValue, Method, header},
    routing::{MethodRouter, get},
};
pub(crate) use bearer::Revocations;
use bearer::{Caller, Guard, Rule};
use entra_dev::Clock;
use estate::{Addresses, Estate, User};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use tower_http::cors::CorsLayer;

/// What both sample APIs share.
pub(crate) struct Apis {
    guard: Arc<Guard>,
    /// Users by tenant id and object id.
    users: BTreeMap<(String, String), User>,
    graph: String,
    feed: String,
    app: String,
}

impl Apis {
    /// For the backends `graph` and `data-feed` of an estate; `trusted` is Entra's certificate authority (PEM), where it has its own.
    pub(crate) fn new(
        estate: &Estate,
        at: &Addresses,
        clock: Clock,
        revocations: Revocations,
        trusted: Option<&str>,
    ) -> reqwest::Result<Self> {
        let id = |name: &str| estate.client_id(name).unwrap_or_default().to_owned();
        let users = estate.tenants.values().flat_map(|tenant| &tenant.users).flat_map(|user| {
            let home =
                estate.tenants.values().filter(|tenant| tenant.users.iter().any(|one| one.id == user.id));
            let guest =
                user.guest_of.iter().filter_map(|(tenant, id)| Some((&estate.tenants.get(tenant)?.id, id)));
            let places = home.map(|tenant| (&tenant.id, &user.id)).chain(guest);
            places.map(|(tenant, id)| ((tenant.clone(), id.clone()), user.clone())).collect::<Vec<_>>()
        });
        Ok(Self {
            guard: Arc::new(Guard::new(estate, at, clock, revocations, trusted)?),
            users: users.collect(),
            graph: id("graph"),
            feed: id("data-feed"),
            app: at.app.clone(),
        })
    }

    /// `GET /v1.0/me`, for the scope `User.Read`, and the files of the user's drive, for `Files.Read`.
    pub(crate) fn graph(&self) -> Router {
        let users = Arc::new(self.users.clone());
        let me = |caller: Caller| async move { Json(me(&users, &caller)) };
        let files = |caller: Caller| async move { Json(files(&caller)) };
        self.router("/v1.0/me", get(me), &self.graph, "User.Read").merge(self.router(
            "/v1.0/me/drive/root/children",
            get(files),
            &self.graph,
            "Files.Read",
        ))
    }

    /// `GET /feed`, for the scope `API.AccessAsUser.All`.
    pub(crate) fn feed(&self) -> Router {
        let feed = |caller: Caller| async move { Json(feed(&caller)) };
        self.router("/feed", get(feed), &self.feed, "API.AccessAsUser.All")
    }

    fn router(&self, path: &str, answer: MethodRouter<Rule>, audience: &str, scope: &'static str) -> Router {
        let rule = Rule { guard: Arc::clone(&self.guard), audience: audience.to_owned(), scope };
        let cors = CorsLayer::new()
            .allow_origin(self.app.parse::<HeaderValue>().into_iter().collect::<Vec<_>>())
            .allow_methods([Method::GET])
            .allow_headers([header::AUTHORIZATION, HeaderName::from_static("client-request-id")])
            .expose_headers([header::WWW_AUTHENTICATE]);
        Router::new().route(path, answer).layer(cors).with_state(rule)
    }
}

fn me(users: &BTreeMap<(String, String), User>, caller: &Caller) -> Value {
    let user = users.get(&(caller.tid.clone(), caller.oid.clone()));
    json!({
        "id": caller.oid,
        "displayName": user.map(|user| &user.name),
        "userPrincipalName": user.map(|user| &user.username),
        "@demo.token": caller,
    })
}

fn files(caller: &Caller) -> Value {
    let file = |id: &str, name: &str| json!({ "id": id, "name": name, "webUrl": format!("https://contoso.example/{id}") });
    json!({
        "value": [file("1", "Nabídka.docx"), file("2", "Plan 2027.xlsx"), file("3", "Route.pdf")],
        "@demo.token": caller,
    })
}

fn feed(caller: &Caller) -> Value {
    json!({
        "value": [
            { "company": "Contoso, a.s.", "address": "Na Příkopě 1, Praha" },
            { "company": "Contoso Logistics, s.r.o.", "address": "Masarykova 2, Brno" },
        ],
        "@demo.token": caller,
    })
}
