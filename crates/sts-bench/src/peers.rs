//! The servers that are measured: how each is configured and started. A new one is one more function here.

use crate::tokens::{
    APP, BROKER, CLIENT, OTHER_BROKER, OTHER_CLIENT, OTHER_SCOPE, OTHER_TENANT, SCOPE, TENANT,
};
use serde_json::json;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A server to be measured.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// The largest number of users for which it is measured.
    pub(crate) most_users: usize,
    /// Writes what it needs into its folder and says how it is started. It prints its address as the first line.
    pub(crate) prepare: fn(&Place) -> io::Result<Vec<String>>,
}

/// What a server is started with.
pub(crate) struct Place<'a> {
    /// An empty folder for its files.
    pub(crate) folder: PathBuf,
    /// The identity provider.
    pub(crate) authority: &'a str,
    /// The STS's program.
    pub(crate) server: &'a str,
    /// The folder of the peers' scripts, with their packages beside them.
    pub(crate) scripts: &'a Path,
}

/// Ours, with room for everything.
const OURS: Peer = Peer { name: "ours", most_users: usize::MAX, prepare: |place| ours(place, 1_024) };

/// Ours, with room for a part of what a soak asks.
pub(crate) const SMALL: Peer = Peer { prepare: |place| ours(place, 24), ..OURS };

/// All of them, ours first.
pub(crate) const ALL: [Peer; 3] = [
    OURS,
    // With more users a hit takes it longer than the identity provider's answer.
    Peer { name: "default", most_users: 3_000, prepare: |place| msal(place, "default.mjs") },
    Peer { name: "best", most_users: usize::MAX, prepare: |place| msal(place, "best.mjs") },
];

/// Ours, with its limits in force but out of reach: they are counted, and refuse nobody.
fn ours(place: &Place, megabytes: u32) -> io::Result<Vec<String>> {
    let (certificate, key) = certificate()?;
    fs::write(place.folder.join("client.crt.pem"), certificate)?;
    fs::write(place.folder.join("client.key.pem"), key)?;
    let mut configuration = format!(
        r#"
listen = "127.0.0.1:0"
authority = "{}"
[limits]
address_per_minute = 4294967295
user_per_minute = 4294967295
tenant_per_minute = 4294967295
client_per_minute = 4294967295
[cache]
megabytes = {megabytes}
"#,
        place.authority
    );
    for tenant in [TENANT, OTHER_TENANT] {
        configuration += &format!("[[tenants]]\nid = \"{tenant}\"\norigins = [\"{APP}\"]\n");
    }
    for client in [CLIENT, OTHER_CLIENT] {
        configuration += &format!(
            r#"
[[clients]]
client_id = "{client}"
name = "{client}"
tenants = ["{TENANT}", "{OTHER_TENANT}"]
brokers = ["{BROKER}", "{OTHER_BROKER}"]
scopes = ["{SCOPE}", "{OTHER_SCOPE}"]
certificate = "client.crt.pem"
private_key = "client.key.pem"
"#
        );
    }
    let file = place.folder.join("sts.toml");
    fs::write(&file, configuration)?;
    Ok(vec![place.server.to_owned(), file.display().to_string()])
}

/// `@azure/msal-node` behind Fastify, with as much memory as it wants.
fn msal(place: &Place, script: &str) -> io::Result<Vec<String>> {
    let (certificate, key) = certificate()?;
    let settings = json!({
        "authority": place.authority, "clientId": CLIENT, "tenant": TENANT, "broker": BROKER,
        "certificate": certificate, "privateKey": key,
    });
    let file = place.folder.join("settings.json");
    fs::write(&file, settings.to_string())?;
    let script = place.scripts.join(script).display().to_string();
    let words = ["node", "--max-old-space-size=16384", &script, &file.display().to_string()];
    Ok(words.map(str::to_owned).to_vec())
}

/// A certificate and its key, PEM.
fn certificate() -> io::Result<(String, String)> {
    let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).and_then(|key| {
        Ok((rcgen::CertificateParams::default().self_signed(&key)?.pem(), key.serialize_pem()))
    });
    made.map_err(io::Error::other)
}
