//! A stored session (contract §6): it comes out of a place into which every script of the origin can write. It is gone on with only if it is
//! of this configuration and of the user of Power Apps, and nothing in it is served that it does not say.

use crate::{
    Target, Verdict,
    edit::{Edit, edited, edits, mend, text},
    must,
};
use broker_core::{
    Core, Env, Pins,
    testing::{AUTHORITY, BROKER, FakeEnv, STS, TENANT, USER, config},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

const ACCOUNT: &[&str] = &["username", "name", "tenantId", "objectId", "homeAccountId", "guest"];
const TOKEN: &[&str] = &["client", "scopes", "granted", "secret", "expiresOn", "storedOn"];
const SESSION: &[&str] = &["v", "issuer", "account", "refreshToken", "refreshExpiresOn", "tokens"];

/// What became of it: whether it is good, whose session runs now, and the secrets of the tokens.
struct Judged {
    good: bool,
    user: Option<[String; 2]>,
    secrets: Vec<String>,
}

pub(crate) fn target() -> Target {
    Target::new(
        "stored session",
        sessions(),
        judge,
        rule,
        &[
            ("issuer", |stored| mend(stored, "issuer", issuer())),
            ("user", |stored| in_account(stored, "objectId", USER)),
            ("tenant", |stored| in_account(stored, "tenantId", TENANT)),
            ("version", |stored| mend(stored, "v", 1)),
        ],
    )
}

fn in_account(stored: &mut Value, name: &str, value: &str) {
    if let Some(account) = stored.get_mut("account") {
        mend(account, name, value);
    }
}

fn issuer() -> String {
    format!("{AUTHORITY} {BROKER} {STS}")
}

fn sessions() -> impl Strategy<Value = Value> {
    let others = select(vec![
        ("tenantId", json!("70000000-0000-4000-8000-000000000002")),
        ("objectId", json!("d0000000-0000-4000-8000-000000000002")),
    ])
    .prop_map(|(name, value)| (name, Edit::Put(value)));
    let account = (edits(ACCOUNT), proptest::option::of(others)).prop_map(|(mut edits, other)| {
        edits.extend(other);
        let honest = json!({ "username": "adele@contoso.example", "name": "Adele", "tenantId": TENANT, "objectId": USER,
            "homeAccountId": format!("{USER}.{TENANT}"), "guest": false });
        edited(honest, &edits)
    });
    let token = edits(TOKEN).prop_map(|edits| {
        let now = FakeEnv::new().now();
        edited(
            json!({ "client": "c", "scopes": "s", "granted": "s", "secret": "token", "expiresOn": now + 3_600_000, "storedOn": now }),
            &edits,
        )
    });
    (edits(SESSION), account, token).prop_map(|(edits, account, token)| {
        edited(
            json!({ "v": 1, "issuer": issuer(), "account": account, "refreshToken": "refresh", "refreshExpiresOn": 0,
                "tokens": { "c s": token } }),
            &edits,
        )
    })
}

fn judge(stored: &Value) -> Judged {
    let core = Core::new(FakeEnv::new(), Pins::default());
    let configured = core.configure(&config(), &json!({})).is_ok();
    let good = configured && core.restore(stored);
    let tokens = core.snapshot().map(|snapshot| snapshot.tokens).unwrap_or_default();
    Judged {
        good,
        user: core.account().map(|account| [account.tenant_id.clone(), account.object_id.clone()]),
        secrets: tokens.iter().map(|token| token.secret.expose().to_owned()).collect(),
    }
}

fn rule(stored: &Value, judged: &Judged) -> Verdict {
    let Judged { good, user, secrets } = judged;
    must(*good == user.is_some(), "a session that was refused goes on, or one that was taken does not")?;
    if !good {
        return must(secrets.is_empty(), "a token of a refused session is kept");
    }
    let account = stored.get("account").cloned().unwrap_or_default();
    must(text(stored, "issuer") == issuer(), "a session of another configuration was taken")?;
    must(text(&account, "tenantId") == TENANT, "a session of another tenant was taken")?;
    must(text(&account, "objectId") == USER, "a session of another user was taken")?;
    let version = stored.get("v");
    must(
        version == Some(&json!(1)) || version == Some(&json!("1")),
        "a session of another version was taken",
    )?;
    let kept = |secret: &String| {
        let tokens = stored.get("tokens").and_then(Value::as_object);
        tokens.is_some_and(|tokens| tokens.values().any(|token| text(token, "secret") == secret))
    };
    must(secrets.iter().all(kept), "a token that was not stored is served")
}
