//! Self-signed certificates for control clients and other applications, made where the estate is used and never committed.

use crate::Estate;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with `<control>.crt.pem` and `<control>.key.pem` for each control client of an estate, and each app that has one.
#[derive(Clone, Debug)]
pub struct Certificates {
    folder: PathBuf,
}

/// Why certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The folder or a file in it could not be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file or folder.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The library could not make a key or a certificate.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

impl Certificates {
    /// Makes what is missing in `folder` (RSA-2048, self-signed) and keeps what is there.
    ///
    /// # Errors
    /// When the folder cannot be written or a key cannot be made.
    pub fn ensure(estate: &Estate, folder: &Path) -> Result<Self, CertificateError> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |source| CertificateError::File { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        // Two processes that fill the folder at once would leave one's certificate beside the other's key.
        let lock = folder.join(".lock");
        let held = fs::File::create(&lock).map_err(failed(&lock))?;
        held.lock().map_err(failed(&lock))?;
        let controls = estate.controls.iter().map(|(name, control)| (name, &control.display_name));
        let apps = estate
            .apps
            .iter()
            .filter(|(_, app)| app.certificate)
            .map(|(name, app)| (name, &app.display_name));
        for (name, display_name) in controls.chain(apps) {
            let (certificate, key) = (crt(folder, name), key(folder, name));
            if certificate.exists() && key.exists() {
                continue;
            }
            let pair = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, display_name.as_str());
            fs::write(&key, pair.serialize_pem()).map_err(failed(&key))?;
            fs::write(&certificate, params.self_signed(&pair)?.pem()).map_err(failed(&certificate))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The PEM text of a control's certificate: the part that is registered at Entra (`keyCredentials`).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn certificate(&self, control: &str) -> Result<String, CertificateError> {
        let path = crt(&self.folder, control);
        fs::read_to_string(&path)
            .map_err(|source| CertificateError::File { path: path.display().to_string(), source })
    }
}

fn crt(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.crt.pem"))
}

fn key(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.key.pem"))
}
