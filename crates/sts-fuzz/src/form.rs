//! The form of an exchange (contract §4, RFC 6749 §3.2), beside a reader of our own that is as plain as the rules are.

use crate::{Target, Verdict, same};
use serde_json::Value;
use sts::fuzzing;

pub(crate) const TARGET: Target = Target {
    name: "form",
    plants: &["repeated", "grant", "requested type", "too long", "claims", "capabilities", "correlation"],
    check,
    accepts: |input| fuzzing::form(input).is_ok(),
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
const NAMES: [&str; 8] = [
    "grant_type",
    "subject_token",
    "subject_token_type",
    "requested_token_type",
    "scope",
    "client_id",
    "claims",
    "client-request-id",
];

type Fields = Vec<(String, String)>;

fn check(input: &[u8], plant: Option<&str>) -> Verdict {
    let fields = decode(input);
    let judged = match plant {
        None => fuzzing::form(input),
        Some(plant) => fuzzing::form(&encode(&mend(fields.clone(), plant))),
    };
    same(judged.is_ok(), is_right(&fields), &|| format!("{fields:?}: {judged:?}"))?;
    let Ok(form) = judged else { return Ok(()) };
    let value = |name| value(&fields, name).unwrap_or_default();
    if [form.subject_token.as_str(), &form.scope, &form.client_id]
        != [value("subject_token"), value("scope"), value("client_id")]
    {
        return Err(format!("other values than those of {fields:?}: {form:?}"));
    }
    let on: Value = form.claims.and_then(|claims| serde_json::from_str(&claims).ok()).unwrap_or_default();
    let only = on.as_object().is_none_or(|on| on.len() == 1 && on.contains_key("access_token"));
    let sent: Value = serde_json::from_str(value("claims")).unwrap_or_default();
    let mut wanted = sent.get("access_token").cloned().unwrap_or_default();
    wanted.as_object_mut().map(|wanted| wanted.remove("xms_cc"));
    let kept = on.get("access_token").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::default()));
    if !only || wanted.is_object() && wanted != kept {
        return Err(format!("other claims go on than may: {on}"));
    }
    Ok(())
}

fn is_right(fields: &Fields) -> bool {
    let has = |name| value(fields, name);
    let once = |name: &str| fields.iter().filter(|field| field.0 == name).count() <= 1;
    let claims = has("claims").map(|claims| {
        let parsed: Option<Value> = serde_json::from_str(claims).ok();
        let only = parsed.as_ref().and_then(Value::as_object).filter(|claims| claims.len() == 1);
        claims.len() <= 4096
            && only.and_then(|claims| claims.get("access_token")).is_some_and(Value::is_object)
    });
    NAMES.iter().all(|name| once(name))
        && has("grant_type") == Some(GRANT)
        && has("subject_token_type") == Some(TYPE)
        && has("requested_token_type").is_none_or(|wanted| wanted == TYPE)
        && has("subject_token").is_some_and(|token| token.len() <= 16 * 1024)
        && has("scope").is_some()
        && has("client_id").is_some()
        && has("client-request-id").is_none_or(is_guid)
        && claims.unwrap_or(true)
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A parameter's value; an empty one counts as none.
fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find(|field| field.0 == name)
        .map(|field| field.1.as_str())
        .filter(|value| !value.is_empty())
}

fn mend(mut fields: Fields, plant: &str) -> Fields {
    let put = |fields: &mut Fields, name: &str, with: &dyn Fn(&str) -> String| {
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| field.1 = with(&field.1));
    };
    match plant {
        "repeated" => {
            let mut seen = Vec::new();
            fields.retain(|(name, _)| {
                let first = !seen.contains(name);
                seen.push(name.clone());
                first
            });
        }
        "grant" => put(&mut fields, "grant_type", &|_| GRANT.to_owned()),
        "requested type" => put(&mut fields, "requested_token_type", &|_| TYPE.to_owned()),
        "too long" => put(&mut fields, "subject_token", &|token| token.chars().take(1_000).collect()),
        "claims" => put(&mut fields, "claims", &|_| r#"{"access_token":{}}"#.to_owned()),
        // The product would not know the name any more.
        "capabilities" => put(&mut fields, "claims", &|claims| claims.replace("xms_cc", "xms_c_c")),
        _ => put(&mut fields, "client-request-id", &|_| String::new()),
    }
    fields
}

/// The URL standard's `application/x-www-form-urlencoded` parser, in its own words.
fn decode(body: &[u8]) -> Fields {
    let text = |bytes: &[u8]| {
        let mut decoded = Vec::new();
        let mut rest = bytes;
        while let Some((first, more)) = rest.split_first() {
            rest = more;
            let byte = match (first, more) {
                (b'+', _) => b' ',
                (b'%', [high, low, after @ ..]) => {
                    let digit = |byte: &u8| char::from(*byte).to_digit(16);
                    match digit(high).zip(digit(low)) {
                        Some((high, low)) => {
                            rest = after;
                            u8::try_from(high * 16 + low).unwrap_or_default()
                        }
                        None => b'%',
                    }
                }
                (other, _) => *other,
            };
            decoded.push(byte);
        }
        String::from_utf8_lossy(&decoded).into_owned()
    };
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(end);
            (text(name), text(value.get(1..).unwrap_or_default()))
        })
        .collect()
}

fn encode(fields: &Fields) -> Vec<u8> {
    let text = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    pairs.join("&").into_bytes()
}
