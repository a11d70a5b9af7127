//! The claims of access tokens and id_tokens (entra.md §1.7, §3.1). Says nothing about whether one may be had.

use crate::{
    authorize::login_hint,
    directory::{App, GRAPH_URI, Person, Tenant},
    errors::Refusal,
    jws::sha256,
    seal::{Purpose, Seal},
    session::Session,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

/// Whom a token is about, and for whom.
pub(crate) struct Subject<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) person: &'a Person,
    /// The object id in that tenant.
    pub(crate) oid: &'a str,
    pub(crate) session: &'a Session,
    pub(crate) client: &'a App,
}

/// What an access token is for.
pub(crate) struct Access<'a> {
    pub(crate) resource: &'a App,
    /// The resource as the request wrote it, which version 1 tokens carry as audience.
    pub(crate) identifier: &'a str,
    pub(crate) scopes: &'a [String],
    /// `azpacr`.
    pub(crate) acr: &'a str,
    /// CP1 was negotiated.
    pub(crate) cae: bool,
    /// Authentication contexts that were asked for and met.
    pub(crate) acrs: &'a [String],
}

/// When and where a token is issued.
pub(crate) struct Issuing<'a> {
    pub(crate) origin: &'a str,
    pub(crate) now: u64,
    pub(crate) seal: &'a Seal,
}

/// The claims of an access token, of version 1 or 2.
pub(crate) fn access_token(
    subject: &Subject<'_>,
    access: &Access<'_>,
    version: u8,
    issuing: &Issuing<'_>,
    lifetime: u64,
) -> Result<Value, Refusal> {
    let Subject { tenant, person, oid, session, client } = subject;
    let resource = access.resource;
    let mut claims = json!({
        "iat": issuing.now,
        "nbf": issuing.now,
        "exp": issuing.now + lifetime,
        // Opaque to everybody else: it tells a later on-behalf-of request which session earned the token.
        "aio": issuing.seal.close(Purpose::Session, session)?,
        "name": person.name,
        "oid": oid,
        "rh": opaque("1.", &tenant.id),
        "scp": access.scopes.join(" "),
        "sid": session.id,
        "sub": pairwise(person, &resource.client_id),
        "tid": tenant.id,
        "uti": uti(),
    });
    let versioned = if version == 1 {
        let identifier = if access.identifier.is_empty() { GRAPH_URI } else { access.identifier };
        json!({
            "aud": identifier,
            "iss": format!("{}/{}/", issuing.origin, tenant.id),
            "acr": "1",
            "amr": if session.second_factor { json!(["pwd", "mfa"]) } else { json!(["pwd"]) },
            "appid": client.client_id,
            "appidacr": access.acr,
            "unique_name": person.username,
            "upn": person.username,
            "ver": "1.0",
        })
    } else {
        json!({
            "aud": resource.client_id,
            "iss": format!("{}/{}/v2.0", issuing.origin, tenant.id),
            "azp": client.client_id,
            "azpacr": access.acr,
            "preferred_username": person.username,
            "ver": "2.0",
        })
    };
    add(&mut claims, versioned);
    add_guest(&mut claims, subject, issuing.origin);
    let wants = |claim: &str| resource.optional_claims.iter().any(|wanted| wanted == claim);
    if wants("xms_cc") && access.cae {
        add(&mut claims, json!({ "xms_cc": ["CP1"] }));
    }
    if wants("acrs") && !access.acrs.is_empty() {
        add(&mut claims, json!({ "acrs": access.acrs }));
    }
    if wants("idtyp") {
        add(&mut claims, json!({ "idtyp": "user" }));
    }
    Ok(claims)
}

/// The claims of an id_token. `profile` decides about name and object id, as at Entra.
pub(crate) fn id_token(
    subject: &Subject<'_>,
    nonce: Option<&str>,
    profile: bool,
    email: bool,
    issuing: &Issuing<'_>,
) -> Value {
    let Subject { tenant, person, oid, session, client } = subject;
    let mut claims = json!({
        "aud": client.client_id,
        "iss": format!("{}/{}/v2.0", issuing.origin, tenant.id),
        "iat": issuing.now,
        "nbf": issuing.now,
        "exp": issuing.now + 3600,
        "acct": u8::from(tenant.id != person.home),
        "aio": opaque("", &Uuid::new_v4().to_string()),
        "auth_time": session.auth_time,
        "login_hint": login_hint(person),
        "rh": opaque("1.", &tenant.id),
        "sid": session.id,
        "sub": pairwise(person, &client.client_id),
        "tid": tenant.id,
        "uti": uti(),
        "ver": "2.0",
    });
    if profile {
        add(&mut claims, json!({ "name": person.name, "oid": oid, "preferred_username": person.username }));
    }
    if email {
        add(&mut claims, json!({ "email": person.username }));
    }
    if let Some(nonce) = nonce {
        add(&mut claims, json!({ "nonce": nonce }));
    }
    add_guest(&mut claims, subject, issuing.origin);
    claims
}

/// `client_info`: the account at home, which differs from `oid` and `tid` for guests.
pub(crate) fn client_info(session: &Session) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "uid": session.oid, "utid": session.home }).to_string())
}

/// `sub`: one person, another value for each application.
fn pairwise(person: &Person, client_id: &str) -> String {
    sha256(format!("{}|{}|{client_id}", person.home, person.oid).as_bytes())
}

fn add_guest(claims: &mut Value, subject: &Subject<'_>, origin: &str) {
    if subject.tenant.id != subject.person.home {
        add(claims, json!({ "idp": format!("{origin}/{}/", subject.person.home) }));
    }
}

fn uti() -> String {
    URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes())
}

fn opaque(prefix: &str, of: &str) -> String {
    format!("{prefix}A{}.", sha256(of.as_bytes()))
}

/// Adds members to an object.
pub(crate) fn add(claims: &mut Value, members: Value) {
    if let (Some(claims), Value::Object(members)) = (claims.as_object_mut(), members) {
        claims.extend(members);
    }
}
