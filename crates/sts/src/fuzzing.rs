//! Narrow ways in for fuzzing (feature `fuzzing`): the request's form, the client token, the configuration, each exactly as an
//! exchange comes through it, with the network left out. Nothing here decides anything.

use crate::{
    claims,
    config::{ClientConfig, Config},
    credential::Credentials,
    keys::{self, SigningKey},
    origin::Origin,
    policy::{ControlClient, Policy},
    refusal::Refusal,
    token::Presented,
    verify::{self, TokenHash},
};
use std::sync::Arc;
use sts_wire::ExchangeRequest;

/// A request that was read.
#[derive(Debug)]
pub struct Form {
    /// `subject_token`.
    pub subject_token: String,
    /// `scope`.
    pub scope: String,
    /// `client_id`.
    pub client_id: String,
    /// What of `claims` goes on to Entra.
    pub claims: Option<String>,
    /// `client-request-id`.
    pub correlation_id: Option<String>,
}

/// Reads a request's body, or says in words why not.
///
/// # Errors
/// When a rule is broken.
pub fn form(body: &[u8]) -> Result<Form, String> {
    let fields = crate::form::fields(body);
    let request = ExchangeRequest::read(&fields).map_err(|error| error.to_string())?;
    let claims = claims::filter(request.claims).map_err(|refusal| refusal.to_string())?;
    Ok(Form {
        subject_token: request.subject_token.to_owned(),
        scope: request.scope.to_owned(),
        client_id: request.client_id.to_owned(),
        claims,
        correlation_id: request.correlation_id.map(str::to_owned),
    })
}

/// What a believed token says.
#[derive(Debug)]
pub struct Believed {
    /// `aud`.
    pub client: String,
    /// `tid`.
    pub tenant: String,
    /// `oid`.
    pub user: String,
    /// `azp`.
    pub broker: String,
    /// `exp`.
    pub expires: u64,
}

/// Everything that a token is judged by: a configuration's policy, one key, a time.
pub struct Judge {
    authority: Origin,
    policy: Policy,
    key: Arc<SigningKey>,
    now: u64,
}

impl Judge {
    /// By this configuration, whose credentials are left out, this key set's only key, and this time. None if there is no usable key.
    #[must_use]
    pub fn new(config: &Config, key_set: &[u8], now: u64) -> Option<Self> {
        let client = |client: &ClientConfig| ControlClient {
            id: client.client_id,
            name: client.name.clone(),
            rules: client.rules.clone(),
            credentials: Credentials::default(),
        };
        let clients = config.clients.iter().map(client).collect();
        let policy = Policy::new(config.tenants.clone(), config.other_tenants.clone(), clients);
        let key = keys::only_key(key_set)?;
        let authority = config.authority.clone();
        Some(Self { authority, policy, key, now })
    }

    /// Believes a token that this application presents from this origin, or says in words why not.
    ///
    /// # Errors
    /// When a rule is broken.
    pub fn believe(&self, text: &str, client_id: &str, origin: &str) -> Result<Believed, String> {
        self.judge(text, client_id, origin).map_err(|refusal| refusal.to_string())
    }

    fn judge(&self, text: &str, client_id: &str, origin: &str) -> Result<Believed, Refusal> {
        let origin = origin.parse().map_err(|_| Refusal::Audience)?;
        let presented = Presented::read(text)?;
        let aud = presented.claims.aud.parse().map_err(|_| Refusal::Audience)?;
        let client = self.policy.admit(aud, presented.claims.tid, &origin)?;
        verify::check_issuer(&presented.claims, &self.authority)?;
        let token = verify::verify(presented, TokenHash::of(text), &self.key, client, self.now)?;
        token.check_holder(client_id)?;
        let subject = token.subject();
        Ok(Believed {
            client: subject.client().to_string(),
            tenant: subject.tenant().to_string(),
            user: subject.user().to_string(),
            broker: subject.broker().to_string(),
            expires: subject.expires(),
        })
    }
}
