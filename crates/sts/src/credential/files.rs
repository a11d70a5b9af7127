//! Reading what credentials are made of. An error names the file and never its content.

use super::CredentialError;
use crate::secret::Secret;
use std::{fs, path::Path};

pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, CredentialError> {
    fs::read(path).map_err(|source| CredentialError::Read { path: path.display().to_string(), source })
}

/// The one line of a file, without the line's end. Blanks in it stay: a password may have them.
pub(super) fn line(path: &Path) -> Result<Secret, CredentialError> {
    let text = String::from_utf8(bytes(path)?).unwrap_or_default();
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(['\r', '\n']) {
        return Err(CredentialError::Text { path: path.display().to_string() });
    }
    Ok(Secret::new(line))
}
