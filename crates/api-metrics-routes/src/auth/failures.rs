//! How often somebody may present a wrong admin token.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::time::Clock;
use axum::extract::ConnectInfo;
use http::Extensions;

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
    Some(connect.0.ip().to_canonical())
}

/// Counts wrong tokens by address.
#[derive(Debug)]
pub(crate) struct Failures {
    clock: Arc<dyn Clock>,
    windows: Mutex<HashMap<Peer, Window>>,
}

#[derive(Debug)]
struct Window {
    ends_at: Duration,
    failures: u32,
}

impl Failures {
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
        let window = windows.get(&peer)?;
        let limit = if peer.is_some() {
            FROM_ONE
        } else {
            FROM_ANYWHERE
        };
        let left = window.ends_at.checked_sub(now)?;
        (window.failures >= limit).then(|| left.as_secs() + 1)
    }

    pub(crate) fn note(&self, peer: Peer) {
        let now = self.clock.monotonic();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= REMEMBERED {
            windows.retain(|_, window| window.ends_at > now);
        }
        if windows.len() >= REMEMBERED && !windows.contains_key(&peer) {
            // More addresses in a minute than anybody has: they share what strangers share.
            let window = windows.entry(None).or_insert(Window::starting(now));
            window.failures += 1;
            return;
        }
        let window = windows.entry(peer).or_insert(Window::starting(now));
        if window.ends_at <= now {
            *window = Window::starting(now);
        }
        window.failures = window.failures.saturating_add(1);
    }
}

impl Window {
    fn starting(now: Duration) -> Self {
        Self {
            ends_at: now + WINDOW,
            failures: 0,
        }
    }
}
