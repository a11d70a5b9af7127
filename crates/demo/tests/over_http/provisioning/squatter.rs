//! Somebody who may register applications was there first, under the names that the script looks for, or comes later.

use super::{ADMINISTRATOR, EXAMPLE, World};
use estate::{Certificates, Estate};
use serde_json::{Value, json};
use std::{fs, process::Command};

const STRANGER: &str = "d0000000-0000-4000-8000-000000000001";
/// A stranger without a name that the administrator may see.
const OTHER: &str = "d0000000-0000-4000-8000-0000000000bb";
const GRAPH: &str = "v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";

fn application(name: &str) -> String {
    format!("v1.0/applications(uniqueName='talxis-token-broker.{name}')")
}

fn principal(app_id: &str) -> String {
    format!("v1.0/servicePrincipals(appId='{app_id}')")
}

impl World {
    async fn graph(&self, method: &str, path: &str, create: bool, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.az().await.send(method, path, create, &body).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn shown(&self, path: &str) -> Value {
        self.graph("GET", path, false, Value::Null).await
    }

    /// Makes a registration with what a stranger wants in it, and its service principal; comes to the `appId`.
    async fn squat(&self, name: &str, body: Value) -> String {
        let made = self.graph("PATCH", &application(name), true, body).await;
        let app_id = made["appId"].as_str().unwrap().to_owned();
        self.graph("PATCH", &principal(&app_id), true, json!({ "accountEnabled": true })).await;
        app_id
    }

    /// A certificate of a stranger's, as Graph takes it.
    fn certificate(&self) -> Value {
        let estate = Estate::parse(EXAMPLE).unwrap();
        let pem =
            Certificates::ensure(&estate, &self.folder.join("stranger")).unwrap().certificate("file-picker");
        let key: String = pem.unwrap().lines().filter(|line| !line.starts_with("-----")).collect();
        json!([{ "type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": "for later" }])
    }

    fn nothing_was_consented(&self) {
        assert!(!self.folder.join("consent-links.txt").exists());
    }
}

fn owner(id: &str) -> Value {
    json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}") })
}

fn password() -> Value {
    json!({ "passwordCredential": { "displayName": "for later" } })
}

#[tokio::test]
async fn a_registration_without_an_owner_that_this_folder_did_not_make_is_not_consented_to() {
    let world = World::start("squatted").await;
    let app_id = world.squat("file-picker", json!({ "displayName": "File Picker" })).await;
    let said = world.run(EXAMPLE, &[]).await.unwrap_err();
    assert!(said.contains(&format!("talxis-token-broker.file-picker ({app_id})")), "{said}");
    assert!(said.contains(&format!("registration {app_id} (not made in this folder)")), "{said}");
    world.nothing_was_consented();

    // Whoever has looked at it may go on, and is not asked again.
    world.run(EXAMPLE, &[&app_id]).await.unwrap();
    world.run(EXAMPLE, &[]).await.unwrap();
}

/// All that a stranger can write into a registration, with the ids of scopes of Microsoft Graph.
fn hostile(graph: &Value, id: &str) -> Value {
    let evil = json!({ "redirectUris": [format!("https://evil.example/{id}")] });
    let ids: Vec<Value> = graph["oauth2PermissionScopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| json!({ "id": scope["id"], "type": "Scope" }))
        .collect();
    let claims = json!([{ "name": "upn" }]);
    json!({
        "displayName": "Evil",
        "signInAudience": "AzureADandPersonalMicrosoftAccount",
        "isFallbackPublicClient": true,
        "isDeviceOnlyAuthSupported": true,
        "identifierUris": [format!("api://evil-{id}")],
        "spa": evil,
        "publicClient": evil,
        "web": {
            "redirectUris": evil["redirectUris"],
            "logoutUrl": "https://evil.example/out",
            "implicitGrantSettings": { "enableAccessTokenIssuance": true, "enableIdTokenIssuance": true },
        },
        "defaultRedirectUri": format!("https://evil.example/{id}"),
        "api": {
            "requestedAccessTokenVersion": 1,
            "acceptMappedClaims": true,
            "preAuthorizedApplications": [{ "appId": "e0000000-0000-4000-8000-000000000001", "delegatedPermissionIds": [] }],
            "knownClientApplications": ["e0000000-0000-4000-8000-000000000001"],
        },
        "appRoles": [{
            "id": "e0000000-0000-4000-8000-000000000002", "value": "All", "displayName": "All", "description": "All",
            "allowedMemberTypes": ["User"], "isEnabled": false,
        }],
        "requiredResourceAccess": [{ "resourceAppId": graph["appId"], "resourceAccess": ids }],
        "optionalClaims": { "accessToken": claims, "idToken": claims, "saml2Token": claims },
        "groupMembershipClaims": "All",
        "tokenEncryptionKeyId": "e0000000-0000-4000-8000-000000000003",
        "servicePrincipalLockConfiguration": { "isEnabled": false, "allProperties": false },
    })
}

/// That the stranger wrote every property there is, so that none is left out of what is compared.
fn assert_all_differ(place: &str, one: &Value, other: &Value) {
    const NOT_WRITTEN: [&str; 5] =
        ["id", "appId", "keyCredentials", "passwordCredentials", "oauth2PermissionScopes"];
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one.iter().filter(|(name, _)| !NOT_WRITTEN.contains(&name.as_str())) {
                assert_all_differ(&format!("{place}.{name}"), value, &other[name]);
            }
        }
        _ => assert_ne!(one, other, "{place}"),
    }
}

#[tokio::test]
async fn nothing_that_a_stranger_wrote_into_a_registration_outlives_the_script() {
    const ALL: [&str; 4] = ["data-feed", "broker", "address-picker", "file-picker"];
    let (fresh, squatted) = (World::start("fresh").await, World::start("hostile").await);
    let graph = squatted.shown(GRAPH).await;
    let (mut keep, mut before) = (Vec::new(), Vec::new());
    for name in ALL {
        keep.push(squatted.squat(name, hostile(&graph, name)).await);
        let shown = squatted.shown(&application(name)).await;
        assert_eq!(shown["isFallbackPublicClient"], true);
        before.push(shown);
    }
    fresh.provision(EXAMPLE).await;
    let keep: Vec<&str> = keep.iter().map(String::as_str).collect();
    let said = squatted.run(EXAMPLE, &keep).await.unwrap();
    for name in ALL {
        assert!(said.contains(&format!("The registration talxis-token-broker.{name} (")), "{said}");
    }
    assert_eq!(said.matches("let anybody sign users in by a device code").count(), ALL.len(), "{said}");

    for (name, before) in ALL.into_iter().zip(before) {
        assert_all_differ(name, &before, &squatted.shown(&application(name)).await);
    }
    let (mut expected, mut seen) = (Vec::new(), Vec::new());
    for (world, texts) in [(&fresh, &mut expected), (&squatted, &mut seen)] {
        let mut all = Vec::new();
        for name in ALL {
            let mut shown = world.shown(&application(name)).await;
            shown["id"].take();
            shown["keyCredentials"].take();
            all.push((name, shown["appId"].as_str().unwrap().to_owned(), shown));
        }
        let ids: Vec<(String, String)> =
            all.iter().map(|(name, id, _)| (id.clone(), format!("<{name}>"))).collect();
        texts.extend(all.iter().map(|(_, _, shown)| {
            ids.iter().fold(format!("{shown:#}"), |text, (id, name)| text.replace(id, name))
        }));
    }
    assert_eq!(seen, expected);
    for (name, text) in ALL.iter().zip(&seen) {
        assert!(text.contains("\"isFallbackPublicClient\": false"), "{name}: {text}");
    }
}

#[tokio::test]
async fn an_enabled_role_or_scope_of_a_strangers_ends_the_script_with_graphs_error() {
    let world = World::start("role").await;
    let graph = world.shown(GRAPH).await;
    let mut body = hostile(&graph, "broker");
    body["appRoles"][0]["isEnabled"] = true.into();
    let app_id = world.squat("broker", body).await;
    world.run(EXAMPLE, &[&app_id]).await.unwrap_err();
    world.nothing_was_consented();
}

/// Ways in that are none of the properties: what a stranger does, at the registration or its service principal, and what it is called.
#[tokio::test]
async fn owners_and_credentials_of_strangers_are_named_and_nothing_is_consented_until_each_is_kept() {
    let world = World::start("hands").await;
    let app_id = world.squat("file-picker", json!({ "displayName": "File Picker" })).await;
    let (app, service) = (application("file-picker"), principal(&app_id));
    let federated = json!({
        "name": "for later", "issuer": "https://evil.example", "subject": "s", "audiences": ["api://AzureADTokenExchange"],
    });
    let places = [(&app, "registration", STRANGER, "Adele"), (&service, "service principal", OTHER, "None")];
    for (path, kind, stranger, name) in places {
        world.graph("POST", &format!("{path}/owners/$ref"), false, owner(ADMINISTRATOR)).await;
        world.graph("POST", &format!("{path}/owners/$ref"), false, owner(stranger)).await;
        let secret = world.graph("POST", &format!("{path}/addPassword"), false, password()).await;
        world.graph("PATCH", path, false, json!({ "keyCredentials": world.certificate() })).await;
        let mut hands = vec![
            ("owner", stranger.to_owned(), name),
            ("client secret", secret["keyId"].as_str().unwrap().to_owned(), "for later"),
            (
                "certificate",
                world.shown(path).await["keyCredentials"][0]["keyId"].as_str().unwrap().to_owned(),
                "for later",
            ),
        ];
        if kind == "registration" {
            world
                .graph("POST", &format!("{path}/federatedIdentityCredentials"), false, federated.clone())
                .await;
            let all = world.shown(&format!("{path}/federatedIdentityCredentials")).await;
            hands.push((
                "federated credential",
                all["value"][0]["id"].as_str().unwrap().to_owned(),
                "for later",
            ));
        }
        let ids: Vec<&str> = hands.iter().map(|(_, id, _)| id.as_str()).chain([app_id.as_str()]).collect();
        for (number, (what, id, name)) in hands.iter().enumerate() {
            let others: Vec<&str> =
                ids.iter().enumerate().filter(|(other, _)| *other != number).map(|(_, id)| *id).collect();
            // What was kept at the registration is asked about again: who keeps says so each time.
            let kept_before = if kind == "registration" { Vec::new() } else { world.hands_of(&app).await };
            let all: Vec<&str> = others.into_iter().chain(kept_before.iter().map(String::as_str)).collect();
            let said = world.run(EXAMPLE, &all).await.unwrap_err();
            assert!(said.contains(&format!("The {kind} ")), "{said}");
            assert!(said.contains(&format!("\n  {what} {id} ({name})\nNothing was consented")), "{said}");
            world.nothing_was_consented();
        }
    }
    let mut keep = world.hands_of(&app).await;
    keep.extend(world.hands_of(&service).await);
    keep.push(app_id);
    let keep: Vec<&str> = keep.iter().map(String::as_str).collect();
    world.run(EXAMPLE, &keep).await.unwrap();
    assert!(world.folder.join("consent-links.txt").exists());
}

impl World {
    /// Ids of all owners and credentials of a registration or a service principal, but for the administrator's own.
    async fn hands_of(&self, path: &str) -> Vec<String> {
        let shown = self.shown(path).await;
        let mut lists = vec![
            (self.shown(&format!("{path}/owners")).await["value"].take(), "id"),
            (shown["passwordCredentials"].clone(), "keyId"),
            (shown["keyCredentials"].clone(), "keyId"),
        ];
        if path.contains("/applications") {
            let all = self.shown(&format!("{path}/federatedIdentityCredentials")).await;
            lists.push((all["value"].clone(), "id"));
        }
        lists
            .iter()
            .flat_map(|(list, id)| {
                list.as_array().unwrap().iter().map(move |one| one[*id].as_str().unwrap().to_owned())
            })
            .filter(|id| id != ADMINISTRATOR)
            .collect()
    }
}

#[tokio::test]
async fn a_secret_that_comes_to_the_service_principal_later_opens_it_and_the_next_run_names_it() {
    let world = World::start("later").await;
    world.provision(EXAMPLE).await;
    let config = world.config();
    let (broker, control) =
        (config["clientId"].as_str().unwrap(), config["clients"]["filePicker"].as_str().unwrap());
    let service = principal(control);
    let secret = world.graph("POST", &format!("{service}/addPassword"), false, password()).await;
    assert_eq!(world.shown(&application("file-picker")).await["passwordCredentials"], json!([]));

    let refresh = world.sign_in(broker).await;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let token = world.token(broker, &format!("api://{control}/access_as_user"), &grant).await;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("requested_token_use", "on_behalf_of"),
        ("client_id", control),
        ("client_secret", secret["secretText"].as_str().unwrap()),
        ("assertion", token["access_token"].as_str().unwrap()),
        ("scope", "https://graph.microsoft.com/User.Read"),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", world.entra.origin(), world.tenant());
    let answer: Value = world.http.post(url).form(&form).send().await.unwrap().json().await.unwrap();
    assert!(answer["access_token"].is_string(), "{answer}");

    let said = world.run(EXAMPLE, &[]).await.unwrap_err();
    let row = format!("\n  client secret {} (for later)\n", secret["keyId"].as_str().unwrap());
    assert!(
        said.contains("The service principal of talxis-token-broker.file-picker ") && said.contains(&row),
        "{said}"
    );
}

#[tokio::test]
async fn a_renewal_has_two_certificates_and_both_are_this_folders() {
    let world = World::start("renewal").await;
    world.provision(EXAMPLE).await;
    let certificates = world.folder.join("certificates");
    for end in ["crt.pem", "key.pem"] {
        fs::rename(
            certificates.join(format!("file-picker.{end}")),
            certificates.join(format!("file-picker.old.{end}")),
        )
        .unwrap();
    }
    world.provision(EXAMPLE).await;
    world.provision(EXAMPLE).await;
    let count = |shown: &Value| shown["keyCredentials"].as_array().unwrap().len();
    assert_eq!(count(&world.shown(&application("file-picker")).await), 2);
    let (status, answer) = world.backend_token("filePicker", "https://graph.microsoft.com/User.Read").await;
    assert_eq!(status, 200, "{answer}");

    fs::remove_file(certificates.join("file-picker.old.crt.pem")).unwrap();
    let said = world.run(EXAMPLE, &[]).await.unwrap_err();
    assert!(said.contains("\n  certificate ") && said.contains(" (file-picker)\nNothing was"), "{said}");
}

#[tokio::test]
async fn a_name_cannot_hide_what_it_is_the_name_of() {
    let world = World::start("hidden").await;
    let app_id = world.squat("broker", json!({ "displayName": "Broker" })).await;
    let name = format!("\u{1b}[2J\rx\n{app_id}\t{app_id}\n");
    let body = json!({ "passwordCredential": { "displayName": name } });
    let made = world.graph("POST", &format!("{}/addPassword", application("broker")), false, body).await;
    let said = world.run(EXAMPLE, &[&app_id]).await.unwrap_err();
    let id = made["keyId"].as_str().unwrap();
    assert!(said.contains(&format!("\n  client secret {id} ([2Jx)\n")) && !said.contains('\u{1b}'), "{said}");
}

#[tokio::test]
async fn the_script_takes_no_other_word_than_keep() {
    let world = World::start("words").await;
    let script = estate::provision(&Estate::parse(EXAMPLE).unwrap()).unwrap();
    fs::write(world.folder.join("provision.sh"), script).unwrap();
    let output = Command::new("sh").args(["provision.sh", "x"]).current_dir(&world.folder).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}
