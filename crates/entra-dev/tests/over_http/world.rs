//! A running stand-in with the tests' estate, and the requests that clients make.

use crate::browser::Browser;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{self, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use entra_dev::{Clock, Entra, Options};
use estate::{Certificates, Estate};
use serde_json::{Value, json};
use std::{fs, path::Path, sync::OnceLock};

pub(crate) const APP: &str = "http://app.localhost:1";
pub(crate) const CONTOSO: &str = "70000000-0000-4000-8000-000000000001";
pub(crate) const FABRIKAM: &str = "70000000-0000-4000-8000-000000000002";
pub(crate) const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
pub(crate) const FILES: &str = "c0000000-0000-4000-8000-000000000001";
pub(crate) const GRAPH: &str = "a0000000-0000-4000-8000-000000000001";
pub(crate) const FEED: &str = "a0000000-0000-4000-8000-000000000002";
pub(crate) const SPA: &str = "e0000000-0000-4000-8000-000000000001";
pub(crate) const WEB: &str = "e0000000-0000-4000-8000-000000000002";
pub(crate) const COMBINED: &str = "e0000000-0000-4000-8000-000000000003";
pub(crate) const SECRETLESS: &str = "e0000000-0000-4000-8000-000000000004";
pub(crate) const BOTH: &str = "e0000000-0000-4000-8000-000000000005";
pub(crate) const VERIFIER: &str = "verifier-of-a-test-verifier-of-a-test-verifier";
pub(crate) const FILES_SCOPE: &str = "api://c0000000-0000-4000-8000-000000000001/access_as_user";
pub(crate) const USER_READ: &str = "https://graph.microsoft.com/User.Read";
pub(crate) const OBO: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(crate) fn estate() -> &'static (Estate, Certificates) {
    static ESTATE: OnceLock<(Estate, Certificates)> = OnceLock::new();
    ESTATE.get_or_init(|| {
        let estate = Estate::parse(include_str!("estate.toml")).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("entra-dev-certificates");
        let certificates = Certificates::ensure(&estate, &folder).unwrap();
        (estate, certificates)
    })
}

pub(crate) struct World {
    pub(crate) entra: Entra,
    pub(crate) http: reqwest::Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        let entra = Entra::start(options()).await.unwrap();
        let http = client(&entra).build().unwrap();
        Self { entra, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.entra.origin())
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// POST to /token with an `Origin`, as a browser does.
    pub(crate) async fn token(&self, tenant: &str, form: &[(&str, &str)]) -> Answer {
        self.post(tenant, form, Some(APP)).await
    }

    /// POST to /token without an `Origin`, as a server does.
    pub(crate) async fn server_token(&self, tenant: &str, form: &[(&str, &str)]) -> Answer {
        self.post(tenant, form, None).await
    }

    async fn post(&self, tenant: &str, form: &[(&str, &str)], origin: Option<&str>) -> Answer {
        let mut request = self.http.post(self.url(&format!("/{tenant}/oauth2/v2.0/token"))).form(form);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        self.http.get(self.url(path)).send().await.unwrap().json().await.unwrap()
    }

    /// Signs Adele in at the broker and redeems the code for these scopes.
    pub(crate) async fn signed_in(&self, scope: &str) -> Answer {
        let mut browser = self.browser();
        let code = browser.sign_in("adele@contoso.example", scope).await;
        self.redeem(&code, scope).await
    }

    pub(crate) async fn redeem(&self, code: &str, scope: &str) -> Answer {
        self.token(CONTOSO, &code_form(code, scope)).await
    }

    /// An access token of the broker for the control client `files`.
    pub(crate) async fn files_token(&self) -> String {
        self.signed_in(&format!("openid profile offline_access {FILES_SCOPE}")).await.text("access_token")
    }

    /// On-behalf-of with the certificate of `files`.
    pub(crate) async fn obo(&self, assertion: &str, scope: &str) -> Answer {
        self.obo_as("files", FILES, assertion, scope, &[]).await
    }

    pub(crate) async fn obo_as(
        &self,
        name: &str,
        id: &str,
        assertion: &str,
        scope: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let client_assertion = self.client_assertion(name, id, "PS256", json!({}), json!({}));
        let mut form = obo_form(id, assertion, scope);
        form.extend([("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &client_assertion)]);
        form.extend_from_slice(more);
        self.server_token(CONTOSO, &form).await
    }

    /// A client assertion, with claims and headers changed.
    pub(crate) fn client_assertion(
        &self,
        name: &str,
        id: &str,
        alg: &str,
        claims: Value,
        headers: Value,
    ) -> String {
        let now = self.entra.clock().now();
        let (x5t_s256, x5t) = thumbprints(name);
        let mut header = json!({ "typ": "JWT", "alg": alg });
        header[if alg == "PS256" { "x5t#S256" } else { "x5t" }] =
            json!(if alg == "PS256" { x5t_s256 } else { x5t });
        let mut body = json!({
            "aud": self.url(&format!("/{CONTOSO}/oauth2/v2.0/token")),
            "iss": id, "sub": id, "jti": "1", "iat": now, "nbf": now, "exp": now + 300,
        });
        merge(&mut header, headers);
        merge(&mut body, claims);
        sign(name, alg, &header, &body)
    }
}

pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(crate) fn options() -> Options {
    let (estate, certificates) = estate().clone();
    Options {
        estate,
        app: APP.to_owned(),
        certificates,
        listen: ([127, 0, 0, 1], 0).into(),
        clock: Clock::system(),
    }
}

pub(crate) fn client(entra: &Entra) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .resolve("login.localhost", entra.address())
}

pub(crate) fn code_form<'a>(code: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", BROKER),
        ("redirect_uri", "http://app.localhost:1/redirect.html"),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("scope", scope),
        ("client_info", "1"),
    ]
}

pub(crate) fn refresh_form<'a>(token: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "refresh_token"),
        ("client_id", BROKER),
        ("refresh_token", token),
        ("scope", scope),
        ("client_info", "1"),
    ]
}

pub(crate) fn obo_form<'a>(id: &'a str, assertion: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", OBO),
        ("client_id", id),
        ("assertion", assertion),
        ("requested_token_use", "on_behalf_of"),
        ("scope", scope),
    ]
}

/// What /token answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.unwrap();
        Self { status, headers, body: serde_json::from_str(&body).unwrap_or(Value::String(body)) }
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned()
    }

    pub(crate) fn claims(&self, name: &str) -> Value {
        claims(&self.text(name))
    }

    /// Status, `error`, AADSTS number and `suberror`.
    #[track_caller]
    pub(crate) fn is_refused(&self, status: u16, error: &str, number: u32, suberror: Option<&str>) {
        let got =
            (self.status, &self.body["error"], &self.body["error_codes"], self.body["suberror"].as_str());
        assert_eq!(got, (status, &json!(error), &json!([number]), suberror), "{:#}", self.body);
        let description = self.text("error_description");
        assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    }
}

pub(crate) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn header(token: &str) -> Value {
    let part = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn pem(name: &str, kind: &str) -> Vec<u8> {
    let text = fs::read_to_string(estate().1.folder().join(format!("{name}.{kind}.pem"))).unwrap();
    STANDARD.decode(text.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

pub(crate) fn thumbprints(name: &str) -> (String, String) {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
    let der = pem(name, "crt");
    let encode = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, &der));
    (encode(&SHA256), encode(&SHA1_FOR_LEGACY_USE_ONLY))
}

fn sign(name: &str, alg: &str, header: &Value, body: &Value) -> String {
    let key = RsaKeyPair::from_pkcs8(&pem(name, "key")).unwrap();
    let encoding: &'static dyn signature::RsaEncoding =
        if alg == "PS256" { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(body.to_string())
    );
    let mut bytes = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut bytes).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn merge(value: &mut Value, changes: Value) {
    for (name, change) in changes.as_object().unwrap() {
        value[name] = change.clone();
    }
}
