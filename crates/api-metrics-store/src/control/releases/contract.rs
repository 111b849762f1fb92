//! What the store tells of releases: [`ReleaseStore`].

use std::collections::HashMap;

use async_trait::async_trait;

use super::Regressions;
use super::compare::{
    Compared, History, ReleaseComparison, ReleasedVersion, VersionPeriod, merged, start_of,
};
use crate::{
    control::sql,
    engine::{backend::Tx, sql::BeginTx},
    query::{Scope, TimeRange},
    store::{StoreError, invalid},
    time::{Granularity, UnixSeconds},
};

/// Releases of an answer, at most: each reads two days of two versions.
const PAGE: usize = 51;
/// Points of a version in a rollout, at most.
const POINTS: i64 = 400;
/// The longest rollout, in seconds: 31 days.
const LONGEST: i64 = 31 * 86_400;
/// Versions of a rollout, at most: those that came last.
const LIVE: usize = 20;
/// For how long a release is held against the version before: its first day.
const DAY: i64 = 86_400;

/// Which releases are asked for.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ReleaseQuery {
    /// Only this service.
    pub service: Option<String>,
    /// Only this environment.
    pub environment: Option<String>,
    /// Only those that come after this one, in the order of the list: when its first request was, and its number.
    pub after: Option<(UnixSeconds, i64)>,
    /// How many; 51 at most.
    pub limit: usize,
}

/// A version of a service, and how it compares with the one before.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ComparedRelease {
    /// The version.
    pub version: ReleasedVersion,
    /// How it compares; `None` for the first version of a service that is known.
    pub comparison: Option<ReleaseComparison>,
}

/// What the versions of a service have answered over time, side by side.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rollout {
    /// The length of a step in seconds: 300, or more where the range is long. What is no longer kept by five minutes
    /// comes by hours.
    pub step: i64,
    /// The versions with requests in the range, in the order in which they came, with the steps that have some.
    pub versions: Vec<(ReleasedVersion, Vec<VersionPeriod>)>,
}

/// Releases, as every [`ControlStore`](crate::control::ControlStore) tells them. Counts are those of the last fold:
/// some seconds behind.
#[async_trait]
pub trait ReleaseStore: Send + Sync {
    /// Releases, the latest first, each compared with the version before.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn releases(&self, query: &ReleaseQuery) -> Result<Vec<ComparedRelease>, StoreError>;

    /// What the versions of a service in an environment have answered in `range`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a range of more than 31 days, `StoreError::Unavailable` when the database cannot be
    /// reached, `StoreError::Timeout` past the statement limit.
    async fn rollout(
        &self,
        service: &str,
        environment: &str,
        range: TimeRange,
    ) -> Result<Rollout, StoreError>;
}

/// What rules read of releases.
#[async_trait]
pub(crate) trait RegressionStore: Send + Sync {
    /// What rules over releases look at: those with their first request in `range`, and the versions before.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn regressions(
        &self,
        service: Option<&str>,
        environment: Option<&str>,
        range: TimeRange,
    ) -> Result<Regressions, StoreError>;
}

#[async_trait]
impl<T: BeginTx> ReleaseStore for T {
    async fn releases(&self, query: &ReleaseQuery) -> Result<Vec<ComparedRelease>, StoreError> {
        let mut tx = self.begin_read(&Scope::All).await?;
        let now = sql::now(&mut *tx).await?;
        let all = found(
            &mut *tx,
            query.service.as_deref(),
            query.environment.as_deref(),
        )
        .await?;
        let behind = |version: &ReleasedVersion| {
            let at = (version.first_at, version.id);
            query.after.is_none_or(|after| at < after)
        };
        let mut releases = Vec::new();
        let page = all.into_iter().rev().filter(|(version, _)| behind(version));
        for (version, previous) in page.take(query.limit.min(PAGE)) {
            let comparison = match previous {
                None => None,
                Some(previous) => {
                    let [after, before] = pair(&mut *tx, version.clone(), previous).await?;
                    let compared = Compared::new(&after, &before, now, DAY);
                    Some(compared.comparison(&before.version))
                }
            };
            releases.push(ComparedRelease {
                version,
                comparison,
            });
        }
        tx.commit().await?;
        Ok(releases)
    }

    async fn rollout(
        &self,
        service: &str,
        environment: &str,
        range: TimeRange,
    ) -> Result<Rollout, StoreError> {
        let length = range.to - range.from;
        if length > LONGEST {
            return invalid("from", "lies more than 31 days before `to`");
        }
        let five = Granularity::FiveMinutes.seconds();
        let step = [five, 900, 3_600, 7_200]
            .into_iter()
            .find(|step| length / step <= POINTS)
            .unwrap_or(7_200);
        let range = TimeRange::new(range.from - range.from.rem_euclid(step), range.to);
        let mut tx = self.begin_read(&Scope::All).await?;
        let kind = tx.meta().await?.sketch_kind;
        let all = sql::releases::versions(&mut *tx, Some(service), Some(environment)).await?;
        let live = |of: &ReleasedVersion| of.first_at < range.to && of.last_at > range.from;
        let all: Vec<_> = all.into_iter().filter(live).collect();
        let earlier = all.len().saturating_sub(LIVE);
        let mut versions = Vec::new();
        for version in all.into_iter().skip(earlier) {
            let limit = LONGEST / five;
            let periods = sql::releases::periods(&mut *tx, version.id, range, kind, limit).await?;
            let step_of = |of: &VersionPeriod| of.from - of.from.rem_euclid(step);
            let steps = periods
                .chunk_by(|a, b| step_of(a) == step_of(b))
                .filter_map(|part| {
                    let mut sum = merged(part)?;
                    sum.from = step_of(&sum);
                    Some(sum)
                });
            let steps: Vec<_> = steps.collect();
            if !steps.is_empty() {
                versions.push((version, steps));
            }
        }
        tx.commit().await?;
        Ok(Rollout { step, versions })
    }
}

#[async_trait]
impl<T: BeginTx> RegressionStore for T {
    async fn regressions(
        &self,
        service: Option<&str>,
        environment: Option<&str>,
        range: TimeRange,
    ) -> Result<Regressions, StoreError> {
        let mut tx = self.begin_read(&Scope::All).await?;
        let mut pairs = Vec::new();
        let all = found(&mut *tx, service, environment).await?;
        let came = |of: &ReleasedVersion| range.from <= of.first_at && of.first_at < range.to;
        for (version, previous) in all.into_iter().rev().filter(|(of, _)| came(of)).take(PAGE) {
            if let Some(previous) = previous {
                pairs.push(pair(&mut *tx, version, previous).await?);
            }
        }
        tx.commit().await?;
        Ok(Regressions(pairs))
    }
}

/// Versions in the order in which they came, each with the one before of the same service and environment.
async fn found(
    tx: &mut dyn Tx,
    service: Option<&str>,
    environment: Option<&str>,
) -> Result<Vec<(ReleasedVersion, Option<ReleasedVersion>)>, StoreError> {
    let mut last: HashMap<(String, String), ReleasedVersion> = HashMap::new();
    let all = sql::releases::versions(tx, service, environment).await?;
    Ok(all
        .into_iter()
        .map(|version| {
            let of = (version.service.clone(), version.environment.clone());
            let previous = last.insert(of, version.clone());
            (version, previous)
        })
        .collect())
}

/// A release and the version before, with the periods that may be compared.
async fn pair(
    tx: &mut dyn Tx,
    version: ReleasedVersion,
    previous: ReleasedVersion,
) -> Result<[History; 2], StoreError> {
    let kind = tx.meta().await?.sketch_kind;
    let start = start_of(&version);
    let hour = Granularity::Hour;
    let before = TimeRange::new(hour.floor(start - DAY), start + DAY);
    let after = TimeRange::new(hour.floor(start), start + DAY);
    let mut histories = Vec::with_capacity(2);
    for (version, range) in [(version, after), (previous, before)] {
        let limit = 2 * LONGEST / Granularity::FiveMinutes.seconds();
        let periods = sql::releases::periods(tx, version.id, range, kind, limit).await?;
        histories.push(History { version, periods });
    }
    histories
        .try_into()
        .map_err(|_| StoreError::Corrupt("two versions are not two".into()))
}
