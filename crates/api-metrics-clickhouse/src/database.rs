//! The verbs of a database of buckets, as requests over HTTP.

use std::collections::BTreeSet;

use api_metrics_store::{
    bucket_database::{Announced, BucketDatabase, CopiedRow, IntoSum, Rollup, SumOf},
    store::StoreError,
    time::{Granularity, UnixSeconds},
};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::timeout;

use crate::{
    ClickHouse, LIMIT, Server,
    error::{late, of},
    rows, sums,
    tables::{ANNOUNCED, columns, create, create_announced, partition, partition_seconds, table},
};

type Result<T> = std::result::Result<T, StoreError>;

/// The first release that is supported.
const MODERN: (u32, u32) = (23, 8);
/// Bytes of one insert: one that is cut off may be stored in part, and what is stored once more should be little.
const MOST_BYTES: usize = 192 * 1024;
/// Partitions of one insert. A server refuses more than a hundred.
const MOST_PARTITIONS: usize = 50;
/// Announced numbers of folds and of rollups.
const EPOCH: u8 = 0;
const VERSION: u8 = 1;

impl ClickHouse {
    /// What the server is, asked until it has answered. Nobody waits for another one who asks, who may be held up.
    async fn server(&self) -> Result<&Server> {
        if let Some(server) = self.server.get() {
            return Ok(server);
        }
        let version = self.text("SELECT version()").await?;
        let version = version.trim().to_owned();
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let (major, minor) = (parts.next(), parts.next());
        let found = (major.unwrap_or(0), minor.unwrap_or(0));
        Ok(self.server.get_or_init(|| Server {
            is_modern: found >= MODERN,
        }))
    }

    /// Runs a statement that answers nothing.
    async fn run(&self, sql: &str) -> Result<()> {
        let query = self.client.query_raw(sql);
        let query = query.with_setting("max_query_size", "1000000000");
        timeout(LIMIT, query.execute())
            .await
            .map_err(|_| late(LIMIT))?
            .map_err(of)
    }

    /// The answer to a statement, as text.
    async fn text(&self, sql: &str) -> Result<String> {
        let answer = async {
            let mut bytes = self.client.query_raw(sql).fetch_bytes("TabSeparated")?;
            bytes.collect().await
        };
        let answer = timeout(LIMIT, answer).await.map_err(|_| late(LIMIT))?;
        let answer = answer.map_err(of)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Writes rows that were encoded, as one insert.
    async fn insert(&self, table: &str, rows: Vec<u8>) -> Result<()> {
        let sql = format!("INSERT INTO {table} ({}) FORMAT RowBinary", columns());
        let insert = async {
            let mut insert = self.client.insert_formatted_with(sql);
            insert.send(Bytes::from(rows)).await?;
            insert.end().await
        };
        timeout(LIMIT, insert)
            .await
            .map_err(|_| late(LIMIT))?
            .map_err(of)
    }

    /// The partitions of a table.
    async fn partitions(&self, granularity: Granularity) -> Result<Vec<i64>> {
        let sql = format!(
            "SELECT DISTINCT partition FROM system.parts \
             WHERE database = currentDatabase() AND table = '{}' AND active",
            table(granularity)
        );
        let found = self.text(&sql).await?;
        Ok(found
            .lines()
            .filter_map(|line| line.trim().parse().ok())
            .collect())
    }
}

#[async_trait]
impl BucketDatabase for ClickHouse {
    async fn prepare(&self) -> Result<()> {
        let is_modern = self.server().await?.is_modern;
        self.run(&create_announced(is_modern)).await?;
        for granularity in Granularity::ALL {
            self.run(&create(granularity, is_modern)).await?;
        }
        Ok(())
    }

    async fn announced(&self) -> Result<Announced> {
        let sql = format!("SELECT kind, max(value) FROM {ANNOUNCED} GROUP BY kind");
        let mut announced = Announced::default();
        for line in self.text(&sql).await?.lines() {
            let (kind, value) = line.split_once('\t').unwrap_or_default();
            let value = value.trim().parse().unwrap_or_default();
            match kind.parse() {
                Ok(EPOCH) => announced.epoch = value,
                Ok(VERSION) => announced.version = value,
                _ => {}
            }
        }
        Ok(announced)
    }

    async fn announce(&self, what: Announced) -> Result<()> {
        let rows = [(EPOCH, what.epoch), (VERSION, what.version)];
        let rows = rows.iter().filter(|(_, value)| *value > 0);
        let rows: Vec<String> = rows
            .map(|(kind, value)| format!("({kind}, {value})"))
            .collect();
        self.run(&format!(
            "INSERT INTO {ANNOUNCED} (kind, value) VALUES {}",
            rows.join(", ")
        ))
        .await
    }

    async fn put(&self, granularity: Granularity, mut rows: Vec<CopiedRow>) -> Result<()> {
        // In the order of the table, so that an insert touches few partitions.
        rows.sort_unstable_by_key(|row| (row.period_start, row.series_id));
        let table = table(granularity);
        let (mut encoded, mut touched) = (Vec::new(), BTreeSet::new());
        for row in &rows {
            let new = partition(granularity, row.period_start);
            let full = touched.len() >= MOST_PARTITIONS && !touched.contains(&new);
            if full || encoded.len() >= MOST_BYTES {
                self.insert(table, std::mem::take(&mut encoded)).await?;
                touched.clear();
            }
            touched.insert(new);
            rows::put(row, &mut encoded);
        }
        if encoded.is_empty() {
            return Ok(());
        }
        self.insert(table, encoded).await
    }

    async fn roll_up(&self, rollup: &Rollup<'_>) -> Result<()> {
        match sums::roll_up(rollup) {
            Some(sql) => self.run(&sql).await,
            None => Ok(()),
        }
    }

    async fn rolled_up(
        &self,
        granularity: Granularity,
        (from, upto): (i64, i64),
    ) -> Result<Vec<UnixSeconds>> {
        let sql = format!(
            "SELECT DISTINCT period FROM {} WHERE number = 0 AND epoch >= {from} AND epoch <= {upto}",
            table(granularity)
        );
        let found = self.text(&sql).await?;
        Ok(found
            .lines()
            .filter_map(|line| line.trim().parse().ok())
            .collect())
    }

    async fn sum(&self, of_these: &SumOf<'_>, into: &mut IntoSum<'_>) -> Result<()> {
        let mut query = self.client.query_raw(&sums::select(of_these));
        // An error in the middle of an answer comes as an error, and not as rows.
        for (setting, value) in [
            ("wait_end_of_query", "1"),
            ("max_query_size", "1000000000"),
            ("max_ast_elements", "100000000"),
            ("max_expanded_ast_elements", "100000000"),
        ] {
            query = query.with_setting(setting, value);
        }
        if self.server().await?.is_modern {
            // A key is in one partition.
            query = query.with_setting("do_not_merge_across_partitions_select_final", "1");
        }
        let mut answer = query.fetch_bytes("RowBinary").map_err(of)?;
        let mut waiting: Vec<u8> = Vec::new();
        loop {
            let next = timeout(LIMIT, answer.next()).await;
            let Some(bytes) = next.map_err(|_| late(LIMIT))?.map_err(of)? else {
                break;
            };
            waiting.extend_from_slice(&bytes);
            let mut rest = &waiting[..];
            while let Some(part) = rows::take(&mut rest) {
                into(part)?;
            }
            let read = waiting.len() - rest.len();
            waiting.drain(..read);
        }
        if waiting.is_empty() {
            return Ok(());
        }
        Err(StoreError::Unavailable(
            "ClickHouse's answer ends within a row".into(),
        ))
    }

    async fn remove_below(&self, granularity: Granularity, floor: UnixSeconds) -> Result<u64> {
        let Some(seconds) = partition_seconds(granularity) else {
            return Ok(0);
        };
        let kept_after = i64::try_from(self.kept_after.as_secs()).unwrap_or(i64::MAX);
        let floor = floor.saturating_sub(kept_after);
        let mut removed = 0;
        for partition in self.partitions(granularity).await? {
            if (partition + 1).saturating_mul(seconds) <= floor {
                let table = table(granularity);
                self.run(&format!("ALTER TABLE {table} DROP PARTITION {partition}"))
                    .await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn version(&self) -> Result<String> {
        // Asked anew: it may have gone since.
        let version = self.text("SELECT version()").await?;
        Ok(format!("ClickHouse {}", version.trim()))
    }
}
