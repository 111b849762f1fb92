//! What the database says about itself.
//!
//! Four statements in one snapshot. One counts base series, by an index, and what waits in the inbox;
//! its cost grows with both.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{
    tx::{PgTx, unsigned},
    unnamed,
};
use crate::{
    engine::backend::{Result, Tx},
    store::{InboxStatus, InstanceStatus, StoreStatus},
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
    })
}
