//! How the service proves itself to Entra, and how its certificates change while it runs.

use crate::world::{USER_READ, World, certificate_files, file_picker};
use entra_dev::MintRequest;
use std::{fs, path::PathBuf};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sts-credentials").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The world in which the file picker has these credentials, one table each.
async fn with(credentials: &[String]) -> World {
    World::edited(|config| {
        let client = file_picker(config);
        client.remove("certificate");
        client.remove("private_key");
        let list = credentials.iter().map(|text| toml::Value::Table(text.parse().unwrap())).collect();
        client.insert("credentials".to_owned(), toml::Value::Array(list));
    })
    .await
}

fn pem(certificate: &std::path::Path, key: &std::path::Path) -> String {
    format!("certificate = '{}'\nprivate_key = '{}'", certificate.display(), key.display())
}

/// The one that Entra knows.
fn registered() -> (PathBuf, PathBuf) {
    let folder = World::certificates();
    (folder.join("file-picker.crt.pem"), folder.join("file-picker.key.pem"))
}

#[tokio::test]
async fn when_entra_refuses_a_certificate_the_next_one_is_tried_and_then_comes_first() {
    let (fresh, fresh_key) = certificate_files(&folder("next"));
    let (known, known_key) = registered();
    let world = with(&[pem(&fresh, &fresh_key), pem(&known, &known_key)]).await;
    assert_eq!(world.good().send().await.status, 200);
    assert_eq!(world.asked(), 2);
    assert_eq!(world.good().send().await.status, 200);
    assert_eq!(world.asked(), 3, "the one that Entra took comes first");
}

#[tokio::test]
async fn when_entra_refuses_all_certificates_it_is_the_services_fault() {
    let (fresh, key) = certificate_files(&folder("none"));
    let world = with(&[pem(&fresh, &key)]).await;
    let reason = "Entra ID does not accept this service's credential or configuration.";
    world.good().send().await.is(500, "server_error", None, reason);
}

#[tokio::test]
async fn a_certificate_is_renewed_under_load_without_a_failed_request() {
    let folder = folder("renewed");
    let (old, old_key) = certificate_files(&folder);
    let (known, known_key) = registered();
    // The old one is refused by Entra all the time, as after its removal: the one beside it carries the load.
    let world = with(&[pem(&known, &known_key), pem(&old, &old_key)]).await;
    let mut calls = Vec::new();
    for step in 0..60 {
        match step {
            // Written in two halves, as copies are: the certificate is another one than the key's for a while.
            20 => drop(fs::copy(&known, &old).unwrap()),
            40 => drop(fs::copy(&known_key, &old_key).unwrap()),
            _ => {}
        }
        if step % 5 == 0 {
            world.server.housekeep().await;
        }
        calls.push(world.good().spawn());
    }
    for call in calls {
        assert_eq!(call.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_changed_file_is_in_use_after_housekeeping_and_a_broken_one_never_is() {
    let folder = folder("changed");
    let (file, key) = certificate_files(&folder);
    let world = with(&[pem(&file, &key)]).await;
    assert_eq!(world.good().send().await.status, 500);
    let (known, known_key) = registered();
    fs::copy(&known, &file).unwrap();
    world.server.housekeep().await;
    assert_eq!(world.good().send().await.status, 500, "half of it is not used");
    fs::copy(&known_key, &key).unwrap();
    world.server.housekeep().await;
    assert_eq!(world.good().send().await.status, 200);
    fs::write(&file, "").unwrap();
    world.server.housekeep().await;
    assert_eq!(world.good().send().await.status, 200, "what was good stays in use");
}

#[tokio::test]
async fn a_secret_is_for_development_only() {
    let file = folder("secret").join("secret");
    fs::write(&file, "hunter2\n").unwrap();
    let entra = World::entra().await;
    let secret = format!("[[clients.credentials]]\nclient_secret_file = '{}'", file.display());
    let client = format!(
        r#"
[[clients]]
client_id = "c0000000-0000-4000-8000-0000000000aa"
name = "secretive"
brokers = ["b0000000-0000-4000-8000-000000000001"]
tenants = ["*"]
scopes = ["{USER_READ}"]
{secret}
"#
    );
    let parse = |top: &str| sts::Config::parse(&World::configuration(&entra, top, &client));
    let refused = parse("").unwrap_err().to_string();
    assert!(refused.contains("client_secret_file") && refused.contains("development"), "{refused}");
    assert!(parse("development = true").is_ok());
}

#[tokio::test]
async fn a_federated_token_is_read_anew_for_each_request() {
    let file = folder("federated").join("token");
    fs::write(&file, "first\n").unwrap();
    let world = with(&[format!("federated_token_file = '{}'", file.display())]).await;
    assert_eq!(world.good().send().await.status, 500, "Entra knows no such identity");
    fs::remove_file(&file).unwrap();
    let reason = "The client assertion could not be signed.";
    world.call(MintRequest::new("file-picker")).send().await.is(500, "server_error", None, reason);
}
