//! Importing a solution, as far as this environment has what is in it: web resources by name, and the Application Ribbon. What an import
//! would stumble over is refused here too. A folder of web resources, whose tree is their names, will do instead: then there is no ribbon.

use super::web_resources::files;
use crate::StartError;
use solution::{Archive, check, unpack};
use std::{fs, path::Path};

const RIBBON: &str = "Other/RibbonCustomization.xml";

/// What was in it.
pub(crate) struct Imported {
    pub(crate) web_resources: Vec<(String, Vec<u8>)>,
    /// The XML of the Application Ribbon.
    pub(crate) ribbon: Option<String>,
}

impl Imported {
    /// Reads a solution's zip, or a folder.
    pub(crate) fn read(path: &Path) -> Result<Self, StartError> {
        let shown = path.display().to_string();
        let failed = |source| StartError::Files { path: shown.clone(), source };
        if path.is_dir() {
            let read = |(name, path)| Ok((name, fs::read(path)?));
            let web_resources = files(path).and_then(|files| files.into_iter().map(read).collect());
            return Ok(Self { web_resources: web_resources.map_err(failed)?, ribbon: None });
        }
        let bytes = fs::read(path).map_err(failed)?;
        let refused = |why: String| StartError::Solution { path: shown.clone(), why };
        if let Some(finding) = check::check(&bytes).into_iter().find(check::Finding::is_error) {
            return Err(refused(finding.to_string()));
        }
        let archive = Archive::read(&bytes).map_err(|why| refused(why.to_string()))?;
        let mut source = unpack(&archive).map_err(|why| refused(why.to_string()))?;
        let ribbon = source.0.remove(RIBBON).and_then(|ribbon| String::from_utf8(ribbon).ok());
        let web_resources = source.0.into_iter().filter_map(|(path, content)| {
            let name = path.strip_prefix("WebResources/").filter(|name| !name.ends_with(".data.xml"))?;
            Some((name.to_owned(), content))
        });
        Ok(Self { web_resources: web_resources.collect(), ribbon })
    }
}
