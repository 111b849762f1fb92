//! A connection to an address that was checked.
//!
//! The name is resolved once. Addresses that are not allowed are left out, and the connection is made
//! to one of the rest by number, so that a name whose answer changes between check and connection (DNS
//! rebinding) gains nothing. TLS then checks the certificate against the name.
//!
//! | failure | outcome |
//! |---|---|
//! | the name is not resolved, no address answers, TLS fails | tried again |
//! | all addresses are private and that is not allowed | a dead letter |
//! | the name can't stand in a certificate | a dead letter |
//!
//! With `n` addresses left, each attempt gets `1/n` of the time that is left.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
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
use crate::control::notify::NotifyError;

/// Makes connections.
#[derive(Debug, Clone)]
pub(in crate::control) struct Connector {
    allow_private: bool,
    /// Trusted beside the authorities that browsers trust.
    own: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

/// What a request goes over.
///
/// Dropping it closes the connection; none is reused.
pub(in crate::control) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connector {
    /// Trusts these certificate authorities too, each given in DER. The TLS settings are made at the
    /// first connection.
    ///
    /// # Errors
    ///
    /// `WebhookError::Certificate` where one can't be read.
    pub(in crate::control) fn new(
        allow_private: bool,
        authorities: &[Vec<u8>],
    ) -> Result<Self, WebhookError> {
        let mut own = Vec::with_capacity(authorities.len());
        for der in authorities {
            let certificate = CertificateDer::from(der.clone());
            RootCertStore::empty()
                .add(certificate.clone())
                .map_err(|error| WebhookError::Certificate(error.to_string()))?;
            own.push(certificate);
        }
        Ok(Self {
            allow_private,
            own,
            config: OnceLock::new(),
        })
    }

    /// Within `patience`, which begins now.
    ///
    /// # Errors
    ///
    /// `NotifyError::Retry` or `NotifyError::Permanent`, by the table of the [module](self).
    pub(in crate::control) async fn connect(
        &self,
        to: &Endpoint,
        patience: Duration,
    ) -> Result<Connection, NotifyError> {
        let stream = self.tcp(to, Instant::now() + patience).await?;
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

    /// Resolves, checks and connects, until `until`.
    async fn tcp(&self, to: &Endpoint, until: Instant) -> Result<TcpStream, NotifyError> {
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
        first_that_answers(&allowed, until).await
    }

    /// The TLS settings, made by the first connection and kept.
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

/// A connection to the first of these addresses that takes one. Each has its part of the time that is
/// left: one that swallows packets, as IPv6 without a route often does, must not use up the others'.
async fn first_that_answers(
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<TcpStream, NotifyError> {
    let mut failed = "the host has no address".to_owned();
    for (left, address) in (1..=addresses.len()).rev().zip(addresses) {
        let rest = until.saturating_duration_since(Instant::now());
        let part = rest / u32::try_from(left).unwrap_or(u32::MAX);
        match timeout(part, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = format!("no connection: {error}"),
            Err(_) => failed = "no connection: no answer".into(),
        }
    }
    Err(NotifyError::Retry(failed))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::TcpStream as Blocking;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// An address whose queue of connections is full, so that the kernel drops what asks for another.
    fn silent() -> (TcpListener, Vec<Blocking>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = Blocking::connect_timeout(&address, Duration::from_millis(300)) {
            waiting.push(stream);
            assert!(waiting.len() < 100, "the queue is never full");
        }
        (listener, waiting)
    }

    #[test]
    fn an_address_that_swallows_packets_leaves_time_for_the_next() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (silent, _waiting) = silent();
            let answers = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addresses = [silent.local_addr().unwrap(), answers.local_addr().unwrap()];
            let until = Instant::now() + Duration::from_secs(4);
            let stream = first_that_answers(&addresses, until).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
            // Where none is left, it fails before the timeout of the whole attempt.
            let until = Instant::now() + Duration::from_millis(300);
            let error = first_that_answers(&addresses[..1], until)
                .await
                .unwrap_err();
            assert!(matches!(error, NotifyError::Retry(text) if text.contains("no answer")));
        });
    }
}
