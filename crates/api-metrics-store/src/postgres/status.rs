//! What the database says about itself.
//!
//! Five statements in one snapshot. One counts base series, by an index, and what waits in the inbox;
//! its cost grows with both.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{
    tx::{PgTx, unsigned},
    unnamed,
};
use crate::{
    engine::backend::{Result, Tx},
    store::{InboxStatus, InstanceStatus, QuarantinedRow, StoreStatus},
    time::Granularity,
};

/// The status. `batches` counts flush batches rather than chunks; `instances` has the 100 that flushed
/// last, those that never did at the end.
pub(super) async fn status(tx: &mut PgTx) -> Result<StoreStatus> {
    let meta = tx.meta().await?;
    let row = unnamed::query(
        "SELECT (SELECT max(version) FROM api_metrics.schema_migrations) AS schema_version, \
                (SELECT count(*) FROM api_metrics.series WHERE kind = 0) AS series, \
                (SELECT count(*) FROM api_metrics.quarantined) AS quarantined, \
                (SELECT count(*) FROM api_metrics.quarantined_rows) AS quarantined_rows, \
                count(DISTINCT (b.id, b.seq)) AS batches, \
                coalesce(sum(b.records), 0)::bigint AS records, \
                coalesce(sum(octet_length(b.payload)), 0)::bigint AS bytes \
         FROM api_metrics.instance AS i \
         LEFT JOIN api_metrics.folded AS f ON f.id = i.id \
         JOIN api_metrics.inbox AS b ON b.id = i.id AND b.seq > coalesce(f.seq, 0) AND b.seq <= i.seq \
         WHERE i.live",
    )
    .fetch_one(&mut *tx.sql)
    .await?;
    let dirty: Vec<(String, i64)> = unnamed::query_as(
        "SELECT granularity, count(*) FROM api_metrics.dirty GROUP BY granularity",
    )
    .fetch_all(&mut *tx.sql)
    .await?;
    let instances = unnamed::query(
        "SELECT i.id, i.service, i.environment, i.version, i.host, i.started_at, i.acked_at, i.seq, \
                coalesce(f.seq, 0) AS folded, \
                i.live AND i.ended_at IS NULL AS live \
         FROM api_metrics.instance AS i LEFT JOIN api_metrics.folded AS f ON f.id = i.id \
         ORDER BY i.acked_at DESC NULLS LAST LIMIT 100",
    )
    .fetch_all(&mut *tx.sql)
    .await?
    .iter()
    .map(|row| {
        let (started_at, acked_at): (DateTime<Utc>, Option<DateTime<Utc>>) =
            (row.try_get("started_at")?, row.try_get("acked_at")?);
        Ok(InstanceStatus {
            id: row.try_get("id")?,
            service: row.try_get("service")?,
            environment: row.try_get("environment")?,
            version: row.try_get("version")?,
            host: row.try_get("host")?,
            started_at: started_at.timestamp(),
            acknowledged_at: acked_at.map(|at| at.timestamp()),
            seq: unsigned(row.try_get("seq")?),
            folded: unsigned(row.try_get("folded")?),
            live: row.try_get("live")?,
        })
    })
    .collect::<Result<_>>()?;
    let quarantined_rows = unnamed::query(
        "SELECT q.granularity, extract(epoch FROM q.period_start)::bigint AS period_start, \
                q.series_id, q.part, q.reason, extract(epoch FROM q.at)::bigint AS at, \
                coalesce(s.service, '') AS service, coalesce(s.http_method, '') AS method, \
                coalesce(s.endpoint, '') AS endpoint \
         FROM api_metrics.quarantined_rows AS q \
         LEFT JOIN api_metrics.series AS s ON s.id = q.series_id \
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
        backend: "postgres",
        schema_version: row.try_get("schema_version")?,
        sketch_kind: meta.sketch_kind,
        now_us: meta.now_us,
        instances,
        inbox: InboxStatus {
            batches: unsigned(row.try_get("batches")?),
            records: unsigned(row.try_get("records")?),
            bytes: unsigned(row.try_get("bytes")?),
        },
        floors: Granularity::ALL
            .into_iter()
            .map(|granularity| (granularity, meta.floors.of(granularity)))
            .collect(),
        dirty: dirty
            .into_iter()
            .filter_map(|(name, n)| Some((Granularity::from_name(&name)?, unsigned(n))))
            .collect(),
        series: unsigned(row.try_get("series")?),
        quarantined: unsigned(row.try_get("quarantined")?),
        quarantined_row_count: unsigned(row.try_get("quarantined_rows")?),
        quarantined_rows,
        standby: None,
        buckets: None,
    })
}
