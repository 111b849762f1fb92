//! Five minutes of traffic on a database without history: what flushes, fold and rollup cost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api_metrics_store::{
    postgres::PostgresStore,
    query::{Query, TimeRange},
    sqlite::SqliteStore,
    store::{Store, StoreOptions, Writer},
    time::{Clock, Granularity, ManualClock},
};
use sqlx::postgres::PgPoolOptions;

use api_metrics_benches::fill::{Random, Size, record_every_series, writer, writer_of};
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
    /// Of which a rollup to `5m`.
    pub rollup: Vec<Duration>,
    /// By how many flushes a fold takes at once.
    pub paces: Vec<Interval>,
}

/// Five minutes with a fold after so many flushes.
#[derive(Debug)]
pub struct Interval {
    /// Flushes that a fold takes.
    pub flushes: i64,
    /// Of all folds of five minutes, added up, and the rollup.
    pub whole: Vec<Duration>,
    /// One fold.
    pub fold: Vec<Duration>,
    /// Endpoints of an hour with quantiles, when as much waits in the inbox as ever does.
    pub read: Vec<Duration>,
    /// What five minutes wrote into the write-ahead log, flushes and rollup included; 0 where it is not known.
    pub wal: Vec<u64>,
}

/// What five minutes cost in which each series is seen every thirty seconds.
#[derive(Debug, Default)]
struct Measured {
    flush: Vec<Duration>,
    fold: Vec<Duration>,
    rollup: Duration,
}

/// How the work of flush, fold and rollup grows with series and instances, as lines of CSV; what folding services side
/// by side gains, on stderr.
pub async fn growth() {
    let sizes = [500, 5_000, 50_000, 200_000, 600_000].map(|series| (series, 1));
    let instances = [2, 4, 8, 16].map(|instances| (5_000, instances));
    println!("series,instances,flush p50 ms,fold of one flush each p50 ms,rollup of 5 minutes ms");
    for (series, instances) in sizes.into_iter().chain(instances) {
        let (database, clock, store) = new_postgres(1).await;
        let writers: Vec<Writer> = (0..instances).map(|_| writer()).collect();
        let figures = five_quiet_minutes(&store, &clock, Size::of(series), &writers).await;
        println!(
            "{series},{instances},{:.1},{:.1},{:.1}",
            ms(middle(figures.flush)),
            ms(middle(figures.fold)),
            ms(figures.rollup),
        );
        database.remove().await;
    }
    // The plot is made of what comes before.
    eprintln!("series of each service,services,folded side by side,fold of one flush each p50 ms");
    for (services, side_by_side) in [(2, 1), (2, 2)] {
        let (database, clock, store) = new_postgres(side_by_side).await;
        let writers = (0..services).map(|n| writer_of(&format!("service-{n}")));
        let writers: Vec<Writer> = writers.collect();
        let figures = five_quiet_minutes(&store, &clock, Size::of(5_000), &writers).await;
        eprintln!(
            "5000,{services},{side_by_side},{:.1}",
            ms(middle(figures.fold))
        );
        database.remove().await;
    }
}

/// Five minutes in which each series is seen every thirty seconds, and their rollup.
async fn five_quiet_minutes(
    store: &dyn Store,
    clock: &ManualClock,
    size: Size,
    writers: &[Writer],
) -> Measured {
    let mut random = Random::new(5);
    let mut figures = Measured::default();
    let start = Granularity::Day.floor(clock.unix_seconds()) + 3_600;
    for flush in 0..10 {
        clock.step_to(start + flush * 30);
        for writer in writers {
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
            figures.fold.push(started.elapsed());
        }
    }
    clock.step_to(start + 300 + 75);
    let started = Instant::now();
    while store.roll_up().await.unwrap().steps > 0 {}
    figures.rollup = started.elapsed();
    figures
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Rounds of five minutes each at every pace: with a fold at their end, after four flushes, and after each.
pub async fn five_minutes(
    store: &dyn Store,
    clock: &ManualClock,
    size: Size,
    rounds: usize,
    logged: impl AsyncFn() -> u64,
) -> Figures {
    let writer = writer();
    let mut random = Random::new(5);
    let mut figures = Figures::default();
    let mut from = Granularity::Day.floor(clock.unix_seconds()) + 3_600;
    for (pace, flushes) in [FLUSHES, 4, 1].into_iter().enumerate() {
        let mut figure = Interval {
            flushes,
            whole: Vec::new(),
            fold: Vec::new(),
            read: Vec::new(),
            wal: Vec::new(),
        };
        // The first round of all makes the series and warms up.
        let warm_up = usize::from(pace == 0);
        for round in 0..rounds + warm_up {
            let counts = round >= warm_up;
            let before = logged().await;
            let mut whole = Duration::ZERO;
            for flush in 1..=FLUSHES {
                clock.step_to(from + flush * 10);
                for _ in 0..REQUESTS {
                    record_every_series(&writer, size, clock.unix_seconds(), &mut random);
                }
                let started = Instant::now();
                store.flush(&writer).await.unwrap();
                if counts {
                    figures.flush.push(started.elapsed());
                }
                if flush % flushes != 0 && flush < FLUSHES {
                    continue;
                }
                let read = read(store, clock.unix_seconds()).await;
                let started = Instant::now();
                while store.fold().await.unwrap().more {}
                whole += started.elapsed();
                if counts {
                    figure.read.push(read);
                    figure.fold.push(started.elapsed());
                }
            }
            // The five minutes and their grace are over, the hour's are not: but for one round in twelve.
            clock.step_to(from + 300 + 75);
            let started = Instant::now();
            let rolled = store.roll_up().await.unwrap().steps;
            assert!(rolled > 0, "five minutes are rolled up");
            if counts {
                figures.rollup.push(started.elapsed());
                figure.whole.push(whole + started.elapsed());
                figure.wal.push(logged().await - before);
            }
            from += 300;
        }
        figures.paces.push(figure);
    }
    figures
}

/// How long the question of the dashboard's table takes.
async fn read(store: &dyn Store, now: i64) -> Duration {
    let mut query = Query::over(TimeRange::new(now - 3_600, now + 60));
    query.group_by.endpoint = true;
    let started = Instant::now();
    store.read(&query, None).await.unwrap();
    started.elapsed()
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

async fn new_postgres(side_by_side: u32) -> (Scratch, Arc<ManualClock>, PostgresStore) {
    let database = Scratch::create().await;
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .connect_lazy_with(database.options());
    let clock = clock();
    let mut options = options(&clock);
    options.folds_side_by_side = side_by_side;
    let store = PostgresStore::from_pool(pool, options);
    store.prepare().await.unwrap();
    (database, clock, store)
}

pub async fn on_postgres(size: Size, rounds: usize) -> Figures {
    let (database, clock, store) = new_postgres(1).await;
    let pool = store.pool().clone();
    let logged = async || -> u64 {
        let at: i64 = sqlx::query_scalar("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
            .fetch_one(&pool)
            .await
            .unwrap();
        at as u64
    };
    let figures = five_minutes(&store, &clock, size, rounds, logged).await;
    database.remove().await;
    figures
}

pub async fn on_sqlite(size: Size, rounds: usize) -> Figures {
    let path = file();
    let clock = clock();
    let store = SqliteStore::open(path.to_str().unwrap(), options(&clock)).unwrap();
    store.prepare().await.unwrap();
    let figures = five_minutes(&store, &clock, size, rounds, async || 0).await;
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
    table.add("rollup to 5m", figures.rollup, String::new());
    for pace in figures.paces {
        let seconds = pace.flushes * 10;
        let mut wal = pace.wal;
        wal.sort_unstable();
        let written = match wal.get(wal.len() / 2) {
            Some(0) | None => String::new(),
            Some(wal) => format!("{:.1} MB of WAL a minute", *wal as f64 / 5e6),
        };
        table.add(
            &format!("five minutes folded every {seconds} s, and their rollup"),
            pace.whole,
            written,
        );
        table.add(
            &format!("one fold of {seconds} s"),
            pace.fold,
            format!("{} flushes", pace.flushes),
        );
        table.add(
            &format!("endpoints of an hour before it, with {seconds} s in the inbox"),
            pace.read,
            String::new(),
        );
    }
}
