//! What a rule over releases measures: how much worse the worst release is than the version before.

use super::{
    compare::{Compared, History},
    verdict::ReleaseVerdict,
};
use crate::time::UnixSeconds;

/// Releases that rules look at, each with the version before, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Regressions(pub(super) Vec<[History; 2]>);

/// A release that a rule has measured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::control) struct MeasuredRelease {
    pub(in crate::control) service: String,
    pub(in crate::control) environment: String,
    pub(in crate::control) version: String,
    pub(in crate::control) previous: String,
}

/// What releases come to at an instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::control) struct Regression {
    /// How much worse the worst of them is, in percentage points of 5xx or in percent of the latency; 0 where none is
    /// worse for certain. `None` where there is no release, or too few requests to tell.
    pub(in crate::control) value: Option<f64>,
    /// Requests of the new versions.
    pub(in crate::control) requests: u64,
    /// Which one it is; the latest where none is worse.
    pub(in crate::control) release: Option<MeasuredRelease>,
}

impl Regressions {
    /// What the releases of the last `window` seconds before `end` come to: 5xx, or a quantile of the latency. Those with
    /// fewer than `min_requests` are left out.
    pub(in crate::control) fn at(
        &self,
        end: UnixSeconds,
        window: i64,
        quantile: Option<f64>,
        min_requests: u64,
    ) -> Regression {
        let mut worst = Regression::default();
        for [after, before] in &self.0 {
            let first = after.version.first_at;
            if !(end - window <= first && first < end) {
                continue;
            }
            let compared = Compared::new(after, before, end, window);
            let requests = compared.requests();
            worst.requests = worst.requests.saturating_add(requests);
            if requests < min_requests {
                continue;
            }
            let found = match quantile {
                Some(q) => compared.latency(q),
                None => compared.errors(),
            };
            let value = match found.verdict {
                ReleaseVerdict::TooFew => continue,
                ReleaseVerdict::Worse => found.value,
                _ => Some(0.0),
            };
            if value > worst.value {
                worst.value = value;
                worst.release = Some(MeasuredRelease {
                    service: after.version.service.clone(),
                    environment: after.version.environment.clone(),
                    version: after.version.version.clone(),
                    previous: before.version.version.clone(),
                });
            }
        }
        worst
    }
}
