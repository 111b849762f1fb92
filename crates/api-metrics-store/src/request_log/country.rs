//! Requests by country and hour: all that are counted while geography is on, and not only those that are kept.
//!
//! Counts wait here for the next batch, and are stored behind its fence, so that each request counts once whatever
//! becomes of acknowledgements. Retention is that of the log, in whole days.

use std::collections::BTreeMap;

use api_metrics_layer::Country;

/// The milliseconds of an hour.
pub(super) const HOUR_MS: i64 = 3_600_000;
/// Countries and hours that wait at most: more than four days of all countries. Beyond it a request of a country
/// that its hour does not know yet counts as unknown, which takes one row more an hour.
const MAX_WAITING: usize = 25_000;

/// Requests of a country in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountryHour {
    /// The start of the hour, in milliseconds since 1970.
    pub(super) hour_ms: i64,
    /// `None` is a country that is not known.
    pub(super) country: Option<Country>,
    pub(super) requests: u64,
}

/// What is counted and not stored yet.
#[derive(Debug, Default)]
pub(super) struct Countries(BTreeMap<(i64, Option<Country>), u64>);

impl Countries {
    /// Counts a request.
    pub(super) fn count(&mut self, at_ms: i64, country: Option<Country>) {
        let hour_ms = at_ms.div_euclid(HOUR_MS).saturating_mul(HOUR_MS);
        let key = (hour_ms, country);
        if let Some(count) = self.0.get_mut(&key) {
            *count += 1;
        } else if self.0.len() < MAX_WAITING {
            self.0.insert(key, 1);
        } else {
            // Its country is lost, the request is not.
            *self.0.entry((hour_ms, None)).or_default() += 1;
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out what waits, in the order in which rows are stored.
    pub(super) fn take(&mut self) -> Vec<CountryHour> {
        let counts = std::mem::take(&mut self.0);
        let hour = |((hour_ms, country), requests)| CountryHour {
            hour_ms,
            country,
            requests,
        };
        counts.into_iter().map(hour).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_country_and_hour_and_none_is_lost_beyond_the_bound() {
        let germany = Country::of("DE");
        let mut countries = Countries::default();
        for at_ms in [0, 1, HOUR_MS - 1, HOUR_MS] {
            countries.count(at_ms, germany);
        }
        countries.count(5, None);
        let hour = |hour_ms, country, requests| CountryHour {
            hour_ms,
            country,
            requests,
        };
        let expected = [
            hour(0, None, 1),
            hour(0, germany, 3),
            hour(HOUR_MS, germany, 1),
        ];
        assert_eq!(countries.take(), expected);
        assert!(countries.is_empty());

        for n in 0..30_000 {
            countries.count(n * HOUR_MS, germany);
        }
        countries.count(0, Country::of("FR"));
        let stored = countries.take();
        assert_eq!(stored.iter().map(|hour| hour.requests).sum::<u64>(), 30_001);
        assert!(stored.contains(&hour(0, None, 1)));
    }
}
