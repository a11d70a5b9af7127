//! Web resources by name (powerapps.md §3.1): which files are one, what each is served as, and what is refused.
//!
//! Names know no case, addresses may carry a version token, and only twelve types exist: WebAssembly, for one, is none. Content is
//! never rewritten.

use super::Switches;
use crate::StartError;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The web resource that a ribbon rule, or a control, loads.
pub(super) const BROKER: &str = "talxis_tokenmanagement.js";

/// `Organization.MaxUploadFileSize`, as it is by default.
const MAX_UPLOAD_FILE_SIZE: usize = 5 * 1024 * 1024;

/// The web resource types: file name extensions and what they are served as. powerapps.md §3.1 [V]
const TYPES: [(&[&str], &str); 12] = [
    (&["htm", "html"], "text/html; charset=utf-8"),
    (&["css"], "text/css; charset=utf-8"),
    (&["js"], "text/javascript; charset=utf-8"),
    (&["xml"], "text/xml; charset=utf-8"),
    (&["png"], "image/png"),
    (&["jpg", "jpeg"], "image/jpeg"),
    (&["gif"], "image/gif"),
    (&["xap"], "application/x-silverlight-app"),
    (&["xsl", "xslt"], "text/xsl; charset=utf-8"),
    (&["ico"], "image/x-icon"),
    (&["svg"], "image/svg+xml"),
    (&["resx"], "text/xml; charset=utf-8"),
];

/// The only query keys that Dataverse lets through to an HTML web resource. powerapps.md §3.1 [V]
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

/// Why a file cannot be a web resource.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebResourceError {
    /// There is no type for it.
    #[error("{0} cannot be a web resource: no web resource type has its extension")]
    Type(String),
    /// It is over the limit.
    #[error("{name} has {size} bytes: a web resource may have {MAX_UPLOAD_FILE_SIZE} (MaxUploadFileSize)")]
    TooLarge {
        /// The web resource.
        name: String,
        /// Its size in bytes.
        size: usize,
    },
}

/// All web resources, by name in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebResources(BTreeMap<String, Arc<[u8]>>);

impl WebResources {
    /// Takes what was imported, and every file of a folder; the path below the folder is the name.
    pub(crate) fn read(imported: Vec<(String, Vec<u8>)>, folder: &Path) -> Result<Self, StartError> {
        let mut all = Self::default();
        for (name, content) in imported {
            all.put(&name, content)?;
        }
        if !all.0.contains_key(BROKER) {
            return Err(StartError::NoBroker { name: BROKER });
        }
        let failed = |source| StartError::Files { path: folder.display().to_string(), source };
        for (name, path) in files(folder).map_err(failed)? {
            all.put(&name, fs::read(path).map_err(failed)?)?;
        }
        Ok(all)
    }

    /// Creates or replaces one.
    pub(crate) fn put(&mut self, name: &str, content: Vec<u8>) -> Result<(), WebResourceError> {
        let name = name.to_ascii_lowercase();
        if media_type(&name).is_none() {
            return Err(WebResourceError::Type(name));
        }
        if content.len() > MAX_UPLOAD_FILE_SIZE {
            return Err(WebResourceError::TooLarge { name, size: content.len() });
        }
        self.0.insert(name, content.into());
        Ok(())
    }

    pub(crate) fn content(&self, name: &str) -> Option<Arc<[u8]>> {
        self.0.get(name).cloned()
    }
}

/// Where an address points: a name in lower case, and the digits of its version token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
}

impl Address {
    /// Reads a decoded path; none where it is not one of a web resource.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let (version, rest) = match path.split_once('/') {
            Some((token, rest)) if token.starts_with('{') => (Some(digits(token)?.to_owned()), rest),
            _ => (None, path),
        };
        let (folder, name) = rest.split_once('/')?;
        folder.eq_ignore_ascii_case("webresources").then(|| Self { name: name.to_ascii_lowercase(), version })
    }

    pub(crate) fn is_page(&self) -> bool {
        media_type(&self.name).is_some_and(|media_type| media_type.starts_with("text/html"))
    }
}

/// Answers a request for a web resource.
pub(crate) fn answer(
    address: &Address,
    query: &[(String, String)],
    content: Option<Arc<[u8]>>,
    switches: &Switches,
) -> Response {
    let (Some(content), Some(media_type)) = (content, media_type(&address.name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let foreign = |(key, _): &(String, String)| !PAGE_PARAMETERS.contains(&key.to_ascii_lowercase().as_str());
    // powerapps.md §3.1 [S] switch `html-query`
    if address.is_page() && switches.is("html-query", "refused") && query.iter().any(foreign) {
        return (StatusCode::BAD_REQUEST, "CRM Parameter Filter - Invalid parameter").into_response();
    }
    // powerapps.md §3.1 [S] switch `web-resource-cache`
    let (cache, expires) = if address.version.is_none() {
        ("private", Some("Thu, 01 Jan 1970 00:00:00 GMT"))
    } else if switches.is("web-resource-cache", "year") {
        ("public, max-age=31536000", None)
    } else {
        ("no-store", None)
    };
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, cache)];
    let mut response = (headers, content.to_vec()).into_response();
    if let Some(expires) = expires {
        response.headers_mut().insert(header::EXPIRES, header::HeaderValue::from_static(expires));
    }
    response
}

/// The digits of `{638…}`, the caching token in addresses from `getWebResourceUrl`.
fn digits(segment: &str) -> Option<&str> {
    let digits = segment.strip_prefix('{')?.strip_suffix('}')?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// What a web resource is served as, by the extension in its name.
fn media_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    TYPES.iter().find(|(extensions, _)| extensions.contains(&extension)).map(|(_, media_type)| *media_type)
}

/// The files below a folder, by their names there, with slashes.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let below = files(&entry.path())?;
            found.extend(below.into_iter().map(|(file, path)| (format!("{name}/{file}"), path)));
        } else {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_without_regard_to_case_and_with_or_without_a_version_token() {
        let name = "talxis_/tokenbroker/redirect.html";
        for (path, version) in [
            ("/WebResources/talxis_/tokenbroker/redirect.html", None),
            ("/webresources/TALXIS_/TokenBroker/Redirect.html", None),
            ("/{638}/WebResources/talxis_/tokenbroker/redirect.html", Some("638".to_owned())),
        ] {
            assert_eq!(Address::parse(path), Some(Address { name: name.to_owned(), version }), "{path}");
        }
    }

    #[test]
    fn nothing_else_is_an_address_of_a_web_resource() {
        for path in [
            "/{x}/WebResources/a.js",
            "/{}/WebResources/a.js",
            "/{1/WebResources/a.js",
            "/uclient/blank.html",
            "/",
        ] {
            assert_eq!(Address::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_file_over_the_limit_or_of_no_type_is_refused_with_its_name() {
        let mut all = WebResources::default();
        assert_eq!(all.put("a_.js", vec![0; MAX_UPLOAD_FILE_SIZE]), Ok(()));
        let large = all.put("a_large.js", vec![0; MAX_UPLOAD_FILE_SIZE + 1]).unwrap_err().to_string();
        assert!(large.contains("a_large.js") && large.contains("5242880"), "{large}");
        assert_eq!(
            all.put("a_broker.wasm", Vec::new()),
            Err(WebResourceError::Type("a_broker.wasm".to_owned()))
        );
    }
}
