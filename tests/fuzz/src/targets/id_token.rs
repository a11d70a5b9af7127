//! The id token (OpenID Connect Core §3.1.3.7): whoever is named in one is signed in, so every claim that ties it to this sign-in must be
//! as expected.

use crate::{
    Target, Verdict,
    edit::{Edit, edited, edits, mend, number, text},
    must,
};
use base64::prelude::*;
use broker_core::{
    Account, Code, Env,
    testing::{AUTHORITY, BROKER, FakeEnv, TENANT, USER, judges},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

/// Seconds since the epoch, and how wrong a clock may be.
const NOW: u64 = 1_700_000_000;
const SKEW: u64 = 300;
const NONCE: &str = "0b0b0b0b";
const NAMES: &[&str] =
    &["aud", "tid", "iss", "nonce", "exp", "nbf", "oid", "preferred_username", "name", "acct"];

#[derive(Clone, Debug)]
struct Given {
    claims: Value,
    client_info: Value,
    /// None on a refresh.
    nonce: Option<&'static str>,
    /// Instead of a compact JWS.
    noise: Option<String>,
}

pub(crate) fn target() -> Target {
    Target::new(
        "id token",
        tokens(),
        judge,
        rule,
        &[
            ("nonce", |given| mend(&mut given.claims, "nonce", NONCE)),
            ("issuer", |given| mend(&mut given.claims, "iss", issuer())),
            ("audience", |given| mend(&mut given.claims, "aud", BROKER)),
            ("tenant", |given| mend(&mut given.claims, "tid", TENANT)),
            ("expiry", |given| mend(&mut given.claims, "exp", NOW)),
            ("not before", |given| mend(&mut given.claims, "nbf", NOW)),
            ("object id", |given| mend(&mut given.claims, "oid", USER)),
        ],
    )
}

fn issuer() -> String {
    format!("{AUTHORITY}/{TENANT}/v2.0")
}

fn tokens() -> impl Strategy<Value = Given> {
    let times = (select(vec!["exp", "nbf"]), NOW - 2 * SKEW..NOW + 2 * SKEW)
        .prop_map(|(name, time)| (name, Edit::Put(time.into())));
    let foreign = select(vec![
        ("iss", json!(format!("https://evil.example/{TENANT}/v2.0"))),
        ("iss", json!(format!("{AUTHORITY}/70000000-0000-4000-8000-000000000002/v2.0"))),
        ("tid", json!("70000000-0000-4000-8000-000000000002")),
        ("aud", json!([BROKER])),
        ("oid", json!("d0000000-0000-4000-8000-000000000002")),
    ])
    .prop_map(|(name, value)| (name, Edit::Put(value)));
    let one = proptest::option::of(prop_oneof![times, foreign]);
    let infos =
        edits(&["uid", "utid"]).prop_map(|edits| edited(json!({ "uid": USER, "utid": TENANT }), &edits));
    let noise = proptest::option::weighted(
        0.05,
        prop_oneof![".{0,40}", "[A-Za-z0-9_-]{0,20}[.]{0,3}[A-Za-z0-9_-]{0,20}"],
    );
    (edits(NAMES), one, infos, any::<bool>(), noise).prop_map(
        |(mut edits, one, client_info, refreshed, noise)| {
            edits.extend(one);
            let honest = json!({
                "aud": BROKER, "tid": TENANT, "iss": issuer(), "nonce": NONCE, "exp": NOW + 3600, "nbf": NOW,
                "oid": USER, "preferred_username": "adele@contoso.example", "name": "Adele",
            });
            let nonce = (!refreshed).then_some(NONCE);
            Given { claims: edited(honest, &edits), client_info, nonce, noise }
        },
    )
}

/// As it comes: a compact JWS.
fn judge(given: &Given) -> Result<Account, Code> {
    let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let token = given.noise.clone().unwrap_or_else(|| format!("e30.{}.x", encode(&given.claims)));
    let env = FakeEnv::new();
    let claims = env.parse_base64url(judges::payload(&token));
    let client_info = env.parse_base64url(&encode(&given.client_info));
    let expected = [BROKER, &format!("{AUTHORITY}/{TENANT}"), TENANT];
    judges::id_token(expected, given.nonce, &claims, &client_info, NOW * 1000).map_err(|error| error.code)
}

fn rule(given: &Given, judged: &Result<Account, Code>) -> Verdict {
    let Given { claims, nonce, noise, .. } = given;
    let is_guid = |text: &str| {
        let parts: Vec<usize> = text.split('-').map(str::len).collect();
        parts == [8, 4, 4, 4, 12] && text.chars().all(|one| one == '-' || one.is_ascii_hexdigit())
    };
    let rules = [
        (noise.is_none(), "what is no token named somebody"),
        (text(claims, "aud") == BROKER, "a token for another application was believed"),
        (text(claims, "tid") == TENANT, "a token of another tenant was believed"),
        (text(claims, "iss") == issuer(), "a token of another issuer was believed"),
        (nonce.is_none_or(|nonce| text(claims, "nonce") == nonce), "a token of another sign-in was believed"),
        (number(claims, "exp").is_some_and(|end| end + SKEW > NOW), "an expired token was believed"),
        (number(claims, "nbf").is_none_or(|begin| begin <= NOW + SKEW), "an early token was believed"),
        (is_guid(text(claims, "oid")), "a token that names nobody was believed"),
    ];
    match judged {
        Ok(account) => {
            rules.iter().try_for_each(|(holds, rule)| must(*holds, rule))?;
            must(account.tenant_id == TENANT, "the account is of another tenant")?;
            let same = account.object_id == text(claims, "oid").to_lowercase();
            must(same && account.username == text(claims, "preferred_username"), "somebody else was named")
        }
        Err(_) => must(rules.iter().any(|(holds, _)| !holds), "a good token was refused"),
    }
}
