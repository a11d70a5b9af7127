//! A client token (entra.md §3.1). An input is either the text of a token, whose signature can only be false, or a header and claims
//! with a line break between them, which are signed here: so everything behind the signature check is reached too.

use crate::{Target, Verdict};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use std::sync::LazyLock;
use sts::{
    Config,
    fuzzing::{Believed, Judge},
};

pub(crate) const TARGET: Target = Target {
    name: "token",
    plants: &[
        "signature",
        "alg",
        "crit",
        "ver",
        "aud",
        "tid",
        "iss",
        "exp",
        "nbf",
        "azp",
        "azpacr",
        "scp",
        "idtyp",
    ],
    check,
    accepts: |input| judge(input).is_ok(),
};

const TENANT: &str = "70000000-0000-4000-8000-000000000001";
const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";
const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
const APP: &str = "https://contoso.crm4.dynamics.com";
const NOW: u64 = 1_000_000;
const LEEWAY: u64 = 300;

/// A second tenant with another origin, and a second broker: both are known, and neither is who asks.
const CONFIGURATION: &str = r#"
listen = "127.0.0.1:0"
authority = "https://login.example"
[[tenants]]
id = "70000000-0000-4000-8000-000000000001"
origins = ["https://contoso.crm4.dynamics.com"]
[[tenants]]
id = "70000000-0000-4000-8000-000000000002"
origins = ["https://fabrikam.crm4.dynamics.com"]
[[clients]]
client_id = "c0000000-0000-4000-8000-000000000001"
name = "fuzzed"
brokers = ["b0000000-0000-4000-8000-000000000001", "b0000000-0000-4000-8000-000000000002"]
tenants = ["*"]
scopes = ["https://graph.microsoft.com/User.Read"]
certificate = "unread"
private_key = "unread"
"#;

struct World {
    key: RsaKeyPair,
    judge: Judge,
}

/// None where this machine cannot make a key, which every check then says.
static WORLD: LazyLock<Option<World>> = LazyLock::new(|| {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let (n, e) = (key.public_key().modulus(), key.public_key().exponent());
    let encode = |number: &[u8]| BASE64.encode(number);
    let set = json!({ "keys": [{
        "kty": "RSA", "kid": "k", "issuer": "https://login.example/{tenantid}/v2.0",
        "n": encode(n.big_endian_without_leading_zero()), "e": encode(e.big_endian_without_leading_zero()),
    }] });
    let judge = Judge::new(&Config::parse(CONFIGURATION).ok()?, set.to_string().as_bytes(), NOW)?;
    Some(World { key, judge })
});

/// What a stranger sent.
enum Input {
    Text(String),
    Signed(Vec<u8>, Vec<u8>),
}

impl Input {
    fn read(input: &[u8]) -> Self {
        match input.iter().position(|byte| *byte == b'\n') {
            None => Self::Text(String::from_utf8_lossy(input).into_owned()),
            Some(end) => {
                let (header, claims) = input.split_at(end);
                Self::Signed(header.to_vec(), claims.get(1..).unwrap_or_default().to_vec())
            }
        }
    }

    fn token(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Signed(header, claims) => {
                let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
                let signature = WORLD.as_ref().and_then(|world| {
                    let mut signature = vec![0; world.key.public_modulus_len()];
                    let random = SystemRandom::new();
                    world.key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).ok()?;
                    Some(signature)
                });
                format!("{signed}.{}", BASE64.encode(signature.unwrap_or_default()))
            }
        }
    }

    /// As it would have to be to pass one check.
    fn mended(self, plant: &str) -> Self {
        match (self, plant) {
            (Self::Text(text), "signature") => {
                let mut parts = text.split('.').map(|part| BASE64.decode(part).unwrap_or_default());
                Self::Signed(parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            (Self::Signed(header, claims), plant) => {
                let mend = |part: Vec<u8>, changes: &[(&str, Value)]| {
                    let Ok(Value::Object(mut members)) = serde_json::from_slice(&part) else { return part };
                    for (name, value) in changes {
                        members.remove(*name);
                        if !value.is_null() {
                            members.insert((*name).to_owned(), value.clone());
                        }
                    }
                    Value::Object(members).to_string().into_bytes()
                };
                let iss = json!(format!("https://login.example/{TENANT}/v2.0"));
                match plant {
                    "alg" => Self::Signed(mend(header, &[("alg", json!("RS256"))]), claims),
                    "crit" => Self::Signed(mend(header, &[("crit", Value::Null)]), claims),
                    _ => {
                        let good: &[(&str, Value)] = match plant {
                            "ver" => &[("ver", json!("2.0"))],
                            "aud" => &[("aud", json!(CLIENT))],
                            "tid" => &[("tid", json!(TENANT)), ("iss", iss)],
                            "iss" => &[("iss", iss)],
                            "exp" => &[("exp", json!(NOW + 3_600))],
                            "nbf" => &[("nbf", json!(NOW))],
                            "azp" => &[("azp", json!(BROKER))],
                            "azpacr" => &[("azpacr", json!("0"))],
                            "scp" => &[("scp", json!("access_as_user"))],
                            "idtyp" => &[("idtyp", Value::Null)],
                            _ => &[],
                        };
                        Self::Signed(header, mend(claims, good))
                    }
                }
            }
            (other, _) => other,
        }
    }
}

fn judge(input: &[u8]) -> Result<Believed, String> {
    believe(&Input::read(input))
}

fn believe(input: &Input) -> Result<Believed, String> {
    let world = WORLD.as_ref().ok_or("this machine cannot make a key")?;
    world.judge.believe(&input.token(), BROKER, APP)
}

fn check(input: &[u8], plant: Option<&str>) -> Verdict {
    if WORLD.is_none() {
        return Err("this machine cannot make a key".to_owned());
    }
    let judged = match plant {
        None => believe(&Input::read(input)),
        Some(plant) => believe(&Input::read(input).mended(plant)),
    };
    let Ok(believed) = judged else { return Ok(()) };
    let shown = || String::from_utf8_lossy(input).into_owned();
    let Input::Signed(header, claims) = Input::read(input) else {
        return Err(format!("a token that nobody signed was believed: {}", shown()));
    };
    let read = |part: &[u8]| serde_json::from_slice::<Value>(part).unwrap_or_default();
    let (header, claims) = (read(&header), read(&claims));
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| claims.get(name).and_then(Value::as_u64);
    let id = |name: &str, is: &str| text(name).eq_ignore_ascii_case(is);
    for (rule, kept) in [
        ("alg", header.get("alg").and_then(Value::as_str) == Some("RS256")),
        ("kid", header.get("kid").is_some_and(Value::is_string)),
        ("crit", header.get("crit").is_none_or(Value::is_null)),
        ("ver", text("ver") == "2.0"),
        ("aud", id("aud", CLIENT)),
        ("tid", id("tid", TENANT)),
        ("iss", text("iss") == format!("https://login.example/{TENANT}/v2.0")),
        ("exp", number("exp").is_some_and(|exp| exp.saturating_add(LEEWAY) > NOW)),
        ("nbf", number("nbf").is_some_and(|nbf| nbf <= NOW + LEEWAY)),
        ("azp", id("azp", BROKER)),
        ("azpacr", text("azpacr") == "0"),
        ("scp", text("scp").split(' ').any(|scope| scope == "access_as_user")),
        ("idtyp", claims.get("idtyp").is_none_or(|kind| kind.is_null() || kind == "user")),
        ("oid", id("oid", &believed.user)),
        ("what is believed", [believed.client, believed.tenant, believed.broker] == [CLIENT, TENANT, BROKER]),
    ] {
        if !kept {
            return Err(format!("a token whose {rule} is wrong was believed: {}", shown()));
        }
    }
    Ok(())
}
