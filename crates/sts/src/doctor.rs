//! `talxis-sts doctor`: tries everything that can be tried before the first user comes, and says in words what to change where.
//!
//! It asks Entra for no token: an on-behalf-of request with an assertion that is none fails after the client has been
//! authenticated, and that it got so far is the news. What it prints holds names, thumbprints and AADSTS numbers, no secret.

use crate::{
    StartError,
    clock::Clock,
    config::Config,
    credential::Credential,
    entra::token_endpoint,
    http,
    ids::TenantId,
    judge,
    origin::Origin,
    policy::{ControlClient, Policy, Tenants},
    secret::Secret,
    server,
};
use std::fmt;

/// Warned about when a certificate ends within so many days.
const SOON: u64 = 30;

/// Something that was looked at.
#[derive(Debug)]
pub struct Finding {
    /// How grave it is.
    pub grade: Grade,
    /// What was seen, and what to do.
    pub text: String,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grade {
    /// As it should be.
    Good,
    /// It works, for now.
    Warning,
    /// Exchanges fail.
    Bad,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Good => "ok      ",
            Grade::Warning => "warning ",
            Grade::Bad => "WRONG   ",
        };
        write!(f, "{grade}{}", self.text)
    }
}

/// Looks at everything that a configuration names: files only, or Entra too.
///
/// # Errors
/// When a file cannot be used at all: then nothing further can be tried.
pub async fn examine(config: Config, clock: &Clock, ask_entra: bool) -> Result<Vec<Finding>, StartError> {
    let authority = config.authority.clone();
    let http = http::client(&authority, config.trusted.as_deref())?;
    let policy = server::policy(&config)?;
    server::check_files(&config, clock)?;
    let mut findings = Vec::new();
    for client in policy.clients() {
        findings.extend(credentials(client, clock.now()));
    }
    if ask_entra {
        for tenant in policy.tenants() {
            findings.push(keys(&authority, tenant, &http).await);
        }
        let doctor = Doctor { authority, http, clock: clock.clone() };
        for client in policy.clients() {
            for tenant in tenants_of(client, &policy) {
                for (_, credential) in client.credentials.in_order() {
                    findings.push(doctor.authenticate(client, tenant, &credential).await);
                }
            }
        }
    }
    Ok(findings)
}

fn credentials(client: &ControlClient, now: u64) -> Vec<Finding> {
    let look = |credential: &Credential| {
        let (name, label) = (&client.name, credential.label());
        let days = credential.expires().map(|end| (end.saturating_sub(now) / 86_400, end <= now));
        let (grade, text) = match (credential, days) {
            (Credential::Secret(_), _) => {
                (Grade::Warning, "a client secret is for development: register a certificate".to_owned())
            }
            (_, Some((_, true))) => (
                Grade::Bad,
                "has expired: register the next one (keyCredentials) and configure it".to_owned(),
            ),
            (_, Some((days, _))) if days < SOON => (
                Grade::Warning,
                format!("expires in {days} days: register the next one (keyCredentials) now"),
            ),
            (_, Some((days, _))) => (Grade::Good, format!("is good for {days} days")),
            (_, None) => (Grade::Good, "can be read".to_owned()),
        };
        Finding { grade, text: format!("{name}: {label} {text}") }
    };
    client.credentials.in_order().map(|(_, credential)| look(&credential)).collect()
}

async fn keys(authority: &Origin, tenant: TenantId, http: &reqwest::Client) -> Finding {
    let url = format!("{authority}/{tenant}/discovery/v2.0/keys");
    let (grade, text) = match http::send(http.get(&url)).await {
        Ok(answer) if answer.status == 200 => (Grade::Good, "its signing keys can be fetched".to_owned()),
        Ok(answer) => (
            Grade::Bad,
            format!(
                "its signing keys are not there (status {}): is tenants.id its directory id?",
                answer.status
            ),
        ),
        Err(_) => (
            Grade::Bad,
            format!(
                "{authority} cannot be reached: open the firewall for it, and check authority and the clock"
            ),
        ),
    };
    Finding { grade, text: format!("tenant {tenant}: {text}") }
}

fn tenants_of(client: &ControlClient, policy: &Policy) -> Vec<TenantId> {
    match &client.rules.tenants {
        Tenants::Any => policy.tenants().collect(),
        Tenants::Listed(tenants) => tenants.iter().copied().collect(),
    }
}

struct Doctor {
    authority: Origin,
    http: reqwest::Client,
    clock: Clock,
}

impl Doctor {
    async fn authenticate(
        &self,
        client: &ControlClient,
        tenant: TenantId,
        credential: &Credential,
    ) -> Finding {
        let (name, label) = (&client.name, credential.label());
        let (grade, text) = self.verdict(client, tenant, credential).await;
        Finding { grade, text: format!("{name} in tenant {tenant} with {label}: {text}") }
    }

    async fn verdict(
        &self,
        client: &ControlClient,
        tenant: TenantId,
        credential: &Credential,
    ) -> (Grade, String) {
        let endpoint = token_endpoint(&self.authority, tenant);
        let Some(proof) = credential.proof(client.id, &endpoint, self.clock.now()) else {
            return (Grade::Bad, "nothing could be signed with it".to_owned());
        };
        let id = client.id.to_string();
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("client_id", id.as_str()),
            ("assertion", "e30.e30.e30"),
            ("scope", "https://graph.microsoft.com/User.Read"),
        ];
        fields.extend(proof.iter().map(|(name, secret): &(_, Secret)| (*name, secret.expose())));
        let Ok(answer) = http::send(self.http.post(endpoint).form(&fields)).await else {
            return (Grade::Bad, "Entra cannot be reached".to_owned());
        };
        match judge::judge(&answer) {
            Ok(_) => (Grade::Good, "Entra knows it".to_owned()),
            Err(error) => advice(&error.error_codes),
        }
    }
}

/// What a number says about the registration; any number that comes after the client was authenticated is good news.
fn advice(numbers: &[u64]) -> (Grade, String) {
    let known = numbers.iter().find_map(|number| {
        let row = ADVICE.iter().find(|row| row.0.contains(number))?;
        Some((Grade::Bad, format!("AADSTS{number}: {}", row.1)))
    });
    let Some(first) = numbers.first() else {
        return (
            Grade::Bad,
            "Entra gives an answer that is none of its own: is a proxy in between?".to_owned(),
        );
    };
    let past = numbers.iter().any(|number| AUTHENTICATED.contains(number));
    known.unwrap_or_else(|| match past {
        true => (Grade::Good, "Entra knows it".to_owned()),
        false => (Grade::Bad, format!("AADSTS{first}: look the number up at Microsoft")),
    })
}

/// What Entra says about the assertion, once it knows who brings it.
const AUTHENTICATED: [u64; 9] = [50013, 50027, 50146, 65001, 240002, 500011, 500131, 500133, 5002723];

const ADVICE: [(&[u64], &str); 9] = [
    (
        &[700027],
        "the certificate is not registered: add it to keyCredentials (Certificates & secrets) of this registration",
    ),
    (
        &[1000502, 7000274, 7000277],
        "the registered certificate has expired or is not valid yet: add the next one to keyCredentials",
    ),
    (&[700024], "the assertion's time is off: set this machine's clock (NTP)"),
    (&[7000214, 7000215], "the secret is not a value of passwordCredentials: copy the value, not its id"),
    (&[7000222], "the secret has expired: register a certificate (keyCredentials)"),
    (
        &[700016],
        "the registration has no service principal in this tenant: let an administrator grant consent there",
    ),
    (&[90002, 900021], "the tenant does not exist: correct tenants.id"),
    (
        &[700211, 700212, 700213, 70021],
        "no federatedIdentityCredentials entry of this registration has the token's issuer, subject and audience",
    ),
    (&[7000218, 700025], "the registration is a public client: set isFallbackPublicClient to false"),
];
