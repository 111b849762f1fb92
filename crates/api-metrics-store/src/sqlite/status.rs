//! What the database says about itself.
//!
//! Five statements in one snapshot, as on Postgres. The size of the file is not told; the inbox's bytes
//! are those of its payloads.

use sqlx::Row;

use super::tx::SqliteTx;
use crate::{
    engine::backend::{Result, Tx},
    store::{InboxStatus, InstanceStatus, QuarantinedRow, StoreStatus},
    time::Granularity,
};

/// The status. `batches` counts flush batches rather than chunks; `instances` has the 100 that flushed
/// last.
pub(super) async fn status(tx: &mut SqliteTx) -> Result<StoreStatus> {
    let meta = tx.meta().await?;
    let row = sqlx::query(
        "SELECT (SELECT max(version) FROM api_metrics_schema_migrations) AS schema_version, \
                (SELECT count(*) FROM api_metrics_series WHERE kind = 0) AS series, \
                (SELECT count(*) FROM api_metrics_quarantined) AS quarantined, \
                (SELECT count(*) FROM api_metrics_quarantined_rows) AS quarantined_rows, \
                count(DISTINCT hex(b.id) || b.seq) AS batches, \
                coalesce(sum(b.records), 0) AS records, \
                coalesce(sum(length(b.payload)), 0) AS bytes \
         FROM api_metrics_instance AS i \
         LEFT JOIN api_metrics_folded AS f ON f.id = i.id \
         JOIN api_metrics_inbox AS b ON b.id = i.id AND b.seq > coalesce(f.seq, 0) AND b.seq <= i.seq \
         WHERE i.live",
    )
    .fetch_one(&mut *tx.sql)
    .await?;
    let number =
        |column: &str| -> Result<u64> { Ok(row.try_get::<i64, _>(column)?.cast_unsigned()) };
    let dirty: Vec<(String, i64)> =
        sqlx::query_as("SELECT granularity, count(*) FROM api_metrics_dirty GROUP BY granularity")
            .fetch_all(&mut *tx.sql)
            .await?;
    let instances = sqlx::query(
        "SELECT i.id, i.service, i.environment, i.version, i.host, i.started_at, i.acked_at, i.seq, \
                coalesce(f.seq, 0) AS folded, \
                i.live AND i.ended_at IS NULL AS live \
         FROM api_metrics_instance AS i LEFT JOIN api_metrics_folded AS f ON f.id = i.id \
         ORDER BY i.acked_at DESC LIMIT 100",
    )
    .fetch_all(&mut *tx.sql)
    .await?
    .iter()
    .map(|row| {
        Ok(InstanceStatus {
            id: row.try_get("id")?,
            service: row.try_get("service")?,
            environment: row.try_get("environment")?,
            version: row.try_get("version")?,
            host: row.try_get("host")?,
            started_at: row.try_get("started_at")?,
            acknowledged_at: row.try_get("acked_at")?,
            seq: row.try_get::<i64, _>("seq")?.cast_unsigned(),
            folded: row.try_get::<i64, _>("folded")?.cast_unsigned(),
            live: row.try_get::<i64, _>("live")? != 0,
        })
    })
    .collect::<Result<_>>()?;
    let quarantined_rows = sqlx::query(
        "SELECT q.granularity, q.period_start, q.series_id, q.part, q.reason, q.at, \
                coalesce(s.service, '') AS service, coalesce(s.http_method, '') AS method, \
                coalesce(s.endpoint, '') AS endpoint \
         FROM api_metrics_quarantined_rows AS q \
         LEFT JOIN api_metrics_series AS s ON s.id = q.series_id \
         ORDER BY q.at DESC, q.granularity, q.period_start, q.series_id, q.part LIMIT 100",
    )
    .fetch_all(&mut *tx.sql)
    .await?
    .iter()
    .map(|row| {
        Ok(QuarantinedRow {
            granularity: row.try_get("granularity")?,
            period_start: row.try_get("period_start")?,
            series_id: row.try_get("series_id")?,
            service: row.try_get("service")?,
            method: row.try_get("method")?,
            endpoint: row.try_get("endpoint")?,
            part: row.try_get("part")?,
            reason: row.try_get("reason")?,
            at: row.try_get("at")?,
        })
    })
    .collect::<Result<_>>()?;
    Ok(StoreStatus {
        backend: "sqlite",
        schema_version: row.try_get("schema_version")?,
        sketch_kind: meta.sketch_kind,
        now_us: meta.now_us,
        instances,
        inbox: InboxStatus {
            batches: number("batches")?,
            records: number("records")?,
            bytes: number("bytes")?,
        },
        floors: Granularity::ALL
            .into_iter()
            .map(|granularity| (granularity, meta.floors.of(granularity)))
            .collect(),
        dirty: dirty
            .into_iter()
            .filter_map(|(name, n)| Some((Granularity::from_name(&name)?, n.cast_unsigned())))
            .collect(),
        series: number("series")?,
        quarantined: number("quarantined")?,
        quarantined_row_count: number("quarantined_rows")?,
        quarantined_rows,
        standby: None,
        buckets: None,
    })
}
