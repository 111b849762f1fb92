//! How often somebody may present a wrong admin token.
//!
//! Only wrong tokens are counted and only wrong tokens are refused: a right one always passes, or
//! anybody could lock an operator out. Throttling does not stop guessing; a long token does.
//!
//! Memory is bounded: at most 10,000 addresses are remembered, and all further ones are counted
//! together.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::time::Clock;
use axum::extract::ConnectInfo;
use http::Extensions;

/// The time over which wrong tokens are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Wrong tokens a minute from one address.
const FROM_ONE: u32 = 10;
/// Wrong tokens a minute from all together, where the host does not tell addresses.
const FROM_ANYWHERE: u32 = 60;
/// Addresses remembered before those whose minute is over are forgotten.
const REMEMBERED: usize = 10_000;

/// Where a request came from; `None` where the host does not tell.
pub(crate) type Peer = Option<IpAddr>;

/// The peer's address, where the host serves with
/// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info).
pub(crate) fn peer(extensions: &Extensions) -> Peer {
    let connect = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(network(connect.0.ip()))
}

/// An IPv4 address, or the /64 of an IPv6 address: whoever has one of those has them all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Counts wrong tokens by address.
#[derive(Debug)]
pub(crate) struct FailedLogins {
    /// Tests advance it.
    clock: Arc<dyn Clock>,
    /// By address; `None` for those that are unknown or have found no room.
    windows: Mutex<HashMap<Peer, Window>>,
}

/// Wrong tokens of one address, or of all strangers, in one minute.
#[derive(Debug)]
struct Window {
    /// On the monotonic clock.
    ends_at: Duration,
    /// Wrong tokens so far.
    failures: u32,
}

impl FailedLogins {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            windows: Mutex::default(),
        }
    }

    /// After how many seconds `peer` may try again; `None` if it may now.
    pub(crate) fn wait(&self, peer: Peer) -> Option<u64> {
        let now = self.clock.monotonic();
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        // An address for which there was no room is counted among the strangers.
        let (window, limit) = match windows.get(&peer) {
            Some(window) if peer.is_some() => (window, FROM_ONE),
            _ => (windows.get(&None)?, FROM_ANYWHERE),
        };
        let left = window.ends_at.checked_sub(now)?;
        (window.failures >= limit && !left.is_zero()).then(|| left.as_secs() + 1)
    }

    /// Counts a wrong token of `peer`.
    pub(crate) fn note(&self, peer: Peer) {
        let now = self.clock.monotonic();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= REMEMBERED {
            windows.retain(|_, window| window.ends_at > now);
        }
        // More addresses in a minute than anybody has: they share what strangers share.
        let full = windows.len() >= REMEMBERED && !windows.contains_key(&peer);
        let counted = peer.filter(|_| !full);
        let window = windows.entry(counted).or_insert(Window::starting(now));
        if window.ends_at <= now {
            *window = Window::starting(now);
        }
        window.failures = window.failures.saturating_add(1);
    }
}

impl Window {
    /// An empty window that begins now.
    fn starting(now: Duration) -> Self {
        Self {
            ends_at: now + WINDOW,
            failures: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use api_metrics_store::time::ManualClock;

    use super::*;

    fn failures() -> (Arc<ManualClock>, FailedLogins) {
        let clock = Arc::new(ManualClock::at(0));
        (clock.clone(), FailedLogins::new(clock))
    }

    fn at(address: &str) -> Peer {
        Some(network(address.parse().unwrap()))
    }

    fn noted(failures: &FailedLogins, peer: Peer, times: u32) {
        for _ in 0..times {
            failures.note(peer);
        }
    }

    #[test]
    fn an_address_waits_for_its_own_failures_and_only_until_its_minute_is_over() {
        let (clock, failures) = failures();
        noted(&failures, at("192.0.2.1"), FROM_ONE - 1);
        assert_eq!(failures.wait(at("192.0.2.1")), None);
        noted(&failures, at("192.0.2.1"), 1);
        assert_eq!(failures.wait(at("192.0.2.1")), Some(61));
        assert_eq!(failures.wait(at("192.0.2.2")), None);
        clock.advance(WINDOW);
        assert_eq!(failures.wait(at("192.0.2.1")), None);
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one() {
        let (_, failures) = failures();
        for host in 1..=FROM_ONE {
            failures.note(at(&format!("2001:db8:1:2::{host:x}")));
        }
        assert!(failures.wait(at("2001:db8:1:2:ffff::1")).is_some());
        assert_eq!(failures.wait(at("2001:db8:1:3::1")), None);
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }

    #[test]
    fn addresses_beyond_those_remembered_share_what_strangers_share() {
        let (_, failures) = failures();
        for n in 0..u32::try_from(REMEMBERED).unwrap() {
            failures.note(Some(IpAddr::V4((0x0a00_0000 + n).into())));
        }
        noted(&failures, at("192.0.2.1"), FROM_ANYWHERE);
        assert!(failures.wait(at("192.0.2.1")).is_some());
        assert!(failures.wait(at("192.0.2.2")).is_some());
        // Who is remembered has a count of its own.
        assert_eq!(failures.wait(at("10.0.0.1")), None);
    }
}
