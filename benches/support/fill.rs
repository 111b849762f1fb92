//! A year of buckets, built straight in the tables: what a service of that size would have left
//! behind. The rows' sketches are real ones, of lognormal latencies.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, MetricSink, RequestRecord};
use api_metrics_store::{
    bucket::{Bucket, StatusCounts},
    recorder::{Recorder, RecorderOptions},
    sketch::SketchKind,
    store::{Instance, Store, Writer},
    time::{Clock, Granularity, SystemClock},
};
use sqlx::{
    AssertSqlSafe, PgPool, SqliteConnection, SqlitePool,
    types::chrono::{DateTime, Utc},
};

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
/// Keys that use one endpoint.
const KEYS_AN_ENDPOINT: usize = 5;
const VARIANTS: i64 = 199;

#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Pairs of endpoint and method.
    pub endpoints: usize,
    pub keys: usize,
}

impl Size {
    pub fn from_env() -> Self {
        let series = std::env::var("BENCH_SERIES")
            .ok()
            .and_then(|n| n.parse().ok())
            .unwrap_or(5_000);
        Self::of(series)
    }

    pub const fn of(series: usize) -> Self {
        Self {
            endpoints: series / KEYS_AN_ENDPOINT,
            keys: 20,
        }
    }

    pub fn series(self) -> usize {
        self.endpoints * KEYS_AN_ENDPOINT
    }
}

static BY_THE_MACHINES_CLOCK: AtomicBool = AtomicBool::new(false);

/// For programs whose service asks the machine what time it is.
#[allow(dead_code, reason = "each benchmark has one of the two clocks")]
pub fn follow_the_machines_clock() {
    BY_THE_MACHINES_CLOCK.store(true, Ordering::Relaxed);
}

/// When everything happens. It stands still, for a database that is kept to be as fresh in a later run:
/// a Wednesday at 17:43:27, so that nothing begins or ends where a period does.
pub fn now() -> i64 {
    if BY_THE_MACHINES_CLOCK.load(Ordering::Relaxed) {
        SystemClock::default().unix_seconds()
    } else {
        1_781_718_207
    }
}

/// A small generator, the same numbers in every run.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// Lognormal latencies around 20 ms.
    pub fn latency_us(&mut self) -> u64 {
        let normal: f64 = (0..12)
            .map(|_| self.below(1_000_000) as f64 / 1e6)
            .sum::<f64>()
            - 6.0;
        (20_000.0 * (0.6 * normal).exp()) as u64
    }
}

pub fn writer() -> Writer {
    writer_of("bench")
}

/// The same of another service.
pub fn writer_of(service: &str) -> Writer {
    let mut options = RecorderOptions::default();
    options.max_series = 1_000_000;
    // A flush of so many would not fit into what is meant for a process of a few thousand, and be made coarser.
    options.memory_budget = 1 << 30;
    let recorder = Recorder::new(options);
    let mut instance = Instance::new(uuid::Uuid::new_v4(), service, "bench");
    instance.version = "1".to_owned();
    instance.host = "bench".to_owned();
    instance.started_at = now();
    Writer::new(instance, Arc::new(recorder))
}

/// One record for every series (its endpoint, its method, its key) at `at`.
pub fn record_every_series(writer: &Writer, size: Size, at: i64, random: &mut Random) {
    for endpoint in 0..size.endpoints {
        let path = format!("/api/v1/resource{}/{{id}}", endpoint / METHODS.len());
        for key in 0..KEYS_AN_ENDPOINT {
            let key = ApiKey::from(format!("key-{}", (endpoint + key * 7) % size.keys));
            let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
            let mut record =
                RequestRecord::new(METHODS[endpoint % METHODS.len()], &path, finished_at);
            record.api_key = Some(&key);
            record.latency = Some(Duration::from_micros(random.latency_us()));
            record.time_to_headers = record.latency;
            record.response_bytes = 1_500;
            writer.recorder.record(&record);
        }
    }
}

/// The schema, all series, and a row in every partition.
pub async fn prepare(store: &impl Store, size: Size) {
    store.prepare().await.unwrap();
    let writer = writer();
    let mut random = Random::new(1);
    record_every_series(&writer, size, now(), &mut random);
    let one = |at: i64| {
        let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
        writer.recorder.record(&RequestRecord::new(
            "GET",
            "/api/v1/resource0/{id}",
            finished_at,
        ));
    };
    (0..=26).for_each(|hours| one(now() - hours * 3_600));
    (0..=8).for_each(|days| one(now() - days * 86_400));
    (0..=6).for_each(|weeks| one(now() - weeks * 7 * 86_400));
    (0..=4).for_each(|quarters| one(now() - quarters * 91 * 86_400));
    store.flush(&writer).await.unwrap();
    while store.fold().await.unwrap().more {}
    while store.roll_up().await.unwrap().steps > 0 {}
}

/// Requests that a base series sees in a period.
fn requests(granularity: Granularity, variant: i64) -> i64 {
    let a_minute = 4 + variant % 13;
    a_minute * granularity.seconds() / 60
}

/// A bucket as the leader would have left it. Sampled above 2,000 requests: more fill no new bins.
fn bucket(granularity: Granularity, variant: i64, times: i64) -> Bucket {
    let mut random = Random::new(variant.cast_unsigned() + 7);
    let mut bucket = Bucket::new(SketchKind::Histogram);
    let n = requests(granularity, variant) * times;
    for i in 0..n.min(2_000) {
        let mut record = RequestRecord::new("GET", "/", UNIX_EPOCH);
        record.latency = Some(Duration::from_micros(random.latency_us()));
        record.time_to_headers = record.latency;
        record.response_bytes = 1_500;
        record.status = Some(match i % 50 {
            0 => 404,
            25 => 500,
            _ => 200,
        });
        bucket.record(&record);
    }
    bucket
}

/// What is filled: a granularity, from how many seconds ago, and which kinds of series.
const SPANS: [(Granularity, &str, i64); 4] = [
    (Granularity::Minute, "1m", 86_400),
    (Granularity::FiveMinutes, "5m", 7 * 86_400),
    (Granularity::Hour, "1h", 30 * 86_400),
    (Granularity::Day, "1d", 365 * 86_400),
];

fn pool_rows(granularity: Granularity) -> Vec<(i64, i64, Bucket)> {
    // Base series; any key (5 times); any endpoint (the endpoints of a key); the total.
    [(0, 1), (1, 5), (2, 50), (3, 1_000)]
        .into_iter()
        .flat_map(|(kind, times)| {
            (0..VARIANTS).map(move |v| (kind, v, bucket(granularity, v, times)))
        })
        .collect()
}

/// The periods that run at `end`, as rows of granularity and start.
fn running_periods(end: i64) -> String {
    format!(
        "VALUES ('5m', {}), ('1h', {}), ('1d', {})",
        Granularity::FiveMinutes.floor(end),
        Granularity::Hour.floor(end),
        Granularity::Day.floor(end),
    )
}

/// Removes what an earlier run has left.
pub async fn empty_inbox(pool: &PgPool) {
    sqlx::raw_sql("DELETE FROM api_metrics.inbox; UPDATE api_metrics.instance SET live = false")
        .execute(pool)
        .await
        .unwrap();
}

/// In the order in which the leader writes: period by period, in each the series by their numbers.
pub async fn postgres(pool: &PgPool, size: Size) {
    let (started, end) = (std::time::Instant::now(), now());
    // A day that was just written to waits for late data, and its year for its first day.
    sqlx::raw_sql(
        "SELECT api_metrics.attach_partition('metrics_1d', 'metrics_1d_' || year, \
                make_timestamptz(year, 1, 1, 0, 0, 0, 'UTC'), make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC')) \
         FROM generate_series(2025, extract(year FROM now() AT TIME ZONE 'UTC')::integer) AS year \
         WHERE to_regclass('api_metrics.metrics_1d_' || year) IS NULL",
    )
    .execute(pool)
    .await
    .unwrap();
    sqlx::raw_sql("CREATE TABLE bench_pool (kind smallint, variant bigint, c bigint[], statuses bytea, sketch bytea)")
        .execute(pool).await.unwrap();
    for (granularity, name, span) in SPANS {
        sqlx::raw_sql("TRUNCATE bench_pool")
            .execute(pool)
            .await
            .unwrap();
        for (kind, variant, b) in pool_rows(granularity) {
            let (statuses, mut sketch) = (encoded(&b.status_counts), Vec::new());
            b.sketch.encode(&mut sketch);
            let c = [
                b.request_count,
                b.error_count_4xx,
                b.error_count_5xx,
                b.latency_sum_us,
                b.latency_min_us.unwrap(),
                b.latency_max_us.unwrap(),
                b.response_bytes,
            ];
            sqlx::query("INSERT INTO bench_pool VALUES ($1, $2, $3, $4, $5)")
                .bind(kind as i16)
                .bind(variant)
                .bind(c.map(u64::cast_signed).to_vec())
                .bind(statuses)
                .bind(sketch)
                .execute(pool)
                .await
                .unwrap();
        }
        let (from, to) = (
            granularity.floor(end - span + granularity.seconds() - 1),
            granularity.floor(end),
        );
        let fill = format!(
            "DELETE FROM api_metrics.metrics_{name}; \
             INSERT INTO api_metrics.metrics_{name} \
             SELECT to_timestamp(p), b.id, b.c[1], b.c[2], b.c[3], 0, b.c[4], b.c[5], b.c[6], b.c[1], b.c[4], b.c[1], \
                    b.c[1] * 200, b.c[7], 18, 55, 90, 24, b.statuses, b.sketch \
             FROM generate_series({from}::bigint, {to}::bigint - 1, {step}) AS p \
             CROSS JOIN LATERAL ( \
                 SELECT s.id, b.* FROM api_metrics.series AS s \
                 JOIN bench_pool AS b ON b.kind = s.kind AND b.variant = (p / {step} * 31 + s.id * 17) % {VARIANTS} \
                 ORDER BY s.id) AS b",
            step = granularity.seconds(),
        );
        sqlx::raw_sql(AssertSqlSafe(fill))
            .execute(pool)
            .await
            .unwrap();
        tally_in_postgres(pool, name).await;
    }
    sqlx::raw_sql("DROP TABLE bench_pool")
        .execute(pool)
        .await
        .unwrap();
    // As the fold leaves it: the running periods wait for their end.
    let marks = format!(
        "DELETE FROM api_metrics.dirty; \
         INSERT INTO api_metrics.dirty \
         SELECT granularity, to_timestamp(period), to_timestamp(period) \
         FROM ({}) AS running (granularity, period)",
        running_periods(end)
    );
    sqlx::raw_sql(AssertSqlSafe(marks))
        .execute(pool)
        .await
        .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(pool).await.unwrap();
    println!(
        "filled {} series on Postgres in {:.0} s",
        size.series(),
        started.elapsed().as_secs_f64()
    );
}

/// Requests of aggregate series by period, of which counts are made.
fn counted(metrics: &str, series: &str) -> String {
    format!(
        "SELECT m.period_start, m.series_id, m.request_count FROM {metrics} AS m \
         JOIN {series} AS s ON s.id = m.series_id AND s.kind <> 0 ORDER BY 1, 2"
    )
}

/// A version byte, then two LEB128 integers an entry, as the schema says.
fn counts(entries: impl IntoIterator<Item = (i64, i64)>) -> Vec<u8> {
    let (mut counts, mut before) = (vec![1], 0);
    for (series, requests) in entries {
        for mut number in [series - before, requests] {
            while number >= 0x80 {
                counts.push((number & 0x7f) as u8 | 0x80);
                number >>= 7;
            }
            counts.push(number as u8);
        }
        before = series;
    }
    counts
}

async fn tally_in_postgres(pool: &PgPool, name: &str) {
    let rows: Vec<(DateTime<Utc>, i64, i64)> = sqlx::query_as(AssertSqlSafe(counted(
        &format!("api_metrics.metrics_{name}"),
        "api_metrics.series",
    )))
    .fetch_all(pool)
    .await
    .unwrap();
    sqlx::query("DELETE FROM api_metrics.period_counts WHERE granularity = $1")
        .bind(name)
        .execute(pool)
        .await
        .unwrap();
    for rows in rows.chunk_by(|a, b| a.0 == b.0) {
        sqlx::query("INSERT INTO api_metrics.period_counts VALUES ($1, $2, $3)")
            .bind(name)
            .bind(rows[0].0)
            .bind(counts(
                rows.iter()
                    .map(|(_, series, requests)| (*series, *requests)),
            ))
            .execute(pool)
            .await
            .unwrap();
    }
}

async fn tally_in_sqlite(sql: &mut SqliteConnection, name: &str) {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(AssertSqlSafe(counted(
        &format!("api_metrics_{name}"),
        "api_metrics_series",
    )))
    .fetch_all(&mut *sql)
    .await
    .unwrap();
    sqlx::query("DELETE FROM api_metrics_period_counts WHERE granularity = ?")
        .bind(name)
        .execute(&mut *sql)
        .await
        .unwrap();
    for rows in rows.chunk_by(|a, b| a.0 == b.0) {
        sqlx::query("INSERT INTO api_metrics_period_counts VALUES (?, ?, ?)")
            .bind(name)
            .bind(rows[0].0)
            .bind(counts(
                rows.iter()
                    .map(|(_, series, requests)| (*series, *requests)),
            ))
            .execute(&mut *sql)
            .await
            .unwrap();
    }
}

/// Counts by status as the tables hold them: ten bytes a code, both numbers big-endian.
fn encoded(counts: &StatusCounts) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (code, n) in counts.iter() {
        bytes.extend(code.to_be_bytes());
        bytes.extend(n.to_be_bytes());
    }
    bytes
}

pub async fn sqlite(pool: &SqlitePool, size: Size) {
    let (started, end) = (std::time::Instant::now(), now());
    for (granularity, name, span) in SPANS {
        let mut sql = pool.begin().await.unwrap();
        sqlx::raw_sql("CREATE TEMP TABLE bench_pool (kind integer, variant integer, requests integer, e4 integer, \
                       e5 integer, sum integer, min integer, max integer, bytes integer, statuses blob, sketch blob, \
                       PRIMARY KEY (kind, variant)) WITHOUT ROWID")
            .execute(&mut *sql).await.unwrap();
        for (kind, variant, b) in pool_rows(granularity) {
            let (statuses, mut sketch) = (encoded(&b.status_counts), Vec::new());
            b.sketch.encode(&mut sketch);
            let mut query =
                sqlx::query("INSERT INTO bench_pool VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                    .bind(kind)
                    .bind(variant);
            for n in [
                b.request_count,
                b.error_count_4xx,
                b.error_count_5xx,
                b.latency_sum_us,
                b.latency_min_us.unwrap(),
                b.latency_max_us.unwrap(),
                b.response_bytes,
            ] {
                query = query.bind(n.cast_signed());
            }
            query
                .bind(statuses)
                .bind(sketch)
                .execute(&mut *sql)
                .await
                .unwrap();
        }
        let (from, to) = (
            granularity.floor(end - span + granularity.seconds() - 1),
            granularity.floor(end),
        );
        let fill = format!(
            "DELETE FROM api_metrics_{name}; \
             WITH RECURSIVE period (p) AS (SELECT {from} UNION ALL SELECT p + {step} FROM period WHERE p + {step} < {to}) \
             INSERT INTO api_metrics_{name} \
             (period_start, series_id, request_count, error_count_4xx, error_count_5xx, aborted_count, latency_sum_us, \
              latency_min_us, latency_max_us, latency_count, ttfb_sum_us, ttfb_count, total_request_bytes, \
              total_response_bytes, response_time_p50_ms, response_time_p95_ms, response_time_p99_ms, \
              response_time_avg_ms, status_counts, latency_sketch) \
             SELECT p, s.id, b.requests, b.e4, b.e5, 0, b.sum, b.min, b.max, b.requests, b.sum, b.requests, \
                    b.requests * 200, b.bytes, 18, 55, 90, 24, b.statuses, b.sketch \
             FROM period CROSS JOIN api_metrics_series AS s \
             JOIN bench_pool AS b ON b.kind = s.kind AND b.variant = (p / {step} * 31 + s.id * 17) % {VARIANTS}; \
             DROP TABLE bench_pool",
            step = granularity.seconds(),
        );
        sqlx::raw_sql(AssertSqlSafe(fill))
            .execute(&mut *sql)
            .await
            .unwrap();
        tally_in_sqlite(&mut sql, name).await;
        sql.commit().await.unwrap();
    }
    let marks = format!(
        "DELETE FROM api_metrics_dirty; \
         INSERT INTO api_metrics_dirty SELECT column1, column2, column2 FROM ({})",
        running_periods(end)
    );
    sqlx::raw_sql(AssertSqlSafe(marks))
        .execute(pool)
        .await
        .unwrap();
    sqlx::raw_sql("ANALYZE").execute(pool).await.unwrap();
    println!(
        "filled {} series on SQLite in {:.0} s",
        size.series(),
        started.elapsed().as_secs_f64()
    );
}
