//! From the rows of a window to a value.
//!
//! | type | value | unit | without requests |
//! |---|---|---|---|
//! | `error_rate` | `(4xx + 5xx) * 100 / requests` | percent | none |
//! | `response_time` | mean, or the quantile of the merged sketches | milliseconds | none |
//! | `rate_limit` | the greatest `requests * 100 / limit` of any key in any minute of the window | percent | none |
//! | `request_volume` | requests | requests | 0 |
//! | `bandwidth` | request and response bodies | bytes | 0 |
//! | `unit` | the sum of the unit | the unit itself | 0 |
//! | `anomaly` | `abs(requests / minutes - median) / spread` | deviations | as for a rate of 0 |
//! | `anomaly_bandwidth` | the same of bytes a minute | deviations | as for a rate of 0 |
//! | `anomaly_errors`, `anomaly_latency` | `max(value - median, 0) / spread` | deviations | none |
//! | `burn_rate` | the lesser burn rate of the window and of its last twelfth | times what is allowed | none |
//! | `release_regression` | see `releases` | percentage points, or percent of the latency | none |
//!
//! Types of our own health have the values that [`health`](crate::control::health) names.
//!
//! A window with fewer than `min_requests` requests has no value. Rows of several endpoints and keys
//! are merged first: a quantile is that of all requests together and never a mean of quantiles.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{AlertSpec, AlertType, Target, baseline::Baseline};
use crate::{
    bucket::Bucket,
    control::{
        health::HealthSum,
        objectives::{Indicator, Outcomes},
        releases::MeasuredRelease,
    },
    query::Row,
    sketch::{SketchError, SketchKind},
    time::UnixSeconds,
};

/// What a window holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Measured {
    /// In the unit of the type; `None` without requests, or with too few.
    pub value: Option<f64>,
    /// Requests in the window.
    pub requests: u64,
    /// The method of all of them, if they share one and an endpoint was asked for.
    pub method: Option<String>,
    /// For rate limits: the key, its requests in its busiest minute, and its limit.
    pub peak: Option<(i64, u64, u64)>,
    /// For anomalies: what is compared, such as requests a minute, and the baseline.
    pub rate: Option<(f64, Baseline)>,
    /// For our own health: the process that is worst, where one of them decides.
    pub instance: Option<Arc<str>>,
    /// For releases: the worst of them, where one is worse.
    pub release: Option<MeasuredRelease>,
}

/// What else a value is made of.
#[derive(Debug, Default)]
pub(super) struct Context<'a> {
    /// Limits a minute by key, for rate limits.
    pub limits: Option<&'a HashMap<i64, u64>>,
    /// What the window alone does not tell.
    pub beside: Beside<'a>,
}

/// What a value is made of beside the window's own sum.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Beside<'a> {
    /// The baseline of the window's hour, for anomalies.
    pub baseline: Option<Baseline>,
    /// The sum of the short window, for burn rates.
    pub short: Option<&'a WindowSum>,
}

/// Measures the rows of one window. Rows of other endpoints than the rule's are left out.
///
/// # Errors
///
/// `SketchError::KindMismatch` where rows have sketches of different kinds, which one database never
/// holds.
pub(super) fn measure<'a>(
    spec: &AlertSpec,
    target: Option<&Target>,
    rows: impl Iterator<Item = &'a Row>,
    known: &Context<'_>,
) -> Result<Measured, SketchError> {
    Ok(WindowSum::of(target, rows, known.limits)?.measured(spec, known.beside))
}

/// What the rows of a stretch of time come to. Parts of a window add up to the whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::control) struct WindowSum {
    sum: Option<Bucket>,
    methods: BTreeSet<String>,
    /// See [`Measured::peak`].
    peak: Option<PeakMinute>,
    /// What processes said of themselves.
    health: HealthSum,
}

/// A key, its requests in a minute, and its limit, which is not 0.
type PeakMinute = (i64, u64, u64);

impl WindowSum {
    /// Sums rows. No key has rows of one minute in two parts.
    pub(in crate::control) fn of<'a>(
        target: Option<&Target>,
        rows: impl Iterator<Item = &'a Row>,
        limits: Option<&HashMap<i64, u64>>,
    ) -> Result<Self, SketchError> {
        let mut part = Self::default();
        let mut minutes: BTreeMap<(i64, UnixSeconds), u64> = BTreeMap::new();
        for row in rows {
            let method = row.group.method.as_deref().unwrap_or_default();
            if let (Some(target), Some(endpoint)) = (target, row.group.endpoint.as_deref())
                && !target.matches(method, endpoint)
            {
                continue;
            }
            if row.group.method.is_some() && !part.methods.contains(method) {
                part.methods.insert(method.to_owned());
            }
            if let (Some(key), Some(minute)) = (row.group.api_key_id, row.group.period_start) {
                *minutes.entry((key, minute)).or_default() += row.bucket.request_count;
            }
            part.add_bucket(&row.bucket)?;
        }
        for ((key, _), made) in minutes {
            // A limit of 0 shuts a key out: there is no part of it that could be used.
            if let Some(limit) = limits.and_then(|l| l.get(&key)).filter(|l| **l > 0) {
                part.peak = nearer(part.peak, Some((key, made, *limit)));
            }
        }
        Ok(part)
    }

    /// What processes said of themselves.
    pub(in crate::control) fn of_health(health: HealthSum) -> Self {
        Self {
            health,
            ..Self::default()
        }
    }

    /// Whether it has no requests.
    pub(super) fn is_empty(&self) -> bool {
        self.sum.as_ref().is_none_or(|sum| sum.request_count == 0)
    }

    /// Adds another part of the window.
    pub(super) fn add(&mut self, other: &Self) -> Result<(), SketchError> {
        if let Some(bucket) = &other.sum {
            self.add_bucket(bucket)?;
        }
        if !other.methods.is_subset(&self.methods) {
            self.methods.extend(other.methods.iter().cloned());
        }
        self.peak = nearer(self.peak, other.peak);
        self.health.add(&other.health);
        Ok(())
    }

    /// Adds the requests of one row.
    fn add_bucket(&mut self, bucket: &Bucket) -> Result<(), SketchError> {
        match &mut self.sum {
            Some(sum) => sum.merge(bucket),
            None => {
                self.sum = Some(bucket.clone());
                Ok(())
            }
        }
    }

    /// Good and bad requests.
    pub(in crate::control) fn outcomes(&self, indicator: Indicator) -> Outcomes {
        self.sum
            .as_ref()
            .map_or_else(Outcomes::default, |sum| Outcomes::of(indicator, sum))
    }

    /// The kind of its sketch; `None` without requests.
    pub(in crate::control) fn sketch_kind(&self) -> Option<SketchKind> {
        self.sum.as_ref().map(|sum| sum.sketch.kind())
    }

    /// What an anomaly rule compares with the baseline, over so many minutes: requests or bytes a minute, percent,
    /// milliseconds. Of an error rate and a latency `None` without requests.
    pub(super) fn compared(&self, spec: &AlertSpec, minutes: f64) -> Option<f64> {
        let sum = self.sum.as_ref();
        match spec.alert_type {
            AlertType::AnomalyErrors => sum.and_then(Bucket::error_rate),
            AlertType::AnomalyLatency => sum.and_then(|sum| latency(spec, sum)),
            AlertType::AnomalyBandwidth => Some(sum.map_or(0.0, bytes) / minutes),
            _ => Some(sum.map_or(0.0, |sum| sum.request_count as f64) / minutes),
        }
    }

    /// What a window that is this part measures.
    ///
    /// Without a baseline anomalies have no value, and without a short window burn rates.
    pub(super) fn measured(&self, spec: &AlertSpec, beside: Beside<'_>) -> Measured {
        if spec.alert_type.is_health() {
            return self.measured_health(spec);
        }
        let sum = self.sum.as_ref();
        let requests = sum.map_or(0, |sum| sum.request_count);
        let mut measured = Measured {
            requests,
            method: self
                .methods
                .first()
                .filter(|_| self.methods.len() == 1)
                .cloned(),
            ..Measured::default()
        };
        if requests < spec.min_requests {
            return measured;
        }
        measured.value = match spec.alert_type {
            AlertType::ErrorRate => sum.and_then(Bucket::error_rate),
            AlertType::ResponseTime => sum.and_then(|sum| latency(spec, sum)),
            AlertType::RequestVolume => Some(requests as f64),
            AlertType::Bandwidth => Some(sum.map_or(0.0, bytes)),
            AlertType::Unit => Some(match (sum, &spec.unit) {
                (Some(sum), Some(unit)) => sum.units.sum(unit) as f64,
                _ => 0.0,
            }),
            AlertType::RateLimit => {
                measured.peak = self.peak;
                self.peak
                    .map(|(_, made, limit)| made as f64 * 100.0 / limit as f64)
            }
            AlertType::Anomaly
            | AlertType::AnomalyErrors
            | AlertType::AnomalyLatency
            | AlertType::AnomalyBandwidth => beside.baseline.and_then(|baseline| {
                let rate = self.compared(spec, f64::from(spec.window_minutes))?;
                measured.rate = Some((rate, baseline));
                Some(baseline.deviation(spec.alert_type, rate))
            }),
            AlertType::BurnRate => spec.aim.zip(beside.short).and_then(|(aim, short)| {
                aim.burning(self.outcomes(aim.indicator), short.outcomes(aim.indicator))
            }),
            // Measured above.
            _ => None,
        };
        measured
    }

    /// What a rule over our own health measures. Answers, queries or lookups take the place of requests.
    fn measured_health(&self, spec: &AlertSpec) -> Measured {
        let found = self.health.value(spec.alert_type, spec.quantile);
        Measured {
            value: found.value.filter(|_| found.count >= spec.min_requests),
            requests: found.count,
            instance: found.instance,
            ..Measured::default()
        }
    }
}

/// The mean latency, or the rule's quantile, in milliseconds.
fn latency(spec: &AlertSpec, sum: &Bucket) -> Option<f64> {
    match spec.quantile {
        Some(q) => sum.quantile_ms(q),
        None => sum.average_ms(),
    }
}

/// Bytes of bodies, both directions together.
fn bytes(sum: &Bucket) -> f64 {
    sum.request_bytes.saturating_add(sum.response_bytes) as f64
}

/// The one that came closer to its limit; the smaller key of two that came as close.
fn nearer(a: Option<PeakMinute>, b: Option<PeakMinute>) -> Option<PeakMinute> {
    let (Some(first), Some(second)) = (a, b) else {
        return a.or(b);
    };
    // made / limit against most / of, without a division.
    let (made, most) = (
        u128::from(first.1) * u128::from(second.2),
        u128::from(second.1) * u128::from(first.2),
    );
    let first_wins = made > most || (made == most && first.0 <= second.0);
    Some(if first_wins { first } else { second })
}
