//! What an operator sees and does: probes, metrics, the doctor, the program itself from start to SIGTERM.

use crate::{
    program::{Program, folder},
    world::{World, certificate_files},
};
use entra_dev::MintRequest;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use sts::{Clock, Config, Grade};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore},
};

async fn get(url: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_private_port_says_what_is_counted_and_what_will_end_and_no_secret() {
    let world = World::configured("metrics = \"127.0.0.1:0\"", "").await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    let granted = world.call_with(&token).send().await;
    world.call_with(&token).send().await;
    world.good().field("scope", "https://graph.microsoft.com/Mail.Read").send().await;
    let private = format!("http://{}", world.server.private_address().unwrap());

    let (status, metrics) = get(&format!("{private}/metrics")).await;
    assert_eq!(status, 200);
    for line in [
        r#"talxis_sts_exchanges_total{outcome="ok",source="Entra"} 1"#,
        r#"talxis_sts_exchanges_total{outcome="ok",source="Cache"} 1"#,
        r#"talxis_sts_exchanges_total{outcome="invalid_scope",source="None"} 1"#,
        "talxis_sts_cache_entries 1",
        "talxis_sts_keys_missing 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(metrics.contains(r#"talxis_sts_certificate_expiry_seconds{client="file-picker""#), "{metrics}");

    let (status, details) = get(&format!("{private}/readyz")).await;
    let details: Value = serde_json::from_str(&details).unwrap();
    assert_eq!((status, &details["ready"]), (200, &Value::Bool(true)));
    assert!(details["credentials"][0]["days_left"].as_u64().is_some_and(|days| days > 300));
    let public = get(&format!("{}/readyz", world.server.origin())).await;
    assert_eq!(public, (200, "ready".to_owned()), "names are for the private port");
    for secret in [&token, granted.text("access_token").unwrap()] {
        assert!(!metrics.contains(secret) && !details.to_string().contains(secret));
    }
    assert_eq!(get(&format!("{}/metrics", world.server.origin())).await.0, 404);
}

#[tokio::test]
async fn without_any_tenants_keys_it_is_not_ready() {
    let entra = World::entra().await;
    let configuration = World::configuration(&entra, "", "").replace(entra.origin(), "http://127.0.0.1:1");
    let server = World::server(&entra, &configuration).await;
    assert_eq!(get(&format!("{}/readyz", server.origin())).await, (503, "not ready".to_owned()));
    assert_eq!(get(&format!("{}/livez", server.origin())).await.0, 200);
}

#[tokio::test]
async fn the_doctor_finds_nothing_wrong_in_a_healthy_world() {
    let world = World::start().await;
    let findings = examine(&World::configuration(&world.entra, "", "")).await;
    let wrong: Vec<_> = findings.iter().filter(|(grade, _)| *grade != Grade::Good).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(findings.len() > 20);
}

#[tokio::test]
async fn the_doctor_says_which_property_of_which_registration_to_change() {
    let world = World::start().await;
    let (certificate, key) = certificate_files(&folder("doctor"));
    let known = World::certificates();
    let configuration = World::configuration(&world.entra, "", "")
        .replace(&known.join("calendar.crt.pem").display().to_string(), &certificate.display().to_string())
        .replace(&known.join("calendar.key.pem").display().to_string(), &key.display().to_string());
    let findings = examine(&configuration).await;
    let wrong: Vec<&str> =
        findings.iter().filter(|one| one.0 == Grade::Bad).map(|one| one.1.as_str()).collect();
    let [calendar] = wrong.as_slice() else { panic!("{wrong:?}") };
    assert!(calendar.starts_with("calendar in tenant 70000000"), "{calendar}");
    assert!(calendar.contains("AADSTS700027") && calendar.contains("keyCredentials"), "{calendar}");
}

async fn examine(configuration: &str) -> Vec<(Grade, String)> {
    let config = Config::parse(configuration).unwrap();
    let findings = sts::examine(config, &Clock::system(), true).await.unwrap();
    findings.into_iter().map(|one| (one.grade, one.text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_that_is_sent_until_a_balancer_can_have_noticed_sigterm_is_answered() {
    let world = World::start().await;
    let file = folder("sigterm").join("sts.toml");
    let (top, limits) = ("drain_seconds = 3", "[limits]\nuser_per_minute = 1000000");
    fs::write(&file, World::configuration(&world.entra, top, limits)).unwrap();
    let (mut program, origin) = Program::start(&file);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let noticed = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (noticed, request) = (Arc::clone(&noticed), world.good().to(&origin, &client));
            tokio::spawn(async move {
                let mut answered = 0;
                while !noticed.load(Relaxed) {
                    let answer = request.try_clone().unwrap().send().await.unwrap();
                    assert_eq!(answer.status().as_u16(), 200);
                    assert!(answer.bytes().await.is_ok(), "a whole answer");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    let warm = world.good().to(&origin, &client);
    for _ in 0..50 {
        assert_eq!(warm.try_clone().unwrap().send().await.unwrap().status().as_u16(), 200);
    }
    program.terminate();
    while get(&format!("{origin}/readyz")).await.0 == 200 {}
    // It says no, and serves on.
    for _ in 0..50 {
        assert_eq!(warm.try_clone().unwrap().send().await.unwrap().status().as_u16(), 200);
    }
    noticed.store(true, Relaxed);
    let mut answered = 0;
    for caller in callers {
        answered += caller.await.unwrap();
    }
    assert!(answered > 50, "{answered}");
    assert!(program.ended_well());
}

#[tokio::test]
async fn check_config_names_what_is_wrong_and_fails() {
    let world = World::start().await;
    let file = folder("check").join("sts.toml");
    let run = |text: &str| {
        fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_talxis-sts")).arg("check-config").arg(&file).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let good = World::configuration(&world.entra, "", "");
    let (success, text) = run(&good);
    assert!(success && text.contains("0 wrong"), "{text}");
    let (success, text) = run(&good.replace("file-picker.key.pem", "nowhere.pem"));
    assert!(!success && text.contains("nowhere.pem") && text.contains("file-picker"), "{text}");
    let (success, text) = run("listen = 5");
    assert!(!success && text.contains("line 1"), "{text}");
}

#[tokio::test]
async fn its_own_tls_serves_exchanges_and_a_renewed_certificate_without_a_restart() {
    let folder = folder("tls");
    let (certificate, key) = tls_files(&folder);
    let tables =
        format!("[tls]\ncertificate = '{}'\nprivate_key = '{}'", certificate.display(), key.display());
    let world = World::configured("metrics = \"127.0.0.1:0\"", &tables).await;
    let metrics = get(&format!("http://{}/metrics", world.server.private_address().unwrap())).await.1;
    let expiry = r#"talxis_sts_certificate_expiry_seconds{client="this service",credential="tls"} "#;
    let end = metrics.split(expiry).nth(1).and_then(|rest| rest.lines().next()).unwrap();
    assert!(end.parse::<f64>().unwrap() > 2e9, "rcgen's certificates are good for long: {end}");
    let origin = world.server.origin().replace("127.0.0.1", "localhost");
    assert!(origin.starts_with("https://"));
    let trusting = |pem: &str| {
        let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap()
    };
    let ask = async |pem: &str| {
        let answer = world.good().to(&origin, &trusting(pem)).send().await;
        answer.map(|answer| answer.status().as_u16()).ok()
    };
    let first = fs::read_to_string(&certificate).unwrap();
    assert_eq!(ask(&first).await, Some(200));
    tls_files(&folder);
    let second = fs::read_to_string(&certificate).unwrap();
    assert_eq!(ask(&second).await, None, "not read yet");
    world.server.housekeep().await;
    assert_eq!((ask(&second).await, ask(&first).await), (Some(200), None));
}

/// What browsers do with several controls: their exchanges at once, on one connection.
#[tokio::test]
async fn its_own_tls_serves_many_exchanges_at_once_on_one_connection_of_http_2() {
    let folder = folder("http2");
    let (certificate, key) = tls_files(&folder);
    let tables =
        format!("[tls]\ncertificate = '{}'\nprivate_key = '{}'", certificate.display(), key.display());
    let world = World::configured("", &tables).await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = tokio::net::TcpStream::connect(world.server.address()).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let ask = || {
        let mut sender = sender.clone();
        let request = world.good().to("https://localhost", &reqwest::Client::new()).build().unwrap();
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap().to_vec();
        let mut plain = hyper::Request::post("https://localhost/oauth2/token");
        *plain.headers_mut().unwrap() = request.headers().clone();
        let request = plain.body(axum::body::Body::from(body)).unwrap();
        async move { sender.send_request(request).await.unwrap() }
    };
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    for answer in [one, two, three] {
        assert_eq!((answer.status().as_u16(), answer.version()), (200, hyper::Version::HTTP_2));
        assert_eq!(answer.headers()["access-control-allow-origin"], crate::world::APP);
    }
}

/// A certificate for localhost.
fn tls_files(folder: &Path) -> (PathBuf, PathBuf) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let files = (folder.join("tls.crt"), folder.join("tls.key"));
    fs::write(&files.0, params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&files.1, key.serialize_pem()).unwrap();
    files
}
