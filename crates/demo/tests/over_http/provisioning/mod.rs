//! The script that provisions a tenant is run as it is printed, against the stand-in's Graph; then a user gets a backend token
//! with nothing but what the script wrote: broker's configuration, STS's configuration, certificates. Needs sh, curl and openssl.
//!
//! In the place of `az` is a line of shell that hands its words to [`Az`], which sends the request that they stand for.

mod az;
mod squatter;

use axum::{Router, routing::post};
use az::{Az, answer};
use entra_dev::Entra;
use estate::{Certificates, Estate};
use reqwest::{Client, redirect::Policy};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

const EXAMPLE: &str = include_str!("../../../../../deploy/estate.example.toml");
/// Who is signed in to `az`.
const ADMINISTRATOR: &str = "d0000000-0000-4000-8000-0000000000aa";
const ENVIRONMENT: &str = "https://contoso-test.crm4.dynamics.com";
const REDIRECT: &str =
    "https://contoso-test.crm4.dynamics.com/WebResources/talxis_/tokenbroker/redirect.html";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SIGN_IN: &str = "openid profile offline_access";

/// A tenant with people and Microsoft Graph and nothing of ours, and an empty folder.
struct World {
    entra: Entra,
    folder: PathBuf,
    http: Client,
}

impl World {
    async fn start(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("provisioning").join(name);
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        let mut estate = Estate::parse(EXAMPLE).unwrap();
        estate.controls.clear();
        estate.backends.retain(|name, _| name == "graph");
        estate.broker.client_id = "b0000000-0000-4000-8000-0000000000ff".to_owned();
        for tenant in estate.tenants.values_mut() {
            tenant.service_principals = vec!["graph".to_owned()];
            tenant.grants.clear();
        }
        let entra = Entra::start(entra_dev::Options {
            app: String::new(),
            certificates: Certificates::ensure(&estate, &folder).unwrap(),
            estate,
            listen: ([127, 0, 0, 1], 0).into(),
            clock: entra_dev::Clock::system(),
        });
        let loopback = ([127, 0, 0, 1], 0).into();
        let http = Client::builder().no_proxy().redirect(Policy::none()).resolve("login.localhost", loopback);
        let http = http.build().unwrap();
        Self { entra: entra.await.unwrap(), folder, http }
    }

    /// Runs the script of this estate, which should succeed.
    async fn provision(&self, estate: &str) {
        self.run(estate, &[]).await.unwrap();
    }

    /// Runs the script of this estate, in which these ids may stay; comes to what it says, in the end or when it stops.
    async fn run(&self, estate: &str, keep: &[&str]) -> Result<String, String> {
        let authority = format!("[deployment]\nauthority = \"{}\"\n", self.entra.origin());
        let estate = estate.replacen("[deployment]\n", &authority, 1);
        let script = estate::provision(&Estate::parse(&estate).unwrap()).unwrap();
        fs::write(self.folder.join("provision.sh"), script).unwrap();

        let az = self.az().await;
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let router = Router::new().route("/", post(answer)).with_state(Arc::new(az));
        let serving = tokio::spawn(async move { axum::serve(tcp, router).await });
        let words = r#"for word; do set -- "$@" --data-urlencode "word=$word"; shift; done"#;
        let curl = format!("exec curl --silent --show-error --fail --noproxy '*' \"$@\" http://{address}/");
        let program = self.folder.join("az");
        fs::write(&program, format!("#!/bin/sh\n{words}\n{curl}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", self.folder.display(), std::env::var("PATH").unwrap());
        let folder = self.folder.clone();
        let flag = (!keep.is_empty()).then(|| "--keep".to_owned());
        let words: Vec<String> = flag.into_iter().chain(keep.iter().map(|&id| id.to_owned())).collect();
        let run = move || {
            std::process::Command::new("sh")
                .arg("provision.sh")
                .args(words)
                .current_dir(folder)
                .env("PATH", path)
                .output()
                .unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        serving.abort();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    async fn az(&self) -> Az {
        let control = self.entra.open_control(([127, 0, 0, 1], 0).into()).await.unwrap();
        let (folder, http) = (self.folder.clone(), self.http.clone());
        let (graph, tenant) = (format!("http://{control}/graph"), Mutex::new(self.tenant()));
        Az { graph, folder, tenant, http, me: ADMINISTRATOR }
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    fn config(&self) -> Value {
        serde_json::from_str(&self.file("broker-config.json")).unwrap()
    }

    /// Signs the user in as the broker does, on the stand-in's pages; comes to a refresh token.
    async fn sign_in(&self, broker: &str) -> String {
        let authorize = format!("{}/{}/oauth2/v2.0/authorize", self.entra.origin(), self.tenant());
        let query = [
            ("client_id", broker),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("response_mode", "fragment"),
            ("scope", SIGN_IN),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let page = self.http.get(authorize).query(&query).send().await.unwrap().text().await.unwrap();
        let between = |start: &str| {
            let rest = page.split_once(start).unwrap_or_else(|| panic!("no {start} in {page}")).1;
            rest.split_once('"').unwrap().0.to_owned()
        };
        let form = [
            ("flow", between("name=\"flow\" value=\"")),
            ("username", "adele@contoso.example".to_owned()),
            ("action", "sign_in".to_owned()),
        ];
        let action = format!("{}{}", self.entra.origin(), between("method=\"post\" action=\""));
        let answer = self.http.post(action).form(&form).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let code = location.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
        let grant = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
        let tokens = self.token(broker, SIGN_IN, &grant).await;
        tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
    }

    async fn token(&self, client: &str, scope: &str, grant: &[(&str, &str)]) -> Value {
        let url = format!("{}/{}/oauth2/v2.0/token", self.entra.origin(), self.tenant());
        let mut form = vec![("client_id", client), ("redirect_uri", REDIRECT), ("scope", scope)];
        form.extend_from_slice(grant);
        let request = self.http.post(url).header("origin", ENVIRONMENT).form(&form);
        request.send().await.unwrap().json().await.unwrap()
    }

    fn tenant(&self) -> String {
        Estate::parse(EXAMPLE).unwrap().tenants["contoso"].id.clone()
    }

    /// The whole path with what the script wrote: sign-in, client token, exchange.
    async fn backend_token(&self, alias: &str, scope: &str) -> (u16, Value) {
        let config = self.config();
        let (broker, control) =
            (config["clientId"].as_str().unwrap(), config["clients"][alias].as_str().unwrap());
        let refresh = self.sign_in(broker).await;
        let own = format!("api://{control}/access_as_user");
        let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let tokens = self.token(broker, &own, &grant).await;
        let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));

        let sts = self.file("talxis-sts.toml").replace("0.0.0.0:8080", "127.0.0.1:0");
        let folder = format!("{}/certificates/", self.folder.display());
        let sts = sts::Config::parse(&sts.replace("\"certificates/", &format!("\"{folder}"))).unwrap();
        let clock = self.entra.clock().clone();
        let server = sts::Server::start(sts, sts::Clock::from_fn(move || clock.now())).await.unwrap();
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token", token),
            ("scope", scope),
            ("client_id", broker),
        ];
        let url = format!("{}/oauth2/token", server.origin());
        let answer = self.http.post(url).header("origin", ENVIRONMENT).form(&form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test]
async fn the_printed_script_makes_an_estate_in_which_a_user_gets_a_backend_token() {
    let world = World::start("whole").await;
    world.provision(EXAMPLE).await;
    let (status, answer) =
        world.backend_token("filePicker", "https://graph.microsoft.com/Files.ReadWrite").await;
    assert_eq!(status, 200, "{answer}");
    let feed = world.file("talxis-sts.toml");
    let feed = feed.split('"').find(|text| text.ends_with("/API.AccessAsUser.All")).unwrap();
    let (status, answer) = world.backend_token("addressPicker", feed).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_second_run_keeps_every_id_and_key_and_the_estate_goes_on_working() {
    let world = World::start("again").await;
    world.provision(EXAMPLE).await;
    let files = [
        "broker-config.json",
        "talxis-sts.toml",
        "certificates/file-picker.crt.pem",
        "consent-links.txt",
        "registrations.txt",
    ];
    let before = files.map(|name| world.file(name));
    world.provision(EXAMPLE).await;
    assert_eq!(files.map(|name| world.file(name)), before);
    let settings: Value = serde_json::from_str(&world.file("deployment-settings.json")).unwrap();
    let value = settings["EnvironmentVariables"][0]["Value"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(value).unwrap(), world.config(), "{settings}");
    let (status, answer) = world.backend_token("filePicker", "https://graph.microsoft.com/User.Read").await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn without_grants_the_consent_link_is_what_is_missing() {
    let world = World::start("consent").await;
    let grants = EXAMPLE.find("grants = [").unwrap();
    let end = grants + EXAMPLE[grants..].find("\n]\n").unwrap() + 3;
    world.provision(&format!("{}{}", &EXAMPLE[..grants], &EXAMPLE[end..])).await;
    let scope = "https://graph.microsoft.com/User.Read";
    let (status, answer) = world.backend_token("filePicker", scope).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("consent_required")), "{answer}");

    let links = world.file("consent-links.txt");
    let link = links.lines().find_map(|line| line.strip_prefix("contoso file-picker ")).unwrap();
    let page = world.http.get(link).send().await.unwrap().text().await.unwrap();
    let between = |start: &str| {
        let rest = page.split_once(start).unwrap_or_else(|| panic!("no {start} in {page}")).1;
        rest.split_once('"').unwrap().0
    };
    let form = [("flow", between("name=\"flow\" value=\"")), ("action", "accept")];
    let action = format!("{}{}", world.entra.origin(), between("method=\"post\" action=\""));
    let landed = world.http.post(action).form(&form).send().await.unwrap();
    let location = landed.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("https://contoso.crm4.dynamics.com/?"), "{location}");
    let (status, answer) = world.backend_token("filePicker", scope).await;
    assert_eq!(status, 200, "{answer}");
}
