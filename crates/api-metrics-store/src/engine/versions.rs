//! Counts by version: what each version of a service has answered, in five minutes.
//!
//! Series and buckets know no version. The fold does: it takes flush batches by instance, and an instance's row names
//! its version. So the fold sums the same rows once more, by version, into `version_counts`, in the same transaction:
//! a request is in the buckets if and only if it is in the counts of its version.
//!
//! | rule | why |
//! |---|---|
//! | what the server itself answers counts: `http` and `grpc` | calls of others and events say nothing about a release |
//! | `<unmatched>` is a column of its own | a scanner is no release |
//! | no endpoints, no keys | a row a version and five minutes, whatever the traffic |
//! | instances without a version count nowhere, and cost nothing | nobody could compare them |
//! | 200 versions of a service and environment | the one whose last request is the oldest goes |
//!
//! Rows are kept as five minutes are, and by the hour as hours are: where the floor of five minutes moves, retention
//! sums the rows that it passes into their hours. A late record below that floor counts in its hour, and below the
//! floor of hours nowhere.
//!
//! An older release that leads doesn't count, so counts begin where all instances run this one.

use std::collections::{BTreeMap, HashMap};

use tracing::warn;
use uuid::Uuid;

use api_metrics_layer::{Protocol, UNMATCHED};

use super::{
    backend::{Floors, InboxChunk, Meta, Result, Tx, VersionLabels},
    payload,
    sql::{FetchedRow, params},
    yield_every::YieldEvery,
};
use crate::{
    bucket::Bucket,
    sketch::{Sketch, SketchKind},
    store::StoreError,
    time::{Granularity, UnixSeconds},
};

/// Versions kept of a service and environment.
pub(crate) const MAX_VERSIONS: usize = 200;
/// Bytes of sketches that are merged at once.
const SKETCHES_AT_ONCE: usize = 64 * 1024;

/// What a version has answered in a period.
#[derive(Debug, Clone)]
pub(crate) struct VersionCounts {
    /// Requests that a route matched.
    pub requests: u64,
    /// Those answered with 400 to 499.
    pub errors_4xx: u64,
    /// Those answered with 500 to 599, failed or panicked.
    pub errors_5xx: u64,
    /// Requests that no route matched; they are in nothing else here.
    pub unmatched: u64,
    /// Latencies of the matched ones.
    pub sketch: Sketch,
    /// Encoded sketches that are not merged yet.
    waiting: Vec<u8>,
}

impl VersionCounts {
    /// Without requests.
    pub(crate) fn new(kind: SketchKind) -> Self {
        Self {
            requests: 0,
            errors_4xx: 0,
            errors_5xx: 0,
            unmatched: 0,
            sketch: Sketch::new(kind),
            waiting: Vec::new(),
        }
    }

    /// Adds the requests of a row.
    fn add_row(&mut self, matched: bool, counts: &Bucket, sketch: &[u8]) -> Result<()> {
        if !matched {
            self.unmatched = self.unmatched.saturating_add(counts.request_count);
            return Ok(());
        }
        self.requests = self.requests.saturating_add(counts.request_count);
        self.errors_4xx = self.errors_4xx.saturating_add(counts.error_count_4xx);
        self.errors_5xx = self.errors_5xx.saturating_add(counts.error_count_5xx);
        self.waiting.extend_from_slice(sketch);
        if self.waiting.len() > SKETCHES_AT_ONCE {
            self.settle()?;
        }
        Ok(())
    }

    /// Merges what waits.
    fn settle(&mut self) -> Result<()> {
        self.sketch.merge_encoded(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Adds other counts of the same database.
    ///
    /// # Errors
    /// `StoreError::Corrupt` where their sketches are of different kinds.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        self.requests = self.requests.saturating_add(other.requests);
        self.errors_4xx = self.errors_4xx.saturating_add(other.errors_4xx);
        self.errors_5xx = self.errors_5xx.saturating_add(other.errors_5xx);
        self.unmatched = self.unmatched.saturating_add(other.unmatched);
        self.sketch.merge(&other.sketch)?;
        Ok(())
    }

    /// A row that has the columns of `version_counts`. A sketch that can't be read is left out with a warning: counts
    /// stay, and a fold goes on.
    pub(crate) fn of_row(row: &FetchedRow, kind: SketchKind) -> Result<Self> {
        let count = |column| Ok::<_, StoreError>(u64::try_from(row.int(column)?).unwrap_or(0));
        let mut counts = Self {
            requests: count("request_count")?,
            errors_4xx: count("error_count_4xx")?,
            errors_5xx: count("error_count_5xx")?,
            unmatched: count("unmatched_count")?,
            ..Self::new(kind)
        };
        if let Err(error) = counts.sketch.merge_encoded(&row.bytes("latency_sketch")?) {
            warn!("latencies of a version can't be read and are left out: {error}");
        }
        Ok(counts)
    }
}

/// Adds the rows of `chunks`, all of which can be read, to the counts of their instances' versions. `aggregates` gives
/// the aggregate series of each of their base series.
pub(super) async fn count(
    tx: &mut dyn Tx,
    chunks: &[&InboxChunk],
    mut versions: HashMap<Uuid, VersionLabels>,
    aggregates: &HashMap<i64, [i64; 3]>,
    meta: &Meta,
) -> Result<()> {
    versions.retain(|_, of| !of.version.is_empty());
    if versions.is_empty() {
        return Ok(());
    }
    let matched = matched(tx, aggregates).await?;
    let mut found: BTreeMap<&VersionLabels, Found> = BTreeMap::new();
    let mut yielding = YieldEvery::default();
    for chunk in chunks {
        let Some(of) = versions.get(&chunk.id) else {
            continue;
        };
        for row in payload::decode(&chunk.payload)? {
            yielding.step().await;
            let by_endpoint = aggregates.get(&row.series_id).map(|[id, ..]| id);
            let matched = by_endpoint.and_then(|id| matched.get(id));
            let period = period_of(&meta.floors, row.period_start);
            if let (Some(matched), Some(period)) = (matched, period) {
                let found = found.entry(of).or_default();
                let minute = row.period_start;
                found.first = found.first.map_or(minute, |first| first.min(minute)).into();
                found.last = found.last.max(Some(minute + 60));
                let sum = found
                    .periods
                    .entry(period)
                    .or_insert_with(|| VersionCounts::new(meta.sketch_kind));
                sum.add_row(*matched, &row.counts, row.sketch)?;
            }
        }
    }
    for (of, found) in found {
        add(tx, of, found, meta.sketch_kind).await?;
    }
    Ok(())
}

/// What a fold has found of a version.
#[derive(Default)]
struct Found {
    /// The first minute.
    first: Option<UnixSeconds>,
    /// The end of the last minute.
    last: Option<UnixSeconds>,
    periods: BTreeMap<UnixSeconds, VersionCounts>,
}

/// Whether a route matched, by the number of a series by endpoint; only of what the server itself answers.
async fn matched(
    tx: &mut dyn Tx,
    aggregates: &HashMap<i64, [i64; 3]>,
) -> Result<HashMap<i64, bool>> {
    let mut ids: Vec<i64> = aggregates.values().map(|[id, ..]| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let series = tx.series(&ids).await?;
    Ok(series
        .into_iter()
        .filter(|row| Protocol::SERVED.contains(&&*row.labels.protocol))
        .map(|row| (row.id, &*row.labels.endpoint != UNMATCHED))
        .collect())
}

/// The period that a minute counts in; `None` where it is older than everything that is kept.
fn period_of(floors: &Floors, minute: UnixSeconds) -> Option<UnixSeconds> {
    [Granularity::FiveMinutes, Granularity::Hour]
        .into_iter()
        .find(|granularity| granularity.floor(minute) >= floors.of(*granularity))
        .map(|granularity| granularity.floor(minute))
}

/// Adds what was found of a version to its rows.
async fn add(tx: &mut dyn Tx, of: &VersionLabels, found: Found, kind: SketchKind) -> Result<()> {
    let (Some(first), Some(last)) = (found.first, found.last) else {
        return Ok(());
    };
    let Some(id) = intern(tx, of, first, last).await? else {
        return Ok(());
    };
    let mut periods = found.periods;
    let d = tx.dialect();
    let bounds = periods.keys().next().zip(periods.keys().next_back());
    if let Some((from, to)) = bounds.map(|(from, to)| (*from, *to)) {
        let sql = select(
            d,
            &format!(
                "WHERE version_id = $1 AND period_start >= {} AND period_start <= {}",
                d.at("$2"),
                d.at("$3")
            ),
        );
        for row in tx.fetch(sql, params![id, from, to]).await? {
            if let Some(sum) = periods.get_mut(&row.int("period")?) {
                sum.settle()?;
                sum.merge(&VersionCounts::of_row(&row, kind)?)?;
            }
        }
    }
    let mut yielding = YieldEvery::default();
    for (period, sum) in periods {
        put(tx, id, period, sum).await?;
        yielding.step().await;
    }
    Ok(())
}

/// Reads rows of `version_counts`; `tail` is their condition and order.
pub(crate) fn select(d: super::sql::Dialect, tail: &str) -> String {
    format!(
        "SELECT version_id, {period} AS period, request_count, error_count_4xx, error_count_5xx, unmatched_count, \
           latency_sketch FROM {counts} {tail}",
        period = d.epoch("period_start"),
        counts = d.table("version_counts"),
    )
}

/// Writes a row, replacing the one that exists.
async fn put(tx: &mut dyn Tx, id: i64, period: UnixSeconds, mut sum: VersionCounts) -> Result<()> {
    sum.settle()?;
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {counts} (version_id, period_start, request_count, error_count_4xx, error_count_5xx, \
           unmatched_count, latency_sketch) VALUES ($1, {at}, $3, $4, $5, $6, $7) \
         ON CONFLICT (version_id, period_start) DO UPDATE SET request_count = excluded.request_count, \
           error_count_4xx = excluded.error_count_4xx, error_count_5xx = excluded.error_count_5xx, \
           unmatched_count = excluded.unmatched_count, latency_sketch = excluded.latency_sketch",
        counts = d.table("version_counts"),
        at = d.at("$2"),
    );
    let mut sketch = Vec::new();
    sum.sketch.encode(&mut sketch);
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let values = params![
        id,
        period,
        signed(sum.requests),
        signed(sum.errors_4xx),
        signed(sum.errors_5xx),
        signed(sum.unmatched),
        &*sketch,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The number of a version, which has had requests from `first` to `last`. `None` where it is older than all that are
/// kept.
async fn intern(
    tx: &mut dyn Tx,
    of: &VersionLabels,
    first: UnixSeconds,
    last: UnixSeconds,
) -> Result<Option<i64>> {
    let d = tx.dialect();
    let versions = d.table("versions");
    let sql = format!(
        "SELECT id, {first} AS first, {last} AS last FROM {versions} \
         WHERE service = $1 AND environment = $2 AND version = $3",
        first = d.epoch("first_at"),
        last = d.epoch("last_at"),
    );
    let labels = params![&of.service, &of.environment, &of.version];
    if let Some(row) = tx.fetch(sql, labels).await?.first() {
        let (id, was) = (row.int("id")?, (row.int("first")?, row.int("last")?));
        let now = (was.0.min(first), was.1.max(last));
        if was != now {
            let sql = format!(
                "UPDATE {versions} SET first_at = {first}, last_at = {last} WHERE id = $1",
                first = d.at("$2"),
                last = d.at("$3"),
            );
            tx.execute(sql, params![id, now.0, now.1]).await?;
        }
        return Ok(Some(id));
    }
    let sql = format!(
        "INSERT INTO {versions} (service, environment, version, first_at, last_at) \
         VALUES ($1, $2, $3, {first}, {last})",
        first = d.at("$4"),
        last = d.at("$5"),
    );
    let values = params![&of.service, &of.environment, &of.version, first, last];
    tx.execute(sql, values).await?;
    let sql = format!(
        "SELECT id, version FROM {versions} WHERE service = $1 AND environment = $2 \
         ORDER BY last_at DESC, id DESC",
    );
    let rows = tx.fetch(sql, params![&of.service, &of.environment]).await?;
    let mut id = None;
    for (place, row) in rows.iter().enumerate() {
        if place >= MAX_VERSIONS {
            forget(tx, row.int("id")?).await?;
        } else if row.text("version")? == of.version {
            id = Some(row.int("id")?);
        }
    }
    Ok(id)
}

/// Removes a version and its counts.
async fn forget(tx: &mut dyn Tx, id: i64) -> Result<()> {
    let d = tx.dialect();
    for (table, column) in [("version_counts", "version_id"), ("versions", "id")] {
        let sql = format!("DELETE FROM {} WHERE {column} = $1", d.table(table));
        tx.execute(sql, params![id]).await?;
    }
    Ok(())
}

/// Follows a floor that has moved: rows that five minutes no longer keep become hours, and those that hours no longer
/// keep go, with the versions that have none left. In the transaction that moves the floor.
pub(super) async fn retain(
    tx: &mut dyn Tx,
    granularity: Granularity,
    (from, to): (UnixSeconds, UnixSeconds),
    kind: SketchKind,
) -> Result<()> {
    match granularity {
        Granularity::FiveMinutes => make_hours(tx, (from, to), kind).await,
        Granularity::Hour => remove_below(tx, to).await,
        Granularity::Minute | Granularity::Day => Ok(()),
    }
}

/// Sums the rows of `[from, to)` into their hours, version by version. Both are whole days.
async fn make_hours(
    tx: &mut dyn Tx,
    (from, to): (UnixSeconds, UnixSeconds),
    kind: SketchKind,
) -> Result<()> {
    let d = tx.dialect();
    let within = format!(
        "period_start >= {} AND period_start < {}",
        d.at("$1"),
        d.at("$2")
    );
    let sql = format!(
        "SELECT DISTINCT version_id FROM {} WHERE {within}",
        d.table("version_counts")
    );
    let ids = tx.fetch(sql, params![from, to]).await?;
    let mut yielding = YieldEvery::default();
    for row in ids {
        let id = row.int("version_id")?;
        let of_it = format!("WHERE {within} AND version_id = $3");
        let rows = tx.fetch(select(d, &of_it), params![from, to, id]).await?;
        let mut hours: BTreeMap<UnixSeconds, VersionCounts> = BTreeMap::new();
        for row in &rows {
            let hour = Granularity::Hour.floor(row.int("period")?);
            let counts = VersionCounts::of_row(row, kind)?;
            match hours.get_mut(&hour) {
                Some(sum) => sum.merge(&counts)?,
                None => {
                    hours.insert(hour, counts);
                }
            }
            yielding.step().await;
        }
        let sql = format!("DELETE FROM {} {of_it}", d.table("version_counts"));
        tx.execute(sql, params![from, to, id]).await?;
        for (hour, sum) in hours {
            put(tx, id, hour, sum).await?;
        }
    }
    Ok(())
}

/// Removes rows below `floor`, and versions whose last request lies below it.
async fn remove_below(tx: &mut dyn Tx, floor: UnixSeconds) -> Result<()> {
    let d = tx.dialect();
    for (table, column) in [("version_counts", "period_start"), ("versions", "last_at")] {
        let at = d.at("$1");
        let below = if table == "versions" { "<=" } else { "<" };
        let sql = format!("DELETE FROM {} WHERE {column} {below} {at}", d.table(table));
        tx.execute(sql, params![floor]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_counts_in_five_minutes_in_its_hour_or_nowhere() {
        let floors = Floors([9_000, 7_200, 3_600, 0]);
        let at = |minute| period_of(&floors, minute);
        assert_eq!(at(7_320), Some(7_200));
        assert_eq!(at(9_960), Some(9_900));
        assert_eq!(at(7_140), Some(3_600), "below the floor of five minutes");
        assert_eq!(at(3_540), None, "below the floor of hours");
    }
}
