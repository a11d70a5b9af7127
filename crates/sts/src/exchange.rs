//! One exchange, from the first byte to the answer: the order of the steps is the security of this service (contract §4).
//!
//! Nothing of a token is used before it is verified, except to refuse it without touching the network. Every step is a
//! function of its own elsewhere; here stands only which comes after which.

use crate::{
    claims, clock::Clock, error::ApiError, http, judge, judge::BackendToken, keys::KeyStore, log, obo,
    obo::OnBehalfOf, origin::Origin, policy::Policy, refusal::Refusal, token::Presented, verify,
};
use sts_wire::ExchangeRequest;
use uuid::Uuid;

/// What an exchange needs.
pub(crate) struct Exchange {
    pub(crate) authority: Origin,
    pub(crate) policy: Policy,
    pub(crate) keys: KeyStore,
    pub(crate) http: reqwest::Client,
    pub(crate) clock: Clock,
}

impl Exchange {
    /// Exchanges the client token in these form fields, which came from this origin, for a backend token.
    pub(crate) async fn run(
        &self,
        origin: &Origin,
        form: &[(String, String)],
    ) -> Result<BackendToken, ApiError> {
        let request = ExchangeRequest::read(form)?;
        let correlation_id = request.correlation_id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        log::correlation(&correlation_id);
        let claims = claims::filter(request.claims)?;

        // Who does this token claim to be for? Strangers are turned away here, before anything is fetched.
        let presented = Presented::read(request.subject_token)?;
        log::about(&presented.claims.aud, presented.claims.tid);
        let client = self.policy.admit(&presented.claims.aud, presented.claims.tid, origin)?;
        verify::check_issuer(&presented.claims, &self.authority)?;

        // Is it true?
        let key = self.keys.find(presented.claims.tid, &presented.kid).await?;
        let token = verify::verify(presented, &key, &client.rules, request.client_id, self.clock.now())?;

        // May this control client ask for that?
        let scopes = client.rules.allow(request.scope)?;

        // A cache belongs here and no earlier: a token that was not verified must never find an entry.
        let endpoint = obo::token_endpoint(&self.authority, token.tenant());
        let assertion =
            client.credential.assertion(client.id, &endpoint, self.clock.now()).ok_or(Refusal::Signing)?;
        let asked = OnBehalfOf {
            client: client.id,
            token: &token,
            assertion: &assertion,
            scopes: &scopes,
            claims: claims.as_deref(),
            correlation_id: &correlation_id,
        };
        let answer = http::send(self.http.post(endpoint).form(&asked.fields())).await;
        let answer = answer.map_err(|_| Refusal::EntraUnreachable)?;
        let mut granted = judge::judge(&answer).map_err(ApiError::Entra)?;
        granted.scope.get_or_insert_with(|| scopes.as_str().to_owned());
        Ok(granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{APP, BROKER, CLIENT, KEY, NOW, TENANT, claims, exchange_at};
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

    /// The one request that Entra gets for a good token and these further parameters.
    async fn asked(more: &[(&str, &str)]) -> (HeaderMap, BTreeMap<String, String>, String) {
        let (recorder, authority) = Recorder::start().await;
        let token = KEY.sign(&claims(&authority));
        let mut form = vec![
            ("grant_type", sts_wire::GRANT_TYPE),
            ("subject_token", &token),
            ("subject_token_type", sts_wire::ACCESS_TOKEN_TYPE),
            ("scope", "https://graph.microsoft.com/User.Read"),
            ("client_id", BROKER),
            ("x-client-SKU", "of the caller"),
        ];
        form.extend(more);
        let form: Vec<_> =
            form.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let granted =
            exchange_at(&authority, &Clock::from_fn(|| NOW)).run(&APP.parse().unwrap(), &form).await;
        assert_eq!(granted.ok().unwrap().scope.as_deref(), Some("https://graph.microsoft.com/User.Read"));
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
