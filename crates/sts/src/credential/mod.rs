//! How a control client proves to Entra that it is itself (entra.md §2.2, §2.8): one credential or several, read from files.
//!
//! Several, because a certificate is renewed by adding the next one: whichever Entra accepted last is tried first. Files are
//! read again when they change; what cannot be used leaves the credential before in place, so that a half-written file
//! fails no request. Nothing that is in a file is ever repeated in an error.

mod certificate;
mod files;

use crate::{ids::ClientId, secret::Secret};
use aws_lc_rs::digest::{SHA256, digest};
use certificate::Certificate;
use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Where a credential is.
#[derive(Clone, Debug)]
pub(crate) enum CredentialFiles {
    /// A certificate and its key, as PEM.
    Pem { certificate: PathBuf, private_key: PathBuf },
    /// Both in one PKCS#12 file, and its password in another.
    Pfx { pfx: PathBuf, password: Option<PathBuf> },
    /// A token of a federated identity, such as Kubernetes writes: read anew for each request.
    Federated { token: PathBuf },
    /// A client secret: for development.
    Secret { secret: PathBuf },
}

/// Why a credential cannot be used. The texts never repeat what is in a file.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There is no certificate.
    #[error("its certificate file holds no PEM certificate")]
    Certificate,
    /// There is no private key that could sign.
    #[error(
        "its private_key file holds no RSA key of at least 2048 bits as PEM (PKCS#8 or PKCS#1, not encrypted)"
    )]
    PrivateKey,
    /// Certificate and key do not belong together.
    #[error("its private key does not belong to its certificate")]
    Mismatch,
    /// The PKCS#12 file cannot be opened.
    #[error(
        "its pfx file cannot be opened: it is no PKCS#12 file, or the password in password_file is not its own"
    )]
    Pfx,
    /// There is no key in the PKCS#12 file.
    #[error("its pfx file holds no RSA key of at least 2048 bits")]
    PfxKey,
    /// A file that must hold one line of text does not.
    #[error("{path} must hold one line of text")]
    Text {
        /// The file.
        path: String,
    },
}

/// One credential, ready to be used.
pub(crate) enum Credential {
    Certificate(Certificate),
    Federated(PathBuf),
    Secret(Secret),
}

impl Credential {
    /// The form fields that prove to this token endpoint who the client is; none if they cannot be made.
    pub(crate) fn proof(
        &self,
        client: ClientId,
        endpoint: &str,
        now: u64,
    ) -> Option<Vec<(&'static str, Secret)>> {
        let assertion = match self {
            Self::Certificate(certificate) => certificate.assertion(client, endpoint, now)?,
            Self::Federated(token) => files::line(token).ok()?,
            Self::Secret(secret) => return Some(vec![("client_secret", secret.clone())]),
        };
        let kind = Secret::new("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        Some(vec![("client_assertion_type", kind), ("client_assertion", assertion)])
    }

    /// When it ends, in seconds since the epoch, where that is known.
    pub(crate) fn expires(&self) -> Option<u64> {
        match self {
            Self::Certificate(certificate) => Some(certificate.expires()),
            _ => None,
        }
    }

    /// What an operator knows it by. Never the credential itself.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Certificate(certificate) => format!("certificate {}", certificate.thumbprint()),
            Self::Federated(_) => "federated token".to_owned(),
            Self::Secret(_) => "client secret".to_owned(),
        }
    }
}

/// The credentials of one control client, in the order of the configuration.
#[derive(Default)]
pub(crate) struct Credentials {
    slots: Vec<Slot>,
    /// The one that Entra took last.
    preferred: AtomicUsize,
}

struct Slot {
    files: CredentialFiles,
    loaded: RwLock<Loaded>,
}

#[derive(Clone)]
struct Loaded {
    credential: Arc<Credential>,
    /// SHA-256 of the files that it was read from.
    digest: Vec<u8>,
}

/// What reading the files again came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Reloaded {
    pub(crate) changed: usize,
    pub(crate) failed: usize,
}

impl Credentials {
    pub(crate) fn load(files: Vec<CredentialFiles>) -> Result<Self, CredentialError> {
        let load = |files: CredentialFiles| {
            let loaded = RwLock::new(read(&files).and_then(load)?);
            Ok(Slot { files, loaded })
        };
        let slots = files.into_iter().map(load).collect::<Result<_, _>>()?;
        Ok(Self { slots, preferred: AtomicUsize::new(0) })
    }

    /// All of them, the one that Entra took last first. Each with its place, for [`Self::prefer`].
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (usize, Arc<Credential>)> {
        let first = self.preferred.load(Ordering::Relaxed);
        let count = self.slots.len();
        (0..count).map(move |step| (first + step) % count).filter_map(|at| Some((at, self.at(at)?)))
    }

    /// Entra took this one.
    pub(crate) fn prefer(&self, at: usize) {
        self.preferred.store(at, Ordering::Relaxed);
    }

    /// Reads the files, and takes over what changed.
    pub(crate) fn reload(&self) -> Reloaded {
        let mut outcome = Reloaded::default();
        for slot in &self.slots {
            match slot.reload() {
                Ok(false) => {}
                Ok(true) => outcome.changed += 1,
                Err(_) => outcome.failed += 1,
            }
        }
        outcome
    }

    fn at(&self, at: usize) -> Option<Arc<Credential>> {
        let loaded = self.slots.get(at)?.loaded.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&loaded.credential))
    }
}

impl Slot {
    /// Whether the files changed, and can be used.
    fn reload(&self) -> Result<bool, CredentialError> {
        let read = read(&self.files)?;
        let before = self.loaded.read().unwrap_or_else(PoisonError::into_inner).digest.clone();
        let changed = read.digest() != before;
        if changed {
            let fresh = load(read)?;
            *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(changed)
    }
}

/// What stands in the files of a credential.
enum Read {
    Pem { certificate: Vec<u8>, private_key: Vec<u8> },
    Pfx { pfx: Vec<u8>, password: Option<Secret> },
    Federated(PathBuf),
    Secret(Secret),
}

impl Read {
    /// SHA-256 of all of it.
    fn digest(&self) -> Vec<u8> {
        let text = |secret: &Secret| secret.expose().as_bytes().to_vec();
        let all = match self {
            Self::Pem { certificate, private_key } => [certificate.as_slice(), private_key].concat(),
            Self::Pfx { pfx, password } => {
                [pfx.clone(), password.as_ref().map(text).unwrap_or_default()].concat()
            }
            Self::Federated(_) => Vec::new(),
            Self::Secret(secret) => text(secret),
        };
        digest(&SHA256, &all).as_ref().to_vec()
    }
}

fn read(from: &CredentialFiles) -> Result<Read, CredentialError> {
    Ok(match from {
        CredentialFiles::Pem { certificate, private_key } => {
            Read::Pem { certificate: files::bytes(certificate)?, private_key: files::bytes(private_key)? }
        }
        CredentialFiles::Pfx { pfx, password } => Read::Pfx {
            pfx: files::bytes(pfx)?,
            password: password.as_ref().map(|path| files::line(path)).transpose()?,
        },
        CredentialFiles::Federated { token } => {
            files::line(token)?;
            Read::Federated(token.clone())
        }
        CredentialFiles::Secret { secret } => Read::Secret(files::line(secret)?),
    })
}

fn load(read: Read) -> Result<Loaded, CredentialError> {
    let digest = read.digest();
    let credential = match read {
        Read::Pem { certificate, private_key } => {
            Credential::Certificate(Certificate::from_pem(&certificate, &private_key)?)
        }
        Read::Pfx { pfx, password } => {
            let password = password.as_ref().map_or("", Secret::expose);
            Credential::Certificate(Certificate::from_pfx(&pfx, password)?)
        }
        Read::Federated(token) => Credential::Federated(token),
        Read::Secret(secret) => Credential::Secret(secret),
    };
    Ok(Loaded { credential: Arc::new(credential), digest })
}
