//! Who is signed in in which browser. The cookie is only a key; what it opens is kept here.
//!
//! `SameSite=None; Secure`, as Entra's: a hidden frame of another site gets it only where third-party cookies are allowed,
//! and browsers take `localhost` names for secure.

use crate::directory::{Directory, Person};
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

const COOKIE: &str = "entra-dev-session";

/// One person signed in in one browser. It travels inside codes, refresh tokens and the `aio` claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    /// `sid`.
    pub(crate) id: String,
    /// The person's home tenant and object id there.
    pub(crate) home: String,
    pub(crate) oid: String,
    pub(crate) auth_time: u64,
    /// Whether a second factor was given in this session.
    pub(crate) second_factor: bool,
    /// The person's [`Person::generation`] at sign-in.
    pub(crate) generation: u32,
}

impl Session {
    pub(crate) fn start(person: &Person, now: u64) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            home: person.home.clone(),
            oid: person.oid.clone(),
            auth_time: now,
            second_factor: false,
            generation: person.generation,
        }
    }

    /// The person, unless the session was revoked.
    pub(crate) fn person<'a>(&self, directory: &'a Directory) -> Option<&'a Person> {
        directory.person(&self.home, &self.oid).filter(|person| person.generation == self.generation)
    }
}

/// All browsers that have a session.
#[derive(Default)]
pub(crate) struct Browsers(HashMap<String, Vec<Session>>);

impl Browsers {
    /// The sessions of a browser, newest last.
    pub(crate) fn sessions(&self, browser: Option<&str>) -> Vec<Session> {
        browser.and_then(|browser| self.0.get(browser)).cloned().unwrap_or_default()
    }

    /// Signs a person in; a session that they had is replaced. Returns the browser's key and the session's id.
    pub(crate) fn sign_in(&mut self, browser: Option<&str>, person: &Person, now: u64) -> (String, String) {
        let known = browser.filter(|browser| self.0.contains_key(*browser)).map(str::to_owned);
        let browser = known.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
        let sessions = self.0.entry(browser.clone()).or_default();
        sessions.retain(|session| (&session.home, &session.oid) != (&person.home, &person.oid));
        let session = Session::start(person, now);
        let id = session.id.clone();
        sessions.push(session);
        (browser, id)
    }

    /// Records a second factor in one session.
    pub(crate) fn step_up(&mut self, browser: Option<&str>, id: &str) {
        let sessions = browser.and_then(|browser| self.0.get_mut(browser)).into_iter().flatten();
        sessions.filter(|session| session.id == id).for_each(|session| session.second_factor = true);
    }

    /// Ends the sessions of a browser that `leaving` names.
    pub(crate) fn sign_out(&mut self, browser: Option<&str>, leaving: impl Fn(&Session) -> bool) {
        if let Some(sessions) = browser.and_then(|browser| self.0.get_mut(browser)) {
            sessions.retain(|session| !leaving(session));
        }
    }

    /// Ends everything everywhere: what closing all browsers would do.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The browser's key, from its cookie.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split("; "))
        .find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The `Set-Cookie` that gives a browser its key.
pub(crate) fn set_cookie(browser: &str) -> String {
    format!("{COOKIE}={browser}; Path=/; HttpOnly; Secure; SameSite=None")
}
