//! One exchange, from the first byte to the answer: the order of the steps is the security of this service (contract §4).
//!
//! Nothing of a token is used before it is verified, except to refuse it without touching the network. Every step is a
//! function of its own elsewhere; here stands only which comes after which.

use crate::{
    backend::{Ask, Backend, BackendToken, Source},
    claims,
    clock::Clock,
    error::ApiError,
    keys::KeyStore,
    limits::Limits,
    log::Story,
    newcomers::Newcomers,
    origin::Origin,
    policy::{ControlClient, Policy},
    refusal::Refusal,
    token::Presented,
    verify::{self, Memory, TokenHash, VerifiedToken},
};
use std::{net::IpAddr, sync::Arc};
use sts_wire::ExchangeRequest;
use uuid::Uuid;

/// Where a request comes from.
pub(crate) struct Caller {
    /// Its `Origin`, one that some tenant has.
    pub(crate) origin: Origin,
    pub(crate) address: IpAddr,
    /// What the log will say about it.
    pub(crate) story: Arc<Story>,
}

/// What an exchange needs.
pub(crate) struct Exchange {
    pub(crate) authority: Origin,
    pub(crate) policy: Policy,
    pub(crate) keys: KeyStore,
    pub(crate) verified: Memory,
    pub(crate) newcomers: Newcomers,
    pub(crate) limits: Limits,
    pub(crate) backend: Backend,
    pub(crate) clock: Clock,
}

impl Exchange {
    /// Exchanges the client token in these form fields, of this caller for a backend token.
    pub(crate) async fn run<N: AsRef<str>, V: AsRef<str>>(
        &self,
        caller: &Caller,
        form: &[(N, V)],
    ) -> Result<(Arc<BackendToken>, Source), Arc<ApiError>> {
        let request = ExchangeRequest::read(form).map_err(ApiError::from)?;
        let correlation_id = request.correlation_id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        caller.story.correlation(&correlation_id);
        let claims = claims::filter(request.claims).map_err(ApiError::from)?;

        // Who is it, truly? A cache comes no earlier: a token that was not verified must never find an entry.
        let (token, client) = self.believe(request.subject_token, request.client_id, caller).await?;
        caller.story.believed();
        self.limits.check(token.subject())?;

        // May this control client ask for that?
        let scopes = client.rules.scopes.allow(request.scope).map_err(ApiError::from)?;

        let (token, client, correlation_id) = (&token, &client, correlation_id.as_str());
        self.backend.token(Ask { client, token, scopes, claims, correlation_id }).await
    }

    /// The token, verified, and the control client it is for; whoever presents it is its holder.
    async fn believe<'a>(
        &self,
        text: &'a str,
        client_id: &str,
        Caller { origin, address, story }: &Caller,
    ) -> Result<(VerifiedToken<'a>, Arc<ControlClient>), ApiError> {
        let hash = TokenHash::of(text);
        if let Some(token) = self.verified.recall(text, hash, self.clock.now()) {
            let subject = token.subject();
            story.about(Some(subject.client()), subject.tenant());
            let client = Arc::clone(self.policy.admit(subject.client(), subject.tenant(), origin)?);
            token.check_holder(client_id)?;
            return Ok((token, client));
        }

        // Whom does this token claim to be for? Strangers are turned away here, before anything is fetched.
        let presented = Presented::read(text)?;
        let tid = presented.claims.tid;
        let aud = presented.claims.aud.parse().map_err(|_| Refusal::Audience);
        story.about(aud.ok(), tid);
        let client = Arc::clone(self.policy.admit(aud?, tid, origin)?);
        verify::check_issuer(&presented.claims, &self.authority)?;

        // Is it true? Those that are good do not count for their address, and those of which nobody can say neither.
        let check = self.newcomers.count(*address)?;
        let verified = self.verify(presented, hash, &client).await;
        if matches!(verified, Ok(_) | Err(Refusal::KeysUnavailable)) {
            self.newcomers.give_back(&check);
        }
        let token = verified?;
        token.check_holder(client_id)?;
        Ok((token, client))
    }

    /// The token, if its tenant signed it and it is good now; then it is remembered.
    async fn verify<'a>(
        &self,
        presented: Presented<'a>,
        hash: TokenHash,
        client: &ControlClient,
    ) -> Result<VerifiedToken<'a>, Refusal> {
        let key = self.keys.find(presented.claims.tid, &presented.kid).await?;
        let token = verify::verify(presented, hash, &key, client, self.clock.now())?;
        self.verified.remember(&token, &key);
        Ok(token)
    }

    /// Gives back the memory of what has ended, and of what a withdrawn key had signed.
    pub(crate) fn sweep(&self) {
        self.verified.sweep(self.clock.now());
        self.backend.sweep();
        self.newcomers.sweep();
        self.limits.sweep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{APP, BROKER, CLIENT, KEY, Key, NOW, TENANT, claims, exchange_at};
    use axum::{
        Form, Json, Router,
        extract::State,
        http::HeaderMap,
        routing::{get, post},
    };
    use serde_json::json;
    use std::{
        collections::BTreeMap,
        sync::{Arc, Mutex},
    };

    type Asked = (HeaderMap, BTreeMap<String, String>);

    /// An Entra that remembers what it was asked.
    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<Asked>>>);

    impl Recorder {
        async fn start() -> (Self, String) {
            let recorder = Self::default();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let authority = format!("http://login.localhost:{}", listener.local_addr().unwrap().port());
            let keys = json!({ "keys": [KEY.jwk("k", &format!("{authority}/{{tenantid}}/v2.0"))] });
            let router = Router::new()
                .route(&format!("/{TENANT}/discovery/v2.0/keys"), get(Json(keys)))
                .route(&format!("/{TENANT}/oauth2/v2.0/token"), post(Self::token))
                .with_state(recorder.clone());
            tokio::spawn(async { axum::serve(listener, router).await });
            (recorder, authority)
        }

        async fn token(
            State(recorder): State<Self>,
            headers: HeaderMap,
            Form(form): Form<BTreeMap<String, String>>,
        ) -> Json<serde_json::Value> {
            recorder.0.lock().unwrap().push((headers, form));
            Json(
                json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 3599, "refresh_token": "r" }),
            )
        }
    }

    /// What comes of this token and these further parameters.
    async fn run(
        exchange: &Exchange,
        token: &str,
        more: &[(&str, &str)],
    ) -> Result<Arc<BackendToken>, Arc<ApiError>> {
        let mut form = vec![
            ("grant_type", sts_wire::GRANT_TYPE),
            ("subject_token", token),
            ("subject_token_type", sts_wire::ACCESS_TOKEN_TYPE),
            ("scope", "https://graph.microsoft.com/User.Read"),
            ("client_id", BROKER),
            ("x-client-SKU", "of the caller"),
        ];
        form.extend(more);
        let caller =
            Caller { origin: APP.parse().unwrap(), address: [127, 0, 0, 1].into(), story: Arc::default() };
        exchange.run(&caller, &form).await.map(|granted| granted.0)
    }

    /// The one request that Entra gets for a good token and these further parameters.
    async fn asked(more: &[(&str, &str)]) -> (HeaderMap, BTreeMap<String, String>, String) {
        let (recorder, authority) = Recorder::start().await;
        let token = KEY.sign(&claims(&authority));
        let granted = run(&exchange_at(&authority, &Clock::from_fn(|| NOW)), &token, more).await;
        assert_eq!(&*granted.ok().unwrap().scope, "https://graph.microsoft.com/User.Read");
        let [(headers, form)] = std::mem::take(&mut *recorder.0.lock().unwrap()).try_into().unwrap();
        (headers, form, token)
    }

    #[tokio::test]
    async fn entra_is_asked_with_our_own_parameters_and_no_others() {
        const CORRELATION: &str = "11111111-2222-4333-8444-555555555555";
        let (headers, mut form, token) = asked(&[("client-request-id", CORRELATION)]).await;
        assert!(form.remove("client_assertion").is_some_and(|assertion| assertion.split('.').count() == 3));
        let expected = [
            ("assertion", token.as_str()),
            ("client-request-id", CORRELATION),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_id", CLIENT),
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("scope", "https://graph.microsoft.com/User.Read"),
        ];
        assert!(form.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected), "{form:?}");
        let mut names: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "content-length", "content-type", "host"]);
    }

    #[tokio::test]
    async fn only_false_tokens_go_on_counting_for_their_address() {
        let (_, authority) = Recorder::start().await;
        let exchange = exchange_at(&authority, &Clock::from_fn(|| NOW));
        assert!(run(&exchange, &KEY.sign(&claims(&authority)), &[]).await.is_ok());
        assert!(!exchange.newcomers.counts_anybody());
        assert!(run(&exchange, &Key::generate().sign(&claims(&authority)), &[]).await.is_err());
        assert!(exchange.newcomers.counts_anybody());
    }

    #[tokio::test]
    async fn a_challenge_reaches_entra_without_the_callers_capabilities() {
        let challenge = r#"{"access_token":{"acrs":{"value":"c25"},"xms_cc":{"values":["cp1"]}}}"#;
        let (_, form, _) = asked(&[("claims", challenge)]).await;
        assert_eq!(form["claims"], r#"{"access_token":{"acrs":{"value":"c25"}}}"#);
    }

    #[tokio::test]
    async fn a_caller_who_gives_no_correlation_id_gets_one_made() {
        let (_, form, _) = asked(&[]).await;
        assert!(form["client-request-id"].parse::<Uuid>().is_ok());
    }
}
