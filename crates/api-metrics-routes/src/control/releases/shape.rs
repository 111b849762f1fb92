//! A release as the API writes it.

use api_metrics_store::control::releases::{
    ComparedRelease, Difference, ReleaseComparison, ReleasedVersion, VersionFigures, VersionPeriod,
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::response::time;

/// A version of a service, held against the one before.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = Release))]
pub(crate) struct ReleaseView {
    /// The service.
    service: String,
    /// The environment.
    environment: String,
    /// What it calls itself.
    version: String,
    /// The minute of its first request.
    first_at: DateTime<Utc>,
    /// The end of the minute of its last one.
    last_at: DateTime<Utc>,
    /// `worse`, `better`, `no_difference` (none that matters, or none that this traffic can show), or `too_few` requests
    /// to tell. Null for the first version of a service that is known.
    verdict: Option<&'static str>,
    /// The verdict in a sentence.
    text: String,
    /// What it is held against; null for the first version.
    comparison: Option<ComparisonView>,
}

/// A version's first day, held against the version before.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReleaseComparison))]
pub(crate) struct ComparisonView {
    /// The version before: the one whose first request came last before.
    previous: String,
    /// Which of its requests are taken: `side_by_side`, those of the same five minutes; `day_before`, those of the same
    /// hours a day earlier; `just_before`, those of the time before the release.
    compared_with: &'static str,
    /// The version before.
    before: FiguresView,
    /// This version.
    after: FiguresView,
    /// How 5xx differ, in percentage points.
    errors: DifferenceView,
    /// How the 95th percentile differs, in percent.
    p95: DifferenceView,
}

/// What a version has answered in the time that is compared.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReleaseFigures))]
pub(crate) struct FiguresView {
    /// The first instant.
    from: DateTime<Utc>,
    /// The end, exclusive.
    to: DateTime<Utc>,
    /// Requests that a route matched.
    requests: u64,
    /// Those answered with 400 to 499, in percent; null without requests. They are shown and not judged: they are mostly
    /// the callers' own.
    client_error_rate: Option<f64>,
    /// Those answered with 500 to 599, failed or panicked, in percent; null without requests.
    server_error_rate: Option<f64>,
    /// The median in milliseconds; null without latencies.
    p50_ms: Option<f64>,
    /// The 95th percentile in milliseconds; null without latencies.
    p95_ms: Option<f64>,
    /// Requests that no route matched, which are in none of the other figures.
    unmatched_requests: u64,
}

/// A difference, and between which bounds it lies with 99%.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ReleaseDifference))]
pub(crate) struct DifferenceView {
    /// As `verdict` of the release, of this figure alone.
    verdict: &'static str,
    /// This version less the one before, above 0 where it is more; null for too few requests.
    value: Option<f64>,
    /// The lower bound.
    low: Option<f64>,
    /// The upper bound.
    high: Option<f64>,
}

impl From<ComparedRelease> for ReleaseView {
    fn from(release: ComparedRelease) -> Self {
        let text = release.text();
        let ReleasedVersion {
            service,
            environment,
            version,
            first_at,
            last_at,
            ..
        } = release.version;
        Self {
            text,
            verdict: release.comparison.as_ref().map(|of| of.verdict.into()),
            comparison: release.comparison.map(ComparisonView::from),
            first_at: time(first_at),
            last_at: time(last_at),
            service,
            environment,
            version,
        }
    }
}

impl From<ReleaseComparison> for ComparisonView {
    fn from(found: ReleaseComparison) -> Self {
        Self {
            previous: found.previous.version,
            compared_with: found.with.into(),
            before: found.before.into(),
            after: found.after.into(),
            errors: found.errors.into(),
            p95: found.p95.into(),
        }
    }
}

impl From<VersionFigures> for FiguresView {
    fn from(of: VersionFigures) -> Self {
        Self {
            from: time(of.range.from),
            to: time(of.range.to),
            requests: of.requests,
            client_error_rate: of.rate_4xx,
            server_error_rate: of.rate_5xx,
            p50_ms: of.p50_ms,
            p95_ms: of.p95_ms,
            unmatched_requests: of.unmatched,
        }
    }
}

impl From<Difference> for DifferenceView {
    fn from(of: Difference) -> Self {
        Self {
            verdict: of.verdict.into(),
            value: of.value,
            low: of.interval.map(|(low, _)| low),
            high: of.interval.map(|(_, high)| high),
        }
    }
}

/// A version in a rollout.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RolloutVersion {
    /// What it calls itself.
    version: String,
    /// The minute of its first request, also where that lies before the range.
    first_at: DateTime<Utc>,
    /// The end of the minute of its last one.
    last_at: DateTime<Utc>,
    /// The steps with requests of it.
    steps: Vec<RolloutStep>,
}

/// What a version has answered in a step.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RolloutStep {
    /// The start of the step.
    at: DateTime<Utc>,
    /// Requests that a route matched.
    requests: u64,
    /// Those answered with 500 to 599, failed or panicked.
    server_errors: u64,
    /// The 95th percentile in milliseconds; null without latencies.
    p95_ms: Option<f64>,
}

impl From<(ReleasedVersion, Vec<VersionPeriod>)> for RolloutVersion {
    fn from((of, steps): (ReleasedVersion, Vec<VersionPeriod>)) -> Self {
        Self {
            version: of.version,
            first_at: time(of.first_at),
            last_at: time(of.last_at),
            steps: steps
                .iter()
                .map(|step| RolloutStep {
                    at: time(step.from),
                    requests: step.requests,
                    server_errors: step.errors_5xx,
                    p95_ms: step.quantile_ms(0.95),
                })
                .collect(),
        }
    }
}
