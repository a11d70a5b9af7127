//! The files that make the app's page: Unified Interface's own, not web resources. Only what was there at the start is served, read
//! anew each time, so that a person who changes one sees it on the next load.

use super::web_resources::files;
use crate::StartError;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The files, by address without the first slash.
pub(crate) struct Pages(BTreeMap<String, PathBuf>);

impl Pages {
    /// Looks for the files of a folder. `module` is what the controls' authors installed from npm to find the broker: a bundler would
    /// put it into each control; here they import it.
    pub(crate) fn read(folder: &Path, module: &Path) -> Result<Self, StartError> {
        let failed = |source| StartError::Files { path: folder.display().to_string(), source };
        let mut pages: BTreeMap<_, _> = files(folder).map_err(failed)?.into_iter().collect();
        pages.insert("token-broker.js".to_owned(), module.to_owned());
        Ok(Self(pages))
    }

    pub(crate) fn answer(&self, name: &str) -> Response {
        let Some(path) = self.0.get(name) else { return StatusCode::NOT_FOUND.into_response() };
        match fs::read(path) {
            Ok(content) => {
                let headers = [(header::CONTENT_TYPE, media_type(name)), (header::CACHE_CONTROL, "no-cache")];
                (headers, content).into_response()
            }
            Err(why) => {
                tracing::error!(%name, %why, "a file went away");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
