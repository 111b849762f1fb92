//! The samples of a stretch of time, added up, and what a rule makes of them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    HealthSample, OwnTimes, StoredSample,
    silence::{LONGEST_SILENCE, fill},
};
use crate::{
    control::{
        ControlStore,
        alerts::{AlertType, WindowSum},
    },
    query::TimeRange,
    store::StoreError,
    time::UnixSeconds,
};

/// What processes said of themselves. Parts of a window add up to the whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::control) struct HealthSum {
    /// Minutes that processes told, or were silent for.
    minutes: u64,
    /// By what people know a process by: what is told of the worst.
    instances: BTreeMap<Arc<str>, Worst>,
    dropped: u64,
    hits: u64,
    lookups: u64,
    answers: OwnTimes,
    queries: OwnTimes,
}

/// What is told of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Worst {
    unreachable: Duration,
    flush_lag: Duration,
    streams: u64,
}

/// What a window of our own health measures.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::control) struct HealthValue {
    /// In the unit of the type; `None` where nothing was told, or nothing asked.
    pub(in crate::control) value: Option<f64>,
    /// How many answers, queries or lookups it is made of; else how many minutes of processes.
    pub(in crate::control) count: u64,
    /// The process that is worst, where one of them decides.
    pub(in crate::control) instance: Option<Arc<str>>,
}

impl HealthSum {
    /// Adds a process's minute.
    pub(super) fn add_sample(&mut self, instance: &Arc<str>, sample: &HealthSample) {
        self.minutes += 1;
        self.dropped += sample.dropped_requests;
        self.hits += sample.cache_hits;
        self.lookups += sample.cache_lookups;
        self.answers.merge(&sample.answers);
        self.queries.merge(&sample.queries);
        self.add_worst(
            instance,
            Worst {
                unreachable: sample.unreachable,
                flush_lag: sample.flush_lag,
                streams: sample.open_streams,
            },
        );
    }

    /// Adds another part.
    pub(in crate::control) fn add(&mut self, other: &Self) {
        self.minutes += other.minutes;
        self.dropped += other.dropped;
        self.hits += other.hits;
        self.lookups += other.lookups;
        self.answers.merge(&other.answers);
        self.queries.merge(&other.queries);
        for (instance, worst) in &other.instances {
            self.add_worst(instance, *worst);
        }
    }

    fn add_worst(&mut self, instance: &Arc<str>, other: Worst) {
        let worst = self.instances.entry(Arc::clone(instance)).or_default();
        worst.unreachable += other.unreachable;
        worst.flush_lag = worst.flush_lag.max(other.flush_lag);
        worst.streams = worst.streams.max(other.streams);
    }

    /// The value of a rule of this type.
    pub(in crate::control) fn value(
        &self,
        alert_type: AlertType,
        quantile: Option<f64>,
    ) -> HealthValue {
        let told = |value: f64| HealthValue {
            value: (self.minutes > 0).then_some(value),
            count: self.minutes,
            instance: None,
        };
        let times = |times: &OwnTimes| HealthValue {
            value: times.milliseconds(quantile),
            count: times.count,
            instance: None,
        };
        match alert_type {
            AlertType::StoreUnreachable => {
                self.worst(|worst| millis(worst.unreachable), |ms| ms as f64 / 1e3)
            }
            AlertType::FlushLag => {
                self.worst(|worst| millis(worst.flush_lag), |ms| ms as f64 / 1e3)
            }
            AlertType::OpenStreams => self.worst(|worst| worst.streams, |n| n as f64),
            AlertType::AnswerTime => times(&self.answers),
            AlertType::QueryTime => times(&self.queries),
            AlertType::DroppedLogRows => told(self.dropped as f64),
            AlertType::CacheHitRate => HealthValue {
                value: (self.lookups > 0).then(|| self.hits as f64 * 100.0 / self.lookups as f64),
                count: self.lookups,
                instance: None,
            },
            _ => HealthValue::default(),
        }
    }

    /// The process with the greatest figure; the first by name of several.
    fn worst(&self, of: impl Fn(&Worst) -> u64, shown: impl Fn(u64) -> f64) -> HealthValue {
        let found = self
            .instances
            .iter()
            .rev()
            .max_by_key(|(_, worst)| of(worst));
        HealthValue {
            value: found.map(|(_, worst)| shown(of(worst))),
            count: self.minutes,
            instance: found
                .filter(|(_, worst)| of(worst) > 0)
                .map(|(name, _)| Arc::clone(name)),
        }
    }
}

/// Whole milliseconds.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What processes said of themselves in `range`, by minutes, ascending. Minutes without samples are left out.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement limit.
pub(in crate::control) async fn steps(
    store: &dyn ControlStore,
    range: TimeRange,
) -> Result<Vec<(UnixSeconds, WindowSum)>, StoreError> {
    // Whoever is silent at the beginning of the range has told something before.
    let told = TimeRange::new(range.from - LONGEST_SILENCE - 60, range.to);
    let mut samples = store.health_samples(told).await?;
    fill(&mut samples);
    let mut steps: BTreeMap<UnixSeconds, HealthSum> = BTreeMap::new();
    for StoredSample {
        instance, sample, ..
    } in samples
    {
        if range.from <= sample.minute && sample.minute < range.to {
            let sum = steps.entry(sample.minute).or_default();
            sum.add_sample(&instance, &sample);
        }
    }
    Ok(steps
        .into_iter()
        .map(|(minute, sum)| (minute, WindowSum::of_health(sum)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(minute: i64) -> HealthSample {
        HealthSample::new(minute * 60)
    }

    #[test]
    fn each_type_has_its_value_and_the_worst_process_is_named() {
        let (a, b): (Arc<str>, Arc<str>) = ("shop on a".into(), "shop on b".into());
        let mut first = sample(1);
        first.unreachable = Duration::from_secs(20);
        first.flush_lag = Duration::from_millis(1_500);
        first.open_streams = 3;
        (first.cache_hits, first.cache_lookups) = (1, 4);
        first.dropped_requests = 2;
        for ms in [10, 20, 600] {
            first.answers.add(Duration::from_millis(ms));
        }
        let mut second = sample(2);
        second.unreachable = Duration::from_secs(30);
        second.open_streams = 7;
        second.dropped_requests = 1;
        let mut sum = HealthSum::default();
        sum.add_sample(&a, &first);
        let mut other = HealthSum::default();
        other.add_sample(&a, &second);
        other.add_sample(&b, &first);
        sum.add(&other);

        let value = |of| sum.value(of, None);
        assert_eq!(value(AlertType::StoreUnreachable).value, Some(50.0));
        assert_eq!(value(AlertType::StoreUnreachable).instance, Some(a.clone()));
        assert_eq!(value(AlertType::FlushLag).value, Some(1.5));
        assert_eq!(value(AlertType::OpenStreams).value, Some(7.0));
        assert_eq!(value(AlertType::DroppedLogRows).value, Some(5.0));
        assert_eq!(value(AlertType::CacheHitRate).value, Some(25.0));
        assert_eq!(value(AlertType::CacheHitRate).count, 8);
        assert_eq!(value(AlertType::AnswerTime).value, Some(210.0));
        assert_eq!(value(AlertType::AnswerTime).count, 6);
        let slow = sum.value(AlertType::AnswerTime, Some(0.95)).value;
        assert!(
            slow.is_some_and(|ms| (594.0..606.0).contains(&ms)),
            "{slow:?}"
        );
        // Nobody has asked the store, and of what nobody told nothing is known.
        assert_eq!(value(AlertType::QueryTime).value, None);
        for of in [AlertType::StoreUnreachable, AlertType::DroppedLogRows] {
            assert_eq!(HealthSum::default().value(of, None).value, None);
        }
    }
}
