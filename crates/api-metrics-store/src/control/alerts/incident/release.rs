//! The last release before an event.
//!
//! The first process of a version of a service is its release; later ones are restarts. A service's first version is no
//! release: there is nothing before it.

use std::collections::{HashMap, HashSet};

use super::Reader;
use crate::{
    bucket::Bucket,
    control::ControlStore,
    query::{Detail, TimeRange},
    store::{InstanceStatus, StoreError},
    time::UnixSeconds,
};

/// How much is compared on each side, in seconds.
const SIDE: i64 = 3_600;

/// A release and the rule's traffic around it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Release {
    /// The service.
    pub service: String,
    /// The version that came.
    pub version: String,
    /// When its first process started.
    pub at: UnixSeconds,
    /// The hour before.
    pub before: Totals,
    /// The hour after, or as much of it as there is.
    pub after: Totals,
}

/// The traffic of a span, in the rule's filters.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Totals {
    /// Requests.
    pub requests: u64,
    /// The share of 4xx and 5xx in percent; `None` without requests.
    pub error_rate: Option<f64>,
    /// The 95th percentile in milliseconds; `None` without requests.
    pub p95_ms: Option<f64>,
}

impl Totals {
    fn of(sum: Option<&Bucket>) -> Self {
        Self {
            requests: sum.map_or(0, |sum| sum.request_count),
            error_rate: sum.and_then(Bucket::error_rate),
            p95_ms: sum.and_then(|sum| sum.quantile_ms(0.95)),
        }
    }
}

/// The last release of what a rule looks at, before `fired_at`.
pub(super) async fn read(
    store: &dyn ControlStore,
    reader: &Reader<'_>,
    fired_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<Option<Release>, StoreError> {
    let instances = store.status().await?.instances;
    let Some((service, version, at)) = last(&instances, reader.spec.service.as_deref(), fired_at)
    else {
        return Ok(None);
    };
    let minute = at - at.rem_euclid(60);
    let before = TimeRange::new(minute - SIDE, minute);
    let after = TimeRange::new(minute, now.min(minute + SIDE).max(minute + 60));
    Ok(Some(Release {
        before: Totals::of(reader.total(before, Detail::Quantiles).await?.as_ref()),
        after: Totals::of(reader.total(after, Detail::Quantiles).await?.as_ref()),
        service,
        version,
        at,
    }))
}

/// The service, version and time of the last release up to `until`.
fn last(
    instances: &[InstanceStatus],
    service: Option<&str>,
    until: UnixSeconds,
) -> Option<(String, String, UnixSeconds)> {
    let mut first: HashMap<(&str, &str), UnixSeconds> = HashMap::new();
    for of in instances {
        if of.version.is_empty() || service.is_some_and(|service| service != of.service) {
            continue;
        }
        let at = first
            .entry((&of.service, &of.version))
            .or_insert(of.started_at);
        *at = of.started_at.min(*at);
    }
    let mut releases: Vec<_> = first.into_iter().filter(|(_, at)| *at <= until).collect();
    releases.sort_by_key(|(of, at)| (*at, *of));
    let mut met = HashSet::new();
    releases.retain(|((service, _), _)| !met.insert(*service));
    releases
        .pop()
        .map(|((service, version), at)| (service.to_owned(), version.to_owned(), at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_release_is_a_versions_first_start_and_never_a_services_first_version() {
        let instance = |service: &str, version: &str, at| InstanceStatus {
            service: service.to_owned(),
            version: version.to_owned(),
            started_at: at,
            ..InstanceStatus::default()
        };
        let all = [
            instance("api", "1", 10),
            instance("api", "2", 50),
            instance("api", "2", 90),
            instance("web", "7", 80),
            instance("api", "3", 200),
        ];
        let found =
            |service, until| last(&all, service, until).map(|(_, version, at)| (version, at));
        assert_eq!(found(None, 100), Some(("2".to_owned(), 50)));
        assert_eq!(found(Some("api"), 300), Some(("3".to_owned(), 200)));
        assert_eq!(found(Some("web"), 300), None);
        assert_eq!(found(None, 40), None);
    }
}
