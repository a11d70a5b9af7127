//! A browser with a cookie and no script: follows the pages of the stand-in as a person does.

use crate::world::{BROKER, CONTOSO, VERIFIER, World};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::collections::BTreeMap;

pub(crate) struct Browser<'w> {
    world: &'w World,
    cookie: Option<String>,
}

/// What the browser sees.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) html: String,
}

pub(crate) type Parameters<'a> = BTreeMap<&'a str, String>;

/// The parameters of the broker's request.
pub(crate) fn parameters<'a>(scope: &str) -> Parameters<'a> {
    [
        ("client_id", BROKER),
        ("response_type", "code"),
        ("redirect_uri", "http://app.localhost:1/redirect.html"),
        ("response_mode", "fragment"),
        ("scope", scope),
        ("state", "the state"),
        ("nonce", "the nonce"),
        ("code_challenge", &URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))),
        ("code_challenge_method", "S256"),
        ("client_info", "1"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .collect()
}

impl<'w> Browser<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world, cookie: None }
    }

    /// Signs in at the broker; returns the code.
    pub(crate) async fn sign_in(&mut self, username: &str, scope: &str) -> String {
        let page = self.authorize(CONTOSO, &parameters(scope)).await;
        self.press(&page, &[("username", username), ("action", "sign_in")]).await.response()["code"].clone()
    }

    pub(crate) async fn authorize(&mut self, tenant: &str, parameters: &Parameters<'_>) -> Page {
        let url = self.world.url(&format!("/{tenant}/oauth2/v2.0/authorize"));
        self.send(self.world.http.get(url).query(parameters)).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(self.world.http.get(self.world.url(path))).await
    }

    /// Posts the page's form with these fields.
    pub(crate) async fn press(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let mut form = vec![("flow", page.between("name=\"flow\" value=\"", "\""))];
        form.extend_from_slice(fields);
        let url = self.world.url(page.between("method=\"post\" action=\"", "\""));
        self.send(self.world.http.post(url).form(&form)).await
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Page {
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", format!("other=1; {cookie}"));
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if let Some(cookie) = headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.ends_with("; HttpOnly; Secure; SameSite=None"), "{cookie}");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Page { status, headers, html: response.text().await.unwrap() }
    }
}

impl Page {
    #[track_caller]
    pub(crate) fn between(&self, start: &str, end: &str) -> &str {
        let rest = self.html.split_once(start).unwrap_or_else(|| panic!("no {start} in {}", self.html)).1;
        rest.split_once(end).unwrap().0
    }

    #[track_caller]
    pub(crate) fn title(&self) -> &str {
        self.between("<title>", "</title>")
    }

    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        let location =
            self.headers.get("location").unwrap_or_else(|| panic!("no redirect but {}", self.html));
        location.to_str().unwrap()
    }

    /// The parameters of the redirect, from fragment or query.
    #[track_caller]
    pub(crate) fn response(&self) -> BTreeMap<String, String> {
        let (_, text) = self.location().split_once(['#', '?']).unwrap();
        form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    /// `error` and AADSTS number of the redirect.
    #[track_caller]
    pub(crate) fn is_refused(&self, error: &str, number: u32) {
        let response = self.response();
        assert_eq!(response["error"], error, "{response:#?}");
        assert!(response["error_description"].starts_with(&format!("AADSTS{number}: ")), "{response:#?}");
    }
}
