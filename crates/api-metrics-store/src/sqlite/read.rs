//! The statements of the views, in a deferred transaction.
//!
//! Its snapshot is that of its first SELECT, and the write-ahead log keeps it whole while others write.
//! Nothing is locked for writers. A long read only keeps the log from being shortened.
//!
//! How buckets are summed stands in `sum`.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Row, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    flush::chunk,
    rows, sum,
    tx::{SqliteTx, json_numbers},
};
use crate::{
    engine::backend::{
        ENDED_SESSION, InboxChunk, ReadTx, Result, Segment, Selection, Series, SeriesRow,
        SeriesSum, Sink, SumRequest,
    },
    engine::condition::{Condition, Values},
    store::{ApiKeyInfo, KeyOwner, SharedSecret, StoreStatus},
    time::{Granularity, UnixSeconds},
};

#[async_trait]
impl ReadTx for SqliteTx {
    async fn instance_seq(&mut self, id: Uuid) -> Result<u64> {
        let seq: Option<i64> =
            sqlx::query_scalar("SELECT seq FROM api_metrics_instance WHERE id = ?")
                .bind(id)
                .fetch_optional(&mut *self.sql)
                .await?;
        Ok(seq.map_or(0, i64::cast_unsigned))
    }

    async fn select_series(&mut self, selection: &Selection<'_>) -> Result<Vec<SeriesRow>> {
        let conditions = selection.conditions();
        let met: Vec<String> = conditions.iter().zip(1..).map(condition).collect();
        let text = format!(
            "SELECT s.id, s.service, s.environment, s.protocol, s.http_method, s.endpoint, s.api_key_id, \
                    s.kind \
             FROM api_metrics_series AS s WHERE {}",
            met.join(" AND ")
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for condition in &conditions {
            query = match &condition.values {
                Values::Text(text) | Values::KeysOfTenant(text) => query.bind(*text),
                Values::Texts(texts) | Values::NoneOf(texts) => {
                    query.bind(serde_json::json!(texts).to_string())
                }
                Values::Numbers(numbers) => query.bind(json_numbers(numbers.iter().copied())),
            };
        }
        query
            .fetch_all(&mut *self.sql)
            .await?
            .iter()
            .map(rows::series)
            .collect()
    }

    async fn sum(&mut self, request: &SumRequest<'_>, into: &mut Sink<'_>) -> Result<()> {
        sum::sum(self, request, into).await
    }

    async fn sum_by_series(
        &mut self,
        granularity: Granularity,
        segments: &[Segment],
        edges: &[UnixSeconds],
        series: Series<'_>,
        quantiles: bool,
    ) -> Result<Vec<SeriesSum>> {
        sum::sum_by_series(self, granularity, segments, edges, series, quantiles).await
    }

    async fn unfolded(&mut self, from: UnixSeconds, to: UnixSeconds) -> Result<Vec<InboxChunk>> {
        sqlx::query(
            "SELECT b.id, b.seq, b.chunk, b.period_from, b.period_to, b.row_count, b.records, b.payload \
             FROM api_metrics_instance AS i \
             LEFT JOIN api_metrics_folded AS f ON f.id = i.id \
             JOIN api_metrics_inbox AS b ON b.id = i.id AND b.seq > coalesce(f.seq, 0) AND b.seq <= i.seq \
             WHERE i.live AND b.period_from < ?2 AND b.period_to > ?1",
        )
        .bind(from)
        .bind(to)
        .fetch_all(&mut *self.sql)
        .await?
        .iter()
        .map(chunk)
        .collect()
    }

    async fn coarse(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(UnixSeconds, UnixSeconds)>> {
        Ok(sqlx::query_as(
            "SELECT period_from, period_to FROM api_metrics_coarse WHERE period_from < ?2 AND period_to > ?1",
        )
        .bind(from)
        .bind(to)
        .fetch_all(&mut *self.sql)
        .await?)
    }

    async fn quarantined_spans(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(UnixSeconds, UnixSeconds)>> {
        Ok(sqlx::query_as(
            "SELECT period_start, period_end FROM api_metrics_quarantined_rows \
             WHERE part <> 'requests' AND period_start < ?2 AND period_end > ?1 \
             UNION SELECT period_from, period_to FROM api_metrics_quarantined \
             WHERE period_from < ?2 AND period_to > ?1 LIMIT 1000",
        )
        .bind(from)
        .bind(to)
        .fetch_all(&mut *self.sql)
        .await?)
    }

    async fn api_keys(&mut self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>> {
        sqlx::query(
            "SELECT id, external_id, name, tenant_id, user_id, team_id FROM api_metrics_api_keys \
             WHERE ?1 IS NULL OR id IN (SELECT value FROM json_each(?1)) ORDER BY id",
        )
        .bind(ids.map(|ids| json_numbers(ids.iter().copied())))
        .fetch_all(&mut *self.sql)
        .await?
        .iter()
        .map(key)
        .collect()
    }

    async fn api_keys_by_external_id(
        &mut self,
        external_ids: &[String],
    ) -> Result<Vec<ApiKeyInfo>> {
        let mut keys = Vec::with_capacity(external_ids.len());
        for external_id in external_ids {
            let found = sqlx::query(
                "SELECT id, external_id, name, tenant_id, user_id, team_id FROM api_metrics_api_keys WHERE external_id = ?",
            )
            .bind(external_id)
            .fetch_optional(&mut *self.sql)
            .await?;
            keys.extend(found.as_ref().map(key).transpose()?);
        }
        Ok(keys)
    }

    async fn api_keys_of(&mut self, owner: &KeyOwner) -> Result<Vec<ApiKeyInfo>> {
        sqlx::query(
            "SELECT id, external_id, name, tenant_id, user_id, team_id FROM api_metrics_api_keys \
             WHERE (?1 IS NULL OR tenant_id = ?1) AND (?2 IS NULL OR user_id = ?2) \
               AND (?3 IS NULL OR team_id = ?3) AND coalesce(?1, ?2, ?3) IS NOT NULL ORDER BY id",
        )
        .bind(&owner.tenant_id)
        .bind(&owner.user_id)
        .bind(&owner.team_id)
        .fetch_all(&mut *self.sql)
        .await?
        .iter()
        .map(key)
        .collect()
    }

    async fn shared_secret(&mut self, name: &str, proposal: &[u8]) -> Result<SharedSecret> {
        let created =
            sqlx::query("INSERT INTO api_metrics_shared_secret (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(name)
                .bind(proposal)
                .execute(&mut *self.sql)
                .await?
                .rows_affected()
                == 1;
        let value =
            sqlx::query_scalar("SELECT value FROM api_metrics_shared_secret WHERE name = ?")
                .bind(name)
                .fetch_one(&mut *self.sql)
                .await?;
        Ok(SharedSecret { value, created })
    }

    async fn end_session(&mut self, name: &str) -> Result<()> {
        sqlx::query(
            "DELETE FROM api_metrics_shared_secret
             WHERE substr(name, 1, length(?1)) = ?1 AND created_at < unixepoch() - 86400",
        )
        .bind(ENDED_SESSION)
        .execute(&mut *self.sql)
        .await?;
        sqlx::query(
            "INSERT INTO api_metrics_shared_secret (name, value) VALUES (?, x'') ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn session_ended(&mut self, name: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM api_metrics_shared_secret WHERE name = ?)";
        Ok(sqlx::query_scalar(sql)
            .bind(name)
            .fetch_one(&mut *self.sql)
            .await?)
    }

    async fn status(&mut self) -> Result<StoreStatus> {
        super::status::status(self).await
    }
}

/// A condition on a series `s` as SQL, whose values are parameter `n`. Numbers travel as a JSON list.
fn condition((condition, n): (&Condition<'_>, usize)) -> String {
    let column = condition.column.name();
    match &condition.values {
        Values::Text(_) => format!("s.{column} = ?{n}"),
        Values::Texts(_) => format!("s.{column} IN (SELECT value FROM json_each(?{n}))"),
        Values::NoneOf(_) => format!("s.{column} NOT IN (SELECT value FROM json_each(?{n}))"),
        Values::Numbers(_) => format!("s.{column} IN (SELECT value FROM json_each(?{n}))"),
        Values::KeysOfTenant(_) => format!(
            "s.{column} IN (SELECT k.id FROM api_metrics_api_keys AS k WHERE k.tenant_id = ?{n})"
        ),
    }
}

/// A key from its row.
fn key(row: &SqliteRow) -> Result<ApiKeyInfo> {
    Ok(ApiKeyInfo {
        id: row.try_get("id")?,
        external_id: row.try_get("external_id")?,
        name: row.try_get("name")?,
        tenant_id: row.try_get("tenant_id")?,
        user_id: row.try_get("user_id")?,
        team_id: row.try_get("team_id")?,
    })
}
