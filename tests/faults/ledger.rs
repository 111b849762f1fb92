//! What the processes have logged against what the database holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use api_metrics_store::{
    query::{Detail, Query, TimeRange, TimeStep},
    request_log::{RequestLogStore, RequestQuery},
    store::Store,
    time::{Clock, Granularity},
};
use api_metrics_tests::fast_clock::FastClock;
use uuid::Uuid;

/// By day: records and the sum of their weights.
pub(crate) type Days = BTreeMap<i64, (u64, u64)>;

/// The log of one writer's life.
#[derive(Debug, Default)]
pub(crate) struct WriterLedger {
    /// By number: what was recorded before that flush and after the one before.
    pub(crate) flushes: BTreeMap<u64, Days>,
    pub(crate) acknowledged: u64,
    pub(crate) acknowledgements: u64,
    pub(crate) unknown: u64,
    pub(crate) failed: u64,
    /// The numbers, first and last, that the writer was told are gone.
    pub(crate) lost: Vec<(u64, u64)>,
    /// Of the log of requests, as of its last acknowledgement: chosen, kept and dropped.
    pub(crate) requests: (u64, u64, u64),
    pub(crate) done: bool,
}

impl WriterLedger {
    pub(crate) fn read(path: &Path) -> Self {
        let mut life = Self::default();
        let log = std::fs::read_to_string(path).unwrap_or_default();
        // A line that is being written, or was when the process died, has not been said yet.
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        for line in whole.lines() {
            let mut words = line.split(' ');
            match (words.next().unwrap(), words.next()) {
                ("flush", Some(number)) => {
                    let days = words.map(|word| {
                        let mut parts = word.split(':').map(|part| part.parse::<i64>().unwrap());
                        let mut next = || parts.next().unwrap();
                        (next(), (next().unsigned_abs(), next().unsigned_abs()))
                    });
                    life.flushes.insert(number.parse().unwrap(), days.collect());
                }
                ("acknowledged", Some(number)) => {
                    life.acknowledged = number.parse().unwrap();
                    life.acknowledgements += 1;
                }
                ("lost", Some(first)) => {
                    let last = words.next().unwrap();
                    life.lost
                        .push((first.parse().unwrap(), last.parse().unwrap()));
                }
                ("kept", Some(chosen)) => {
                    let mut next = || words.next().unwrap().parse().unwrap();
                    life.requests = (chosen.parse().unwrap(), next(), next());
                }
                ("unknown", _) => life.unknown += 1,
                ("failed", _) => life.failed += 1,
                ("done", None) => life.done = true,
                _ => panic!("{}: {line}", path.display()),
            }
        }
        life
    }

    /// The sum of all flushes that a fence which says `seq` has let in.
    pub(crate) fn upto(&self, seq: u64) -> Days {
        self.within(0, seq)
    }

    /// The sum of the flushes after `after`, up to `upto`.
    pub(crate) fn within(&self, after: u64, upto: u64) -> Days {
        let mut sum = Days::new();
        if after >= upto {
            return sum;
        }
        for days in self.flushes.range(after + 1..=upto).map(|(_, days)| days) {
            add(&mut sum, days);
        }
        sum
    }

    pub(crate) fn recorded(&self) -> u64 {
        self.flushes.values().map(records).sum()
    }
}

pub(crate) fn add(sum: &mut Days, days: &Days) {
    for (day, (records, weight)) in days {
        let sum = sum.entry(*day).or_default();
        *sum = (sum.0 + records, sum.1 + weight);
    }
}

pub(crate) fn records(days: &Days) -> u64 {
    days.values().map(|(records, _)| records).sum()
}

/// What a reader is told, by day.
pub(crate) async fn told(store: &Arc<dyn Store>, clock: &FastClock) -> Days {
    let now = clock.unix_seconds();
    let mut query = Query::over(TimeRange::new(now - 10 * 86_400, now + 2 * 86_400));
    query.group_by.time = Some(TimeStep::Fixed(Granularity::Day));
    query.detail = Detail::Counts;
    let answer = store.read(&query, None).await.unwrap();
    let rows = answer.rows.iter();
    rows.map(|row| {
        let at = row.group.period_start.unwrap();
        (at, (row.bucket.request_count, row.bucket.response_bytes))
    })
    .collect()
}

/// The fences, as the database shows them.
pub(crate) async fn fences(store: &Arc<dyn Store>) -> BTreeMap<Uuid, u64> {
    let status = store.status().await.unwrap();
    assert!(
        status.instances.len() < 100,
        "status tells of no more than a hundred"
    );
    status.instances.iter().map(|i| (i.id, i.seq)).collect()
}

/// Checks that the database holds exactly this, each record once: as it is, out of the inbox, and after
/// everything has come to rest.
pub(crate) async fn exact(store: &Arc<dyn Store>, clock: &FastClock, expected: &Days) {
    assert_eq!(told(store, clock).await, *expected, "as it is");
    while store.fold().await.unwrap().more {}
    assert_eq!(told(store, clock).await, *expected, "folded");
    while store.roll_up().await.unwrap().steps > 0 {}
    assert_eq!(told(store, clock).await, *expected, "rolled up");
    assert_eq!(store.status().await.unwrap().quarantined, 0);
}

/// What the writers that a test may have killed must have left: exactly the flushes that each fence has let
/// in, and never less than was acknowledged.
pub(crate) async fn left_by(
    store: &Arc<dyn Store>,
    logs: &BTreeMap<Uuid, PathBuf>,
) -> (Days, Verdict) {
    let fences = fences(store).await;
    let mut verdict = Verdict::default();
    let mut expected = Days::new();
    for (id, path) in logs {
        let life = WriterLedger::read(path);
        let seq = fences.get(id).copied().unwrap_or_default();
        assert!(
            seq >= life.acknowledged,
            "{} was acknowledged and the fence says {seq}:\n{}",
            life.acknowledged,
            std::fs::read_to_string(path).unwrap_or_default()
        );
        assert_eq!(life.lost, [], "nothing was restored");
        let committed = life.upto(seq);
        verdict.recorded += life.recorded();
        verdict.committed += records(&committed);
        verdict.unknown += life.unknown;
        verdict.failed += life.failed;
        if life.done {
            assert_eq!(
                records(&committed),
                life.recorded(),
                "an orderly end loses nothing"
            );
        } else {
            verdict.killed += 1;
            verdict.lost_by_kills += life.recorded() - records(&committed);
        }
        add(&mut expected, &committed);
    }
    assert_eq!(
        verdict.recorded - verdict.committed,
        verdict.lost_by_kills,
        "only a killed writer loses anything"
    );
    (expected, verdict)
}

/// Checks the log of requests that these processes have left: each request once, none lost that was acknowledged,
/// and of what was chosen all kept or dropped. Returns how many are kept, and how many were dropped.
pub(crate) async fn requests_left_by(
    store: &dyn RequestLogStore,
    logs: &BTreeMap<Uuid, PathBuf>,
) -> (u64, u64) {
    let mut rows: BTreeMap<Uuid, BTreeSet<u64>> = BTreeMap::new();
    let mut query = RequestQuery::over(0, 4_102_444_800_000);
    query.limit = 1_000;
    loop {
        let page = store.requests(&query).await.unwrap();
        for request in &page.requests {
            // Each has a random size: two with the same are one that was kept twice.
            let sizes = rows.entry(request.instance).or_default();
            assert!(sizes.insert(request.response_bytes), "twice: {request:?}");
        }
        let Some(next) = page.next else { break };
        query.before = Some(next);
    }
    let status = store.request_log_status().await.unwrap().counts;
    let all: usize = rows.values().map(BTreeSet::len).sum();
    assert_eq!(status.kept, all as u64, "rows, and the counts beside them");
    assert_eq!(status.chosen, status.kept + status.dropped.total());
    for (id, path) in logs {
        let life = WriterLedger::read(path);
        let (chosen, kept, dropped) = life.requests;
        let stored = rows.get(id).map_or(0, BTreeSet::len) as u64;
        assert!(
            stored >= kept,
            "{kept} were acknowledged, {stored} are there"
        );
        if life.done {
            assert_eq!(stored, kept, "an orderly end has heard of everything");
            assert_eq!(chosen, life.recorded(), "all were chosen");
            assert_eq!(chosen, kept + dropped, "an orderly end loses nothing");
        }
    }
    (status.kept, status.dropped.total())
}

/// What has happened to the records of a test.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) recorded: u64,
    pub(crate) committed: u64,
    pub(crate) lost_by_kills: u64,
    pub(crate) killed: u64,
    pub(crate) unknown: u64,
    pub(crate) failed: u64,
}

pub(crate) fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap_or(Duration::ZERO).as_millis()).unwrap()
}
