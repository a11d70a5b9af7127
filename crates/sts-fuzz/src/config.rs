//! The configuration: what is accepted keeps the rules of the operator's guide, and what is refused is not repeated in the refusal.

use crate::{Target, Verdict};
use sts::Config;
use toml::{Table, Value};

pub(crate) const TARGET: Target = Target {
    name: "config",
    plants: &[
        "unknown member",
        "plain authority",
        "wildcard origin",
        "two tenants",
        "two clients",
        "own broker",
        "secret",
    ],
    check,
    accepts: |input| parse(input).is_some_and(|config| config.is_ok()),
};

/// A value that stands for something that does not belong into a message.
const SECRET: &str = "hunter2";

fn parse(input: &[u8]) -> Option<Result<Config, String>> {
    let text = std::str::from_utf8(input).ok()?;
    Some(Config::parse(text).map_err(|error| error.to_string()))
}

fn check(input: &[u8], plant: Option<&str>) -> Verdict {
    let Some(table) = std::str::from_utf8(input).ok().map(str::parse::<Table>) else { return Ok(()) };
    let judged = match (plant, &table) {
        (Some(plant), Ok(table)) => {
            let mended = toml::to_string(&mend(table.clone(), plant)).unwrap_or_default();
            parse(mended.as_bytes())
        }
        _ => parse(input),
    };
    let shown = || String::from_utf8_lossy(input).into_owned();
    match (judged, table) {
        (Some(Ok(_)), Ok(table)) => {
            broken(&table).map_or(Ok(()), |rule| Err(format!("{rule}, and yet it was accepted: {}", shown())))
        }
        (Some(Ok(_)), Err(_)) => Err(format!("what is no TOML was accepted: {}", shown())),
        (Some(Err(why)), Ok(table)) if why.contains(SECRET) && !is_key(&Value::Table(table.clone())) => {
            Err(format!("a value is repeated: {why}"))
        }
        _ => Ok(()),
    }
}

/// The first rule that an accepted configuration breaks.
fn broken(top: &Table) -> Option<&'static str> {
    const TOP: [&str; 14] = [
        "listen",
        "metrics",
        "public_url",
        "authority",
        "development",
        "tls",
        "trusted_proxies",
        "drain_seconds",
        "log_hits",
        "limits",
        "cache",
        "tenants",
        "other_tenants",
        "clients",
    ];
    let development = top.get("development").and_then(Value::as_bool) == Some(true);
    let authority = top.get("authority").and_then(Value::as_str);
    let (tenants, clients) = (tables(top, "tenants"), tables(top, "clients"));
    let origins = tenants.iter().copied().chain(top.get("other_tenants").and_then(Value::as_table));
    let secret = |client: &&Table| {
        tables(client, "credentials").iter().any(|credential| credential.contains_key("client_secret_file"))
    };
    let own = |client: &&Table| texts(client, "brokers").contains(&id(client, "client_id"));
    [
        (top.keys().any(|key| !TOP.contains(&key.as_str())), "there is an unknown member"),
        (authority.is_some_and(|authority| !is_origin(authority)), "the authority is no secure origin"),
        (
            origins.flat_map(|table| texts(table, "origins")).any(|origin| !is_origin(&origin)),
            "an origin is none",
        ),
        (has_twice(&tenants, "id"), "two tenants have one id"),
        (has_twice(&clients, "client_id"), "two clients have one id"),
        (clients.iter().any(own), "a control client is its own broker"),
        (!development && clients.iter().any(secret), "there is a secret, and this is no development"),
    ]
    .into_iter()
    .find_map(|(broken, rule)| broken.then_some(rule))
}

fn tables<'a>(table: &'a Table, name: &str) -> Vec<&'a Table> {
    table.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table).collect()
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    let values = table.get(name).and_then(Value::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_ascii_lowercase).collect()
}

/// An id as it compares.
fn id(table: &Table, name: &str) -> String {
    table.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
}

fn has_twice(tables: &[&Table], name: &str) -> bool {
    let mut ids: Vec<String> = tables.iter().map(|table| id(table, name)).collect();
    ids.sort();
    ids.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

/// https, or this machine; a host and nothing behind it.
fn is_origin(text: &str) -> bool {
    let host = |rest: &str| !rest.is_empty() && !rest.contains(['/', '*', '?', '#', '@', ' ', '\\']);
    let local = |rest: &str| {
        let name = rest.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(rest, |(name, _)| name);
        name == "localhost"
            || name.ends_with(".localhost")
            || name.starts_with("127.")
            || name == "[::1]"
            || name.starts_with("[::ffff:127.")
    };
    text.strip_prefix("https://").is_some_and(host)
        || text.strip_prefix("http://").is_some_and(|rest| host(rest) && local(rest))
}

/// Whether the secret stands where a name does: names may be repeated.
fn is_key(value: &Value) -> bool {
    match value {
        Value::Table(table) => table.iter().any(|(key, value)| key.contains(SECRET) || is_key(value)),
        Value::Array(values) => values.iter().any(is_key),
        _ => false,
    }
}

fn mend(mut top: Table, plant: &str) -> Table {
    match plant {
        "unknown member" => {
            top.remove("unknown");
        }
        "plain authority" => {
            top.insert("authority".to_owned(), "https://login.example".into());
        }
        "secret" => {
            top.insert("development".to_owned(), true.into());
        }
        "two tenants" => first_of_each(&mut top, "tenants", "id"),
        "two clients" => first_of_each(&mut top, "clients", "client_id"),
        "wildcard origin" => each(&mut top, "tenants", |tenant| {
            let origins =
                texts(tenant, "origins").into_iter().map(|origin| Value::from(origin.replace('*', "x")));
            tenant.insert("origins".to_owned(), Value::Array(origins.collect()));
        }),
        _ => each(&mut top, "clients", |client| {
            let own = id(client, "client_id");
            let others =
                texts(client, "brokers").into_iter().filter(|broker| *broker != own).map(Value::from);
            client.insert("brokers".to_owned(), Value::Array(others.collect()));
        }),
    }
    top
}

fn each(top: &mut Table, name: &str, change: impl FnMut(&mut Table)) {
    let tables = top.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten();
    tables.filter_map(Value::as_table_mut).for_each(change);
}

fn first_of_each(top: &mut Table, name: &str, member: &str) {
    let mut seen = Vec::new();
    if let Some(tables) = top.get_mut(name).and_then(Value::as_array_mut) {
        tables.retain(|table| {
            let id = table.as_table().map(|table| id(table, member)).unwrap_or_default();
            let first = !seen.contains(&id);
            seen.push(id);
            first
        });
    }
}
