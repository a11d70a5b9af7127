//! Coming back from a sign-in that left the page (contract §5): the stored departure, the response and Entra's answer are all foreign. Somebody is
//! signed in only if the three belong to each other, to this configuration and to the user of Power Apps.

use crate::{
    Target, Verdict,
    edit::{Edit, edited, edits, mend, text},
    must,
};
use broker_core::{
    Core, Env, Pins,
    testing::{AUTHORITY, BROKER, CORRELATION_ID, FakeEnv, Kind, TENANT, USER, config, reply},
};
use form_urlencoded::Serializer;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

const STATE: &str = "07070707070707070707070707070707.0a0b0c0d0a0b0c0d0a0b0c0d0a0b0c0d";
const NONCE: &str = "0b0b0b0b";

#[derive(Clone, Debug)]
struct Return {
    departure: Value,
    response: Value,
    claims: Value,
}

pub(crate) fn target() -> Target {
    Target::new(
        "departure",
        returns(),
        judge,
        rule,
        &[
            ("configuration", |back| mend(&mut back.departure, "issuer", issuer())),
            ("state", |back| mend(&mut back.response, "state", text(&back.departure, "state").to_owned())),
            ("nonce", |back| mend(&mut back.claims, "nonce", text(&back.departure, "nonce").to_owned())),
            ("user", |back| mend(&mut back.claims, "oid", USER)),
        ],
    )
}

fn issuer() -> String {
    format!("{AUTHORITY} {BROKER}")
}

fn returns() -> impl Strategy<Value = Return> {
    let departure =
        edits(&["issuer", "state", "nonce", "verifier", "tenant", "redirectUri", "correlationId"]);
    let other = select(vec![json!("d0000000-0000-4000-8000-000000000002"), json!(USER)]);
    (departure, edits(&["code", "state", "error"]), edits(&["nonce", "iss", "aud", "tid"]), other).prop_map(
        |(departure, response, mut claims, user)| {
            claims.push(("oid", Edit::Put(user)));
            let now = FakeEnv::new().now() / 1000;
            Return {
                departure: edited(
                    json!({ "issuer": issuer(), "state": STATE, "nonce": NONCE, "verifier": "v", "tenant": TENANT,
                        "redirectUri": "https://contoso.crm.example/r.html", "correlationId": CORRELATION_ID }),
                    &departure,
                ),
                response: edited(json!({ "code": "good", "state": STATE }), &response),
                claims: edited(
                    json!({ "aud": BROKER, "tid": TENANT, "iss": format!("{AUTHORITY}/{TENANT}/v2.0"), "nonce": NONCE,
                        "nbf": now, "exp": now + 3600, "preferred_username": "adele@contoso.example" }),
                    &claims,
                ),
            }
        },
    )
}

fn judge(back: &Return) -> Option<String> {
    let env = FakeEnv::new();
    env.answer_next(Kind::Code, Ok(reply(200, env.tokens("t", "openid", &back.claims))));
    let core = Core::new(env.clone(), Pins::default());
    core.configure(&config(), &json!({})).ok()?;
    let fields = back
        .response
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_str()?)));
    let response = Serializer::new(String::new()).extend_pairs(fields).finish();
    let (coming, stored) = (core.clone(), back.departure.clone());
    let landed = env.start(async move { coming.come_back(stored, &response).await }).take()?;
    landed.ok().map(|account| account.object_id.clone())
}

fn rule(back: &Return, user: &Option<String>) -> Verdict {
    let Return { departure, response, claims } = back;
    let tenant = text(departure, "tenant");
    let rules = [
        (text(departure, "issuer") == issuer(), "a departure of another configuration came back"),
        (
            text(response, "state") == text(departure, "state"),
            "the response to another departure was believed",
        ),
        (
            text(response, "error").is_empty() && !text(response, "code").is_empty(),
            "a failure signed somebody in",
        ),
        (text(claims, "nonce") == text(departure, "nonce"), "a token of another sign-in was believed"),
        (text(claims, "aud") == BROKER, "a token for another application was believed"),
        (
            text(claims, "iss") == format!("{AUTHORITY}/{tenant}/v2.0"),
            "a token of another issuer was believed",
        ),
        (tenant == TENANT && text(claims, "tid") == TENANT, "somebody of another tenant was signed in"),
        (text(claims, "oid") == USER, "another user than Power Apps' was signed in"),
    ];
    match user {
        Some(user) => {
            rules.iter().try_for_each(|(holds, rule)| must(*holds, rule))?;
            must(user == USER, "somebody else was signed in")
        }
        None => must(rules.iter().any(|(holds, _)| !holds), "a good departure did not come back"),
    }
}
