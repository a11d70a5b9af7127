//! The Power Apps look-alike's host: the app page, and web resources under the addresses that Dataverse gives them.
//!
//! What matters here is what a broker could trip over (`/WebResources/` with and without a version token, names without
//! regard to case, query keys that Dataverse refuses on pages, the right MIME types). It must never rewrite a file.

use crate::{Options, StartError};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The web resource that a ribbon rule, or a control, loads.
const BROKER: &str = "talxis_tokenmanagement.js";

/// The only query keys that Dataverse lets through to an HTML web resource.
const PAGE_PARAMETERS: [&str; 12] = [
    "typename",
    "type",
    "id",
    "orgname",
    "userlcid",
    "orglcid",
    "data",
    "formid",
    "entrypoint",
    "pagemode",
    "security",
    "tabset",
];

/// The files that exist, by address in lower case. Only what was there at the start is served.
pub(crate) struct Files(BTreeMap<String, PathBuf>);

impl Files {
    /// Looks for the app's files and for web resources.
    pub(crate) fn read(options: &Options) -> Result<Self, StartError> {
        let mut files = BTreeMap::new();
        for (folder, prefix) in [(&options.www, ""), (&options.webresources, "webresources/")] {
            collect(folder, prefix, &mut files)
                .map_err(|source| StartError::Files { path: folder.display().to_string(), source })?;
        }
        if !files.contains_key(&format!("webresources/{BROKER}")) {
            let path = options.webresources.display().to_string();
            return Err(StartError::NoBroker { name: BROKER, path });
        }
        Ok(Self(files))
    }

    /// The file at an address, with its address in lower case and without a version token.
    fn find(&self, path: &str) -> Option<(String, &Path)> {
        let path = path.to_ascii_lowercase();
        let name = match path.split_once('/') {
            Some((token, rest)) if is_version_token(token) => rest,
            _ => &path,
        };
        Some((name.to_owned(), self.0.get(name)?))
    }
}

/// The app's router; `page` is what its page reads as `/demo.json`.
pub(crate) fn router(files: Files, page: Value) -> Router {
    let main = |State(files): State<Arc<Files>>| async move { answer(&files, "index.html") };
    Router::new()
        .route("/", get(|| async { Redirect::to("/main.aspx") }))
        .route("/main.aspx", get(main))
        .route("/demo.json", get(|| async { Json(page) }))
        .route("/{*path}", get(file))
        .with_state(Arc::new(files))
}

async fn file(
    State(files): State<Arc<Files>>,
    UrlPath(path): UrlPath<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let is_page = path.to_ascii_lowercase().contains("webresources/") && path.ends_with(".html");
    if is_page && query.iter().any(|(key, _)| !PAGE_PARAMETERS.contains(&key.to_ascii_lowercase().as_str())) {
        return (StatusCode::BAD_REQUEST, "CRM Parameter Filter - Invalid parameter").into_response();
    }
    answer(&files, &path)
}

fn answer(files: &Files, path: &str) -> Response {
    let Some((name, path)) = files.find(path) else { return StatusCode::NOT_FOUND.into_response() };
    match fs::read(path) {
        Ok(content) => {
            let headers = [(header::CONTENT_TYPE, media_type(&name)), (header::CACHE_CONTROL, "no-cache")];
            (headers, content).into_response()
        }
        Err(why) => {
            tracing::error!(%name, %why, "a file went away");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `{638…}`, the caching token in addresses from `getWebResourceUrl`.
fn is_version_token(segment: &str) -> bool {
    let digits = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy().to_ascii_lowercase());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let name = "webresources/talxis_/tokenbroker/redirect.html";
        Files(BTreeMap::from([(name.to_owned(), PathBuf::from("redirect.html"))]))
    }

    #[test]
    fn a_web_resource_is_found_without_regard_to_case_or_version_token() {
        for path in [
            "WebResources/talxis_/tokenbroker/redirect.html",
            "webresources/TALXIS_/TokenBroker/Redirect.html",
            "{638000000000000000}/WebResources/talxis_/tokenbroker/redirect.html",
        ] {
            assert!(files().find(path).is_some(), "{path}");
        }
    }

    #[test]
    fn nothing_but_a_known_file_is_found() {
        for path in ["webresources/../Cargo.toml", "{x}/webresources/talxis_/tokenbroker/redirect.html", ""] {
            assert!(files().find(path).is_none(), "{path}");
        }
    }
}
