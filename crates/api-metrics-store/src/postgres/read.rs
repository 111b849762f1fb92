//! The statements of the views, in a snapshot (REPEATABLE READ, read only).
//!
//! They lock nothing beyond the ACCESS SHARE lock that the snapshot has begun with. Row-level security
//! adds the scope to those on `series`, `api_keys` and `period_counts`; statements that read buckets
//! take series that were selected under it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    flush::chunk,
    rows,
    tx::{PgTx, at, table, unsigned},
    unnamed,
};
use crate::{
    engine::backend::{
        ENDED_SESSION, InboxChunk, ReadTx, Result, Segment, Selection, Series, SeriesRow,
        SeriesSum, Sink, SumRequest,
    },
    engine::condition::{Condition, Values},
    engine::copied,
    store::{ApiKeyInfo, KeyOwner, SharedSecret, StoreStatus},
    time::{Granularity, UnixSeconds},
};

/// The sums of a range by series and step. Parameters: the range from `$1` to `$2`, the edges `$3`,
/// whether sketches are wanted `$4`, and the series `$5` where `which` says so.
///
/// `api_metrics.add` sums a bigint as a bigint; status counts, units and sketches are added by concatenation.
/// Reads the partitions of the range by their primary keys, which begin with the period.
fn sums_by_series(granularity: Granularity, which: &str) -> String {
    let table = table(granularity);
    format!(
        "SELECT m.series_id, width_bucket(m.period_start, $3::timestamptz[]) - 1 AS step, \
            api_metrics.add(m.request_count) AS request_count, \
            api_metrics.add(m.error_count_4xx) AS error_count_4xx, \
            api_metrics.add(m.error_count_5xx) AS error_count_5xx, \
            api_metrics.add(m.aborted_count) AS aborted_count, \
            api_metrics.add(m.latency_sum_us) AS latency_sum_us, \
            min(m.latency_min_us) AS latency_min_us, \
            max(m.latency_max_us) AS latency_max_us, \
            api_metrics.add(m.latency_count) AS latency_count, \
            api_metrics.add(m.ttfb_sum_us) AS ttfb_sum_us, \
            api_metrics.add(m.ttfb_count) AS ttfb_count, \
            api_metrics.add(m.total_request_bytes) AS total_request_bytes, \
            api_metrics.add(m.total_response_bytes) AS total_response_bytes, \
            string_agg(m.status_counts, ''::bytea) AS status_counts, \
            string_agg(m.units, ''::bytea) AS units, \
            string_agg(m.latency_sketch, ''::bytea) FILTER (WHERE $4) AS latency_sketch \
         FROM api_metrics.{table} AS m WHERE m.period_start >= $1 AND m.period_start < $2 {which} \
         GROUP BY 1, 2"
    )
}

/// What is not folded of a range, whose ends are these parameters. Joins live instances, their fold
/// marks and their inbox rows by primary keys. Fold marks and inbox are of one snapshot, which is what
/// makes the answer exact.
pub(super) fn unfolded(from: &str, to: &str) -> String {
    format!(
        "SELECT b.id, b.seq, b.chunk, b.period_from, b.period_to, b.row_count, b.records, b.payload \
         FROM api_metrics.instance AS i \
         LEFT JOIN api_metrics.folded AS f ON f.id = i.id \
         JOIN api_metrics.inbox AS b ON b.id = i.id AND b.seq > coalesce(f.seq, 0) AND b.seq <= i.seq \
         WHERE i.live AND b.period_from < {to} AND b.period_to > {from}"
    )
}

/// Where something of a range was quarantined, whose ends are these parameters.
pub(super) fn quarantined(from: &str, to: &str) -> String {
    format!(
        "SELECT period_start, period_end FROM api_metrics.quarantined_rows \
         WHERE part <> 'requests' AND period_start < {to} AND period_end > {from} \
         UNION SELECT period_from, period_to FROM api_metrics.quarantined \
         WHERE period_from < {to} AND period_to > {from} LIMIT 1000"
    )
}

#[async_trait]
impl ReadTx for PgTx {
    async fn instance_seq(&mut self, id: Uuid) -> Result<u64> {
        let seq: Option<i64> =
            unnamed::query_scalar("SELECT seq FROM api_metrics.instance WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *self.sql)
                .await?;
        Ok(seq.map_or(0, unsigned))
    }

    async fn select_series(&mut self, selection: &Selection<'_>) -> Result<Vec<SeriesRow>> {
        let conditions = selection.conditions();
        let met: Vec<String> = conditions.iter().zip(1..).map(condition).collect();
        let text = format!(
            "SELECT s.id, s.service, s.environment, s.protocol, s.http_method, s.endpoint, s.api_key_id, \
                    s.kind \
             FROM api_metrics.series AS s WHERE {}",
            met.join(" AND ")
        );
        let mut query = unnamed::query(AssertSqlSafe(text));
        for condition in &conditions {
            query = match &condition.values {
                Values::Text(text) | Values::KeysOfTenant(text) => query.bind(*text),
                Values::Texts(texts) | Values::NoneOf(texts) => query.bind(*texts),
                Values::Numbers(numbers) => query.bind(numbers),
            };
        }
        let rows = query.fetch_all(&mut *self.sql).await?;
        rows::series(&rows)
    }

    fn copies_buckets(&self) -> bool {
        self.buckets.is_some()
    }

    fn generation(&self) -> Option<i64> {
        self.read_generation()
    }

    async fn last_copy(&mut self) -> Result<(Option<UnixSeconds>, bool)> {
        let row: Option<(Option<DateTime<Utc>>, bool)> =
            unnamed::query_as("SELECT copied_at, intent IS NOT NULL FROM api_metrics.copy_state")
                .fetch_optional(&mut *self.sql)
                .await?;
        let (at, is_copying) = row.unwrap_or_default();
        Ok((at.map(|at| at.timestamp()), is_copying))
    }

    async fn sum(&mut self, request: &SumRequest<'_>, into: &mut Sink<'_>) -> Result<()> {
        if let Some(buckets) = self.buckets.clone() {
            let copy = self.copy().await?;
            return copied::read::sum(&*buckets, &copy, request, into).await;
        }
        super::sum::sum(self, request, into).await
    }

    /// One statement a segment. All rows are fetched before any is added: a rollup's children are at
    /// most a day's hours.
    async fn sum_by_series(
        &mut self,
        granularity: Granularity,
        segments: &[Segment],
        edges: &[UnixSeconds],
        series: Series<'_>,
        quantiles: bool,
    ) -> Result<Vec<SeriesSum>> {
        if let Some(buckets) = self.buckets.clone() {
            let copy = self.copy().await?;
            return copied::read::sum_by_series(
                &*buckets, &copy, segments, edges, series, quantiles,
            )
            .await;
        }
        let kind = self.sketch_kind().await?;
        if self.damage.is_some() {
            let ids = match series {
                Series::All => None,
                Series::Ids(ids) => Some(ids),
            };
            return super::careful::sum_by_series(self, kind, segments, edges, ids).await;
        }
        let statement = match series {
            Series::All => sums_by_series(granularity, ""),
            Series::Ids(_) => sums_by_series(granularity, "AND m.series_id = ANY($5)"),
        };
        let edges: Vec<_> = edges.iter().map(|edge| at(*edge)).collect();
        let mut sums = Vec::new();
        // One statement a segment: only plain bounds let the planner see which partitions matter.
        for segment in segments {
            let query = unnamed::query(AssertSqlSafe(statement.clone()))
                .bind(at(segment.from))
                .bind(at(segment.to))
                .bind(&edges)
                .bind(quantiles);
            let query = match series {
                Series::All => query,
                Series::Ids(ids) => query.bind(ids),
            };
            for row in query.fetch_all(&mut *self.sql).await? {
                let step: i32 = row.try_get(1)?;
                let sketches: Option<&[u8]> = row.try_get(16)?;
                sums.push(SeriesSum {
                    series_id: row.try_get(0)?,
                    step: usize::try_from(step).unwrap_or(usize::MAX),
                    counts: rows::summed(&row, 2, kind)?,
                    sketches: sketches.unwrap_or_default().to_vec(),
                });
            }
        }
        Ok(sums)
    }

    async fn unfolded(&mut self, from: UnixSeconds, to: UnixSeconds) -> Result<Vec<InboxChunk>> {
        unnamed::query(AssertSqlSafe(unfolded("$1", "$2")))
            .bind(at(from))
            .bind(at(to))
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
        let rows: Vec<(DateTime<Utc>, DateTime<Utc>)> = unnamed::query_as(
            "SELECT period_from, period_to FROM api_metrics.coarse WHERE period_from < $2 AND period_to > $1",
        )
        .bind(at(from))
        .bind(at(to))
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(from, to)| (from.timestamp(), to.timestamp()))
            .collect())
    }

    async fn quarantined_spans(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(UnixSeconds, UnixSeconds)>> {
        let spans: Vec<(DateTime<Utc>, DateTime<Utc>)> =
            unnamed::query_as(AssertSqlSafe(quarantined("$1", "$2")))
                .bind(at(from))
                .bind(at(to))
                .fetch_all(&mut *self.sql)
                .await?;
        let spans = spans.into_iter();
        Ok(spans
            .map(|(from, to)| (from.timestamp(), to.timestamp()))
            .collect())
    }

    async fn api_keys(&mut self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>> {
        unnamed::query(
            "SELECT id, external_id, name, tenant_id, user_id, team_id FROM api_metrics.api_keys \
             WHERE $1::bigint[] IS NULL OR id = ANY($1) ORDER BY id",
        )
        .bind(ids)
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
        unnamed::query(
            "SELECT id, external_id, name, tenant_id, user_id, team_id FROM api_metrics.api_keys WHERE external_id = ANY($1)",
        )
        .bind(external_ids)
        .fetch_all(&mut *self.sql)
        .await?
        .iter()
        .map(key)
        .collect()
    }

    async fn api_keys_of(&mut self, owner: &KeyOwner) -> Result<Vec<ApiKeyInfo>> {
        unnamed::query(
            "SELECT id, external_id, name, tenant_id, user_id, team_id FROM api_metrics.api_keys \
             WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR user_id = $2) \
               AND ($3::text IS NULL OR team_id = $3) AND coalesce($1, $2, $3) IS NOT NULL ORDER BY id",
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

    /// Two statements: insert where there is none, then read whichever is there.
    async fn shared_secret(&mut self, name: &str, proposal: &[u8]) -> Result<SharedSecret> {
        let created = unnamed::query(
            "INSERT INTO api_metrics.shared_secret (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(proposal)
        .execute(&mut *self.sql)
        .await?
        .rows_affected()
            == 1;
        let value =
            unnamed::query_scalar("SELECT value FROM api_metrics.shared_secret WHERE name = $1")
                .bind(name)
                .fetch_one(&mut *self.sql)
                .await?;
        Ok(SharedSecret { value, created })
    }

    async fn end_session(&mut self, name: &str) -> Result<()> {
        unnamed::query(
            "DELETE FROM api_metrics.shared_secret
             WHERE starts_with(name, $1) AND created_at < now() - interval '1 day'",
        )
        .bind(ENDED_SESSION)
        .execute(&mut *self.sql)
        .await?;
        unnamed::query(
            "INSERT INTO api_metrics.shared_secret (name, value) VALUES ($1, ''::bytea) ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn session_ended(&mut self, name: &str) -> Result<bool> {
        Ok(unnamed::query_scalar(
            "SELECT EXISTS (SELECT FROM api_metrics.shared_secret WHERE name = $1)",
        )
        .bind(name)
        .fetch_one(&mut *self.sql)
        .await?)
    }

    async fn status(&mut self) -> Result<StoreStatus> {
        super::status::status(self).await
    }
}

/// A condition on a series `s` as SQL, whose values are parameter `n`. Column names come from a fixed
/// list; values never become text of the statement.
fn condition((condition, n): (&Condition<'_>, usize)) -> String {
    let column = condition.column.name();
    match &condition.values {
        Values::Text(_) => format!("s.{column} = ${n}::text"),
        Values::Texts(_) => format!("s.{column} = ANY(${n}::text[])"),
        Values::NoneOf(_) => format!("s.{column} <> ALL(${n}::text[])"),
        Values::Numbers(_) => format!("s.{column} = ANY(${n}::bigint[])"),
        Values::KeysOfTenant(_) => format!(
            "s.{column} IN (SELECT k.id FROM api_metrics.api_keys AS k WHERE k.tenant_id = ${n}::text)"
        ),
    }
}

/// A key from its row.
fn key(row: &PgRow) -> Result<ApiKeyInfo> {
    Ok(ApiKeyInfo {
        id: row.try_get("id")?,
        external_id: row.try_get("external_id")?,
        name: row.try_get("name")?,
        tenant_id: row.try_get("tenant_id")?,
        user_id: row.try_get("user_id")?,
        team_id: row.try_get("team_id")?,
    })
}
