//! What becomes of wrong admin tokens: they are answered late, counted and logged.
//!
//! None of this protects a token that can be guessed: its length does. Late answers keep a script
//! that tries tokens from being cheap to serve, the count shows on a graph that somebody tries, and
//! the log says from where. A right token always passes at once, so whoever shares an address with a
//! guesser is not locked out.
//!
//! Times are the machine's and not those of the admin's clock: somebody really waits.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::extract::ConnectInfo;
use http::Extensions;
use tokio::time::{Instant, sleep};

/// How late a wrong token is answered.
const DELAY: Duration = Duration::from_millis(500);
/// How many wrong tokens wait for their answer at a time; further ones are refused at once.
const WAITING: usize = 16;
/// How often a line is logged while wrong tokens come.
const LOG_EVERY: Duration = Duration::from_secs(60);
/// Addresses that one line names; the others are counted together.
const NAMED: usize = 20;

/// Where a request came from; `None` where the host does not tell.
pub(crate) type Peer = Option<IpAddr>;

/// The peer's address, where the host serves with
/// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info).
pub(crate) fn peer(extensions: &Extensions) -> Peer {
    let connect = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(connect.0.ip().to_canonical())
}

/// Delays, counts and logs wrong admin tokens.
#[derive(Debug, Default)]
pub(crate) struct FailedLogins {
    /// Wrong tokens since the start.
    total: AtomicU64,
    /// When the places of those that wait are free again. A place is taken for the whole delay, also
    /// where its client has left.
    places: Mutex<Vec<Instant>>,
    /// What the next line says.
    unlogged: Arc<Mutex<Unlogged>>,
}

/// Wrong tokens since the last line of the log.
#[derive(Debug, Default)]
struct Unlogged {
    /// Whether a line is due within the minute.
    is_due: bool,
    by_address: BTreeMap<Peer, u64>,
    /// Of addresses beyond those that are named.
    others: u64,
}

impl FailedLogins {
    /// Counts a wrong token of `peer`, and returns when it may be answered. `false`: too many wait
    /// already, and it is to be refused as one too many.
    pub(crate) async fn delay(&self, peer: Peer) -> bool {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.note(peer);
        if !self.take_place() {
            return false;
        }
        sleep(DELAY).await;
        true
    }

    /// Wrong tokens since the start.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Takes one of the places of those that wait, if one is free.
    fn take_place(&self) -> bool {
        let now = Instant::now();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|free_at| *free_at > now);
        let free = places.len() < WAITING;
        if free {
            places.push(now + DELAY);
        }
        free
    }

    /// Logs the first wrong token at once, and then what has come, once a minute, until a minute passes
    /// without any.
    fn note(&self, peer: Peer) {
        let mut unlogged = self.unlogged.lock().unwrap_or_else(PoisonError::into_inner);
        unlogged.add(peer);
        if unlogged.is_due {
            return;
        }
        unlogged.log();
        unlogged.is_due = true;
        tokio::spawn(log_each_minute(Arc::downgrade(&self.unlogged)));
    }
}

/// Logs each minute's wrong tokens; ends with the first minute without any, or with the admin.
async fn log_each_minute(unlogged: Weak<Mutex<Unlogged>>) {
    loop {
        sleep(LOG_EVERY).await;
        let Some(unlogged) = unlogged.upgrade() else {
            return;
        };
        let mut unlogged = unlogged.lock().unwrap_or_else(PoisonError::into_inner);
        unlogged.is_due = unlogged.log();
        if !unlogged.is_due {
            return;
        }
    }
}

impl Unlogged {
    /// Counts one wrong token. Addresses beyond those that a line names are counted together.
    fn add(&mut self, peer: Peer) {
        if self.by_address.len() < NAMED || self.by_address.contains_key(&peer) {
            *self.by_address.entry(peer).or_default() += 1;
        } else {
            self.others += 1;
        }
    }

    /// Writes the line and begins anew; `false` if there was nothing to say.
    fn log(&mut self) -> bool {
        let Some(text) = self.text() else {
            return false;
        };
        let tokens = self.by_address.values().sum::<u64>() + self.others;
        tracing::warn!(tokens, from = %text, "wrong admin tokens were presented");
        self.by_address.clear();
        self.others = 0;
        true
    }

    /// `203.0.113.7 (12), an unknown address (1)`.
    fn text(&self) -> Option<String> {
        let mut parts: Vec<String> = self
            .by_address
            .iter()
            .map(|(peer, tokens)| match peer {
                Some(address) => format!("{address} ({tokens})"),
                None => format!("an unknown address ({tokens})"),
            })
            .collect();
        if self.others > 0 {
            parts.push(format!("other addresses ({})", self.others));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(last: u8) -> Peer {
        Some([192, 0, 2, last].into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_token_waits_for_its_answer_and_the_seventeenth_does_not() {
        let failures = Arc::new(FailedLogins::default());
        let begin = Instant::now();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let failures = failures.clone();
                tokio::spawn(async move { failures.delay(None).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(!failures.delay(at(1)).await);
        assert_eq!(begin.elapsed(), Duration::ZERO);
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert_eq!(begin.elapsed(), DELAY);
        assert!(failures.delay(at(1)).await);
        assert_eq!(failures.total(), 18);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_leaves_early_keeps_its_place_taken() {
        let failures = FailedLogins::default();
        for _ in 0..WAITING {
            let left = tokio::time::timeout(DELAY / 100, failures.delay(None)).await;
            assert!(left.is_err());
        }
        assert!(!failures.delay(None).await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_a_minute_is_told_in_one_line_with_its_addresses() {
        let failures = FailedLogins::default();
        // The first is logged at once.
        failures.delay(at(1)).await;
        assert_eq!(failures.unlogged.lock().unwrap().text(), None);
        for peer in [at(2), at(2), None] {
            failures.delay(peer).await;
        }
        for last in 0..40 {
            failures.note(at(100 + last));
        }
        let text = failures.unlogged.lock().unwrap().text().unwrap();
        assert!(
            text.starts_with("an unknown address (1), 192.0.2.2 (2), 192.0.2.100 (1)"),
            "{text}"
        );
        assert!(text.ends_with("other addresses (22)"), "{text}");
        sleep(LOG_EVERY).await;
        assert_eq!(failures.unlogged.lock().unwrap().text(), None);
        assert!(failures.unlogged.lock().unwrap().is_due);
        // A minute without any ends it.
        sleep(LOG_EVERY).await;
        assert!(!failures.unlogged.lock().unwrap().is_due);
    }
}
