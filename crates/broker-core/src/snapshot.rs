//! What a later page load goes on with (contract §6): the session and its tokens, as plain values. The shell encrypts and stores them.
//! A snapshot is foreign input when it comes back: one of another configuration, another version or another user is refused
//! whole, and nothing in it is served before it has been judged.

use crate::{
    Account, Env, Json, Secret,
    cache::{Key, Token},
    config::Config,
    core::Core,
    guid,
    session::{RefreshToken, Session},
};
use std::{cell::Cell, rc::Rc};

/// The session and its tokens.
pub struct Snapshot {
    /// The part of the configuration that they are of.
    pub issuer: String,
    /// Whose they are.
    pub account: Rc<Account>,
    /// What keeps the user signed in; empty if that was declared void.
    pub refresh_token: Secret,
    /// When it ends, in milliseconds since the epoch; 0 where Entra does not say.
    pub refresh_expires_on: u64,
    /// When it came.
    pub refresh_came_on: u64,
    /// The tokens.
    pub tokens: Vec<StoredToken>,
}

/// A token and what it is remembered by.
pub struct StoredToken {
    /// The control client.
    pub client: String,
    /// The scopes as they were asked for; empty for the client token itself.
    pub scopes: String,
    /// The scopes as they were granted.
    pub granted: String,
    /// The token.
    pub secret: Secret,
    /// When it ends, in milliseconds since the epoch.
    pub expires_on: u64,
    /// From when on it may be renewed.
    pub refresh_on: u64,
    /// When it came.
    pub stored_on: u64,
}

impl<E: Env> Core<E> {
    /// What is worth storing; none if nobody is signed in.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let session = self.session()?;
        let nothing = || RefreshToken { secret: Secret::new(String::new()), expires_on: None, came_on: 0 };
        let held = session.held().unwrap_or_else(nothing);
        Some(Snapshot {
            issuer: self.binding(),
            account: session.account().clone(),
            refresh_token: held.secret,
            refresh_expires_on: held.expires_on.unwrap_or_default(),
            refresh_came_on: held.came_on,
            tokens: self.stored_tokens(),
        })
    }

    /// Goes on with a stored snapshot, if it is of this configuration and of the user of Power Apps: of an earlier page load, or of
    /// another tab, whose tokens join those that are here. Says whether it was good; one that was not is to be erased.
    pub fn restore(&self, stored: &E::Json) -> bool {
        let Some((account, token, tokens)) = self.judge(stored) else { return false };
        let session = match self.session() {
            Some(session) if session.belongs_to(&account) => {
                if let Some(token) = token.filter(|token| session.is_behind(token, self.env.now())) {
                    session.resume(token);
                }
                session
            }
            // Somebody else signed in here, which the next snapshot of this page will say.
            Some(_) => return true,
            None => self.arrive(Session::new(Rc::new(account), token)),
        };
        for stored in tokens {
            let key = Key { client: &stored.client, account: session.account(), scopes: &stored.scopes };
            let token = Token {
                secret: stored.secret,
                expires_on: stored.expires_on,
                refresh_on: Cell::new(stored.refresh_on),
                scopes: stored.granted,
            };
            self.put(key, token, stored.stored_on);
        }
        true
    }

    fn judge(&self, stored: &E::Json) -> Option<(Account, Option<RefreshToken>, Vec<StoredToken>)> {
        let account = stored.member("account")?;
        let account = Account {
            username: account.text("username")?,
            name: account.text("name"),
            tenant_id: account.text("tenantId").filter(|id| guid::is_guid(id))?,
            object_id: account.text("objectId").filter(|id| guid::is_guid(id))?,
            home_account_id: account.text("homeAccountId")?,
            guest: account.flag("guest")?,
            login_hint: stored.text_or_empty("loginHint"),
        };
        let good = stored.number("v") == Some(1)
            && stored.text_or_empty("issuer") == self.binding()
            && self.env.host().is_user(&account);
        if !good {
            return None;
        }
        let listed = stored.member("tokens")?;
        let mut tokens = Vec::new();
        for name in listed.names() {
            let token = listed.member(&name)?;
            tokens.push(StoredToken {
                client: token.text("client")?,
                scopes: token.text_or_empty("scopes"),
                granted: token.text_or_empty("granted"),
                secret: Secret::new(token.text("secret")?),
                expires_on: token.number("expiresOn")?,
                refresh_on: token.number("refreshOn").unwrap_or_default(),
                stored_on: token.number("storedOn")?,
            });
        }
        let expires_on = stored.number("refreshExpiresOn").filter(|end| *end > 0);
        // Versions before this one did not say it.
        let came_on = stored.number("refreshCameOn").unwrap_or_default();
        let refresh_token = stored.text("refreshToken").map(|text| RefreshToken {
            secret: Secret::new(text),
            expires_on,
            came_on,
        });
        Some((account, refresh_token, tokens))
    }

    /// What a stored session is bound to: also where its tokens came from, and what they are for.
    fn binding(&self) -> String {
        let bound = |config: Rc<Config>| {
            [&config.authority, " ", &config.client_id, " ", &config.sts, &config.clients.scopes()].concat()
        };
        self.config().map(bound).unwrap_or_default()
    }

    /// The authority and the broker registration that what is stored belongs to.
    pub(crate) fn issuer(&self) -> String {
        self.config()
            .map(|config| [config.authority.as_str(), " ", &config.client_id].concat())
            .unwrap_or_default()
    }
}
