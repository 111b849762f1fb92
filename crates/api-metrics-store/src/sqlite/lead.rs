//! The statements of fold, rollup and retention, under the file's write lock.
//!
//! Lists are sent as JSON text and read by `json_each`: SQLite has no arrays, and a parameter for each
//! number would hit its limit. While a leader works, flushes wait; a fold is bounded by 200,000 rows, a
//! rollup by 12 periods.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    flush::chunk,
    rows,
    tx::{SqliteTx, json_numbers},
};
use crate::{
    engine::{
        backend::{
            BucketRow, EncodedPeriodCounts, FoundRow, InboxChunk, LeadTx, Marks, Pending, Result,
            SeriesRow, VersionLabels,
        },
        damage::DamagedPart,
    },
    series::SeriesKind,
    time::{Granularity, UnixSeconds},
};

#[async_trait]
impl LeadTx for SqliteTx {
    /// Always leads: `BEGIN IMMEDIATE` has the write lock, and there is one writer at a time.
    async fn try_lead(&mut self) -> Result<bool> {
        Ok(true)
    }

    async fn pending(&mut self) -> Result<Vec<Pending>> {
        let rows: Vec<(Uuid, i64, i64, String, String, String)> = sqlx::query_as(
            "SELECT i.id, i.seq, coalesce(f.seq, 0), i.service, i.environment, i.version FROM api_metrics_instance AS i \
             LEFT JOIN api_metrics_folded AS f ON f.id = i.id \
             WHERE i.live AND i.seq > coalesce(f.seq, 0) ORDER BY i.id",
        )
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, seq, folded, service, environment, version)| Pending {
                id,
                seq: seq.cast_unsigned(),
                folded: folded.cast_unsigned(),
                of: VersionLabels {
                    service,
                    environment,
                    version,
                },
            })
            .collect())
    }

    async fn inbox_sizes(&mut self, id: Uuid, after: u64, upto: u64) -> Result<Vec<(u64, u64)>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT seq, sum(row_count) FROM api_metrics_inbox \
             WHERE id = ? AND seq > ? AND seq <= ? GROUP BY seq ORDER BY seq",
        )
        .bind(id)
        .bind(after.cast_signed())
        .bind(upto.cast_signed())
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(seq, rows)| (seq.cast_unsigned(), rows.cast_unsigned()))
            .collect())
    }

    async fn inbox(&mut self, id: Uuid, after: u64, upto: u64) -> Result<Vec<InboxChunk>> {
        sqlx::query(
            "SELECT id, seq, chunk, period_from, period_to, row_count, records, payload \
             FROM api_metrics_inbox WHERE id = ? AND seq > ? AND seq <= ? ORDER BY seq, chunk",
        )
        .bind(id)
        .bind(after.cast_signed())
        .bind(upto.cast_signed())
        .fetch_all(&mut *self.sql)
        .await?
        .iter()
        .map(chunk)
        .collect()
    }

    async fn quarantine(&mut self, chunk: &InboxChunk, reason: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO api_metrics_quarantined \
                 (id, seq, chunk, period_from, period_to, reason, payload) \
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(chunk.id)
        .bind(chunk.seq.cast_signed())
        .bind(chunk.chunk)
        .bind(chunk.period_from)
        .bind(chunk.period_to)
        .bind(reason)
        .bind(&chunk.payload)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn put_quarantined(&mut self, parts: &[DamagedPart]) -> Result<()> {
        for DamagedPart {
            key,
            part,
            reason,
            bytes,
        } in parts
        {
            sqlx::query(
                "INSERT INTO api_metrics_quarantined_rows \
                     (granularity, period_start, period_end, series_id, part, reason, bytes) \
                 VALUES (?, ?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (granularity, period_start, series_id, part) DO UPDATE \
                 SET reason = excluded.reason, bytes = excluded.bytes, at = excluded.at",
            )
            .bind(key.granularity.as_str())
            .bind(key.period_start)
            .bind(key.period_start + key.granularity.seconds())
            .bind(key.series_id)
            .bind(part.as_str())
            .bind(reason)
            .bind(bytes)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    async fn set_folded(&mut self, id: Uuid, seq: u64) -> Result<()> {
        sqlx::query(
            "INSERT INTO api_metrics_folded (id, seq) VALUES (?, ?) \
             ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
        )
        .bind(id)
        .bind(seq.cast_signed())
        .execute(&mut *self.sql)
        .await?;
        sqlx::query("DELETE FROM api_metrics_inbox WHERE id = ? AND seq <= ?")
            .bind(id)
            .bind(seq.cast_signed())
            .execute(&mut *self.sql)
            .await?;
        Ok(())
    }

    async fn series(&mut self, ids: &[i64]) -> Result<Vec<SeriesRow>> {
        sqlx::query(
            "SELECT id, service, environment, protocol, http_method, endpoint, api_key_id, kind \
             FROM api_metrics_series WHERE id IN (SELECT value FROM json_each(?))",
        )
        .bind(json_numbers(ids.iter().copied()))
        .fetch_all(&mut *self.sql)
        .await?
        .iter()
        .map(rows::series)
        .collect()
    }

    /// All three kinds, whichever are asked for: one row has them all.
    async fn aggregates(
        &mut self,
        ids: &[i64],
        _: &BTreeSet<SeriesKind>,
    ) -> Result<Vec<(i64, [i64; 3])>> {
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT id, by_endpoint_id, by_key_id, total_id FROM api_metrics_series \
             WHERE id IN (SELECT value FROM json_each(?)) AND by_endpoint_id IS NOT NULL \
               AND by_key_id IS NOT NULL AND total_id IS NOT NULL",
        )
        .bind(json_numbers(ids.iter().copied()))
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, by_endpoint, by_key, total)| (id, [by_endpoint, by_key, total]))
            .collect())
    }

    /// No tag is replaced, because there is none and nothing is kept from read to read.
    async fn set_aggregates(&mut self, of: &[(i64, [i64; 3])]) -> Result<()> {
        for (id, [by_endpoint, by_key, total]) in of {
            sqlx::query(
                "UPDATE api_metrics_series SET by_endpoint_id = ?2, by_key_id = ?3, total_id = ?4 WHERE id = ?1",
            )
            .bind(id)
            .bind(by_endpoint)
            .bind(by_key)
            .bind(total)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    /// Nothing to do: the tables have no partitions.
    async fn make_room(
        &mut self,
        _granularity: Granularity,
        _periods: &[UnixSeconds],
    ) -> Result<()> {
        Ok(())
    }

    /// One lookup in the primary key for each period.
    async fn periods_in_use(
        &mut self,
        granularity: Granularity,
        periods: &[UnixSeconds],
    ) -> Result<BTreeSet<UnixSeconds>> {
        let used: Vec<UnixSeconds> =
            sqlx::query_scalar(AssertSqlSafe(rows::select_used(granularity)))
                .bind(json_numbers(periods.iter().copied()))
                .fetch_all(&mut *self.sql)
                .await?;
        Ok(used.into_iter().collect())
    }

    /// A statement a period: two JSON lists could only be joined by comparing each item with each.
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
        // A statement a period: two JSON lists can only be joined by comparing each item with each.
        for (period, series) in by_period {
            let rows = sqlx::query(AssertSqlSafe(rows::select_existing(granularity)))
                .bind(period)
                .bind(json_numbers(series))
                .fetch_all(&mut *self.sql)
                .await?;
            for row in &rows {
                found.push(rows::found(row, granularity, kind, &mut self.damage)?);
            }
        }
        Ok(found)
    }

    /// A hundred rows a statement, whether or not they exist.
    async fn put_buckets(
        &mut self,
        granularity: Granularity,
        rows: &[BucketRow],
        _fresh: bool,
    ) -> Result<()> {
        for rows in rows.chunks(rows::ROWS_A_STATEMENT) {
            rows::replace(granularity, rows)
                .build()
                .execute(&mut *self.sql)
                .await?;
        }
        Ok(())
    }

    async fn unit_names(&mut self) -> Result<Vec<String>> {
        Ok(
            sqlx::query_scalar("SELECT name FROM api_metrics_unit_names")
                .fetch_all(&mut *self.sql)
                .await?,
        )
    }

    async fn add_unit_names(&mut self, names: &[&str]) -> Result<()> {
        for name in names {
            sqlx::query(
                "INSERT INTO api_metrics_unit_names (name) VALUES (?) ON CONFLICT DO NOTHING",
            )
            .bind(*name)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    async fn period_counts(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
    ) -> Result<Vec<EncodedPeriodCounts>> {
        let mut counts = Vec::new();
        for granularity in Granularity::ALL {
            let of_it = periods.iter().filter(|(g, _)| *g == granularity);
            let starts: Vec<UnixSeconds> = of_it.map(|(_, start)| *start).collect();
            if starts.is_empty() {
                continue;
            }
            let rows: Vec<(UnixSeconds, Vec<u8>)> = sqlx::query_as(
                "SELECT period_start, requests FROM api_metrics_period_counts \
                 WHERE granularity = ? AND period_start IN (SELECT value FROM json_each(?))",
            )
            .bind(granularity.as_str())
            .bind(json_numbers(starts))
            .fetch_all(&mut *self.sql)
            .await?;
            let rows = rows.into_iter();
            counts.extend(rows.map(|(start, requests)| ((granularity, start), requests)));
        }
        Ok(counts)
    }

    async fn put_period_counts(&mut self, counts: &[EncodedPeriodCounts]) -> Result<()> {
        for ((granularity, start), requests) in counts {
            sqlx::query(
                "INSERT INTO api_metrics_period_counts (granularity, period_start, requests) VALUES (?, ?, ?) \
                 ON CONFLICT (granularity, period_start) DO UPDATE SET requests = excluded.requests",
            )
            .bind(granularity.as_str())
            .bind(start)
            .bind(requests)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    async fn remove_period_counts(
        &mut self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<()> {
        sqlx::query(
            "DELETE FROM api_metrics_period_counts WHERE granularity = ? AND period_start < ?",
        )
        .bind(granularity.as_str())
        .bind(floor)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    async fn mark_dirty(
        &mut self,
        periods: &[(Granularity, UnixSeconds)],
        now: UnixSeconds,
    ) -> Result<()> {
        for (granularity, period) in periods {
            sqlx::query(
                "INSERT INTO api_metrics_dirty (granularity, period_start, since) VALUES (?, ?, ?) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(granularity.as_str())
            .bind(period)
            .bind(now)
            .execute(&mut *self.sql)
            .await?;
        }
        Ok(())
    }

    async fn marks(&mut self) -> Result<Marks> {
        let rows: Vec<(String, UnixSeconds, UnixSeconds)> =
            sqlx::query_as("SELECT granularity, period_start, since FROM api_metrics_dirty")
                .fetch_all(&mut *self.sql)
                .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(name, period, since)| {
                Some(((Granularity::from_name(&name)?, period), since))
            })
            .collect())
    }

    async fn dirty(
        &mut self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<(Granularity, UnixSeconds)>> {
        let rows: Vec<(String, UnixSeconds)> = sqlx::query_as(
            "SELECT granularity, period_start FROM api_metrics_dirty WHERE period_start >= ? AND period_start < ?",
        )
        .bind(from)
        .bind(to)
        .fetch_all(&mut *self.sql)
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(name, period)| Some((Granularity::from_name(&name)?, period)))
            .collect())
    }

    async fn clear_dirty(&mut self, granularity: Granularity, period: UnixSeconds) -> Result<()> {
        sqlx::query("DELETE FROM api_metrics_dirty WHERE granularity = ? AND period_start = ?")
            .bind(granularity.as_str())
            .bind(period)
            .execute(&mut *self.sql)
            .await?;
        Ok(())
    }

    /// Does nothing where the floor is higher already.
    async fn set_floor(&mut self, granularity: Granularity, floor: UnixSeconds) -> Result<()> {
        sqlx::query(
            "UPDATE api_metrics_retention_floor SET floor = ?2 WHERE granularity = ?1 AND floor < ?2",
        )
        .bind(granularity.as_str())
        .bind(floor)
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }

    /// `acked_at` is in whole seconds here, so `since_us` is rounded down.
    async fn retire_instances(&mut self, since_us: i64) -> Result<()> {
        sqlx::query(
            "UPDATE api_metrics_instance SET live = 0 \
             WHERE live AND (acked_at < ? OR ended_at IS NOT NULL) \
               AND seq <= (SELECT f.seq FROM api_metrics_folded AS f WHERE f.id = api_metrics_instance.id)",
        )
        .bind(since_us.div_euclid(1_000_000))
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }
}
