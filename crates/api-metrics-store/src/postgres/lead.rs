//! The statements of fold, rollup and retention, in a READ COMMITTED transaction that holds the
//! leader's lock.
//!
//! | statement | what it reads | what it locks |
//! |---|---|---|
//! | lead, join | nothing | advisory locks until the transaction ends, see `locks` |
//! | pending | live instances, by a partial index | nothing |
//! | inbox | an instance's rows by primary key | nothing |
//! | fold mark | one row of `folded` | that row, and the deleted rows of the inbox |
//! | buckets | one partition by primary key | nothing; one transaction at a time writes a service's |
//! | put | nothing, or what exists | the written rows |
//! | marks, counts | whole `dirty`, named periods | the written rows |
//!
//! No statement here waits for a writer's fence. The only locks shared with writers are those of new
//! series, which both insert in order of their labels.
//!
//! Lists are sent as one array a column, so that a step's number of statements does not depend on the
//! number of its rows.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    flush::chunk,
    partitions,
    rows::{self, Numbers},
    sum::block,
    tx::{PgTx, at, signed, unsigned},
    unnamed,
};
use crate::{
    engine::{
        backend::{
            BucketRow, EncodedPeriodCounts, FoundRow, InboxChunk, LeadTx, Marks, Pending, Result,
            SeriesRow, VersionLabels,
        },
        damage::DamagedPart,
        sorted_cursor::SortedCursor,
    },
    series::SeriesKind,
    time::{Granularity, UnixSeconds},
};

#[async_trait]
impl LeadTx for PgTx {
    /// `pg_try_advisory_xact_lock` never waits, and ends with the transaction. A session lock would
    /// stay behind on a pooled connection.
    async fn try_lead(&mut self) -> Result<bool> {
        self.lead_alone().await
    }

    async fn try_lead_with_shares(&mut self) -> Result<bool> {
        self.lead_with_shares().await
    }

    async fn try_join(&mut self) -> Result<bool> {
        self.join_shares().await
    }

    async fn wait_for_turn(&mut self) -> Result<()> {
        self.turn().await
    }

    /// Scans the partial index of live instances, so that the thousands of processes that have ended
    /// cost nothing.
    async fn pending(&mut self) -> Result<Vec<Pending>> {
        let rows: Vec<(Uuid, i64, i64, String, String, String)> = unnamed::query_as(
            "SELECT i.id, i.seq, coalesce(f.seq, 0), i.service, i.environment, i.version FROM api_metrics.instance AS i \
             LEFT JOIN api_metrics.folded AS f ON f.id = i.id \
             WHERE i.live AND i.seq > coalesce(f.seq, 0) ORDER BY i.id",
        )
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, seq, folded, service, environment, version)| Pending {
                id,
                seq: unsigned(seq),
                folded: unsigned(folded),
                of: VersionLabels {
                    service,
                    environment,
                    version,
                },
            })
            .collect())
    }

    /// Reads the counts beside the payloads; the payloads are stored out of line and stay untouched.
    async fn inbox_sizes(&mut self, id: Uuid, after: u64, upto: u64) -> Result<Vec<(u64, u64)>> {
        let rows: Vec<(i64, i64)> = unnamed::query_as(
            "SELECT seq, sum(row_count)::bigint FROM api_metrics.inbox \
             WHERE id = $1 AND seq > $2 AND seq <= $3 GROUP BY seq ORDER BY seq",
        )
        .bind(id)
        .bind(signed(after))
        .bind(signed(upto))
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(seq, rows)| (unsigned(seq), unsigned(rows)))
            .collect())
    }

    async fn inbox(&mut self, id: Uuid, after: u64, upto: u64) -> Result<Vec<InboxChunk>> {
        unnamed::query(
            "SELECT id, seq, chunk, period_from, period_to, row_count, records, payload \
             FROM api_metrics.inbox WHERE id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq, chunk",
        )
        .bind(id)
        .bind(signed(after))
        .bind(signed(upto))
        .fetch_all(&mut *self.sql)
        .await?
        .iter()
        .map(chunk)
        .collect()
    }

    async fn quarantine(&mut self, chunk: &InboxChunk, reason: &str) -> Result<()> {
        unnamed::query(
            "INSERT INTO api_metrics.quarantined \
                 (id, seq, chunk, period_from, period_to, reason, payload) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(chunk.id)
        .bind(signed(chunk.seq))
        .bind(chunk.chunk)
        .bind(at(chunk.period_from))
        .bind(at(chunk.period_to))
        .bind(reason)
        .bind(&chunk.payload)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// A statement a part: there are few of them, and seldom any.
    async fn put_quarantined(&mut self, parts: &[DamagedPart]) -> Result<()> {
        for DamagedPart {
            key,
            part,
            reason,
            bytes,
        } in parts
        {
            unnamed::query(
                "INSERT INTO api_metrics.quarantined_rows \
                     (granularity, period_start, period_end, series_id, part, reason, bytes) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (granularity, period_start, series_id, part) DO UPDATE \
                 SET reason = excluded.reason, bytes = excluded.bytes, at = excluded.at",
            )
            .bind(key.granularity.as_str())
            .bind(at(key.period_start))
            .bind(at(key.period_start + key.granularity.seconds()))
            .bind(key.series_id)
            .bind(part.as_str())
            .bind(reason)
            .bind(bytes)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    /// Two statements. The delete takes everything up to the mark, so it also removes what an earlier
    /// one may have missed.
    async fn set_folded(&mut self, id: Uuid, seq: u64) -> Result<()> {
        unnamed::query(
            "INSERT INTO api_metrics.folded (id, seq) VALUES ($1, $2) \
             ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
        )
        .bind(id)
        .bind(signed(seq))
        .execute(&mut *self.sql)
        .await?;
        unnamed::query("DELETE FROM api_metrics.inbox WHERE id = $1 AND seq <= $2")
            .bind(id)
            .bind(signed(seq))
            .execute(&mut *self.sql)
            .await?;
        Ok(())
    }

    async fn series(&mut self, ids: &[i64]) -> Result<Vec<SeriesRow>> {
        let rows = unnamed::query(
            "SELECT id, service, environment, protocol, http_method, endpoint, api_key_id, kind \
             FROM api_metrics.series WHERE id = ANY($1)",
        )
        .bind(ids)
        .fetch_all(&mut *self.sql)
        .await?;
        rows::series(&rows)
    }

    /// One row of arrays, whatever the number of series. Where the series lie close together, all
    /// between the first and the last are read by a range of the primary key, and those that nobody
    /// asked for are left out here.
    async fn aggregates(
        &mut self,
        ids: &[i64],
        kinds: &BTreeSet<SeriesKind>,
    ) -> Result<Vec<(i64, [i64; 3])>> {
        let columns = [
            (SeriesKind::ByEndpoint, "by_endpoint_id"),
            (SeriesKind::ByKey, "by_key_id"),
            (SeriesKind::Total, "total_id"),
        ];
        // One array a column instead of thousands of rows; columns that nobody asks for are NULL.
        let arrays = columns.map(|(kind, column)| {
            if kinds.contains(&kind) {
                format!("array_agg({column})")
            } else {
                "NULL::bigint[]".into()
            }
        });
        let [by_endpoint, by_key, total] = arrays;
        let block = block(ids);
        let which = match block {
            Some(_) => "id BETWEEN $1 AND $2",
            None => "id = ANY($1)",
        };
        let text = format!(
            "SELECT array_agg(id), {by_endpoint}, {by_key}, {total} \
             FROM api_metrics.series \
             WHERE {which} \
               AND by_endpoint_id IS NOT NULL AND by_key_id IS NOT NULL AND total_id IS NOT NULL"
        );
        let query = unnamed::query_as(AssertSqlSafe(text));
        let query = match block {
            Some((first, last)) => query.bind(first).bind(last),
            None => query.bind(ids),
        };
        type Column = Option<Numbers>;
        let (found, by_endpoint, by_key, total): (Column, Column, Column, Column) =
            query.fetch_one(&mut *self.sql).await?;
        let of = |column: &Column, n: usize| {
            let number = column.as_ref().and_then(|column| column.0.get(n));
            number.copied().unwrap_or_default()
        };
        let mut places = SortedCursor::of(ids);
        let found = found.into_iter().flat_map(|found| found.0).enumerate();
        Ok(found
            .filter(|(_, id)| places.find(*id).is_some())
            .map(|(n, id)| (id, [of(&by_endpoint, n), of(&by_key, n), of(&total, n)]))
            .collect())
    }

    async fn set_aggregates(&mut self, of: &[(i64, [i64; 3])]) -> Result<()> {
        let column = |n: usize| {
            of.iter()
                .map(|(_, ids)| ids.get(n).copied().unwrap_or_default())
                .collect::<Vec<_>>()
        };
        unnamed::query(
            "UPDATE api_metrics.series AS s \
             SET by_endpoint_id = n.by_endpoint_id, by_key_id = n.by_key_id, total_id = n.total_id \
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) \
                 AS n (id, by_endpoint_id, by_key_id, total_id) \
             WHERE s.id = n.id",
        )
        .bind(of.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(column(0))
        .bind(column(1))
        .bind(column(2))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// By a random one. A restore may bring back an earlier tag, but only together with the series that
    /// were read under it.
    async fn renew_aggregate_series_tag(&mut self) -> Result<()> {
        unnamed::query("UPDATE api_metrics.aggregate_series_tag SET tag = gen_random_uuid()")
            .execute(&mut *self.sql)
            .await?;
        Ok(())
    }

    async fn lacks_room(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
    ) -> Result<bool> {
        if self.buckets.is_some() {
            return Ok(false);
        }
        partitions::lacks_room(&mut self.sql, granularity, periods).await
    }

    async fn make_room(&mut self, granularity: Granularity, periods: &[UnixSeconds]) -> Result<()> {
        if self.buckets.is_some() {
            return Ok(());
        }
        partitions::make_room(&mut self.sql, granularity, periods).await
    }

    /// One index lookup a period, see `rows::select_used`.
    async fn periods_in_use(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
    ) -> Result<BTreeSet<UnixSeconds>> {
        let used: Vec<DateTime<Utc>> =
            unnamed::query_scalar(AssertSqlSafe(rows::select_used(granularity)))
                .bind(periods.iter().map(|p| at(*p)).collect::<Vec<_>>())
                .fetch_all(&mut *self.sql)
                .await?;
        Ok(used.iter().map(DateTime::timestamp).collect())
    }

    /// One statement a period, each a lookup of its series in one partition.
    async fn buckets(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
        series: &[i64],
    ) -> Result<Vec<FoundRow>> {
        let kind = self.sketch_kind().await?;
        let mut by_period: BTreeMap<UnixSeconds, Vec<i64>> = BTreeMap::new();
        for (period, series) in periods.iter().zip(series) {
            by_period.entry(*period).or_default().push(*series);
        }
        let mut found = Vec::new();
        // A statement a period: joined with a list of pairs the planner would scan every partition.
        for (period, series) in by_period {
            let rows = unnamed::query(AssertSqlSafe(rows::select_existing(granularity)))
                .bind(at(period))
                .bind(series)
                .fetch_all(&mut *self.sql)
                .await?;
            found.reserve(rows.len());
            for row in &rows {
                let damage = &mut self.damage;
                found.push(rows::found(row, granularity, period, kind, damage)?);
            }
        }
        Ok(found)
    }

    /// A thousand rows a statement, as an array of the composite type `api_metrics.bucket`.
    async fn put_buckets(
        &mut self,
        granularity: Granularity,
        rows: &[BucketRow],
        fresh: bool,
    ) -> Result<()> {
        let statement = if fresh {
            rows::insert(granularity)
        } else {
            rows::upsert(granularity)
        };
        // Bounds one statement's parameter to some MiB, and the time that encoding it takes without a yield.
        for rows in rows.chunks(1_000) {
            let rows: Vec<_> = rows.iter().map(rows::Composite).collect();
            unnamed::query(AssertSqlSafe(statement.clone()))
                .bind(rows)
                .execute(&mut *self.sql)
                .await?;
        }
        Ok(())
    }

    async fn unit_names(&mut self) -> Result<Vec<String>> {
        Ok(
            unnamed::query_scalar("SELECT name FROM api_metrics.unit_names")
                .fetch_all(&mut *self.sql)
                .await?,
        )
    }

    async fn add_unit_names(&mut self, names: &[&str]) -> Result<()> {
        unnamed::query(
            "INSERT INTO api_metrics.unit_names (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
        )
        .bind(names)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// One lookup in the primary key for each period, in one statement.
    async fn period_counts(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
    ) -> Result<Vec<EncodedPeriodCounts>> {
        let (granularities, starts) = columns(periods.iter());
        let rows: Vec<(String, DateTime<Utc>, Vec<u8>)> = unnamed::query_as(
            "SELECT t.granularity, t.period_start, t.requests \
             FROM unnest($1::text[], $2::timestamptz[]) AS p (granularity, period_start) \
             JOIN api_metrics.period_counts AS t USING (granularity, period_start)",
        )
        .bind(granularities)
        .bind(starts)
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(name, period, requests)| {
                let granularity = Granularity::from_name(&name)?;
                Some(((granularity, period.timestamp()), requests))
            })
            .collect())
    }

    async fn put_period_counts(&mut self, counts: &[EncodedPeriodCounts]) -> Result<()> {
        let (granularities, starts) = columns(counts.iter().map(|(period, _)| period));
        unnamed::query(
            "INSERT INTO api_metrics.period_counts (granularity, period_start, requests) \
             SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bytea[]) \
             ON CONFLICT (granularity, period_start) DO UPDATE SET requests = excluded.requests",
        )
        .bind(granularities)
        .bind(starts)
        .bind(counts.iter().map(|(_, t)| t).collect::<Vec<_>>())
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn remove_period_counts(
        &mut self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<()> {
        unnamed::query(
            "DELETE FROM api_metrics.period_counts WHERE granularity = $1 AND period_start < $2",
        )
        .bind(granularity.as_str())
        .bind(at(floor))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// One insert. A mark that exists stays as it is, with its time.
    async fn mark_dirty(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
        now: UnixSeconds,
    ) -> Result<()> {
        let (granularities, starts) = columns(periods.iter());
        unnamed::query(
            "INSERT INTO api_metrics.dirty (granularity, period_start, since) \
             SELECT p.*, $3 FROM unnest($1::text[], $2::timestamptz[]) AS p ON CONFLICT DO NOTHING",
        )
        .bind(granularities)
        .bind(starts)
        .bind(at(now))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// Reads the whole table, which holds what has changed since the last rollup.
    async fn marks(&mut self) -> Result<Marks> {
        let rows: Vec<(String, DateTime<Utc>, DateTime<Utc>)> =
            unnamed::query_as("SELECT granularity, period_start, since FROM api_metrics.dirty")
                .fetch_all(&mut *self.sql)
                .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(name, period, since)| {
                let granularity = Granularity::from_name(&name)?;
                Some(((granularity, period.timestamp()), since.timestamp()))
            })
            .collect())
    }

    async fn dirty(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(Granularity, UnixSeconds)>> {
        let rows: Vec<(String, DateTime<Utc>)> = unnamed::query_as(
            "SELECT granularity, period_start FROM api_metrics.dirty \
             WHERE period_start >= $1 AND period_start < $2",
        )
        .bind(at(from))
        .bind(at(to))
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(name, period)| Some((Granularity::from_name(&name)?, period.timestamp())))
            .collect())
    }

    async fn clear_dirty(&mut self, granularity: Granularity, period: UnixSeconds) -> Result<()> {
        unnamed::query(
            "DELETE FROM api_metrics.dirty WHERE granularity = $1 AND period_start = $2",
        )
        .bind(granularity.as_str())
        .bind(at(period))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// Does nothing where the floor is higher already.
    async fn set_floor(&mut self, granularity: Granularity, floor: UnixSeconds) -> Result<()> {
        unnamed::query(
            "UPDATE api_metrics.retention_floor SET floor = $2 WHERE granularity = $1 AND floor < $2",
        )
        .bind(granularity.as_str())
        .bind(at(floor))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// SKIP LOCKED leaves out instances that flush right now: they are live, and waiting for them would
    /// hold the leader's lock.
    async fn retire_instances(&mut self, since_us: i64) -> Result<()> {
        unnamed::query(
            "UPDATE api_metrics.instance SET live = false WHERE id IN ( \
                 SELECT i.id FROM api_metrics.instance AS i JOIN api_metrics.folded AS f ON f.id = i.id \
                 WHERE i.live AND (i.acked_at < $1 OR i.ended_at IS NOT NULL) AND f.seq >= i.seq \
                 FOR NO KEY UPDATE OF i SKIP LOCKED)",
        )
        .bind(DateTime::from_timestamp_micros(since_us).unwrap_or_default())
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }
}

/// Periods as two columns, names of granularities and starts, for `unnest`.
fn columns<'a>(
    periods: impl Iterator<Item = &'a (Granularity, UnixSeconds)>,
) -> (Vec<&'static str>, Vec<DateTime<Utc>>) {
    periods
        .map(|(granularity, start)| (granularity.as_str(), at(*start)))
        .unzip()
}
