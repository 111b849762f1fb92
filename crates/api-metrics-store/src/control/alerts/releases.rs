//! What rules of the type `release_regression` measure.
//!
//! Such a rule looks at the releases whose first request lies in its window, and at each as far as whole five minutes
//! tell: 5xx in percentage points, or with a quantile the latency in percent. Its value is by how much the worst of them
//! is worse than the version before, if that is certain with 99%; 0 where none is. Without a release in the window, or
//! with too few requests to tell, there is no value.
//!
//! Counts by version come with the fold, so the last five minutes are judged once they are over, and a minute later.

use super::{AlertSpec, AlertType, measure::Measured};
use crate::{
    control::{ControlStore, releases::Regressions},
    query::TimeRange,
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// The releases that a rule looks at, and what they came to last: it changes every five minutes.
pub(super) struct ReleaseWindows {
    releases: Regressions,
    last: Option<(UnixSeconds, Measured)>,
}

impl ReleaseWindows {
    /// Reads what a rule needs for windows that end in `range`; `None` where it is no rule over releases.
    pub(super) async fn read(
        store: &dyn ControlStore,
        spec: &AlertSpec,
        range: TimeRange,
    ) -> Result<Option<Self>, StoreError> {
        if spec.alert_type != AlertType::ReleaseRegression {
            return Ok(None);
        }
        let first = Granularity::FiveMinutes.floor(range.from);
        let came = TimeRange::new(first - length(spec), range.to);
        let (service, environment) = (spec.service.as_deref(), spec.environment.as_deref());
        let releases = store.regressions(service, environment, came).await?;
        Ok(Some(Self {
            releases,
            last: None,
        }))
    }

    /// What the rule measures at `end`.
    pub(super) fn measured(&mut self, spec: &AlertSpec, end: UnixSeconds) -> Measured {
        let until = Granularity::FiveMinutes.floor(end);
        if let Some((_, last)) = self.last.as_ref().filter(|(at, _)| *at == until) {
            return last.clone();
        }
        let found = self
            .releases
            .at(until, length(spec), spec.quantile, spec.min_requests);
        let measured = Measured {
            value: found.value,
            requests: found.requests,
            release: found.release,
            ..Measured::default()
        };
        self.last = Some((until, measured.clone()));
        measured
    }
}

/// How long after its first request a release is looked at, in seconds.
fn length(spec: &AlertSpec) -> i64 {
    i64::from(spec.window_minutes) * 60
}
