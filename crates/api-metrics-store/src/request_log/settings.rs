//! What is kept, and how much of it.

use std::{net::IpAddr, time::Duration};

use api_metrics_layer::{Network, RequestCapture};

/// The settings of a request log: the defaults, of which fields are changed.
///
/// ```
/// use api_metrics_store::request_log::{Keep, RequestLog};
///
/// let mut log = RequestLog::new();
/// log.endpoints.push(("/healthz".to_owned(), Keep::Nothing));
/// log.endpoints.push(("/payments".to_owned(), Keep::Everything));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestLog {
    /// Which requests are kept; [`Keep::Sampled`] by default.
    pub keep: Keep,
    /// Which requests of these route templates are kept instead.
    pub endpoints: Vec<(String, Keep)>,
    /// Requests kept a second by this process, 1,000 by default. What is sampled counts over its minute. What
    /// comes beyond is dropped, and counted.
    pub rows_per_second: u32,
    /// Bytes kept a second by this process, as they take memory: 16 MiB by default. What is sampled counts over its
    /// minute. What comes beyond is dropped, and counted.
    pub bytes_per_second: u64,
    /// Events outside of requests kept a second by this process, 100 by default: they count as rows and bytes too,
    /// and hold a quarter of the memory at most, so that they never push requests out. What comes beyond is dropped,
    /// and counted.
    pub events_per_second: u32,
    /// Bytes that this process holds for the log at most, 16 MiB by default. What comes beyond is dropped, and
    /// counted.
    pub memory_budget: usize,
    /// How long requests are kept, 90 days by default; whole days in UTC.
    pub retention: Duration,
    /// Bytes of the database that the log may take, 10 GiB by default. Beyond it the oldest day goes first; the
    /// day that is being written stays.
    pub stored_bytes: u64,
    /// How much of a client's address is kept, as a hash; [`AddressDetail::Network`] by default.
    pub address: AddressDetail,
    /// What is captured of a request.
    pub capture: RequestCapture,
}

impl Default for RequestLog {
    fn default() -> Self {
        Self {
            keep: Keep::default(),
            endpoints: Vec::new(),
            rows_per_second: 1_000,
            bytes_per_second: 16 << 20,
            events_per_second: 100,
            memory_budget: 16 << 20,
            retention: Duration::from_secs(90 * 86_400),
            stored_bytes: 10 << 30,
            address: AddressDetail::default(),
            capture: RequestCapture::default(),
        }
    }
}

impl RequestLog {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is kept of a route.
    pub(crate) fn keep_of(&self, endpoint: &str) -> &Keep {
        let own = self.endpoints.iter().find(|(route, _)| route == endpoint);
        own.map_or(&self.keep, |(_, keep)| keep)
    }
}

/// Which requests are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keep {
    /// None.
    Nothing,
    /// All, each standing for itself.
    Everything,
    /// Every failure, and of the rest a sample in which each stands for as many as it must.
    Sampled(Sampling),
}

impl Default for Keep {
    fn default() -> Self {
        Self::Sampled(Sampling::default())
    }
}

/// What is kept of each method and endpoint in a minute. Requests that failed, that panicked or have a status
/// of 5xx are all kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sampling {
    /// Requests with a status of 4xx, drawn at random: 20 by default.
    pub client_errors: u32,
    /// The slowest of the rest: 2 by default.
    pub slowest: u32,
    /// Others of the rest, drawn at random: 5 by default.
    pub others: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            client_errors: 20,
            slowest: 2,
            others: 5,
        }
    }
}

/// How much of a client's address goes into its hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressDetail {
    /// Nothing: no hash is kept.
    Hidden,
    /// The network: the first 24 bits of an IPv4 address, 48 of an IPv6 one.
    #[default]
    Network,
    /// All of it.
    Whole,
}

impl AddressDetail {
    /// What of an address goes into its hash.
    pub(crate) fn part_of(self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        match self {
            Self::Hidden => None,
            Self::Network => {
                let prefix = if address.is_ipv4() { 24 } else { 48 };
                Some(Network::new(address, prefix).address())
            }
            Self::Whole => Some(address),
        }
    }
}
