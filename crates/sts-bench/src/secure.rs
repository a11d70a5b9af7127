//! TLS between servers and identity provider: MSAL insists on https, so everybody has it.

use crate::load::Failure;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::{fs, io, path::PathBuf, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
    server::TlsStream,
};

/// Where a system keeps whom it trusts; a server that reads it for real has it in memory here too.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A certificate for 127.0.0.1 by an authority of its own.
pub(crate) struct Secure {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) connector: TlsConnector,
    trusted: String,
}

impl Secure {
    pub(crate) fn new() -> Result<Self, Failure> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A certificate named as its issuer is would count as signed by itself.
        authority.distinguished_name.push(DnType::CommonName, "sts-bench on this machine");
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority_certificate.der().clone())?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (acceptor, connector) =
            (TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client)));
        Ok(Self { acceptor, connector, trusted: authority_certificate.pem() })
    }

    /// Writes whom servers are to trust: the system's authorities and this one.
    pub(crate) fn write_trusted(&self, folder: &std::path::Path) -> io::Result<PathBuf> {
        let file = folder.join("trusted.pem");
        let system = fs::read_to_string(SYSTEM).unwrap_or_default();
        fs::write(&file, format!("{system}\n{}", self.trusted))?;
        Ok(file)
    }
}

/// A listener whose connections are TLS; one that fails its handshake is let go.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Door {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // Whoever connects here says hello at once, so nobody waits long for anybody else.
            if let Ok((stream, peer)) = self.listener.accept().await
                && stream.set_nodelay(true).is_ok()
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
