//! Which requests of a protocol, method, endpoint and minute stand for the others.
//!
//! # Weights
//!
//! The slowest stand for themselves. Of the others, `m` are drawn from `n` with equal chances; their weights are
//! `n / m`, and one more for the first `n % m` of them, so that they add up to `n` exactly. The same goes for
//! client errors by themselves. A request that is among the slowest for a while and then displaced is drawn from
//! like any other.

use std::{sync::Arc, time::Duration};

use api_metrics_layer::{Protocol, RequestRecord};

use super::{
    entry::{Entry, Reason},
    settings::Sampling,
};

/// A request in the sample; `None` where there was no memory for it when it was drawn.
pub(super) type Slot = Option<Box<Entry>>;

/// What has become of a slot: the memory that it held is free again.
pub(super) type Freed = usize;

/// Some of a number of requests, each drawn with equal chances.
#[derive(Debug, Default)]
pub(super) struct Reservoir {
    seen: u64,
    slots: Vec<Slot>,
}

/// Where a request goes that was drawn.
enum Place {
    New,
    Instead(usize),
}

impl Reservoir {
    /// Counts a request, and says where it goes if it was drawn.
    fn draw(&mut self, capacity: u32, random: &mut Random) -> Option<Place> {
        self.seen += 1;
        if capacity == 0 {
            return None;
        }
        if self.slots.len() < capacity as usize {
            return Some(Place::New);
        }
        let at = random.below(self.seen);
        let at = usize::try_from(at).ok()?;
        (at < self.slots.len()).then_some(Place::Instead(at))
    }

    fn put(&mut self, place: Place, slot: Slot) -> Freed {
        match place {
            Place::New => self.slots.push(slot),
            Place::Instead(at) => {
                if let Some(place) = self.slots.get_mut(at) {
                    return freed(std::mem::replace(place, slot).as_deref());
                }
            }
        }
        0
    }

    /// The drawn requests with their weights.
    fn close(&mut self) -> impl Iterator<Item = (Slot, u64)> + use<> {
        let seen = std::mem::take(&mut self.seen);
        let slots = std::mem::take(&mut self.slots);
        let count = slots.len() as u64;
        let (each, more) = (
            seen.checked_div(count).unwrap_or(0),
            seen.checked_rem(count).unwrap_or(0),
        );
        let weights = (0..count).map(move |place| each + u64::from(place < more));
        slots.into_iter().zip(weights)
    }
}

fn freed(entry: Option<&Entry>) -> Freed {
    entry.map_or(0, Entry::bytes)
}

/// What is sampled of one protocol, method and endpoint in the current minute.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) protocol: Protocol,
    pub(super) method: &'static str,
    pub(super) endpoint: Arc<str>,
    /// In minutes since 1970.
    pub(super) minute: i64,
    client_errors: Reservoir,
    slowest: Vec<(Duration, Slot)>,
    others: Reservoir,
}

/// A request that the sampler looks at.
pub(super) struct Offer<'a> {
    pub(super) client_error: bool,
    pub(super) latency: Duration,
    pub(super) sampling: &'a Sampling,
}

impl Window {
    pub(super) fn new(record: &RequestRecord<'_>, minute: i64) -> Self {
        Self {
            protocol: record.protocol,
            method: record.method,
            endpoint: record.endpoint.into(),
            minute,
            client_errors: Reservoir::default(),
            slowest: Vec::new(),
            others: Reservoir::default(),
        }
    }

    /// The memory that it takes without its requests.
    pub(super) fn bytes(endpoint: &str) -> usize {
        size_of::<Self>() + endpoint.len() + 64
    }

    /// Takes a request into the sample if it is drawn. `make` copies it, and gives `None` where there is no
    /// memory for it. Returns the memory that is free again.
    pub(super) fn offer(
        &mut self,
        offer: &Offer<'_>,
        random: &mut Random,
        make: impl FnOnce(Reason) -> Slot,
    ) -> Freed {
        let Sampling {
            client_errors,
            slowest,
            others,
        } = *offer.sampling;
        if offer.client_error {
            let Some(place) = self.client_errors.draw(client_errors, random) else {
                return 0;
            };
            let slot = make(Reason::ClientError);
            return self.client_errors.put(place, slot);
        }
        if self.slowest.len() < slowest as usize {
            let slot = make(Reason::Slow);
            self.slowest.push((offer.latency, slot));
            return 0;
        }
        let fastest = self
            .slowest
            .iter_mut()
            .min_by_key(|(latency, _)| *latency)
            .filter(|(latency, _)| *latency < offer.latency);
        let Some((latency, slot)) = fastest else {
            let Some(place) = self.others.draw(others, random) else {
                return 0;
            };
            let slot = make(Reason::Sample);
            return self.others.put(place, slot);
        };
        *latency = offer.latency;
        let slower = make(Reason::Slow);
        let mut displaced = std::mem::replace(slot, slower);
        let Some(place) = self.others.draw(others, random) else {
            return freed(displaced.as_deref());
        };
        if let Some(entry) = &mut displaced {
            entry.reason = Reason::Sample;
        }
        self.others.put(place, displaced)
    }

    /// Takes out what was drawn, each with its weight.
    pub(super) fn close(&mut self) -> Vec<(Slot, u64)> {
        let slowest = std::mem::take(&mut self.slowest);
        let mut drawn: Vec<_> = slowest.into_iter().map(|(_, slot)| (slot, 1)).collect();
        drawn.extend(self.client_errors.close());
        drawn.extend(self.others.close());
        drawn
    }
}

/// Draws for samples: xorshift64*, which needs no more than to be fair.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let random = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        // The high half of a product: as fair as a division, and faster.
        let product = u128::from(random) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::SystemTime;

    use api_metrics_layer::LoggedRequest;

    use super::*;

    fn entry(latency: u64, reason: Reason) -> Slot {
        let mut record = RequestRecord::new("GET", "/", SystemTime::UNIX_EPOCH);
        record.latency = Some(Duration::from_micros(latency));
        let request = LoggedRequest::new(&record);
        let id = uuid::Uuid::from_u128(u128::from(latency));
        Some(Box::new(Entry::of(&request, id, 0, reason)))
    }

    fn sampled(
        latencies: &[u64],
        client_error: bool,
        sampling: &Sampling,
        seed: u64,
    ) -> Vec<(u64, Reason, u64)> {
        let record = RequestRecord::new("GET", "/", SystemTime::UNIX_EPOCH);
        let mut window = Window::new(&record, 0);
        let mut random = Random::new(seed);
        for &latency in latencies {
            let offer = Offer {
                client_error,
                latency: Duration::from_micros(latency),
                sampling,
            };
            window.offer(&offer, &mut random, |reason| entry(latency, reason));
        }
        let drawn = window.close().into_iter().map(|(slot, weight)| {
            let entry = slot.unwrap();
            (
                entry.latency_us.unwrap().unsigned_abs(),
                entry.reason,
                weight,
            )
        });
        drawn.collect()
    }

    #[test]
    fn weights_add_up_to_what_was_seen_and_the_slowest_are_there() {
        for n in [0_u64, 1, 2, 3, 7, 8, 100, 1_001] {
            // In a mixed order.
            let latencies: Vec<_> = (0..n).map(|i| (i * 7_919) % n.max(1)).collect();
            for (slowest, others) in [(2, 5), (0, 5), (2, 1), (5, 3)] {
                let sampling = Sampling {
                    slowest,
                    others,
                    ..Sampling::default()
                };
                let drawn = sampled(&latencies, false, &sampling, n + 1);
                assert_eq!(drawn.iter().map(|&(.., weight)| weight).sum::<u64>(), n);
                let slow = drawn
                    .iter()
                    .filter(|(_, reason, _)| *reason == Reason::Slow);
                let mut slow: Vec<_> = slow.map(|&(latency, ..)| latency).collect();
                slow.sort_unstable_by(|a, b| b.cmp(a));
                let expected: Vec<_> = (0..n).rev().take(slowest as usize).collect();
                assert_eq!(slow, expected, "{n} {slowest} {others}");
                assert!(drawn.len() <= (slowest + others) as usize);
            }
            let errors = sampled(&latencies, true, &Sampling::default(), 9);
            assert_eq!(errors.iter().map(|&(.., weight)| weight).sum::<u64>(), n);
            assert_eq!(errors.len() as u64, n.min(20));
        }
    }

    #[test]
    fn each_request_is_drawn_with_equal_chances() {
        let sampling = Sampling {
            slowest: 1,
            others: 2,
            ..Sampling::default()
        };
        let latencies: Vec<_> = (0..11).rev().collect();
        let mut drawn = [0_u32; 11];
        for seed in 1..=10_000_u64 {
            let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for (latency, ..) in sampled(&latencies, false, &sampling, seed) {
                drawn[usize::try_from(latency).unwrap()] += 1;
            }
        }
        // The slowest always, two of the other ten: 2,000 each, and four standard deviations of 40.
        assert_eq!(drawn[10], 10_000);
        for count in &drawn[..10] {
            assert!((1_840..=2_160).contains(count), "{drawn:?}");
        }
    }

    #[test]
    fn nothing_is_drawn_where_nothing_is_asked_for() {
        let sampling = Sampling {
            client_errors: 0,
            slowest: 0,
            others: 0,
        };
        assert_eq!(sampled(&[1, 2, 3], false, &sampling, 1), []);
        assert_eq!(sampled(&[1, 2, 3], true, &sampling, 1), []);
    }
}
