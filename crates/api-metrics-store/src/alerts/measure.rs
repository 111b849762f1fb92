//! From the rows of a window to a value.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{AlertSpec, AlertType, Target, usual::Usual};
use crate::{bucket::Bucket, query::Row, sketch::SketchError, time::UnixSeconds};

/// What a window holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Measured {
    /// In the unit of the type; `None`: nothing to judge, or too little.
    pub value: Option<f64>,
    /// Requests in the window.
    pub requests: u64,
    /// The method of all of them, if they share one and an endpoint was asked for.
    pub method: Option<String>,
    /// For rate limits: the key, its requests in its busiest minute, and its limit.
    pub busiest: Option<(i64, u64, u64)>,
    /// For anomalies: the requests a minute, and what is usual.
    pub rate: Option<(f64, Usual)>,
}

/// What else a value is made of.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    /// Limits a minute by key, for rate limits.
    pub limits: Option<&'a HashMap<i64, u64>>,
    /// What is usual at the window's hour, for anomalies.
    pub usual: Option<Usual>,
}

/// Measures the rows of one window. Rows of other endpoints than the rule's are left out.
pub(super) fn measure<'a>(
    spec: &AlertSpec,
    target: Option<&Target>,
    rows: impl Iterator<Item = &'a Row>,
    known: &Known<'_>,
) -> Result<Measured, SketchError> {
    let mut sum: Option<Bucket> = None;
    let mut methods = BTreeSet::new();
    let mut minutes: BTreeMap<(i64, UnixSeconds), u64> = BTreeMap::new();
    for row in rows {
        let method = row.group.method.as_deref().unwrap_or_default();
        if let (Some(target), Some(endpoint)) = (target, row.group.endpoint.as_deref())
            && !target.matches(method, endpoint)
        {
            continue;
        }
        if row.group.method.is_some() {
            methods.insert(method);
        }
        if let (Some(key), Some(minute)) = (row.group.api_key_id, row.group.period_start) {
            *minutes.entry((key, minute)).or_default() += row.bucket.request_count;
        }
        match &mut sum {
            Some(sum) => sum.merge(&row.bucket)?,
            None => sum = Some(row.bucket.clone()),
        }
    }
    let requests = sum.as_ref().map_or(0, |sum| sum.request_count);
    let mut measured = Measured {
        requests,
        method: methods
            .first()
            .filter(|_| methods.len() == 1)
            .map(|method| (*method).to_owned()),
        ..Measured::default()
    };
    if requests < spec.min_requests {
        return Ok(measured);
    }
    measured.value = match spec.alert_type {
        AlertType::ErrorRate => sum.as_ref().and_then(Bucket::error_rate),
        AlertType::ResponseTime => sum.as_ref().and_then(|sum| match spec.quantile {
            Some(q) => sum.quantile_ms(q),
            None => sum.average_ms(),
        }),
        AlertType::RequestVolume => Some(requests as f64),
        AlertType::Bandwidth => Some(sum.as_ref().map_or(0.0, |sum| {
            sum.request_bytes.saturating_add(sum.response_bytes) as f64
        })),
        AlertType::RateLimit => {
            measured.busiest = busiest(&minutes, known.limits);
            measured
                .busiest
                .map(|(_, made, limit)| made as f64 * 100.0 / limit as f64)
        }
        AlertType::Anomaly => known.usual.map(|usual| {
            let rate = requests as f64 / f64::from(spec.window_minutes);
            measured.rate = Some((rate, usual));
            usual.deviation(rate)
        }),
    };
    Ok(measured)
}

/// The key and minute that came closest to the key's limit; the smallest key of several.
fn busiest(
    minutes: &BTreeMap<(i64, UnixSeconds), u64>,
    limits: Option<&HashMap<i64, u64>>,
) -> Option<(i64, u64, u64)> {
    let mut busiest: Option<(i64, u64, u64)> = None;
    for ((key, _), made) in minutes {
        // A limit of 0 shuts a key out: there is no part of it that could be used.
        let Some(limit) = limits.and_then(|l| l.get(key)).copied().filter(|l| *l > 0) else {
            continue;
        };
        let closer = busiest.is_none_or(|(_, most, of)| {
            // made / limit > most / of, without a division.
            u128::from(*made) * u128::from(of) > u128::from(most) * u128::from(limit)
        });
        if closer {
            busiest = Some((*key, *made, limit));
        }
    }
    busiest
}
