//! Buckets in ClickHouse: their rows as they are, and a database that does not always say what it has done.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use api_metrics_store::{
    bucket_database::{Announced, BucketDatabase, CopiedRow, IntoSum, Rollup, SumOf},
    store::StoreError,
    time::{Granularity, UnixSeconds},
};
use api_metrics_tests::ClickHouseDatabase;
use async_trait::async_trait;
use sqlx::{PgConnection, Row};

use crate::{database::Tables, sum::Sum};

/// What befalls the next writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// After that number of writes, one does not happen.
    Refused(u64),
    /// After that number of writes, nobody hears of one.
    Unheard(u64),
    /// After that number of writes, a part of one happens.
    Halved(u64),
}

/// The same for all processes of a simulation.
pub(crate) type SharedTrouble = Arc<Mutex<Option<Trouble>>>;

/// A database of buckets that writes may get lost on.
#[derive(Debug)]
pub(crate) struct Unsure {
    pub(crate) inner: api_metrics_clickhouse::ClickHouse,
    pub(crate) trouble: SharedTrouble,
}

/// What becomes of a write.
enum Fate {
    Passes,
    Refused,
    Unheard,
    Halved,
}

impl Unsure {
    fn fate(&self) -> Fate {
        let mut trouble = self.trouble.lock().unwrap();
        let (fate, left) = match *trouble {
            None => return Fate::Passes,
            Some(Trouble::Refused(0)) => (Fate::Refused, None),
            Some(Trouble::Unheard(0)) => (Fate::Unheard, None),
            Some(Trouble::Halved(0)) => (Fate::Halved, None),
            Some(Trouble::Refused(n)) => (Fate::Passes, Some(Trouble::Refused(n - 1))),
            Some(Trouble::Unheard(n)) => (Fate::Passes, Some(Trouble::Unheard(n - 1))),
            Some(Trouble::Halved(n)) => (Fate::Passes, Some(Trouble::Halved(n - 1))),
        };
        *trouble = left;
        fate
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("the model has cut it off".into())
}

#[async_trait]
impl BucketDatabase for Unsure {
    async fn prepare(&self) -> Result<(), StoreError> {
        self.inner.prepare().await
    }

    async fn announced(&self) -> Result<Announced, StoreError> {
        self.inner.announced().await
    }

    async fn announce(&self, what: Announced) -> Result<(), StoreError> {
        match self.fate() {
            Fate::Passes => self.inner.announce(what).await,
            Fate::Refused | Fate::Halved => Err(lost()),
            Fate::Unheard => {
                self.inner.announce(what).await?;
                Err(lost())
            }
        }
    }

    async fn put(
        &self,
        granularity: Granularity,
        mut rows: Vec<CopiedRow>,
    ) -> Result<(), StoreError> {
        match self.fate() {
            Fate::Passes => self.inner.put(granularity, rows).await,
            Fate::Refused => Err(lost()),
            Fate::Unheard => {
                self.inner.put(granularity, rows).await?;
                Err(lost())
            }
            Fate::Halved => {
                rows.truncate(rows.len().div_ceil(2));
                self.inner.put(granularity, rows).await?;
                Err(lost())
            }
        }
    }

    async fn roll_up(&self, rollup: &Rollup<'_>) -> Result<(), StoreError> {
        match self.fate() {
            Fate::Passes => self.inner.roll_up(rollup).await,
            Fate::Refused => Err(lost()),
            Fate::Unheard | Fate::Halved => {
                self.inner.roll_up(rollup).await?;
                Err(lost())
            }
        }
    }

    async fn rolled_up(
        &self,
        granularity: Granularity,
        epochs: (i64, i64),
    ) -> Result<Vec<UnixSeconds>, StoreError> {
        self.inner.rolled_up(granularity, epochs).await
    }

    async fn sum(&self, of: &SumOf<'_>, into: &mut IntoSum<'_>) -> Result<(), StoreError> {
        self.inner.sum(of, into).await
    }

    async fn remove_below(
        &self,
        granularity: Granularity,
        floor: UnixSeconds,
    ) -> Result<u64, StoreError> {
        self.inner.remove_below(granularity, floor).await
    }

    async fn version(&self) -> Result<String, StoreError> {
        self.inner.version().await
    }
}

/// Puts the rows that count into the tables, which were read of Postgres.
pub(crate) async fn read(
    sql: &mut PgConnection,
    buckets: &ClickHouseDatabase,
    tables: &mut Tables,
) {
    let state = sqlx::query("SELECT epoch, intent FROM api_metrics.copy_state")
        .fetch_one(&mut *sql)
        .await
        .unwrap();
    let (epoch, intent): (i64, Option<i64>) = (state.get("epoch"), state.get("intent"));
    let excluded: Vec<(i64, i64)> =
        sqlx::query_as("SELECT from_epoch, upto_epoch FROM api_metrics.copy_excluded")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    let known = excluded.iter().map(|(_, upto)| *upto).max().unwrap_or(0);
    let known = known.max(intent.unwrap_or(epoch));
    let announced = buckets
        .ask("SELECT max(value) FROM api_metrics_announced WHERE kind = 0")
        .await;
    // Until somebody sees to it, rows of a history that was lost hide others.
    tables.has_gone_back = announced.trim().parse().unwrap_or(0) > known;
    tables.counts = BTreeMap::new();
    for granularity in Granularity::ALL {
        let unit = |key: &str| {
            format!("arraySum(arrayMap((k, v) -> if(k = '{key}', v, 0), unit_keys, unit_values))")
        };
        let found = buckets
            .ask(&format!(
                "SELECT period, series, epoch, requests, response_bytes, request_bytes, latency_sum_us, \
                 errors_5xx, {}, {} FROM api_metrics_{granularity} FINAL",
                unit("stokens"),
                unit("cscore"),
            ))
            .await;
        let mut rows: BTreeMap<(UnixSeconds, i64), Sum> = BTreeMap::new();
        for line in found.lines() {
            let numbers: Vec<i64> = line
                .split('\t')
                .map(|number| number.parse().unwrap_or_else(|_| panic!("{line}")))
                .collect();
            let [period, series, of, rest @ ..] = &numbers[..] else {
                panic!("{line}");
            };
            let lost = excluded.iter().any(|(from, upto)| from <= of && of <= upto);
            if lost || *of > epoch {
                continue;
            }
            let n = |at: usize| rest[at].cast_unsigned();
            let row = Sum {
                requests: n(0),
                weight: n(1),
                other_weight: n(2),
                latency_us: n(3),
                errors: n(4),
                tokens: n(5),
                scores: n(6),
            };
            rows.entry((*period, *series)).or_default().add(&row);
        }
        tables.rows.insert(granularity, rows);
    }
}
