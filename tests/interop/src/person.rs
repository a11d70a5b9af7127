//! A person with a browser that runs no script: follows an authorization request to its answer, signing in on the way.

use crate::{Failure, Result, StandIn};
use reqwest::{
    Certificate, Client, Response,
    header::{COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};
use serde_json::{Map, Value};
use std::{fs, net::Ipv4Addr};

/// A person at the stand-in, with the cookie that they have so far.
pub struct Person {
    http: Client,
    origin: String,
    username: String,
    cookie: Option<String>,
}

impl Person {
    /// The estate's user.
    ///
    /// # Errors
    /// When the stand-in's certificate cannot be used.
    pub fn at(stand_in: &StandIn) -> Result<Self> {
        let mut http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .resolve("login.localhost", (Ipv4Addr::LOCALHOST, 0).into());
        if let Some(ca) = stand_in.ca() {
            let ca = fs::read(ca).map_err(crate::system("the authority's certificate"))?;
            http = http.tls_certs_only([Certificate::from_pem(&ca).map_err(refused)?]);
        }
        Ok(Self {
            http: http.build().map_err(refused)?,
            origin: stand_in.entra.origin().to_owned(),
            username: stand_in.user()?.username.clone(),
            cookie: None,
        })
    }

    /// The parameters with which an authorization request comes back to the application.
    ///
    /// # Errors
    /// When it does not.
    pub async fn go(&mut self, url: &str) -> Result<Map<String, Value>> {
        let mut answer = self.follow(self.http.get(url)).await?;
        if answer.headers().get(LOCATION).is_none() {
            let page = answer.text().await.map_err(refused)?;
            let (action, flow) = (attribute(&page, "action=\""), attribute(&page, "name=\"flow\" value=\""));
            let (Some(action), Some(flow)) = (action, flow) else {
                return Err(Failure::wrong(format!("This is no sign-in page: {page}")));
            };
            let form = [("flow", flow), ("username", &self.username), ("action", "sign_in")];
            let request = self.http.post(format!("{}{action}", self.origin)).form(&form);
            answer = self.follow(request).await?;
        }
        let location =
            answer.headers().get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
        let answered = location.split_once(['#', '?']).map_or("", |(_, answered)| answered);
        Ok(form_urlencoded::parse(answered.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into()))
            .collect())
    }

    async fn follow(&mut self, request: reqwest::RequestBuilder) -> Result<Response> {
        let request = match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        };
        let answer = request.send().await.map_err(refused)?;
        if let Some(cookie) = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()) {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Ok(answer)
    }
}

fn attribute<'a>(page: &'a str, before: &str) -> Option<&'a str> {
    page.split_once(before)?.1.split('"').next()
}

fn refused(error: reqwest::Error) -> Failure {
    Failure::wrong(format!("The stand-in could not be asked: {error}."))
}
