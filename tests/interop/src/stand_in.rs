//! The stand-in with the estate of these tests, over TLS or plain, and whatever its foreign clients must be told about it.

use crate::{Failure, Pages, Result, built, here, system};
use entra_dev::{Clock, Entra, MintRequest, Options};
use estate::{App, Certificates, Estate, Tenant, User};
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// A running stand-in and the origin of its applications' pages.
pub struct StandIn {
    /// Its handle.
    pub entra: Entra,
    /// Who and what exists.
    pub estate: Estate,
    /// Certificates and private keys.
    pub keys: Keys,
    /// Where applications run.
    pub pages: Pages,
    ca: Option<PathBuf>,
}

/// Certificates and private keys of the estate's confidential clients.
pub struct Keys(Certificates);

/// The estate of these tests.
///
/// # Errors
/// When it cannot be used.
pub fn estate() -> Result<Estate> {
    Estate::load(&here().join("estate.toml")).map_err(|why| Failure::wrong(why.to_string()))
}

impl StandIn {
    /// Starts it over TLS, which Microsoft's clients insist on.
    ///
    /// # Errors
    /// When a part does not start.
    pub async fn over_tls() -> Result<Self> {
        let (options, keys, pages) = prepare(Ipv4Addr::LOCALHOST).await?;
        let estate = options.estate.clone();
        let entra = Entra::start_tls(options).await.map_err(|why| Failure::wrong(why.to_string()))?;
        let ca = built("interop").join(format!("ca-{}.pem", entra.address().port()));
        fs::write(&ca, entra.authority_pem().unwrap_or_default())
            .map_err(system("the authority's certificate"))?;
        Ok(Self { entra, estate, keys, pages, ca: Some(ca) })
    }

    /// Starts it over plain http on an address of this machine.
    ///
    /// # Errors
    /// When a part does not start.
    pub async fn plain(address: Ipv4Addr) -> Result<Self> {
        let (options, keys, pages) = prepare(address).await?;
        let estate = options.estate.clone();
        let entra = Entra::start(options).await.map_err(|why| Failure::wrong(why.to_string()))?;
        Ok(Self { entra, estate, keys, pages, ca: None })
    }

    /// The file of the certificate authority to trust, over TLS.
    #[must_use]
    pub fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// The only tenant's authority, as clients are configured with it.
    ///
    /// # Errors
    /// When the estate has no tenant.
    pub fn authority(&self) -> Result<String> {
        Ok(format!("{}/{}", self.entra.origin(), Self::first_user(&self.estate)?.0.id))
    }

    /// The only user.
    ///
    /// # Errors
    /// When the estate has none.
    pub fn user(&self) -> Result<&User> {
        Ok(Self::first_user(&self.estate)?.1)
    }

    /// An application of the estate.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn app(&self, name: &str) -> Result<&App> {
        self.estate
            .apps
            .get(name)
            .ok_or_else(|| Failure::wrong(format!("The estate has no application {name}.")))
    }

    /// A good token of the user for `resource`, held by `client`.
    ///
    /// # Errors
    /// When the estate lacks one of them.
    pub fn token(&self, request: MintRequest) -> Result<String> {
        let token = self.entra.mint(request);
        if token.is_empty() { Err(Failure::wrong("The stand-in could not mint a token.")) } else { Ok(token) }
    }

    pub(crate) fn first_user(estate: &Estate) -> Result<(&Tenant, &User)> {
        let tenant = estate.tenants.values().next();
        let user = tenant.and_then(|tenant| Some((tenant, tenant.users.first()?)));
        user.ok_or_else(|| Failure::wrong("The estate has no user."))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some(ca) = &self.ca {
            // It is good for nothing any more; one that stays does no harm.
            let _ = fs::remove_file(ca);
        }
    }
}

impl Keys {
    /// Makes those of an estate where they are missing.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn of(estate: &Estate) -> Result<Self> {
        let made = Certificates::ensure(estate, &built("interop/certificates"));
        made.map(Self).map_err(|why| Failure::wrong(why.to_string()))
    }

    /// A certificate, PEM.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn certificate(&self, name: &str) -> Result<String> {
        self.0.certificate(name).map_err(|why| Failure::wrong(why.to_string()))
    }

    /// A private key, PEM.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn private_key(&self, name: &str) -> Result<String> {
        let path = self.folder().join(format!("{name}.key.pem"));
        fs::read_to_string(&path).map_err(system(path.display().to_string()))
    }

    /// Where they lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.0.folder()
    }
}

async fn prepare(address: Ipv4Addr) -> Result<(Options, Keys, Pages)> {
    let (estate, pages) = (estate()?, Pages::start().await?);
    let keys = Keys::of(&estate)?;
    let options = Options {
        estate,
        app: pages.origin().to_owned(),
        certificates: keys.0.clone(),
        listen: SocketAddr::new(IpAddr::V4(address), 0),
        clock: Clock::system(),
    };
    Ok((options, keys, pages))
}
