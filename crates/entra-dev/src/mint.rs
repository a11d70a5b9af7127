//! Tokens on order, for negative tests of whoever verifies them: any claim or header changed, any key or none.
//!
//! A test handle. Nothing here is reachable over the stand-in's own port.

use crate::{
    authorize::find_client,
    claims::{self, Access, Issuing, Subject},
    directory::{Directory, Tenant},
    errors::{APP_NOT_IN_TENANT, Refusal, TENANT_UNKNOWN, TRY_AGAIN, USER_UNKNOWN},
    jws::{self, SigningKey},
    session::Session,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// An access token to be made. It starts as what the broker would get for a user's session, and is then changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MintRequest {
    /// Name or `appId` of the resource that the token is for: a control client, or a backend.
    pub resource: String,
    /// Name or `appId` of the client that holds it.
    #[serde(default = "broker")]
    pub client: String,
    /// Name, domain or id of the tenant; none: the first one that has the resource.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Sign-in name; none: the tenant's first user.
    #[serde(default)]
    pub user: Option<String>,
    /// Claims to set; null takes one away.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Header members to set; null takes one away.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// Whether it is a version 1 token.
    #[serde(default)]
    pub v1: bool,
    /// How it is signed.
    #[serde(default)]
    pub signed_by: SignedBy,
}

/// How a minted token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedBy {
    /// With the tenant's key, as is right.
    #[default]
    Tenant,
    /// With the key of another tenant of the estate, named by its own `kid`; with one tenant only: [`Self::Nobody`]'s.
    AnotherTenant,
    /// With a key that nobody publishes, under an unknown `kid`.
    Nobody,
    /// With that key too, but under the tenant's `kid`.
    NobodyUnderTheTenantsKid,
    /// `alg` none and an empty signature.
    AlgNone,
    /// HS256 with the tenant's public key (PEM text) as secret.
    Hs256WithPublicKey,
}

fn broker() -> String {
    "broker".to_owned()
}

impl MintRequest {
    /// The token that the broker would get for this resource.
    #[must_use]
    pub fn new(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            client: broker(),
            tenant: None,
            user: None,
            claims: Map::new(),
            headers: Map::new(),
            v1: false,
            signed_by: SignedBy::Tenant,
        }
    }

    /// For another client than the broker.
    #[must_use]
    pub fn client(self, client: impl Into<String>) -> Self {
        Self { client: client.into(), ..self }
    }

    /// In this tenant.
    #[must_use]
    pub fn tenant(self, tenant: impl Into<String>) -> Self {
        Self { tenant: Some(tenant.into()), ..self }
    }

    /// For this user.
    #[must_use]
    pub fn user(self, username: impl Into<String>) -> Self {
        Self { user: Some(username.into()), ..self }
    }

    /// With this claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without this claim.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        self.claim(name, Value::Null)
    }

    /// With this header member; null takes it away.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// Signed in this way.
    #[must_use]
    pub fn signed_by(self, signed_by: SignedBy) -> Self {
        Self { signed_by, ..self }
    }

    /// A token of version 1.
    #[must_use]
    pub fn v1(self) -> Self {
        Self { v1: true, ..self }
    }

    /// A token without a user: roles in place of scopes, held by a confidential client.
    #[must_use]
    pub fn app_only(self) -> Self {
        let gone = ["scp", "name", "preferred_username", "aio", "sid"];
        let token = gone.into_iter().fold(self, Self::without);
        token.claim("idtyp", "app").claim("roles", json!(["Everything.All"])).claim("azpacr", "2")
    }
}

/// Makes the token.
pub(crate) fn mint(
    request: &MintRequest,
    directory: &Directory,
    issuing: &Issuing<'_>,
) -> Result<String, Refusal> {
    let find = |name: &str| match directory.named(name) {
        Some(app) => Ok(app),
        None => find_client(directory, name, "the estate"),
    };
    let (resource, client) = (find(&request.resource)?, find(&request.client)?);
    let tenant = match &request.tenant {
        Some(name) => directory.tenant(name).ok_or_else(|| TENANT_UNKNOWN.with(name))?,
        None => {
            let tenant =
                directory.tenants.iter().find(|tenant| tenant.has(resource)).or(directory.tenants.first());
            tenant.ok_or_else(|| APP_NOT_IN_TENANT.with(&request.resource).with("the estate"))?
        }
    };
    let person = match &request.user {
        Some(username) => directory.person_named(username),
        None => directory.people.iter().find(|person| person.home == tenant.id),
    };
    let unknown = || USER_UNKNOWN.with(request.user.clone().unwrap_or_default()).with(&tenant.domain);
    let person = person.ok_or_else(unknown)?;
    let oid = person.oid_in(tenant).ok_or_else(unknown)?;
    let session = Session::start(person, issuing.now);
    let subject = Subject { tenant, person, oid, session: &session, client };
    let scopes: Vec<String> =
        if resource.scopes.is_empty() { vec!["openid".to_owned()] } else { resource.scopes.clone() };
    let acr = if client.confidential(Some(tenant)) { "2" } else { "0" };
    let version = if request.v1 { 1 } else { resource.token_version };
    let access =
        Access { resource, identifier: resource.identifier(), scopes: &scopes, acr, cae: false, acrs: &[] };
    let mut claims = claims::access_token(&subject, &access, version, issuing, 3_600)?;
    change(&mut claims, &request.claims);
    sign(request, directory, tenant, claims)
}

fn sign(
    request: &MintRequest,
    directory: &Directory,
    tenant: &Tenant,
    claims: Value,
) -> Result<String, Refusal> {
    let own = tenant.key().ok_or(&TRY_AGAIN)?;
    let nobodys = SigningKey::nobodys().map_err(|_| &TRY_AGAIN)?;
    let others = directory.tenants.iter().find(|other| other.id != tenant.id).and_then(Tenant::key);
    let header = |alg: &str, kid: &str| {
        let mut header = json!({ "typ": "JWT", "alg": alg, "kid": kid });
        change(&mut header, &request.headers);
        header
    };
    let failed = |_| Refusal::from(&TRY_AGAIN);
    match request.signed_by {
        SignedBy::Tenant => own.sign(&header("RS256", own.kid()), &claims).map_err(failed),
        SignedBy::AnotherTenant => {
            let key = others.unwrap_or(&nobodys);
            key.sign(&header("RS256", key.kid()), &claims).map_err(failed)
        }
        SignedBy::Nobody => nobodys.sign(&header("RS256", nobodys.kid()), &claims).map_err(failed),
        SignedBy::NobodyUnderTheTenantsKid => {
            nobodys.sign(&header("RS256", own.kid()), &claims).map_err(failed)
        }
        SignedBy::AlgNone => Ok(format!("{}.", jws::signing_input(&header("none", own.kid()), &claims))),
        SignedBy::Hs256WithPublicKey => {
            Ok(jws::hs256(&own.public_pem(), &header("HS256", own.kid()), &claims))
        }
    }
}

fn change(object: &mut Value, members: &Map<String, Value>) {
    let Some(object) = object.as_object_mut() else { return };
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}
