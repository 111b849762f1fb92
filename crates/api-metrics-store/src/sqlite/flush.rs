//! The statements of a flush, under the file's write lock.
//!
//! `BEGIN IMMEDIATE` has taken the lock before the fence is read, so nobody else writes until the
//! commit: what Postgres needs row locks and an order of inserts for is given here. A statement costs
//! some microseconds and no round trip, so keys and series go one by one.

use async_trait::async_trait;
use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;

use super::tx::SqliteTx;
use crate::{
    engine::backend::{FlushTx, InboxChunk, Result, SeriesLabels},
    store::Instance,
    time::UnixSeconds,
};

#[async_trait]
impl FlushTx for SqliteTx {
    async fn fence(&mut self, id: Uuid) -> Result<Option<u64>> {
        // BEGIN IMMEDIATE has taken the write lock already.
        let seq: Option<i64> =
            sqlx::query_scalar("SELECT seq FROM api_metrics_instance WHERE id = ?")
                .bind(id)
                .fetch_optional(&mut *self.sql)
                .await?;
        Ok(seq.map(i64::cast_unsigned))
    }

    async fn register(&mut self, instance: &Instance) -> Result<()> {
        sqlx::query(
            "INSERT INTO api_metrics_instance (id, seq, service, environment, version, host, started_at) \
             VALUES (?, 0, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )
        .bind(instance.id)
        .bind(&instance.service)
        .bind(&instance.environment)
        .bind(&instance.version)
        .bind(&instance.host)
        .bind(instance.started_at)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn intern_keys(&mut self, keys: &[String]) -> Result<Vec<i64>> {
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys {
            sqlx::query(
                "INSERT INTO api_metrics_api_keys (external_id) VALUES (?) ON CONFLICT DO NOTHING",
            )
            .bind(key)
            .execute(&mut *self.sql)
            .await?;
            ids.push(
                sqlx::query_scalar("SELECT id FROM api_metrics_api_keys WHERE external_id = ?")
                    .bind(key)
                    .fetch_one(&mut *self.sql)
                    .await?,
            );
        }
        Ok(ids)
    }

    /// A select for each series, and an insert where it is missing. Both go by the unique index over
    /// all seven labels.
    async fn intern_series(&mut self, series: &[SeriesLabels]) -> Result<Vec<i64>> {
        let mut ids = Vec::with_capacity(series.len());
        for labels in series {
            let found: Option<i64> = sqlx::query_scalar(
                "SELECT id FROM api_metrics_series WHERE service = ? AND environment = ? AND protocol = ? \
                 AND http_method = ? AND endpoint = ? AND api_key_id = ? AND kind = ?",
            )
            .bind(&*labels.service)
            .bind(&*labels.environment)
            .bind(&*labels.protocol)
            .bind(&*labels.method)
            .bind(&*labels.endpoint)
            .bind(labels.api_key_id)
            .bind(labels.kind.code())
            .fetch_optional(&mut *self.sql)
            .await?;
            if let Some(id) = found {
                ids.push(id);
                continue;
            }
            ids.push(
                sqlx::query_scalar(
                    "INSERT INTO api_metrics_series \
                         (service, environment, protocol, http_method, endpoint, api_key_id, kind) \
                     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                )
                .bind(&*labels.service)
                .bind(&*labels.environment)
                .bind(&*labels.protocol)
                .bind(&*labels.method)
                .bind(&*labels.endpoint)
                .bind(labels.api_key_id)
                .bind(labels.kind.code())
                .fetch_one(&mut *self.sql)
                .await?,
            );
        }
        Ok(ids)
    }

    async fn put_inbox(&mut self, chunks: &[InboxChunk]) -> Result<()> {
        for chunk in chunks {
            sqlx::query(
                "INSERT INTO api_metrics_inbox \
                     (id, seq, chunk, period_from, period_to, row_count, records, payload) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(chunk.id)
            .bind(chunk.seq.cast_signed())
            .bind(chunk.chunk)
            .bind(chunk.period_from)
            .bind(chunk.period_to)
            .bind(chunk.row_count.cast_signed())
            .bind(chunk.records.cast_signed())
            .bind(&chunk.payload)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    async fn put_coarse(&mut self, spans: &[(UnixSeconds, UnixSeconds)]) -> Result<()> {
        for (from, to) in spans {
            sqlx::query("INSERT INTO api_metrics_coarse (period_from, period_to) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(from)
                .bind(to)
                .execute(&mut *self.sql)
                .await?;
        }
        Ok(())
    }

    async fn advance(&mut self, id: Uuid, seq: u64, at: UnixSeconds) -> Result<()> {
        sqlx::query(
            "UPDATE api_metrics_instance SET seq = ?2, acked_at = ?3, live = 1, ended_at = NULL WHERE id = ?1",
        )
        .bind(id)
        .bind(seq.cast_signed())
        .bind(at)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn end(&mut self, id: Uuid, at: UnixSeconds) -> Result<()> {
        sqlx::query("UPDATE api_metrics_instance SET ended_at = ?2 WHERE id = ?1")
            .bind(id)
            .bind(at)
            .execute(&mut *self.sql)
            .await?;
        Ok(())
    }
}

/// A chunk from a row of the inbox, read by the names of its columns.
pub(super) fn chunk(row: &SqliteRow) -> Result<InboxChunk> {
    let number =
        |column: &str| -> Result<u64> { Ok(row.try_get::<i64, _>(column)?.cast_unsigned()) };
    Ok(InboxChunk {
        id: row.try_get("id")?,
        seq: number("seq")?,
        chunk: row.try_get("chunk")?,
        period_from: row.try_get("period_from")?,
        period_to: row.try_get("period_to")?,
        row_count: number("row_count")?,
        records: number("records")?,
        payload: row.try_get("payload")?,
    })
}
