//! What `@azure/msal-node` sends for on-behalf-of, recorded while it happens, beside what our STS sends for the same user, the
//! same control client and the same scope. Whatever differs and is not listed here with its reason is a failure.

use crate::claims;
use entra_dev::MintRequest;
use estate::Addresses;
use interop::{Recorded, Recorder, Result, Script, StandIn};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SCOPE: &str = "https://graph.microsoft.com/User.Read";

/// Form fields that MSAL sends and our STS leaves out.
const ONLY_MSAL: [(&str, &str); 7] = [
    ("claims", "id_token claims that MSAL always asks for; the STS asks for no id token"),
    ("client_info", "for MSAL's account; the STS keeps none"),
    ("x-client-CPU", "telemetry"),
    ("x-client-OS", "telemetry"),
    ("x-client-SKU", "telemetry"),
    ("x-client-VER", "telemetry"),
    ("x-ms-lib-capability", "telemetry: that MSAL respects Retry-After"),
];

/// Scopes that MSAL adds.
const ONLY_MSALS_SCOPES: [&str; 3] = ["openid", "profile", "offline_access"];

/// Fields whose values are of one request only.
const FRESH: [&str; 2] = ["client-request-id", "client_assertion"];

/// Claims of the client assertion that have to differ.
const FRESH_CLAIMS: [&str; 4] = ["exp", "iat", "jti", "nbf"];

#[tokio::test]
async fn our_sts_sends_the_fields_that_msal_node_sends() -> Result {
    let at = StandIn::plain(Recorder::BEHIND).await?;
    let recorder = Recorder::start(&at).await?;
    let token = at.token(MintRequest::new("control"))?;

    let msal = by_msal(&at, &recorder, &token).await?;
    let ours = by_our_sts(&at, &recorder, &token).await?;

    assert_eq!(msal.address.split('?').next(), ours.address.split('?').next());
    assert_eq!(
        msal.headers["content-type"].split(';').next(),
        ours.headers["content-type"].split(';').next()
    );
    for name in ["origin", "authorization", "cookie"] {
        assert!(!ours.headers.contains_key(name) && !msal.headers.contains_key(name), "a header {name}");
    }
    assert_eq!(differences(&msal, &ours), Vec::<String>::new());
    assert_eq!(assertion_differences(&msal, &ours), Vec::<String>::new());
    Ok(())
}

async fn by_msal(at: &StandIn, recorder: &Recorder, token: &str) -> Result<Recorded> {
    // MSAL takes only an https authority, but goes where the metadata says: the recorder can read that without TLS.
    let authority = at.authority()?;
    let metadata = json!({
        "issuer": format!("{authority}/v2.0"),
        "authorization_endpoint": format!("{authority}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{authority}/oauth2/v2.0/token"),
        "jwks_uri": format!("{authority}/discovery/v2.0/keys"),
    });
    let wanted = json!({
        "clientId": at.estate.controls["control"].client_id,
        "authority": authority.replacen("http:", "https:", 1),
        "metadata": metadata,
        "certificate": { "pem": at.keys.certificate("control")?, "privateKey": at.keys.private_key("control")? },
        "scopes": [SCOPE],
        "assertions": [token],
    });
    let answer: Value = Script::node("msal_node.mjs", &wanted, None).await?.next().await?;
    assert!(answer["token"].is_string(), "{answer}");
    Ok(only(recorder))
}

async fn by_our_sts(at: &StandIn, recorder: &Recorder, token: &str) -> Result<Recorded> {
    let app = at.pages.origin();
    let addresses =
        Addresses { app: app.to_owned(), authority: at.entra.origin().to_owned(), sts: String::new() };
    let config = at.estate.sts_config(&addresses, "127.0.0.1:0", at.keys.folder());
    let sts = sts::Server::start(sts::Config::parse(&config).unwrap(), sts::Clock::system()).await.unwrap();
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("client_id", &at.estate.broker.client_id),
        ("scope", SCOPE),
        ("client-request-id", "10000000-0000-4000-8000-000000000001"),
    ];
    let request =
        reqwest::Client::new().post(format!("http://{}/oauth2/token", sts.address())).header("origin", app);
    let answer = request.form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    Ok(only(recorder))
}

fn only(recorder: &Recorder) -> Recorded {
    let [recorded] = <[Recorded; 1]>::try_from(recorder.take()).unwrap();
    recorded
}

fn differences(msal: &Recorded, ours: &Recorded) -> Vec<String> {
    let names: BTreeSet<&String> = msal.fields.keys().chain(ours.fields.keys()).collect();
    let allowed = |name: &str| ONLY_MSAL.iter().any(|(listed, _)| *listed == name);
    let mut found = Vec::new();
    for name in names {
        match (msal.fields.get(name), ours.fields.get(name)) {
            (Some(_), None) if allowed(name) => {}
            (Some(_), Some(_)) if FRESH.contains(&name.as_str()) => {}
            (Some(theirs), Some(own)) if name == "scope" => {
                let own: BTreeSet<&str> = own.split(' ').collect();
                let theirs: BTreeSet<&str> =
                    theirs.split(' ').filter(|one| !ONLY_MSALS_SCOPES.contains(one)).collect();
                found
                    .extend((own != theirs).then(|| format!("scope: MSAL sent {theirs:?}, we sent {own:?}")));
            }
            (theirs, own) => {
                found.extend(
                    (theirs != own).then(|| format!("{name}: MSAL sent {theirs:?}, we sent {own:?}")),
                );
            }
        }
    }
    found
}

/// The two client assertions are signed texts: they are compared by what is in them.
fn assertion_differences(msal: &Recorded, ours: &Recorded) -> Vec<String> {
    let [theirs, own] = [msal, ours].map(|request| claims::read(&request.fields["client_assertion"]));
    let mut found = Vec::new();
    for (part, (theirs, own)) in ["header", "claim"].into_iter().zip(theirs.iter().zip(&own)) {
        let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        for name in members(theirs).union(&members(own)) {
            let (theirs, own) = (&theirs[name], &own[name]);
            let fresh = part == "claim" && FRESH_CLAIMS.contains(&name.as_str());
            let differs = if fresh { theirs.is_null() != own.is_null() } else { theirs != own };
            found.extend(differs.then(|| format!("{part} {name}: MSAL sent {theirs}, we sent {own}")));
        }
    }
    found
}
