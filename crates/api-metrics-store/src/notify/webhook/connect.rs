//! A connection to an address that was checked.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

use super::{address::is_public, endpoint::Endpoint, endpoint::WebhookError};
use crate::notify::NotifyError;

/// Makes connections.
#[derive(Debug, Clone, Default)]
pub(super) struct Connector {
    pub(super) allow_private: bool,
    /// Trusted beside the authorities that browsers trust.
    own: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

/// What a request goes over.
pub(super) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connector {
    pub(super) fn trust(&mut self, der: &[u8]) -> Result<(), WebhookError> {
        let certificate = CertificateDer::from(der.to_vec());
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| WebhookError::Certificate(error.to_string()))?;
        self.own.push(certificate);
        self.config = OnceLock::new();
        Ok(())
    }

    pub(super) async fn connect(&self, to: &Endpoint) -> Result<Connection, NotifyError> {
        let stream = self.tcp(to).await?;
        if !to.tls {
            return Ok(Connection::Plain(stream));
        }
        let name = ServerName::try_from(to.host.clone()).map_err(|_| {
            NotifyError::Permanent("the host's name can't be in a certificate".into())
        })?;
        let stream = TlsConnector::from(self.config()?)
            .connect(name, stream)
            .await
            .map_err(|error| NotifyError::Retry(format!("TLS failed: {error}")))?;
        Ok(Connection::Tls(Box::new(stream)))
    }

    async fn tcp(&self, to: &Endpoint) -> Result<TcpStream, NotifyError> {
        // Written addresses pass here too, in whatever form the resolver knows: `127.1`, `0x7f000001`.
        let found: Vec<SocketAddr> = lookup_host((to.host.as_str(), to.port))
            .await
            .map_err(|error| {
                NotifyError::Retry(format!("the host's name was not resolved: {error}"))
            })?
            .collect();
        let allowed: Vec<SocketAddr> = found
            .iter()
            .copied()
            .filter(|address| self.allow_private || is_public(address.ip()))
            .collect();
        if allowed.is_empty() && !found.is_empty() {
            return Err(NotifyError::Permanent(
                "the host has a private or local address, which is not allowed".into(),
            ));
        }
        let mut failed = "the host has no address".to_owned();
        for address in allowed {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = format!("no connection: {error}"),
            }
        }
        Err(NotifyError::Retry(failed))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, NotifyError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.into(),
        };
        // Each was read once before.
        roots.add_parsable_certificates(self.own.iter().cloned());
        // By name: a provider that the host installs for the process must not matter, nor be needed.
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| NotifyError::Permanent(format!("TLS can't be set up: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}
