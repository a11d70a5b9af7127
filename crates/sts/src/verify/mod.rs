//! Whether a client token is believed (entra.md §3.1), as pure decisions over a token that was taken apart.
//!
//! Two halves, because of the network between them: [`check_issuer`] needs no key and comes before one is fetched;
//! [`verify`] needs it. [`VerifiedToken`] can be made only here, so whoever holds one need not ask again.
//! It never authorises by name, e-mail or `preferred_username`.

mod memory;

use crate::{
    ids::{ClientId, ObjectId, TenantId},
    keys::SigningKey,
    origin::Origin,
    policy::ControlClient,
    refusal::{Refusal, TokenFault},
    token::{Presented, Untrusted},
};
use std::sync::Arc;

pub(crate) use memory::{Memory, TokenHash};

/// How far the clocks of Entra and of this service may be apart, in seconds.
///
/// Security: a stolen token is taken this much longer than it says. Entra checks it again at each on-behalf-of request,
/// so what it allows is one more answer of this service, not one more backend token.
pub(crate) const LEEWAY: u64 = 300;

/// The one delegated scope that every control client exposes (contract §7).
const SCOPE: &str = "access_as_user";

/// A client token that is what it says.
pub(crate) struct VerifiedToken<'a> {
    text: &'a str,
    subject: Arc<Subject>,
}

impl VerifiedToken<'_> {
    /// The token itself, to be sent to Entra as the assertion.
    pub(crate) fn text(&self) -> &str {
        self.text
    }

    /// What it says.
    pub(crate) fn subject(&self) -> &Arc<Subject> {
        &self.subject
    }

    /// Whether the application that asks is the one that the token was given to.
    pub(crate) fn check_holder(&self, client_id: &str) -> Result<(), Refusal> {
        if client_id.parse() == Ok(self.subject.broker) { Ok(()) } else { Err(Refusal::BrokerParameter) }
    }
}

/// What a verified token says about whom.
#[derive(Debug)]
pub(crate) struct Subject {
    client: ClientId,
    tenant: TenantId,
    user: ObjectId,
    broker: ClientId,
    expires: u64,
    hash: TokenHash,
}

impl Subject {
    /// The control client: `aud`.
    pub(crate) fn client(&self) -> ClientId {
        self.client
    }

    /// The user's tenant: `tid`.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The user: `oid`.
    pub(crate) fn user(&self) -> ObjectId {
        self.user
    }

    /// The broker that the token was given to: `azp`.
    pub(crate) fn broker(&self) -> ClientId {
        self.broker
    }

    /// `exp`.
    pub(crate) fn expires(&self) -> u64 {
        self.expires
    }

    /// Of the token's text.
    pub(crate) fn hash(&self) -> &TokenHash {
        &self.hash
    }
}

/// The issuer of a tenant's v2.0 tokens.
pub(crate) fn issuer(authority: &Origin, tenant: TenantId) -> String {
    format!("{authority}/{tenant}/v2.0")
}

/// Whether a token says that its own tenant issued it.
pub(crate) fn check_issuer(claims: &Untrusted, authority: &Origin) -> Result<(), TokenFault> {
    if claims.iss == issuer(authority, claims.tid) { Ok(()) } else { Err(TokenFault::Issuer) }
}

/// Believes a token, or says why not. `client` is the one of the token's `aud`.
pub(crate) fn verify<'a>(
    presented: Presented<'a>,
    hash: TokenHash,
    key: &SigningKey,
    client: &ControlClient,
    now: u64,
) -> Result<VerifiedToken<'a>, Refusal> {
    if !key.signed(presented.signed, &presented.signature) {
        return Err(TokenFault::Signature.into());
    }
    let claims = presented.claims;
    check_times(&claims, now)?;
    let user = check_delegation(&claims)?;
    let broker = check_broker(&claims, client)?;
    let subject = Subject { client: client.id, tenant: claims.tid, user, broker, expires: claims.exp, hash };
    Ok(VerifiedToken { text: presented.text, subject: Arc::new(subject) })
}

fn check_times(claims: &Untrusted, now: u64) -> Result<(), TokenFault> {
    if now >= claims.exp.saturating_add(LEEWAY) {
        return Err(TokenFault::Expired);
    }
    if now.saturating_add(LEEWAY) < claims.nbf {
        return Err(TokenFault::NotYetValid);
    }
    Ok(())
}

/// A user is present (`oid`), and the token was given for acting as that user.
fn check_delegation(claims: &Untrusted) -> Result<ObjectId, TokenFault> {
    let delegated = claims.scp.as_deref().is_some_and(|scopes| scopes.split(' ').any(|scope| scope == SCOPE));
    let user = claims.idtyp.as_deref().is_none_or(|kind| kind == "user");
    claims.oid.filter(|_| delegated && user).ok_or(TokenFault::Delegation)
}

/// The token was given to a public client that is an allowed broker.
fn check_broker(claims: &Untrusted, client: &ControlClient) -> Result<ClientId, Refusal> {
    let broker = claims.azp.filter(|azp| client.rules.brokers.contains(azp)).ok_or(Refusal::Broker)?;
    if claims.azpacr.as_deref() == Some("0") { Ok(broker) } else { Err(Refusal::BrokerConfidential) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use serde_json::{Value, json};

    const AUTHORITY: &str = "https://login.example";

    fn verified_with(key: &Key, claims: &Value, client_id: &str) -> Result<(), Refusal> {
        let token = key.sign(claims);
        let (hash, key) = (TokenHash::of(&token), signing_key(&KEY));
        verify(Presented::read(&token)?, hash, &key, &control_client(rules()), NOW)?.check_holder(client_id)
    }

    impl Subject {
        /// The subject of the shared good token, with other ids in place of these.
        pub(crate) fn for_test(
            client: &str,
            tenant: &str,
            user: &str,
            broker: &str,
            token: &str,
        ) -> Arc<Self> {
            let (client, tenant) = (client.parse().unwrap(), tenant.parse().unwrap());
            let (user, broker) = (user.parse().unwrap(), broker.parse().unwrap());
            let (expires, hash) = (NOW + 3600, TokenHash::of(token));
            Arc::new(Self { client, tenant, user, broker, expires, hash })
        }
    }

    /// The verdict on a good token in which one claim has another value; `Null` takes it out.
    fn with(claim: &str, value: Value) -> Result<(), Refusal> {
        let mut claims = claims(AUTHORITY);
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value,
        }
        verified_with(&KEY, &claims, BROKER)
    }

    #[test]
    fn a_good_token_is_believed() {
        assert_eq!(verified_with(&KEY, &claims(AUTHORITY), BROKER), Ok(()));
    }

    #[test]
    fn a_signature_by_another_key_is_not_believed() {
        let verdict = verified_with(&Key::generate(), &claims(AUTHORITY), BROKER);
        assert_eq!(verdict, Err(TokenFault::Signature.into()));
    }

    #[test]
    fn a_token_ends_with_the_leeway_and_not_a_second_later() {
        assert_eq!(with("exp", json!(NOW - LEEWAY + 1)), Ok(()));
        assert_eq!(with("exp", json!(NOW - LEEWAY)), Err(TokenFault::Expired.into()));
        assert_eq!(with("exp", json!(0)), Err(TokenFault::Expired.into()));
    }

    #[test]
    fn a_token_begins_with_the_leeway_and_not_a_second_earlier() {
        assert_eq!(with("nbf", json!(NOW + LEEWAY)), Ok(()));
        assert_eq!(with("nbf", json!(NOW + LEEWAY + 1)), Err(TokenFault::NotYetValid.into()));
        assert_eq!(with("nbf", json!(u64::MAX)), Err(TokenFault::NotYetValid.into()));
    }

    #[test]
    fn only_a_user_who_let_the_control_act_counts() {
        let refused = Err(TokenFault::Delegation.into());
        for (claim, value) in [
            ("scp", Value::Null),
            ("scp", json!("access_as_user_not")),
            ("scp", json!("User.Read")),
            ("idtyp", json!("app")),
            ("idtyp", json!("device")),
            ("oid", Value::Null),
        ] {
            assert_eq!(with(claim, value.clone()), refused, "{claim}: {value}");
        }
        assert_eq!(with("scp", json!("User.Read access_as_user")), Ok(()));
        assert_eq!(with("idtyp", json!("user")), Ok(()));
    }

    #[test]
    fn an_oid_that_is_no_guid_is_not_believed() {
        assert_eq!(with("oid", json!("adele@contoso.example")), Err(TokenFault::Malformed.into()));
    }

    #[test]
    fn only_an_allowed_public_broker_counts() {
        assert_eq!(with("azp", Value::Null), Err(Refusal::Broker));
        assert_eq!(with("azp", json!(CLIENT)), Err(Refusal::Broker));
        for confidential in [json!("1"), json!("2"), Value::Null] {
            assert_eq!(with("azpacr", confidential), Err(Refusal::BrokerConfidential));
        }
    }

    #[test]
    fn the_one_who_asks_must_be_the_one_the_token_was_given_to() {
        for other in [CLIENT, "", "broker"] {
            assert_eq!(
                verified_with(&KEY, &claims(AUTHORITY), other),
                Err(Refusal::BrokerParameter),
                "{other}"
            );
        }
    }

    #[test]
    fn the_issuer_must_be_that_of_the_tenant_to_the_letter() {
        let authority = AUTHORITY.parse().unwrap();
        let checked = |issuer: &str| {
            let mut claims = claims(AUTHORITY);
            claims["iss"] = json!(issuer);
            let token = KEY.sign(&claims);
            check_issuer(&Presented::read(&token).unwrap().claims, &authority)
        };
        assert_eq!(checked(&format!("{AUTHORITY}/{TENANT}/v2.0")), Ok(()));
        for foreign in [
            format!("{AUTHORITY}/70000000-0000-4000-8000-000000000002/v2.0"),
            format!("{AUTHORITY}/{TENANT}/v2.0/"),
            format!("https://sts.windows.net/{TENANT}/"),
            format!("https://evil.example/{TENANT}/v2.0"),
        ] {
            assert_eq!(checked(&foreign), Err(TokenFault::Issuer), "{foreign}");
        }
    }
}
