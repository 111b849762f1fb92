//! What of a request may be captured.

use std::net::IpAddr;

use http::{Extensions, HeaderName};

use super::{
    address::{Network, PeerAddress},
    geography::Geography,
    snapshot::{ReplaySecret, Snapshots},
};

/// What a [`RequestLogSink`](super::RequestLogSink) wants captured: the defaults, of which fields are changed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestCapture {
    /// The networks of proxies whose `X-Forwarded-For` and `Forwarded` are believed; none by default. From
    /// anybody else these headers are not read.
    pub trusted_proxies: Vec<Network>,
    /// Names of path parameters whose values are shown in paths, such as `version` for `/{version}/users`;
    /// none by default. Values of all others are masked.
    pub shown_parameters: Vec<String>,
    /// The header in which requests and responses carry their id: `x-request-id` by default.
    pub request_id_header: HeaderName,
    /// Finds the address of the connection's other end among a request's extensions, where there is no
    /// [`PeerAddress`]. `None` by default.
    pub peer_address: Option<fn(&Extensions) -> Option<IpAddr>>,
    /// Which routes leave a snapshot, and what it holds; none by default.
    pub snapshots: Snapshots,
    /// Tells requests that this process replays over HTTP from all others: they are counted under the consumer
    /// `<replay>`. `None` by default.
    pub replay_secret: Option<ReplaySecret>,
    /// How the countries of clients are found. `None` by default: no place is kept, and no country is counted.
    pub geography: Option<Geography>,
}

impl Default for RequestCapture {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            shown_parameters: Vec::new(),
            request_id_header: HeaderName::from_static("x-request-id"),
            peer_address: None,
            snapshots: Snapshots::default(),
            replay_secret: None,
            geography: None,
        }
    }
}

impl RequestCapture {
    /// The address of the connection's other end.
    pub(super) fn peer(&self, extensions: &Extensions) -> Option<IpAddr> {
        match extensions.get() {
            Some(&PeerAddress(address)) => Some(address),
            None => self.peer_address.and_then(|find| find(extensions)),
        }
    }
}
