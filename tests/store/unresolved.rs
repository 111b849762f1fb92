//! Flushes whose outcome is never heard of.

use std::sync::Arc;

use api_metrics_layer::Units;
use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    recorder::{Recorder, RecorderOptions},
    store::{FlushError, Store, Writer},
    time::ManualClock,
};
use api_metrics_tests::{
    PgDatabase, PgProxy,
    pg_proxy::{Request, Verdict},
};

use crate::{
    harness::{NOON, record, writer_of},
    units::used,
};

struct Scene {
    database: PgDatabase,
    proxy: PgProxy,
    clock: Arc<ManualClock>,
    store: PostgresStore,
}

impl Scene {
    async fn new() -> Self {
        let database = PgDatabase::create().await;
        let proxy = PgProxy::start(database.address().to_string()).await;
        let clock = Arc::new(ManualClock::at(NOON));
        let options = api_metrics_tests::patient_by(Arc::<ManualClock>::clone(&clock));
        let url = format!("{}?sslmode=disable", database.url_through(proxy.address()));
        let store = PostgresStore::connect_lazy(&url, options).unwrap();
        store.prepare().await.unwrap();
        Self {
            database,
            proxy,
            clock,
            store,
        }
    }

    /// A writer that tries the last number again once `max` outcomes are unknown.
    fn writer(&self, max: usize) -> Writer {
        let mut options = RecorderOptions::default();
        options.clock = Arc::<ManualClock>::clone(&self.clock);
        options.max_unresolved_batches = max;
        let recorder = Recorder::new(options);
        let instance = writer_of("shop", &self.clock).instance.clone();
        Writer::new(instance, Arc::new(recorder))
    }

    /// A flush whose COMMITs meet these verdicts, one after the other.
    async fn flush_unheard(&self, writer: &Writer, verdicts: &'static [Verdict]) {
        let mut verdicts = verdicts.iter();
        self.proxy.judge(move |request| match request {
            Request::Commit => verdicts.next().cloned().unwrap_or(Verdict::Pass),
            Request::Other => Verdict::Pass,
        });
        let error = self.store.flush(writer).await.unwrap_err();
        assert!(matches!(error, FlushError::Unknown(_)), "{error}");
        self.proxy.pass();
    }

    /// A request that used seven tokens and had a score, and a request that used nothing.
    fn use_some(writer: &Writer) {
        let units = Units::new().add("tokens", 7).gauge("score", 0.5);
        used(writer, NOON, "/chat", None, &units);
        record(writer, NOON, "/chat", None, 5, 1);
    }

    /// The tokens and the observations that the database counts.
    async fn units(&self) -> (u64, u64) {
        while self.store.fold().await.unwrap().more {}
        let query = Query::over(TimeRange::new(NOON, NOON + 60));
        let answer = self.store.read(&query, None).await.unwrap();
        let Some(total) = answer.total() else {
            return (0, 0);
        };
        let units = &total.units;
        let scores = units.gauge("score").map_or(0, |gauge| gauge.count());
        (units.sum("tokens"), scores)
    }

    /// The requests of each endpoint, by name.
    async fn requests(&self) -> Vec<(String, u64)> {
        while self.store.fold().await.unwrap().more {}
        let mut query = Query::over(TimeRange::new(NOON, NOON + 60));
        query.group_by.endpoint = true;
        let answer = self.store.read(&query, None).await.unwrap();
        let mut counts: Vec<_> = answer
            .rows
            .iter()
            .map(|row| {
                let endpoint = row.group.endpoint.as_deref().unwrap_or_default();
                (endpoint.to_owned(), row.bucket.request_count)
            })
            .collect();
        counts.sort();
        counts
    }
}

fn counts(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter().map(|(e, n)| ((*e).to_owned(), *n)).collect()
}

#[tokio::test]
async fn the_next_flush_tells_what_became_of_those_that_were_not_heard_of() {
    let scene = Scene::new().await;
    let writer = scene.writer(8);
    for n in 1..=12 {
        record(&writer, NOON, "/users/{id}", None, 5, 1);
        let verdict: &[Verdict] = match n % 3 {
            0 => &[Verdict::CutAfter],
            _ => &[Verdict::CutBefore],
        };
        scene.flush_unheard(&writer, verdict).await;
        // What is known to be in has been acknowledged: two cut flushes, and the one that got in.
        let recorder = &writer.recorder;
        let unheard = (n - 1) % 3 + 1;
        assert_eq!(
            recorder.status().unflushed_records,
            unheard,
            "after flush {n}"
        );
        assert_eq!(recorder.status().unresolved_batches as u64, unheard);
    }
    record(&writer, NOON, "/users/{id}", None, 5, 1);
    scene.store.flush(&writer).await.unwrap();
    assert_eq!(writer.recorder.status().unresolved_batches, 0);
    assert_eq!(writer.recorder.status().unflushed_records, 0);
    assert_eq!(scene.requests().await, counts(&[("/users/{id}", 13)]));
}

#[tokio::test]
async fn units_of_flushes_that_were_not_heard_of_are_counted_once() {
    let scene = Scene::new().await;
    let writer = scene.writer(8);
    for n in 1..=12_u64 {
        Scene::use_some(&writer);
        let verdict: &[Verdict] = match n % 3 {
            0 => &[Verdict::CutAfter],
            _ => &[Verdict::CutBefore],
        };
        scene.flush_unheard(&writer, verdict).await;
        let (tokens, scores) = scene.units().await;
        assert_eq!((tokens, scores), (7 * (n / 3 * 3), n / 3 * 3));
    }
    Scene::use_some(&writer);
    scene.store.flush(&writer).await.unwrap();
    assert_eq!(scene.units().await, (7 * 13, 13));
}

#[tokio::test]
async fn however_many_outcomes_are_unknown_eight_parts_wait_and_all_is_counted_once() {
    let scene = Scene::new().await;
    let writer = scene.writer(8);
    for n in 1..=20 {
        record(&writer, NOON, "/users/{id}", None, 5, 1);
        scene.flush_unheard(&writer, &[Verdict::CutBefore]).await;
        assert_eq!(writer.recorder.status().unflushed_records, n);
        assert_eq!(writer.recorder.status().unresolved_batches as u64, n.min(8));
    }
    let flushed = scene.store.flush(&writer).await.unwrap();
    // The eighth once more, and then the ninth with all that waited behind it.
    assert_eq!((flushed.number, flushed.records), (9, 20));
    assert_eq!(writer.recorder.status().unflushed_records, 0);
    assert_eq!(scene.requests().await, counts(&[("/users/{id}", 20)]));
}

/// As where a service flees to a replica that lags and then returns: the first server holds a commit that
/// nobody had heard of, and that was sent again elsewhere.
#[tokio::test]
async fn a_history_that_comes_back_with_an_unheard_commit_counts_nothing_twice() {
    let mut scene = Scene::new().await;
    let writer = scene.writer(8);
    record(&writer, NOON, "/a", None, 5, 1);
    scene.store.flush(&writer).await.unwrap();
    let before = scene.database.snapshot().await;
    record(&writer, NOON, "/b", None, 5, 1);
    scene.flush_unheard(&writer, &[Verdict::CutAfter]).await;
    let with_it = scene.database.snapshot().await;

    scene.database.restore(before).await;
    record(&writer, NOON, "/c", None, 5, 1);
    assert_eq!(scene.store.flush(&writer).await.unwrap().records, 2);
    assert_eq!(
        scene.requests().await,
        counts(&[("/a", 1), ("/b", 1), ("/c", 1)])
    );

    scene.database.restore(with_it).await;
    record(&writer, NOON, "/d", None, 5, 1);
    assert_eq!(scene.store.flush(&writer).await.unwrap().records, 2);
    assert_eq!(
        scene.requests().await,
        counts(&[("/a", 1), ("/b", 1), ("/c", 1), ("/d", 1)])
    );
}

/// The number says the same in both histories, the series' numbers don't.
#[tokio::test]
async fn a_number_that_is_in_two_histories_brings_no_series_from_one_into_the_other() {
    let mut scene = Scene::new().await;
    let (writer, other) = (scene.writer(1), scene.writer(1));
    record(&writer, NOON, "/a", None, 5, 1);
    scene.store.flush(&writer).await.unwrap();
    let before = scene.database.snapshot().await;
    record(&writer, NOON, "/b", None, 5, 1);
    scene.flush_unheard(&writer, &[Verdict::CutAfter]).await;
    record(&other, NOON, "/c", None, 5, 1);
    scene.store.flush(&other).await.unwrap();
    let with_it = scene.database.snapshot().await;

    // Here another series comes first, and /b gets what is the number of /c there.
    scene.database.restore(before).await;
    let third = scene.writer(1);
    record(&third, NOON, "/z", None, 5, 1);
    scene.store.flush(&third).await.unwrap();
    record(&writer, NOON, "/b", None, 5, 1);
    // The second number is acknowledged in this history too, the third does not get in.
    let verdicts = &[Verdict::Pass, Verdict::CutBefore];
    scene.flush_unheard(&writer, verdicts).await;
    assert_eq!(writer.recorder.status().acknowledged, 2);

    scene.database.restore(with_it).await;
    scene.store.flush(&writer).await.unwrap();
    assert_eq!(
        scene.requests().await,
        counts(&[("/a", 1), ("/b", 2), ("/c", 1)])
    );
}
