//! This service's own TLS, where no proxy ends it: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, a certificate that is read again when it changes.

use crate::config::TlsFiles;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    fs, io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs::default_provider},
};

/// TLS with the certificate in these files.
pub(crate) struct Tls {
    files: TlsFiles,
    loaded: RwLock<Loaded>,
}

struct Loaded {
    acceptor: TlsAcceptor,
    /// The end of the certificate's validity, in seconds since the epoch.
    expires: u64,
    read: Vec<u8>,
}

/// Why this service cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The files hold something else.
    #[error(
        "tls.certificate and tls.private_key must hold a PEM certificate chain and the PEM key of its first certificate"
    )]
    Files,
}

impl Tls {
    pub(crate) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let loaded = RwLock::new(load(&files)?);
        Ok(Self { files, loaded })
    }

    /// What accepts the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).acceptor.clone()
    }

    /// The end of the certificate's validity, in seconds since the epoch.
    pub(crate) fn expires(&self) -> u64 {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).expires
    }

    /// Reads the files again; whether they changed. Connections that are open keep what they have.
    pub(crate) fn reload(&self) -> Result<bool, TlsError> {
        let fresh = load(&self.files)?;
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let changed = fresh.read != loaded.read;
        if changed {
            *loaded = fresh;
        }
        Ok(changed)
    }
}

fn load(files: &TlsFiles) -> Result<Loaded, TlsError> {
    let (certificate, key) = (read(&files.certificate)?, read(&files.private_key)?);
    let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::Files)?;
    let own = chain.first().and_then(|own| x509_parser::parse_x509_certificate(own).ok());
    let expires = own.map(|(_, own)| own.validity().not_after.timestamp()).ok_or(TlsError::Files)?;
    let private_key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::Files)?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private_key));
    let mut config = config.map_err(|_| TlsError::Files)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (acceptor, expires) = (TlsAcceptor::from(Arc::new(config)), u64::try_from(expires).unwrap_or(0));
    Ok(Loaded { acceptor, expires, read: certificate })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read { path: path.display().to_string(), source })
}
