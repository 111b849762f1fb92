//! The statements of a flush, in a READ COMMITTED transaction.
//!
//! | statement | locks | reads |
//! |---|---|---|
//! | fence | the instance's row, FOR NO KEY UPDATE | one row by primary key |
//! | register | the new row of the instance | nothing |
//! | intern | new rows of `api_keys` and `series`, by their unique indexes | as many rows as are unknown |
//! | inbox, coarse | the new rows | nothing |
//! | advance | the row that the fence has locked | one row |
//!
//! FOR NO KEY UPDATE lets plain reads of the row through, so that neither reads nor a leader wait for a
//! flush. A second flush of the same instance waits for up to 10 s and then fails with
//! `StoreError::Timeout`.
//!
//! READ COMMITTED is needed: the fence that was waited for must be the committed one, and a name that
//! another writer has just interned must be found by the next statement.

use async_trait::async_trait;
use sqlx::Row;
use uuid::Uuid;

use super::{
    tx::{PgTx, at, signed, unsigned},
    unnamed,
};
use crate::{
    engine::backend::{FlushTx, InboxChunk, Result, SeriesLabels},
    store::{Instance, StoreError},
    time::UnixSeconds,
};

#[async_trait]
impl FlushTx for PgTx {
    /// FOR NO KEY UPDATE is the weakest lock that two flushes of one instance can't both hold. Plain
    /// selects pass it.
    async fn fence(&mut self, id: Uuid) -> Result<Option<u64>> {
        let seq: Option<i64> = unnamed::query_scalar(
            "SELECT seq FROM api_metrics.instance WHERE id = $1 FOR NO KEY UPDATE",
        )
        .bind(id)
        .fetch_optional(&mut *self.sql)
        .await?;
        Ok(seq.map(unsigned))
    }

    /// `ON CONFLICT DO NOTHING` waits for a concurrent insert of the same id, and the fence is read
    /// again afterwards.
    async fn register(&mut self, instance: &Instance) -> Result<()> {
        unnamed::query(
            "INSERT INTO api_metrics.instance (id, seq, service, environment, version, host, started_at) \
             VALUES ($1, 0, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
        )
        .bind(instance.id)
        .bind(&instance.service)
        .bind(&instance.environment)
        .bind(&instance.version)
        .bind(&instance.host)
        .bind(at(instance.started_at))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// Two statements, whatever the number of keys. The insert waits for a concurrent writer of the
    /// same new key, and then does nothing; the select that follows sees what that writer has
    /// committed.
    async fn intern_keys(&mut self, keys: &[String]) -> Result<Vec<i64>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        unnamed::query(
            "INSERT INTO api_metrics.api_keys (external_id) SELECT unnest($1::text[]) \
             ON CONFLICT (external_id) DO NOTHING",
        )
        .bind(keys)
        .execute(&mut *self.sql)
        .await?;
        // A later statement, so that it sees what another writer has just committed.
        let ids: Vec<i64> = unnamed::query_scalar(
            "SELECT k.id FROM unnest($1::text[]) WITH ORDINALITY AS wanted (external_id, n) \
             JOIN api_metrics.api_keys AS k ON k.external_id = wanted.external_id ORDER BY wanted.n",
        )
        .bind(keys)
        .fetch_all(&mut *self.sql)
        .await?;
        same_length(ids, keys.len())
    }

    /// Two statements, whatever the number of series. Their order in the arrays is the order of the
    /// inserts and so of the locks.
    async fn intern_series(&mut self, series: &[SeriesLabels]) -> Result<Vec<i64>> {
        if series.is_empty() {
            return Ok(Vec::new());
        }
        let texts = |label: fn(&SeriesLabels) -> &str| series.iter().map(label).collect::<Vec<_>>();
        let services = texts(|s| &s.service);
        let environments = texts(|s| &s.environment);
        let protocols = texts(|s| &s.protocol);
        let methods = texts(|s| &s.method);
        let endpoints = texts(|s| &s.endpoint);
        let keys: Vec<i64> = series.iter().map(|s| s.api_key_id).collect();
        let kinds: Vec<i16> = series.iter().map(|s| s.kind.code()).collect();
        unnamed::query(
            "INSERT INTO api_metrics.series \
                 (service, environment, protocol, http_method, endpoint, api_key_id, kind) \
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::smallint[]) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&services)
        .bind(&environments)
        .bind(&protocols)
        .bind(&methods)
        .bind(&endpoints)
        .bind(&keys)
        .bind(&kinds)
        .execute(&mut *self.sql)
        .await?;
        let ids: Vec<i64> = unnamed::query_scalar(
            "SELECT s.id \
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::smallint[]) \
                 WITH ORDINALITY AS w (service, environment, protocol, http_method, endpoint, api_key_id, kind, n) \
             JOIN api_metrics.series AS s \
               USING (service, environment, protocol, http_method, endpoint, api_key_id, kind) \
             ORDER BY w.n",
        )
        .bind(&services)
        .bind(&environments)
        .bind(&protocols)
        .bind(&methods)
        .bind(&endpoints)
        .bind(&keys)
        .bind(&kinds)
        .fetch_all(&mut *self.sql)
        .await?;
        same_length(ids, series.len())
    }

    /// One insert a chunk: a payload of some hundred KiB is a message of its own. The column is stored
    /// uncompressed and out of line, so that its bytes are written once.
    async fn put_inbox(&mut self, chunks: &[InboxChunk]) -> Result<()> {
        for chunk in chunks {
            unnamed::query(
                "INSERT INTO api_metrics.inbox \
                     (id, seq, chunk, period_from, period_to, row_count, records, payload) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(chunk.id)
            .bind(signed(chunk.seq))
            .bind(chunk.chunk)
            .bind(at(chunk.period_from))
            .bind(at(chunk.period_to))
            .bind(signed(chunk.row_count))
            .bind(signed(chunk.records))
            .bind(&chunk.payload)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    async fn put_coarse(&mut self, spans: &[(UnixSeconds, UnixSeconds)]) -> Result<()> {
        for (from, to) in spans {
            unnamed::query(
                "INSERT INTO api_metrics.coarse (period_from, period_to) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(at(*from))
            .bind(at(*to))
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    /// The row is locked already. `acked_at` has the time in whole seconds.
    async fn advance(&mut self, id: Uuid, seq: u64, at: UnixSeconds) -> Result<()> {
        unnamed::query(
            "UPDATE api_metrics.instance SET seq = $2, acked_at = $3, live = true, ended_at = NULL \
             WHERE id = $1",
        )
        .bind(id)
        .bind(signed(seq))
        .bind(super::tx::at(at))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn end(&mut self, id: Uuid, at: UnixSeconds) -> Result<()> {
        unnamed::query("UPDATE api_metrics.instance SET ended_at = $2 WHERE id = $1")
            .bind(id)
            .bind(super::tx::at(at))
            .execute(&mut *self.sql)
            .await?;
        Ok(())
    }
}

/// Checks that every name got a number. What was inserted a statement earlier must be found; anything
/// else would mix up series.
///
/// # Errors
/// `StoreError::Corrupt` where some are missing.
fn same_length(ids: Vec<i64>, wanted: usize) -> Result<Vec<i64>> {
    if ids.len() == wanted {
        return Ok(ids);
    }
    Err(StoreError::Corrupt(format!(
        "interned {} of {wanted} rows",
        ids.len()
    )))
}

/// A chunk from a row of the inbox, read by the names of its columns.
pub(super) fn chunk(row: &sqlx::postgres::PgRow) -> Result<InboxChunk> {
    let (from, to): (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>) =
        (row.try_get("period_from")?, row.try_get("period_to")?);
    Ok(InboxChunk {
        id: row.try_get("id")?,
        seq: unsigned(row.try_get("seq")?),
        chunk: row.try_get("chunk")?,
        period_from: from.timestamp(),
        period_to: to.timestamp(),
        row_count: unsigned(row.try_get("row_count")?),
        records: unsigned(row.try_get("records")?),
        payload: row.try_get("payload")?,
    })
}
