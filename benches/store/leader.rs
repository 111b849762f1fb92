//! Five minutes of traffic on a database without history: what flushes, fold and rollup cost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api_metrics_store::{
    postgres::PostgresStore,
    sqlite::SqliteStore,
    store::{Store, StoreOptions, Writer},
    time::{Clock, Granularity, ManualClock},
};
use sqlx::postgres::PgPoolOptions;

use api_metrics_benches::fill::{Random, Size, record_every_series, writer};
use api_metrics_benches::{
    database::{Scratch, file, remove_file},
    measure::{Table, ms},
};

/// Requests of every series in ten seconds.
const REQUESTS: usize = 2;
const FLUSHES: i64 = 30;

/// What five minutes cost, a figure a round.
#[derive(Debug, Default)]
pub struct Figures {
    /// Of one instance.
    pub flush: Vec<Duration>,
    /// Thirty flushes an instance in one fold.
    pub fold: Vec<Duration>,
    pub rollup: Vec<Duration>,
    /// Both.
    pub fold_and_rollup: Vec<Duration>,
    /// Thirty folds, one after every flush of all instances, added up, and the rollup.
    pub as_it_goes: Vec<Duration>,
    /// One of these folds.
    pub one_fold: Vec<Duration>,
}

/// How the work of flush, fold and rollup grows with series and instances, as lines of CSV.
pub async fn growth() {
    let sizes = [500, 5_000, 50_000].map(|series| (series, 1));
    let instances = [2, 4, 8, 16].map(|instances| (5_000, instances));
    println!("series,instances,flush p50 ms,fold of one flush each p50 ms,rollup of 5 minutes ms");
    for (series, instances) in sizes.into_iter().chain(instances) {
        let (database, clock, store) = new_postgres().await;
        let figures = five_quiet_minutes(&store, &clock, Size::of(series), instances).await;
        println!(
            "{series},{instances},{:.1},{:.1},{:.1}",
            ms(middle(figures.flush)),
            ms(middle(figures.one_fold)),
            ms(middle(figures.rollup)),
        );
        database.remove().await;
    }
}

/// Five minutes in which each series is seen every thirty seconds, and their rollup.
async fn five_quiet_minutes(
    store: &dyn Store,
    clock: &ManualClock,
    size: Size,
    instances: usize,
) -> Figures {
    let writers: Vec<Writer> = (0..instances).map(|_| writer()).collect();
    let mut random = Random::new(5);
    let mut figures = Figures::default();
    let start = Granularity::Day.floor(clock.unix_seconds()) + 3_600;
    for flush in 0..10 {
        clock.step_to(start + flush * 30);
        for writer in &writers {
            record_every_series(writer, size, clock.unix_seconds(), &mut random);
            let started = Instant::now();
            store.flush(writer).await.unwrap();
            if flush > 0 {
                figures.flush.push(started.elapsed());
            }
        }
        let started = Instant::now();
        while store.fold().await.unwrap().more {}
        if flush > 0 {
            figures.one_fold.push(started.elapsed());
        }
    }
    clock.step_to(start + 300 + 75);
    let started = Instant::now();
    while store.roll_up().await.unwrap().steps > 0 {}
    figures.rollup.push(started.elapsed());
    figures
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Rounds of five minutes each: with one fold at the end, then as many with a fold every ten seconds.
pub async fn five_minutes(
    store: &dyn Store,
    clock: &ManualClock,
    size: Size,
    instances: usize,
    rounds: usize,
) -> Figures {
    let writers: Vec<Writer> = (0..instances).map(|_| writer()).collect();
    let mut random = Random::new(5);
    let mut figures = Figures::default();
    let start = Granularity::Day.floor(clock.unix_seconds()) + 3_600;
    for round in 0..2 * rounds + 1 {
        let from = start + 300 * round as i64;
        let as_it_goes = round > rounds;
        let mut folds = Duration::ZERO;
        for flush in 0..FLUSHES {
            clock.step_to(from + flush * 10);
            for writer in &writers {
                for _ in 0..REQUESTS {
                    record_every_series(writer, size, clock.unix_seconds(), &mut random);
                }
                let started = Instant::now();
                store.flush(writer).await.unwrap();
                if round > 0 {
                    figures.flush.push(started.elapsed());
                }
            }
            if as_it_goes {
                let started = Instant::now();
                while store.fold().await.unwrap().more {}
                figures.one_fold.push(started.elapsed());
                folds += started.elapsed();
            }
        }
        // The five minutes and their grace are over, the hour's are not: but for one round in twelve.
        clock.step_to(from + 300 + 75);
        let started = Instant::now();
        while store.fold().await.unwrap().more {}
        let fold = started.elapsed();
        let started = Instant::now();
        let rolled = store.roll_up().await.unwrap().steps;
        assert!(rolled > 0, "five minutes are rolled up");
        let rollup = started.elapsed();
        if as_it_goes {
            figures.as_it_goes.push(folds + rollup);
        } else if round > 0 {
            // The first round makes the series and warms up.
            figures.fold.push(fold);
            figures.rollup.push(rollup);
            figures.fold_and_rollup.push(fold + rollup);
        }
    }
    figures
}

/// A Monday noon.
fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(1_773_057_600))
}

fn options(clock: &Arc<ManualClock>) -> StoreOptions {
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    let mut options = StoreOptions::default();
    options.clock = Some(clock);
    options
}

async fn new_postgres() -> (Scratch, Arc<ManualClock>, PostgresStore) {
    let database = Scratch::create().await;
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .connect_lazy_with(database.options());
    let clock = clock();
    let store = PostgresStore::from_pool(pool, options(&clock));
    store.prepare().await.unwrap();
    (database, clock, store)
}

pub async fn on_postgres(size: Size, instances: usize, rounds: usize) -> Figures {
    let (database, clock, store) = new_postgres().await;
    let figures = five_minutes(&store, &clock, size, instances, rounds).await;
    database.remove().await;
    figures
}

pub async fn on_sqlite(size: Size, instances: usize, rounds: usize) -> Figures {
    let path = file();
    let clock = clock();
    let store = SqliteStore::open(path.to_str().unwrap(), options(&clock)).unwrap();
    store.prepare().await.unwrap();
    let figures = five_minutes(&store, &clock, size, instances, rounds).await;
    store.pool().close().await;
    remove_file(&path);
    figures
}

pub fn report(figures: Figures, size: Size, table: &mut Table) {
    let series = size.series();
    table.add(
        &format!("flush of {series} series"),
        figures.flush,
        "1 transaction".into(),
    );
    table.add(
        "fold and rollup of 5 minutes, in one go",
        figures.fold_and_rollup,
        "30 flushes".into(),
    );
    table.add("of it the fold", figures.fold, String::new());
    table.add("of it the rollup to 5m", figures.rollup, String::new());
    table.add(
        "30 folds of 10 s each and a rollup, added up",
        figures.as_it_goes,
        String::new(),
    );
    table.add("one such fold", figures.one_fold, "1 flush".into());
}
