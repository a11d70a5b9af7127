//! What stands in the place of `az`: it sends to the stand-in's Graph what `az` would send to Microsoft's, and prints by the same query.

use axum::{Form, extract::State, http::StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

/// Where it sends to, and the tenant it is signed in to.
pub(crate) struct Az {
    pub(crate) graph: String,
    pub(crate) folder: PathBuf,
    pub(crate) tenant: Mutex<String>,
    pub(crate) http: Client,
    /// The object id of who is signed in.
    pub(crate) me: &'static str,
}

/// One call of `az`: what it prints, or a status that makes it fail.
pub(crate) async fn answer(
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
        return print(answer, &option("--query")).await;
    }
    if words_are(&["ad", "signed-in-user", "show"]) {
        return Ok(az.me.to_owned());
    }
    assert!(words_are(&["ad", "app", "credential", "reset"]) && words.contains(&"--append".to_owned()));
    let app = format!("v1.0/applications(appId='{}')", option("--id"));
    let before = az.send("GET", &format!("{app}?$select=keyCredentials"), false, "").await;
    let mut keys = before.json::<Value>().await.unwrap()["keyCredentials"].take();
    let pem = fs::read_to_string(az.folder.join(option("--cert").strip_prefix('@').unwrap())).unwrap();
    let key: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(&key).unwrap();
    keys.as_array_mut().unwrap().push(json!({
        "type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": option("--display-name"),
    }));
    let answer = az.send("PATCH", &app, false, &json!({ "keyCredentials": keys }).to_string()).await;
    print(answer, "").await
}

impl Az {
    pub(crate) async fn send(&self, method: &str, path: &str, create: bool, body: &str) -> Response {
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
}

/// The answer through a query, as `--output tsv` prints it: a line for each item, the members of a list in columns.
async fn print(answer: Response, query: &str) -> Result<String, StatusCode> {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    let failed = |why: &str| {
        eprintln!("{status} {query} {why} {text}");
        StatusCode::BAD_GATEWAY
    };
    if !status.is_success() {
        return Err(failed("was refused"));
    }
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    if query.is_empty() {
        return Ok(String::new());
    }
    let found = jmespath::compile(query).and_then(|query| query.search(value));
    let found = serde_json::to_value(&*found.map_err(|why| failed(&why.to_string()))?).unwrap();
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        other => other.to_string(),
    };
    let line = |value: &Value| match value {
        Value::Array(words) => words.iter().map(word).collect::<Vec<_>>().join("\t") + "\n",
        one => word(one) + "\n",
    };
    Ok(match &found {
        Value::Null => String::new(),
        Value::Array(lines) => lines.iter().map(line).collect(),
        one => line(one),
    })
}
