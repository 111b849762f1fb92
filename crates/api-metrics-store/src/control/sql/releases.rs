//! Versions of services and what they have answered, as the fold has counted them.

use crate::{
    control::releases::{ReleasedVersion, VersionPeriod},
    engine::{
        backend::Result,
        sql::{FetchedRow, SqlTx, params},
        versions::{VersionCounts, select},
    },
    query::TimeRange,
    sketch::SketchKind,
};

/// Versions of a statement, at most: 200 of each service and environment are kept.
const MAX_VERSIONS: i64 = 20_000;

/// The versions of a service, of an environment, or of all of them, in the order in which they came.
pub(in crate::control) async fn versions(
    tx: &mut dyn SqlTx,
    service: Option<&str>,
    environment: Option<&str>,
) -> Result<Vec<ReleasedVersion>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT id, service, environment, version, {first} AS first, {last} AS last FROM {versions} \
         WHERE ($1 IS NULL OR service = $1) AND ($2 IS NULL OR environment = $2) \
         ORDER BY first_at DESC, id DESC LIMIT $3",
        first = d.epoch("first_at"),
        last = d.epoch("last_at"),
        versions = d.table("versions"),
    );
    let rows = tx
        .fetch(sql, params![service, environment, MAX_VERSIONS])
        .await?;
    rows.iter().rev().map(version).collect()
}

fn version(row: &FetchedRow) -> Result<ReleasedVersion> {
    Ok(ReleasedVersion {
        id: row.int("id")?,
        service: row.text("service")?,
        environment: row.text("environment")?,
        version: row.text("version")?,
        first_at: row.int("first")?,
        last_at: row.int("last")?,
    })
}

/// What a version has answered in the periods that begin in `range`, ascending; at most `limit` of them.
pub(in crate::control) async fn periods(
    tx: &mut dyn SqlTx,
    id: i64,
    range: TimeRange,
    kind: SketchKind,
    limit: i64,
) -> Result<Vec<VersionPeriod>> {
    let d = tx.dialect();
    let sql = select(
        d,
        &format!(
            "WHERE version_id = $1 AND period_start >= {} AND period_start < {} ORDER BY period_start LIMIT $4",
            d.at("$2"),
            d.at("$3"),
        ),
    );
    let (from, to) = (super::bounded(range.from), super::bounded(range.to));
    let rows = tx.fetch(sql, params![id, from, to, limit]).await?;
    rows.iter()
        .map(|row| {
            let counts = VersionCounts::of_row(row, kind)?;
            Ok(VersionPeriod {
                from: row.int("period")?,
                requests: counts.requests,
                errors_4xx: counts.errors_4xx,
                errors_5xx: counts.errors_5xx,
                unmatched: counts.unmatched,
                sketch: counts.sketch,
            })
        })
        .collect()
}
