//! The configuration (contract §1): it may come from any script, and says where tokens are sent. What is taken leads, by the browser's own
//! reading of addresses, to a secure host within the pins, and the response back to this environment.

use crate::{
    Target, Verdict,
    edit::{Edit, edited, edits, mend},
    must,
};
use broker_core::{
    Core, Pins,
    testing::{BROKER, FakeEnv},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use url::{Host, Url};

/// Where [`FakeEnv`]'s Power Apps is.
const ENVIRONMENT: &str = "https://contoso.crm.example";
const AUTHORITY_PIN: &str = "login.example";
const STS_PIN: &str = ".sts.example";
const NAMES: &[&str] = &[
    "version",
    "clientId",
    "sts",
    "authority",
    "tenant",
    "redirectUri",
    "storage",
    "clients",
    "restrict",
    "prompt",
];

#[derive(Clone, Debug)]
struct Given {
    config: Value,
    pinned: bool,
    /// Addresses that the judge is not shown.
    hidden: Vec<(&'static str, &'static str)>,
}

pub(crate) fn target() -> Target {
    Target::new(
        "configuration",
        configurations(),
        judge,
        rule,
        &[
            ("origin", |given| given.hidden.push(("redirectUri", ENVIRONMENT))),
            ("authority's pin", |given| given.hidden.push(("authority", "https://login.example"))),
            ("STS's pin", |given| given.pinned = false),
        ],
    )
}

fn configurations() -> impl Strategy<Value = Given> {
    let host = prop_oneof![
        6 => select(vec![
            "login.example", "a.sts.example", "contoso.crm.example", "evil.example", "evil-login.example", "sts.example",
            "login.example.evil.example", "localhost", "app.localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "1.2.3.4",
        ]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9.%@:\\[\\]_-]{0,16}",
        1 => ".{0,8}",
    ];
    let scheme = prop_oneof![6 => Just("https://".to_owned()), 2 => Just("http://".to_owned()), 1 => "[a-zH]{0,5}:?/{0,3}"];
    let tail = prop_oneof![
        4 => Just(String::new()),
        2 => select(vec!["/", "/base", "/a/../b", ":443", ":8080/x", "//x", "/x?y", "#x", "/%2e%2e/x", "@evil.example", "\\@evil.example", ":0", ":65536"])
            .prop_map(str::to_owned),
        1 => ".{0,8}",
    ];
    let address = (scheme, host, tail).prop_map(|(scheme, host, tail)| format!("{scheme}{host}{tail}"));
    let put = (select(vec!["authority", "sts", "redirectUri"]), address)
        .prop_map(|(name, address)| (name, Edit::Put(address.into())));
    (edits(NAMES), proptest::collection::vec(put, 0..3)).prop_map(|(mut edits, puts)| {
        // Most keep the rest honest, or no address would ever be looked at.
        if edits.len() > 1 {
            edits.clear();
        }
        edits.extend(puts);
        let honest = json!({ "version": 1, "clientId": BROKER, "sts": "https://a.sts.example/base", "authority": "https://login.example",
            "redirectUri": format!("{ENVIRONMENT}/r.html"), "clients": { "one": "c0000000-0000-4000-8000-000000000001" } });
        Given { config: edited(honest, &edits), pinned: true, hidden: Vec::new() }
    })
}

fn judge(given: &Given) -> bool {
    let mut config = given.config.clone();
    for (name, address) in &given.hidden {
        mend(&mut config, name, *address);
    }
    let sts_host = given.pinned.then(|| STS_PIN.to_owned());
    let pins = Pins { authority_host: Some(AUTHORITY_PIN.to_owned()), sts_host };
    Core::new(FakeEnv::new(), pins).check(&config).is_ok()
}

fn rule(given: &Given, taken: &bool) -> Verdict {
    if !taken {
        return Ok(());
    }
    let config = &given.config;
    let authority = address(config, "authority")?;
    let sts = address(config, "sts")?;
    must(
        config.get("clientId").and_then(Value::as_str).is_some(),
        "a configuration without a client was taken",
    )?;
    must(authority.host_str() == Some(AUTHORITY_PIN), "an authority outside of its pin was taken")?;
    must(sts.host_str().is_some_and(|host| host.ends_with(STS_PIN)), "an STS outside of its pin was taken")?;
    must(authority.path() == "/", "an authority with a path was taken")?;
    // An empty one is none.
    if config.get("redirectUri").is_some_and(|uri| uri != "") {
        let home = Url::parse(ENVIRONMENT).map_err(|why| why.to_string())?;
        let same = address(config, "redirectUri")?.origin() == home.origin();
        must(same, "a redirect page of another origin was taken")?;
    }
    Ok(())
}

/// As a browser reads it.
fn address(config: &Value, name: &str) -> Result<Url, String> {
    let text = config
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("a `{name}` that is no text was taken"))?;
    let url = Url::parse(text).map_err(|_| format!("a `{name}` that no browser can read was taken"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let secure = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    must(secure && plain, "an address that is not secure, or says more than where, was taken")?;
    // What the code reads and what the browser reads is the same.
    let again = url.as_str().trim_end_matches('/') == text.trim_end_matches('/');
    must(
        again || text.contains(":443") || text.contains(":80"),
        "an address that a browser reads in another way was taken",
    )?;
    Ok(url)
}
