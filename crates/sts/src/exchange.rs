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
