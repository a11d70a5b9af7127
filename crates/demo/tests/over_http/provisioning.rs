//! The script that provisions a tenant is run as it is printed, against the stand-in's Graph; then a user gets a backend token
//! with nothing but what the script wrote: broker's configuration, STS's configuration, certificates. Needs sh, curl and openssl.
//!
//! In the place of `az` is a line of shell that hands its words to [`Az`], which sends the request that they stand for.

use axum::{Form, Router, extract::State, http::StatusCode, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use entra_dev::Entra;
use estate::{Certificates, Estate};
use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

const EXAMPLE: &str = include_str!("../../../../deploy/estate.example.toml");
const PICKER: &str = "v1.0/applications(uniqueName='talxis-token-broker.file-picker')";
/// Who is signed in to `az`.
const ADMINISTRATOR: &str = "d0000000-0000-4000-8000-0000000000aa";
const ENVIRONMENT: &str = "https://contoso-test.crm4.dynamics.com";
const REDIRECT: &str =
    "https://contoso-test.crm4.dynamics.com/WebResources/talxis_/tokenbroker/redirect.html";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SIGN_IN: &str = "openid profile offline_access";

/// What `az` would send, and the tenant it is signed in to.
struct Az {
    graph: String,
    folder: PathBuf,
    tenant: Mutex<String>,
    http: Client,
}

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
        self.run(estate).await.unwrap();
    }

    /// Runs the script of this estate; else what it says.
    async fn run(&self, estate: &str) -> Result<(), String> {
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
        let run = move || {
            std::process::Command::new("sh")
                .arg("provision.sh")
                .current_dir(folder)
                .env("PATH", path)
                .output()
                .unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        serving.abort();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    async fn az(&self) -> Az {
        let control = self.entra.open_control(([127, 0, 0, 1], 0).into()).await.unwrap();
        let (folder, http) = (self.folder.clone(), self.http.clone());
        Az { graph: format!("http://{control}/graph"), folder, tenant: Mutex::new(self.tenant()), http }
    }

    /// What somebody who may register applications did before: the file picker's registration, and this with it.
    async fn before(&self, method: &str, part: &str, body: &Value) {
        let az = self.az().await;
        let made = az.send("PATCH", PICKER, true, &json!({ "displayName": "File Picker" }).to_string()).await;
        assert!(made.status().is_success());
        let done = az.send(method, &format!("{PICKER}{part}"), false, &body.to_string()).await;
        assert!(done.status().is_success(), "{}", done.text().await.unwrap());
    }

    /// What the file picker's registration is like, from Graph.
    async fn picker(&self, part: &str) -> Value {
        self.az().await.send("GET", &format!("{PICKER}{part}"), false, "").await.json().await.unwrap()
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

/// One call of `az`: what it prints, or a status that makes it fail.
async fn answer(
    State(az): State<Arc<Az>>,
    Form(words): Form<Vec<(String, String)>>,
) -> Result<String, StatusCode> {
    let words: Vec<String> = words.into_iter().map(|(_, word)| word).collect();
    let option = |name: &str| {
        words
            .iter()
            .position(|word| word == name)
            .and_then(|at| words.get(at + 1))
            .cloned()
            .unwrap_or_default()
    };
    let words_are = |expected: &[&str]| words.iter().zip(expected).all(|(word, expected)| word == expected);
    if words_are(&["login"]) {
        *az.tenant.lock().unwrap() = option("--tenant");
        return Ok(String::new());
    }
    if words_are(&["rest"]) {
        let create = words.iter().any(|word| word == "Prefer=create-if-missing");
        let url = option("--url");
        let path = url.strip_prefix("https://graph.microsoft.com/").unwrap();
        let answer = az.send(&option("--method"), path, create, &option("--body")).await;
        return az.print(answer, &option("--query")).await;
    }
    if words_are(&["ad", "signed-in-user", "show"]) {
        return Ok(ADMINISTRATOR.to_owned());
    }
    let app = format!("v1.0/applications(appId='{}')", option("--id"));
    if words_are(&["ad", "app", "credential", "list"]) {
        let answer = az.send("GET", &app, false, "").await;
        return az.print(answer, &option("--query").replacen('[', "keyCredentials[", 1)).await;
    }
    assert!(words_are(&["ad", "app", "credential", "reset"]) && words.contains(&"--append".to_owned()));
    let pem = fs::read_to_string(az.folder.join(option("--cert").strip_prefix('@').unwrap())).unwrap();
    let key: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(&key).unwrap();
    let key = json!({
        "type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": option("--display-name"),
    });
    let answer = az.send("PATCH", &app, false, &json!({ "keyCredentials": [key] }).to_string()).await;
    az.print(answer, "").await
}

impl Az {
    async fn send(&self, method: &str, path: &str, create: bool, body: &str) -> Response {
        let url = format!("{}/{}/{path}", self.graph, self.tenant.lock().unwrap());
        let mut request = self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        if create {
            request = request.header("prefer", "create-if-missing");
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        request.send().await.unwrap()
    }

    /// The answer through a query: a member, or `list[?a=='b' && …].c | [0]`, or two of lengths and rows, as JMESPath reads them.
    async fn print(&self, answer: Response, query: &str) -> Result<String, StatusCode> {
        let status = answer.status();
        let text = answer.text().await.unwrap();
        if !status.is_success() {
            eprintln!("{status} {text}");
            return Err(StatusCode::BAD_GATEWAY);
        }
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let texts = |list: &str, member: &str| -> Vec<String> {
            let items = value[list].as_array().unwrap();
            items.iter().map(|item| item[member].as_str().unwrap_or("None").to_owned()).collect()
        };
        match query {
            "length(passwordCredentials)" => {
                return Ok(texts("passwordCredentials", "keyId").len().to_string());
            }
            "value[].[displayName,id]" => return Ok(texts("value", "displayName").join("\n") + "\n"),
            _ => {}
        }
        if let Some(me) = query.strip_prefix("length(value[?id!='") {
            let me = me.strip_suffix("'])").unwrap();
            return Ok(texts("value", "id").iter().filter(|id| *id != me).count().to_string());
        }
        let Some((list, rest)) = query.split_once("[?") else {
            return Ok(value[query].as_str().unwrap_or_default().to_owned());
        };
        let (conditions, member) = rest.split_once("].").unwrap();
        let conditions: BTreeMap<&str, &str> =
            conditions.split(" && ").map(|one| one.split_once("==").unwrap()).collect();
        let fits =
            |item: &&Value| conditions.iter().all(|(name, text)| item[name] == text.trim_matches('\''));
        let items = value[list].as_array().cloned().unwrap_or_default();
        let member = member.split(' ').next().unwrap();
        Ok(items.iter().find(fits).and_then(|item| item[member].as_str()).unwrap_or_default().to_owned())
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
    let files =
        ["broker-config.json", "talxis-sts.toml", "certificates/file-picker.crt.pem", "consent-links.txt"];
    let before = files.map(|name| world.file(name));
    world.provision(EXAMPLE).await;
    assert_eq!(files.map(|name| world.file(name)), before);
    let settings: Value = serde_json::from_str(&world.file("deployment-settings.json")).unwrap();
    let value = settings["EnvironmentVariables"][0]["Value"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(value).unwrap(), world.config(), "{settings}");
    let (status, answer) = world.backend_token("filePicker", "https://graph.microsoft.com/User.Read").await;
    assert_eq!(status, 200, "{answer}");
}

fn owner(id: &str) -> Value {
    json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}") })
}

#[tokio::test]
async fn a_registration_that_somebody_else_owns_is_not_consented_to() {
    let world = World::start("stranger").await;
    world.before("POST", "/owners/$ref", &owner("d0000000-0000-4000-8000-000000000001")).await;
    let said = world.run(EXAMPLE).await.unwrap_err();
    assert!(said.contains("talxis-token-broker.file-picker (") && said.contains("Adele"), "{said}");
    let links = world.folder.join("consent-links.txt");
    assert!(!links.exists() && world.picker("").await["keyCredentials"] == json!([]));
}

#[tokio::test]
async fn a_registration_with_a_client_secret_is_not_consented_to() {
    let world = World::start("secret").await;
    world.before("POST", "/addPassword", &json!({})).await;
    let said = world.run(EXAMPLE).await.unwrap_err();
    assert!(
        said.contains("talxis-token-broker.file-picker (") && said.contains("Client secrets: 1."),
        "{said}"
    );
}

#[tokio::test]
async fn ones_own_registration_is_taken_and_sends_codes_nowhere_but_where_the_estate_says() {
    let world = World::start("own").await;
    world.before("POST", "/owners/$ref", &owner(ADMINISTRATOR)).await;
    let evil = json!({ "redirectUris": ["https://evil.example"] });
    world.before("PATCH", "", &json!({ "spa": evil, "publicClient": evil, "web": evil })).await;
    world.provision(EXAMPLE).await;
    let shown = world.picker("").await;
    assert_eq!(shown["web"]["redirectUris"], json!(["https://contoso.crm4.dynamics.com/"]));
    assert!(!shown.to_string().contains("evil.example"), "{shown}");
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
