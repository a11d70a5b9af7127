//! The servers that are measured: how each is configured and started. A new one is one more function here.

use crate::tokens::{APP, BROKER, CLIENT, SCOPE, TENANT};
use std::{fs, io, path::Path};

/// A server to be measured.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// The largest number of users for which it is measured.
    pub(crate) most_users: usize,
    program: String,
    /// Writes what it needs into its folder and says its arguments. It prints its address as the first line.
    prepare: fn(&Path, &str) -> io::Result<Vec<String>>,
}

/// All of them, ours first.
pub(crate) fn all(server: &str) -> Vec<Peer> {
    vec![Peer { name: "ours", most_users: usize::MAX, program: server.to_owned(), prepare: ours }]
}

impl Peer {
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    pub(crate) fn prepare(&self, folder: &Path, authority: &str) -> io::Result<Vec<String>> {
        (self.prepare)(folder, authority)
    }
}

/// Ours, with its limits in force but out of reach: they are counted, and refuse nobody.
fn ours(folder: &Path, authority: &str) -> io::Result<Vec<String>> {
    let (certificate, key) = certificate(folder)?;
    let configuration = format!(
        r#"
listen = "127.0.0.1:0"
authority = "{authority}"
[limits]
address_per_minute = 4294967295
user_per_minute = 4294967295
tenant_per_minute = 4294967295
client_per_minute = 4294967295
[cache]
megabytes = 1024
[[tenants]]
id = "{TENANT}"
origins = ["{APP}"]
[[clients]]
client_id = "{CLIENT}"
name = "bench"
tenants = ["{TENANT}"]
brokers = ["{BROKER}"]
scopes = ["{SCOPE}"]
certificate = "{certificate}"
private_key = "{key}"
"#
    );
    let file = folder.join("sts.toml");
    fs::write(&file, configuration)?;
    Ok(vec![file.display().to_string()])
}

/// A certificate and its key, as PEM files in the folder: their names.
fn certificate(folder: &Path) -> io::Result<(&'static str, &'static str)> {
    let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).and_then(|key| {
        Ok((rcgen::CertificateParams::default().self_signed(&key)?.pem(), key.serialize_pem()))
    });
    let (certificate, key) = made.map_err(io::Error::other)?;
    fs::write(folder.join("client.crt.pem"), certificate)?;
    fs::write(folder.join("client.key.pem"), key)?;
    Ok(("client.crt.pem", "client.key.pem"))
}
