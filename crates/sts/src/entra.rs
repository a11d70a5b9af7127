//! The on-behalf-of request (entra.md §2.1): what is sent to Entra, how often, and with which credential.
//!
//! Only parameters of our own: nothing of the caller's headers goes along (Entra refuses a confidential client's request
//! that carries `Origin`), and never `offline_access`, so that no refresh token comes back. A request that did not arrive or
//! met an outage is sent once more, which changes nothing at Entra; a refusal never is, unless it was this client's
//! credential that was refused and there is another one.

use crate::{
    claims,
    clock::Clock,
    credential::Credential,
    error::ApiError,
    http::{self, Answer, Unreachable},
    ids::TenantId,
    judge::{self, Granted},
    lane::Lanes,
    looping::Loops,
    origin::Origin,
    policy::ControlClient,
    refusal::Refusal,
    scope::Scopes,
    secret::Secret,
    verify::Subject,
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// The shortest pause before a request is sent again; the longest is twice that.
const PAUSE: Duration = Duration::from_millis(100);

/// The token endpoint of a tenant: never `common`, which is wrong for guests.
pub(crate) fn token_endpoint(authority: &Origin, tenant: TenantId) -> String {
    format!("{authority}/{tenant}/oauth2/v2.0/token")
}

/// Entra's token endpoints.
pub(crate) struct Entra {
    pub(crate) authority: Origin,
    pub(crate) http: reqwest::Client,
    pub(crate) lanes: Lanes,
    pub(crate) loops: Loops,
    pub(crate) clock: Clock,
}

/// One on-behalf-of request.
pub(crate) struct OnBehalfOf {
    /// The control client, which asks.
    pub(crate) client: Arc<ControlClient>,
    /// Whom the user's token is about.
    pub(crate) subject: Arc<Subject>,
    /// The user's token for the control client.
    pub(crate) assertion: Secret,
    /// What is asked for.
    pub(crate) scopes: Scopes,
    /// The claims challenge to be met.
    pub(crate) claims: Option<String>,
    /// `client-request-id`.
    pub(crate) correlation_id: String,
}

impl Entra {
    /// Asks for a backend token.
    pub(crate) async fn on_behalf_of(&self, asked: &OnBehalfOf) -> Result<Granted, ApiError> {
        self.loops.check(&asked.subject, self.clock.now())?;
        let pass = self.lanes.enter(asked.subject.tenant(), asked.client.id, self.clock.now()).await?;
        let outcome = self.with_each_credential(asked).await;
        let now = self.clock.now();
        pass.leave(&outcome, asked.claims.is_none(), now);
        self.loops.heed(&asked.subject, &outcome, now);
        outcome
    }

    async fn with_each_credential(&self, asked: &OnBehalfOf) -> Result<Granted, ApiError> {
        let mut outcome = Err(Refusal::Signing.into());
        for (at, credential) in asked.client.credentials.in_order() {
            outcome = self.with(&credential, asked).await;
            match &outcome {
                Err(error) if error.refuses_credential() => {
                    let (client, credential) = (asked.client.name.as_str(), credential.label());
                    tracing::error!(
                        client,
                        credential,
                        aadsts = error.aadsts(),
                        "Entra refuses a credential."
                    );
                }
                Err(ApiError::Refused(Refusal::Signing)) => {}
                _ => {
                    asked.client.credentials.prefer(at);
                    break;
                }
            }
        }
        outcome
    }

    async fn with(&self, credential: &Credential, asked: &OnBehalfOf) -> Result<Granted, ApiError> {
        let endpoint = token_endpoint(&self.authority, asked.subject.tenant());
        let proof = credential.proof(asked.client.id, &endpoint, self.clock.now()).ok_or(Refusal::Signing)?;
        let id = asked.client.id.to_string();
        let claims = claims::with_capabilities(asked.claims.as_deref(), asked.client.rules.cp1);
        let fields = asked.fields(&id, &proof, claims.as_deref());
        let answer = self.send(&endpoint, &fields).await.map_err(|_| Refusal::EntraUnreachable)?;
        judge::judge(&answer).map_err(ApiError::Entra)
    }

    /// Sends, and once more after a pause if nothing arrived or the answer was an outage that names no time.
    async fn send(&self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Answer, Unreachable> {
        let once = || http::send(self.http.post(endpoint).form(fields));
        let first = once().await;
        let again = match &first {
            Ok(answer) => answer.status >= 500 && answer.retry_after.is_none(),
            Err(unreachable) => unreachable.retryable,
        };
        if !again {
            return first;
        }
        tokio::time::sleep(PAUSE.mul_f64(1.0 + jitter())).await;
        once().await
    }
}

impl OnBehalfOf {
    /// The form fields.
    fn fields<'a>(
        &'a self,
        client_id: &'a str,
        proof: &'a [(&'static str, Secret)],
        claims: Option<&'a str>,
    ) -> Vec<(&'static str, &'a str)> {
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("client_id", client_id),
            ("assertion", self.assertion.expose()),
            ("scope", self.scopes.as_str()),
            ("client-request-id", &self.correlation_id),
        ];
        fields.extend(proof.iter().map(|(name, secret)| (*name, secret.expose())));
        fields.extend(claims.map(|claims| ("claims", claims)));
        fields
    }
}

/// Anything from 0 to 1, so that those who failed together do not come back together.
fn jitter() -> f64 {
    Uuid::new_v4().as_bytes().first().map_or(0.5, |byte| f64::from(*byte) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{BROKER, CLIENT, NOW, TENANT, USER, control_client, rules};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    const CUT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\":\"a";
    const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 61\r\n\r\n\
                         {\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":3599}   ";

    /// What comes of it when Entra gives these answers, one for each connection, and closes it.
    async fn after(answers: &'static [&'static str]) -> Result<String, ApiError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority: Origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
                while !String::from_utf8_lossy(&heard).contains("client_assertion=") {
                    let read = stream.read(&mut piece).await.unwrap();
                    heard.extend_from_slice(&piece[..read]);
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.ok();
            }
        });
        let http = http::client(&authority, None).unwrap();
        let entra = Entra {
            authority,
            http,
            lanes: Lanes::default(),
            loops: Loops::default(),
            clock: Clock::from_fn(|| NOW),
        };
        let asked = OnBehalfOf {
            client: Arc::new(control_client(rules())),
            subject: Subject::for_test(CLIENT, TENANT, USER, BROKER, "t"),
            assertion: Secret::new("t"),
            scopes: Scopes::for_test("s"),
            claims: None,
            correlation_id: "i".to_owned(),
        };
        entra.on_behalf_of(&asked).await.map(|granted| granted.access_token.expose().to_owned())
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_asked_for_once_more() {
        assert_eq!(after(&[CUT, WHOLE]).await.ok().as_deref(), Some("a"));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_twice_is_no_answer() {
        let outcome = after(&[CUT, CUT, WHOLE]).await;
        assert!(matches!(outcome, Err(ApiError::Refused(Refusal::EntraUnreachable))));
    }
}
