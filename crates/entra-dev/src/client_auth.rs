//! Client authentication at /token: secret, certificate, federated assertion, or none (entra.md §2.2, §2.8, RFC 7523 §3).
//!
//! As at Entra, an assertion may be used again until it expires, and a request that carries both a credential and an
//! `Origin` header is refused: credentials do not belong into browsers.

use crate::{
    authorize::find_client,
    directory::{App, Directory, Tenant},
    errors::{
        CERTIFICATE_EXPIRED, CERTIFICATE_UNKNOWN, CLIENT_ASSERTION_AUDIENCE, CLIENT_ASSERTION_CLIENT,
        CLIENT_ASSERTION_EXPIRED, CLIENT_ASSERTION_INVALID, CLIENT_ASSERTION_SUBJECT, CLIENT_IS_PUBLIC,
        CROSS_ORIGIN_SPA_ONLY, FEDERATED_APP_ONLY, FEDERATED_AUDIENCE, FEDERATED_ISSUER, FEDERATED_SUBJECT,
        MALFORMED, Refusal, SECRET_INVALID,
    },
    jws::{Algorithm, Jws},
    log::Signer,
    token::TokenRequest,
};
use base64::{Engine, engine::general_purpose::STANDARD};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Clocks of clients may be this far off, in seconds.
const SKEW: u64 = 300;

/// A client that is who it says.
pub(crate) struct Client<'a> {
    pub(crate) app: &'a App,
    pub(crate) credential: Credential,
}

/// How it proved that.
#[derive(Debug)]
pub(crate) enum Credential {
    None,
    Secret,
    Certificate(Signer),
    Federated,
}

impl Credential {
    /// `azpacr`, `appidacr`.
    pub(crate) fn acr(&self) -> &'static str {
        match self {
            Self::None => "0",
            Self::Secret => "1",
            Self::Certificate(_) | Self::Federated => "2",
        }
    }
}

/// Authenticates the client of a token request.
pub(crate) fn authenticate<'a>(
    request: &TokenRequest<'_>,
    directory: &'a Directory,
    now: u64,
) -> Result<Client<'a>, Refusal> {
    let basic = request.authorization.and_then(read_basic);
    let client_id = match &basic {
        Some((client_id, _)) => client_id,
        None => request.params.require("client_id")?,
    };
    let app = find_client(directory, client_id, request.tenant)?;
    let secret =
        basic.as_ref().map(|(_, secret)| secret.as_str()).or_else(|| request.params.get("client_secret"));
    let assertion = request.params.get("client_assertion");
    if let (Some(origin), true) = (request.origin, secret.or(assertion).is_some()) {
        return Err(CROSS_ORIGIN_SPA_ONLY.with(origin));
    }
    let tenant = directory.tenant(request.tenant);
    let is =
        |given: &str| app.accesses(tenant).flat_map(|access| &access.secrets).any(|one| one.text == given);
    let credential = match (assertion, secret) {
        (None, None) => Credential::None,
        _ if !app.confidential(tenant) => return Err((&CLIENT_IS_PUBLIC).into()),
        (Some(assertion), _) => {
            if request.params.require("client_assertion_type")? != ASSERTION_TYPE {
                return Err((&MALFORMED).into());
            }
            check_assertion(assertion, app, request, directory, now)?
        }
        (None, Some(secret)) if is(secret) => Credential::Secret,
        (None, Some(_)) => return Err(SECRET_INVALID.with(client_id)),
    };
    Ok(Client { app, credential })
}

fn read_basic(header: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?).ok()?).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    let decode =
        |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned());
    Some((decode(client_id)?, decode(secret)?))
}

fn check_assertion(
    assertion: &str,
    app: &App,
    request: &TokenRequest<'_>,
    directory: &Directory,
    now: u64,
) -> Result<Credential, Refusal> {
    let jws = Jws::parse(assertion).ok_or(&CLIENT_ASSERTION_INVALID)?;
    let issuer = jws.claim("iss").unwrap_or_default();
    if issuer.starts_with("http") {
        return check_federated(&jws, issuer, app, request, directory, now);
    }
    let signer = check_signature(&jws, app, directory.tenant(request.tenant), now)?;
    if jws.claim("sub") != Some(issuer) {
        return Err((&CLIENT_ASSERTION_SUBJECT).into());
    }
    if !issuer.eq_ignore_ascii_case(&app.client_id) {
        return Err((&CLIENT_ASSERTION_CLIENT).into());
    }
    check_times(&jws, now)?;
    let audience = jws.claim("aud").unwrap_or_default();
    if !is_audience(audience, request, directory.tenant(request.tenant)) {
        return Err((&CLIENT_ASSERTION_AUDIENCE).into());
    }
    Ok(Credential::Certificate(signer))
}

fn check_signature(jws: &Jws<'_>, app: &App, tenant: Option<&Tenant>, now: u64) -> Result<Signer, Refusal> {
    let named = jws
        .header("x5t#S256")
        .or_else(|| jws.header("x5t"))
        .or_else(|| jws.header("kid"))
        .unwrap_or_default();
    // msal for Python pads its x5t, which RFC 7515 §4.1.7 does not, and works with Entra.
    let named = named.trim_end_matches('=');
    let unknown = |reason: &str| CERTIFICATE_UNKNOWN.with(reason).with(named);
    let algorithm = jws.header("alg").and_then(Algorithm::read).ok_or(&CLIENT_ASSERTION_INVALID)?;
    let certificate = app
        .accesses(tenant)
        .flat_map(|access| access.certificates.iter().map(|one| &one.certificate))
        .find(|certificate| named == certificate.sha256 || named == certificate.sha1)
        .ok_or_else(|| unknown("The key was not found."))?;
    if !certificate.valid_at(now) {
        return Err((&CERTIFICATE_EXPIRED).into());
    }
    if !jws.verifies(algorithm, &certificate.public_key) {
        return Err(unknown("The key was found, but use of the key to verify the signature failed."));
    }
    Ok(Signer { thumbprint: certificate.sha256.clone(), alg: algorithm.as_str().to_owned() })
}

fn check_times(jws: &Jws<'_>, now: u64) -> Result<(), Refusal> {
    if jws.is_live(now, SKEW) { Ok(()) } else { Err((&CLIENT_ASSERTION_EXPIRED).into()) }
}

/// The token endpoint of this tenant, by its id, its domain, or the name in the path, in either version; or its issuer.
fn is_audience(audience: &str, request: &TokenRequest<'_>, tenant: Option<&Tenant>) -> bool {
    let Some(rest) = request.site.strip_origin(audience) else { return false };
    let names = tenant.map(|tenant| [tenant.id.as_str(), &tenant.domain]).into_iter().flatten();
    names.chain([request.tenant]).any(|name| {
        rest.strip_prefix('/')
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| matches!(rest, "/oauth2/v2.0/token" | "/oauth2/token" | "/v2.0" | "/"))
    })
}

/// A token of this very stand-in, as a managed identity would present it. Foreign issuers would need the network.
fn check_federated(
    jws: &Jws<'_>,
    issuer: &str,
    app: &App,
    request: &TokenRequest<'_>,
    directory: &Directory,
    now: u64,
) -> Result<Credential, Refusal> {
    let audience = jws.claim("aud").unwrap_or_default();
    let subject = jws.claim("sub").unwrap_or_default();
    let same_issuer: Vec<_> =
        app.federated.iter().filter(|one| request.site.same(&one.issuer, issuer)).collect();
    if same_issuer.is_empty() {
        return Err(FEDERATED_ISSUER.with(issuer));
    }
    let same_subject: Vec<_> = same_issuer.into_iter().filter(|one| one.subject == subject).collect();
    if same_subject.is_empty() {
        return Err(FEDERATED_SUBJECT.with(subject));
    }
    if !same_subject.iter().any(|one| one.audience == audience) {
        return Err(FEDERATED_AUDIENCE.with(audience));
    }
    let tenant = request.site.issuing_tenant(issuer, directory);
    let signed = tenant.is_some_and(|tenant| {
        tenant.keys.iter().any(|key| Some(key.kid()) == jws.header("kid") && key.verifies(jws))
    });
    if !signed {
        return Err((&CLIENT_ASSERTION_INVALID).into());
    }
    if jws.claims.get("scp").is_some() {
        return Err((&FEDERATED_APP_ONLY).into());
    }
    check_times(jws, now)?;
    Ok(Credential::Federated)
}
