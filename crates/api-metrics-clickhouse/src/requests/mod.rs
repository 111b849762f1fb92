//! The verbs of a database of single requests, as requests over HTTP.

pub(crate) mod rows;
mod sql;
pub(crate) mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use api_metrics_store::{
    request_database::{
        Erasable, FoundRequests, GroupOrder, GroupPart, GroupSum, RequestDatabase, RequestOrder,
        RequestRow, RequestView, RequestsOf, RequestsWanted,
    },
    store::StoreError,
};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use self::tables::{BESIDE, DAY_MS, DETAIL, DETAILS, LIST, REQUESTS, WORDS, names};
use crate::{
    ClickHouse,
    cluster::{Cluster, local},
    error::{late, of},
    nodes::{LIMIT, Setting},
};

type Result<T> = std::result::Result<T, StoreError>;

/// Bytes of one insert.
const MOST_BYTES: usize = 4 << 20;
/// Partitions of one insert. A server refuses more than a hundred.
const MOST_PARTITIONS: usize = 50;
/// Rows of one key are the same in all that is filtered by, and in one partition.
const READ: [Setting; 2] = [
    ("do_not_merge_across_partitions_select_final", "1"),
    ("use_skip_indexes_if_final", "1"),
];
/// Many processes write a little at a time: the server puts it together, and acknowledges what is on the disk.
const WRITE: [Setting; 2] = [("async_insert", "1"), ("wait_for_async_insert", "1")];
/// Replicated tables take a block that they have seen before for a repetition, also where its rows were deleted since.
const AS_IT_IS: Setting = ("insert_deduplicate", "0");
/// A deletion is waited for, on all replicas.
const ERASE: [Setting; 1] = [("mutations_sync", "2")];
/// How often servers of before are asked whether they have deleted.
const PAUSE: Duration = Duration::from_millis(100);

impl ClickHouse {
    /// The rows of an answer.
    async fn answer<T>(
        &self,
        sql: &str,
        take: impl Fn(&mut &[u8]) -> Option<T> + Send,
    ) -> Result<Vec<T>> {
        let is_modern = self.server().await?.is_modern;
        let settings: &[Setting] = if is_modern { &READ } else { &[] };
        let (begin, mut answer) = self.nodes.rows(sql, settings).await?;
        let mut all = begin.to_vec();
        loop {
            match timeout(LIMIT, answer.next()).await {
                Ok(Ok(Some(bytes))) => all.extend_from_slice(&bytes),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(of(error)),
                Err(_) => return Err(late(LIMIT)),
            }
        }
        let (mut rest, mut rows) = (&all[..], Vec::new());
        while !rest.is_empty() {
            let row = take(&mut rest).ok_or_else(|| {
                StoreError::Unavailable("ClickHouse's answer ends within a row".into())
            })?;
            rows.push(row);
        }
        Ok(rows)
    }

    /// The only number of an answer; 0 without any.
    async fn number(&self, sql: &str) -> Result<i64> {
        let rows = self.answer(sql, rows::number).await?;
        Ok(rows.first().copied().unwrap_or_default())
    }

    /// What all conditions are, and where they hold.
    async fn asked(&self, wanted: &RequestsWanted) -> Result<(String, String)> {
        let is_modern = self.server().await?.is_modern;
        let source = self.source(REQUESTS).await?;
        Ok((source, sql::conditions(wanted, is_modern)))
    }

    /// Writes rows of one table in the order of its partitions.
    async fn write_rows(
        &self,
        table: &str,
        columns: &str,
        rows: &[&RequestRow],
        put: impl Fn(&RequestRow, &mut Vec<u8>) + Send + Sync,
    ) -> Result<()> {
        let is_modern = self.server().await?.is_modern;
        let mut settings: Vec<Setting> = self.write().to_vec();
        if self.cluster.is_some() {
            settings.push(AS_IT_IS);
        }
        if is_modern {
            settings.extend(WRITE);
        }
        let sql = format!("INSERT INTO {table} ({columns}) FORMAT RowBinary");
        let (mut encoded, mut days) = (Vec::new(), BTreeSet::new());
        for row in rows {
            let day = row.at_ms.div_euclid(DAY_MS);
            let full = days.len() >= MOST_PARTITIONS && !days.contains(&day);
            if full || encoded.len() >= MOST_BYTES {
                let part = Bytes::from(std::mem::take(&mut encoded));
                self.nodes.insert(&sql, part, &settings).await?;
                days.clear();
            }
            days.insert(day);
            put(row, &mut encoded);
        }
        if encoded.is_empty() {
            return Ok(());
        }
        self.nodes
            .insert(&sql, Bytes::from(encoded), &settings)
            .await
    }

    /// The table of each server, and on a cluster all of its servers, for statements about tables.
    fn everywhere(&self, table: &str) -> String {
        match &self.cluster {
            None => table.to_owned(),
            Some(cluster) => local(table) + &cluster.on(),
        }
    }

    /// Deletes rows of a table, and waits until they are gone.
    async fn delete(&self, table: &str, condition: &str) -> Result<()> {
        let is_modern = self.server().await?.is_modern;
        let mut settings = Cluster::ALTER.to_vec();
        if is_modern {
            settings.extend(ERASE);
        }
        let sql = format!(
            "ALTER TABLE {} DELETE WHERE {condition}",
            self.everywhere(table)
        );
        self.nodes.run(&sql, &settings).await?;
        if is_modern {
            return Ok(());
        }
        let mutations = self.told_by("mutations", table).await?;
        let waiting = format!("SELECT toInt64(count()) FROM {mutations} AND is_done = 0");
        let until = Instant::now() + LIMIT;
        while self.number(&waiting).await? > 0 {
            if Instant::now() >= until {
                return Err(late(LIMIT));
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The groups among rows for which a condition holds.
    async fn groups_where(&self, source: &str, condition: &str) -> Result<Vec<i64>> {
        let sql = format!(
            "SELECT DISTINCT assumeNotNull(group_id) FROM {source} WHERE isNotNull(group_id) AND {condition}"
        );
        self.answer(&sql, rows::number).await
    }
}

#[async_trait]
impl RequestDatabase for ClickHouse {
    async fn put_requests(&self, rows: &[RequestRow]) -> Result<()> {
        let mut sorted: Vec<&RequestRow> = rows.iter().collect();
        sorted.sort_unstable_by_key(|row| row.id);
        let detail = [&DETAIL[..], &BESIDE].concat();
        self.write_rows(DETAILS, &names(&detail), &sorted, rows::put_detail)
            .await?;
        let list = [&LIST[..], &WORDS].concat();
        self.write_rows(REQUESTS, &names(&list), &sorted, rows::put_list)
            .await
    }

    async fn find_requests(
        &self,
        wanted: &RequestsWanted,
        order: RequestOrder,
        limit: u32,
        with_details: bool,
    ) -> Result<FoundRequests> {
        let (source, conditions) = self.asked(wanted).await?;
        let sql = sql::find(&source, &conditions, order, u64::from(limit) + 1);
        let mut rows = self.answer(&sql, rows::take_list).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|row| row.id);
        if with_details && !rows.is_empty() {
            let keys: Vec<(i64, Uuid)> = rows.iter().map(|row| (row.at_ms, row.id)).collect();
            let source = self.source(DETAILS).await?;
            let details = self
                .answer(&sql::details(&source, &keys), rows::take_detail)
                .await?;
            let mut details: BTreeMap<Uuid, _> = details.into_iter().collect();
            // What was erased between the two statements has none.
            rows.retain_mut(|row| match details.remove(&row.id) {
                Some(detail) => {
                    row.detail = detail;
                    true
                }
                None => false,
            });
        }
        let mut found = FoundRequests::default();
        found.rows = rows;
        found.last = last;
        found.has_more = has_more;
        Ok(found)
    }

    async fn count_requests(&self, wanted: &RequestsWanted) -> Result<u64> {
        let (source, conditions) = self.asked(wanted).await?;
        let sql = format!("SELECT count() FROM {source} FINAL WHERE {conditions}");
        let counts = self.answer(&sql, rows::count).await?;
        Ok(counts.first().copied().unwrap_or_default())
    }

    async fn sum_groups(
        &self,
        wanted: &RequestsWanted,
        order: GroupOrder,
        limit: u32,
    ) -> Result<Vec<GroupSum>> {
        let (source, conditions) = self.asked(wanted).await?;
        let sql = sql::groups(&source, &conditions, order, limit);
        self.answer(&sql, rows::take_group).await
    }

    async fn sum_group_parts(
        &self,
        wanted: &RequestsWanted,
        part_ms: i64,
    ) -> Result<Vec<GroupPart>> {
        let (source, conditions) = self.asked(wanted).await?;
        let sql = sql::group_parts(&source, &conditions, wanted.times.0, part_ms.max(1));
        self.answer(&sql, rows::take_part).await
    }

    async fn request_snapshot(&self, wanted: &RequestsWanted) -> Result<Option<String>> {
        // By what both tables have: whether it counts, its time and its id.
        let is_modern = self.server().await?.is_modern;
        let conditions = sql::conditions(wanted, is_modern);
        let source = self.source(DETAILS).await?;
        let sql = format!("SELECT snapshot FROM {source} FINAL WHERE {conditions}");
        let texts = self.answer(&sql, rows::take_optional_text).await?;
        Ok(texts.into_iter().next().flatten())
    }

    async fn request_span(&self, view: &RequestView) -> Result<Option<(i64, i64)>> {
        let source = self.source(REQUESTS).await?;
        let counting = sql::counting(view);
        let mut ends = Vec::new();
        for order in ["ASC", "DESC"] {
            let sql = format!(
                "SELECT at_ms FROM {source} WHERE {counting} ORDER BY at_ms {order} LIMIT 1"
            );
            ends.extend(self.answer(&sql, rows::number).await?);
        }
        Ok(ends.first().copied().zip(ends.last().copied()))
    }

    async fn last_mark(&self) -> Result<i64> {
        // What was written last is of the last days that are there.
        let days = self.request_days().await?;
        let last = days.last().map_or(0, |(day, _)| *day);
        let source = self.source(REQUESTS).await?;
        let sql = format!(
            "SELECT toInt64(max(mark)) FROM {source} WHERE at_ms >= {}",
            (last - 1).saturating_mul(DAY_MS)
        );
        self.number(&sql).await
    }

    async fn erasable(&self, whose: &RequestsOf, view: &RequestView) -> Result<Erasable> {
        let source = self.source(REQUESTS).await?;
        let theirs = sql::of_whom(whose);
        let any = format!("SELECT count() FROM {source} WHERE {theirs}");
        let any = self.answer(&any, rows::count).await?;
        if any.first().is_none_or(|count| *count == 0) {
            return Ok(Erasable::default());
        }
        let counting = sql::counting(view);
        let counted = format!("SELECT count() FROM {source} FINAL WHERE {theirs} AND {counting}");
        let counted = self.answer(&counted, rows::count).await?;
        let mut groups = self.groups_where(&source, &theirs).await?;
        let others = format!("{} AND NOT {theirs}", sql::in_groups(&groups));
        let others: BTreeSet<i64> = (self.groups_where(&source, &others).await?)
            .into_iter()
            .collect();
        groups.retain(|group| !others.contains(group));
        let mut erasable = Erasable::default();
        erasable.requests = counted.first().copied().unwrap_or_default();
        erasable.any = true;
        erasable.groups = groups;
        Ok(erasable)
    }

    async fn erase_requests(&self, whose: &RequestsOf) -> Result<()> {
        let theirs = sql::of_whom(whose);
        // By the list it is found again after an error, so that it goes last.
        for table in [DETAILS, REQUESTS] {
            self.delete(table, &theirs).await?;
        }
        Ok(())
    }

    async fn request_days(&self) -> Result<Vec<(i64, u64)>> {
        let mut days = BTreeMap::new();
        for table in [REQUESTS, DETAILS] {
            let parts = self.told_by("parts", table).await?;
            let sql = format!(
                "SELECT partition, sum(bytes_on_disk) FROM {parts} AND active GROUP BY partition"
            );
            for line in self.nodes.text(&sql).await?.lines() {
                let (day, bytes) = line.split_once('\t').unwrap_or_default();
                if let (Ok(day), Ok(bytes)) = (day.parse::<i64>(), bytes.parse::<u64>()) {
                    *days.entry(day).or_default() += bytes;
                }
            }
        }
        Ok(days.into_iter().collect())
    }

    async fn remove_request_day(&self, day: i64) -> Result<()> {
        for table in [DETAILS, REQUESTS] {
            let sql = format!(
                "ALTER TABLE {} DROP PARTITION {day}",
                self.everywhere(table)
            );
            self.nodes.run(&sql, &Cluster::ALTER).await?;
        }
        Ok(())
    }
}
