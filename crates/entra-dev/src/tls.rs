//! TLS on loopback with a certificate authority of its own, made anew at each start: Microsoft's libraries insist on https.
//! HTTP/2 for those who speak it, as at Entra.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::sync::Arc;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificates could not be made.
    #[error("cannot make certificates for TLS: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The library did not take them.
    #[error("cannot set TLS up: {0}")]
    Setup(#[from] rustls::Error),
}

/// What a TLS server needs, and what its clients must trust.
pub struct Tls {
    /// Takes connections.
    pub acceptor: TlsAcceptor,
    /// The authority's certificate, PEM.
    pub authority: String,
}

impl Tls {
    /// For servers of these names.
    ///
    /// # Errors
    /// When the certificates cannot be made.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, TlsError> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages.push(KeyUsagePurpose::KeyCertSign);
        authority.distinguished_name.push(DnType::CommonName, "entra-dev on this machine");
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let key = KeyPair::generate()?;
        let mut certificate = CertificateParams::new(names)?;
        // RFC 5280 §4.2.1.1 wants it, and Python insists since 3.13.
        certificate.use_authority_key_identifier_extension = true;
        let certificate = certificate.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority: authority_pem })
    }
}
