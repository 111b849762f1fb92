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
    ClickHouse, Server,
    cluster::{Cluster, local, quoted},
    error::{late, of},
    nodes::{LIMIT, Setting},
    rows, sums,
    tables::{ANNOUNCED, columns, partition, partition_seconds, statements, table},
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
    pub(crate) async fn server(&self) -> Result<&Server> {
        if let Some(server) = self.server.get() {
            return Ok(server);
        }
        let version = self.nodes.text("SELECT version()").await?;
        let version = version.trim().to_owned();
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let (major, minor) = (parts.next(), parts.next());
        let found = (major.unwrap_or(0), minor.unwrap_or(0));
        Ok(self.server.get_or_init(|| Server {
            is_modern: found >= MODERN,
        }))
    }

    /// The settings of a write.
    pub(crate) const fn write(&self) -> &'static [Setting] {
        if self.cluster.is_some() {
            &Cluster::WRITE
        } else {
            &[]
        }
    }

    /// What to read of a table: all that was acknowledged before.
    pub(crate) async fn source(&self, table: &str) -> Result<String> {
        match &self.cluster {
            None => Ok(table.to_owned()),
            Some(cluster) => cluster.source(&self.nodes, table).await,
        }
    }

    /// Whether all tables are there. A cluster that lacks a server makes none.
    async fn is_prepared(&self, tables: usize) -> Result<bool> {
        let sql = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE 'api_metrics_%'";
        Ok(self.nodes.text(sql).await?.trim().parse() == Ok(tables))
    }

    /// Writes rows that were encoded, as one insert.
    async fn insert(&self, table: &str, rows: Vec<u8>) -> Result<()> {
        let sql = format!("INSERT INTO {table} ({}) FORMAT RowBinary", columns());
        self.nodes
            .insert(&sql, Bytes::from(rows), self.write())
            .await
    }

    /// What a system table tells of a table, on a cluster by a replica of each shard: the rest of a statement after `FROM`,
    /// to which conditions may be added.
    pub(crate) async fn told_by(&self, system: &str, table: &str) -> Result<String> {
        let (source, name) = match &self.cluster {
            None => (format!("system.{system}"), table.to_owned()),
            Some(cluster) => (
                cluster.system(&self.nodes, table, system).await?,
                local(table),
            ),
        };
        Ok(format!(
            "{source} WHERE database = {} AND table = {}",
            quoted(&self.database),
            quoted(&name),
        ))
    }

    /// The partitions of a table.
    async fn partitions(&self, granularity: Granularity) -> Result<Vec<i64>> {
        let parts = self.told_by("parts", table(granularity)).await?;
        let sql = format!("SELECT DISTINCT partition FROM {parts} AND active");
        let found = self.nodes.text(&sql).await?;
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
        let statements = statements(self.cluster.as_ref(), is_modern);
        if self.is_prepared(statements.len()).await? {
            return Ok(());
        }
        for statement in statements {
            self.nodes.run(&statement, &Cluster::ALTER).await?;
        }
        Ok(())
    }

    async fn announced(&self) -> Result<Announced> {
        let source = self.source(ANNOUNCED).await?;
        let sql = format!("SELECT kind, max(value) FROM {source} GROUP BY kind");
        let mut announced = Announced::default();
        for line in self.nodes.text(&sql).await?.lines() {
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
        let sql = format!(
            "INSERT INTO {ANNOUNCED} (kind, value) VALUES {}",
            rows.join(", ")
        );
        self.nodes.run(&sql, self.write()).await
    }

    async fn put(&self, granularity: Granularity, mut rows: Vec<CopiedRow>) -> Result<()> {
        let shards = match &self.cluster {
            None => 1,
            Some(cluster) => i64::try_from(cluster.size(&self.nodes).await?).unwrap_or(1),
        };
        // In the order of the table, so that an insert touches few partitions. On a cluster mostly of one shard, as its
        // tables are distributed: what costs a server is how many inserts reach it.
        rows.sort_unstable_by_key(|row| {
            let shard = row.series_id.rem_euclid(shards.max(1));
            (shard, row.period_start, row.series_id)
        });
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
        let source = self.source(table(rollup.children)).await?;
        let counted = self.nodes.text(&sums::series_of(rollup, &source)).await?;
        let counted = counted.lines().filter_map(|line| {
            let (k, series) = line.split_once('\t')?;
            Some((k.trim().parse().ok()?, series.trim().parse().ok()?))
        });
        let counted: Vec<(i64, u64)> = counted.collect();
        for piece in sums::pieces(&counted, rollup.periods.len()) {
            if let Some(sql) = sums::roll_up(rollup, &source, piece) {
                self.nodes.run(&sql, self.write()).await?;
            }
        }
        Ok(())
    }

    async fn rolled_up(
        &self,
        granularity: Granularity,
        (from, upto): (i64, i64),
    ) -> Result<Vec<UnixSeconds>> {
        let source = self.source(table(granularity)).await?;
        let sql = format!(
            "SELECT DISTINCT period FROM {source} WHERE number = 0 AND epoch >= {from} AND epoch <= {upto}"
        );
        let found = self.nodes.text(&sql).await?;
        Ok(found
            .lines()
            .filter_map(|line| line.trim().parse().ok())
            .collect())
    }

    async fn sum(&self, of_these: &SumOf<'_>, into: &mut IntoSum<'_>) -> Result<()> {
        // A key is in one partition.
        const OF_MODERN: [Setting; 1] = [("do_not_merge_across_partitions_select_final", "1")];
        let is_modern = self.server().await?.is_modern;
        let settings: &[Setting] = if is_modern { &OF_MODERN } else { &[] };
        let source = self.source(table(of_these.granularity)).await?;
        let sql = sums::select(of_these, &source);
        let (begin, mut answer) = self.nodes.rows(&sql, settings).await?;
        let (mut begin, mut waiting) = (Some(begin), Vec::new());
        loop {
            let bytes = match begin.take() {
                Some(bytes) => bytes,
                None => match timeout(LIMIT, answer.next()).await {
                    Ok(Ok(Some(bytes))) => bytes,
                    Ok(Ok(None)) => break,
                    Ok(Err(error)) => return Err(of(error)),
                    Err(_) => return Err(late(LIMIT)),
                },
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
                let table = match &self.cluster {
                    None => table.to_owned(),
                    Some(cluster) => local(table) + &cluster.on(),
                };
                let sql = format!("ALTER TABLE {table} DROP PARTITION {partition}");
                self.nodes.run(&sql, &Cluster::ALTER).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn version(&self) -> Result<String> {
        // Asked anew: it may have gone since.
        let version = self.nodes.text("SELECT version()").await?;
        Ok(format!("ClickHouse {}", version.trim()))
    }
}
