//! The log of requests, on all databases.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{
    ApiKey, Country, ErrorDetail, LogEvent, LogLevel, LoggedError, LoggedPlace, LoggedRequest,
    Outcome, Place, RequestLogSink, RequestRecord, TraceContext, UserId,
};
use api_metrics_store::{
    control::keys::KeyChange,
    postgres::PostgresStore,
    query::{Query, Scope, TimeRange},
    request_log::{
        AddressDetail, CountryQuery, EntryKind, Erasure, Keep, NgramEmbedder, RequestFilter,
        RequestLog, RequestLogBuffer, RequestLogStore, RequestQuery, RequestSearch, Sampling,
        StoredRequest,
    },
    store::Instance,
    time::{Clock, UnixSeconds},
};
use api_metrics_tests::{
    PgProxy,
    pg_proxy::{Request, Verdict},
};
use uuid::Uuid;

use crate::harness::{Database, Harness, NOON};

mod elsewhere;
mod find;
mod keep;
mod logged;
mod private;
mod same;
mod search;
mod snapshots;
mod tail;

use find::{
    a_filter_without_an_index_looks_at_a_bounded_number_and_says_how_far,
    a_scope_shows_its_own_requests_and_no_others, each_filter_finds_what_it_names_and_nothing_else,
    errors_that_are_one_are_one_group, pages_follow_each_other_without_gap_or_repeat,
};
use keep::{
    a_sample_is_stored_when_its_minute_is_over_with_exact_weights, the_log_changes_no_count,
    what_became_of_everything_adds_up_over_processes, what_comes_too_late_is_dropped_and_counted,
    what_is_old_or_takes_too_much_room_goes_by_the_day, what_was_shown_is_stored_with_every_field,
};
use logged::{
    countries_are_counted_exactly_over_processes_and_hours,
    events_and_lines_are_found_by_kind_level_source_and_words,
    events_belong_to_no_tenant_and_lines_are_for_those_who_see_everything,
    events_have_budgets_of_their_own_and_add_up,
};
use private::{
    an_address_is_linked_within_a_day_and_never_afterwards,
    erasure_leaves_nothing_behind_and_is_in_the_audit_trail, no_secret_reaches_the_database,
};
use search::{
    a_search_finds_what_its_scope_allows_and_nothing_that_was_erased,
    each_group_is_embedded_once_by_whoever_is_asked,
    errors_of_a_group_are_one_hit_and_what_is_no_error_stands_for_itself,
    what_somebody_remembers_roughly_is_among_the_first_ten,
};
use snapshots::{
    a_snapshot_is_stored_masked_and_goes_with_its_request, erasure_takes_snapshots_too,
    no_secret_of_a_snapshot_reaches_the_database,
    snapshots_take_memory_of_the_log_and_give_it_back,
};
use tail::{
    a_follower_sees_what_its_scope_allows, a_follower_that_was_away_for_long_goes_on_by_time,
    a_sample_arrives_when_its_minute_is_over,
    whoever_follows_sees_each_request_once_in_the_order_of_arrival,
};

macro_rules! on_all_databases {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres().await).await; })*
        }
        mod postgres_as_service {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::postgres_as_service().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::sqlite().await).await; })*
        }
        mod clickhouse {
            $(#[tokio::test] async fn $name() { super::$name(super::Database::clickhouse().await).await; })*
        }
    };
}

on_all_databases! {
    what_was_shown_is_stored_with_every_field
    each_filter_finds_what_it_names_and_nothing_else
    pages_follow_each_other_without_gap_or_repeat
    a_filter_without_an_index_looks_at_a_bounded_number_and_says_how_far
    a_sample_is_stored_when_its_minute_is_over_with_exact_weights
    errors_that_are_one_are_one_group
    a_scope_shows_its_own_requests_and_no_others
    an_address_is_linked_within_a_day_and_never_afterwards
    what_is_old_or_takes_too_much_room_goes_by_the_day
    what_comes_too_late_is_dropped_and_counted
    erasure_leaves_nothing_behind_and_is_in_the_audit_trail
    what_became_of_everything_adds_up_over_processes
    no_secret_reaches_the_database
    the_log_changes_no_count
    whoever_follows_sees_each_request_once_in_the_order_of_arrival
    a_sample_arrives_when_its_minute_is_over
    a_follower_that_was_away_for_long_goes_on_by_time
    a_follower_sees_what_its_scope_allows
    what_somebody_remembers_roughly_is_among_the_first_ten
    errors_of_a_group_are_one_hit_and_what_is_no_error_stands_for_itself
    a_search_finds_what_its_scope_allows_and_nothing_that_was_erased
    each_group_is_embedded_once_by_whoever_is_asked
    events_and_lines_are_found_by_kind_level_source_and_words
    events_belong_to_no_tenant_and_lines_are_for_those_who_see_everything
    events_have_budgets_of_their_own_and_add_up
    countries_are_counted_exactly_over_processes_and_hours
    a_snapshot_is_stored_masked_and_goes_with_its_request
    erasure_takes_snapshots_too
    no_secret_of_a_snapshot_reaches_the_database
    snapshots_take_memory_of_the_log_and_give_it_back
}

const NOON_MS: i64 = NOON * 1_000;
const DAY: i64 = 86_400;

/// What a request is like.
#[derive(Debug, Clone)]
struct Shown {
    at: UnixSeconds,
    method: &'static str,
    endpoint: &'static str,
    path: &'static str,
    key: Option<&'static str>,
    user: Option<&'static str>,
    status: u16,
    outcome: Outcome,
    latency_ms: u64,
    address: Option<&'static str>,
    trace: Option<u128>,
    error: Option<ErrorDetail>,
    agent: Option<&'static str>,
    id: Option<&'static str>,
    lines: Vec<LogEvent>,
    lines_left_out: u32,
    place: Place,
}

impl Shown {
    fn new(endpoint: &'static str, status: u16) -> Self {
        Self {
            at: NOON,
            method: "GET",
            endpoint,
            path: endpoint,
            key: None,
            user: None,
            status,
            outcome: Outcome::Completed,
            latency_ms: 5,
            address: None,
            trace: None,
            error: None,
            agent: None,
            id: None,
            lines: Vec::new(),
            lines_left_out: 0,
            place: Place::default(),
        }
    }

    fn failed(message: &str) -> Self {
        Self {
            error: Some(ErrorDetail::new(message)),
            ..Self::new("/orders", 500)
        }
    }
}

fn log_of(h: &Harness, change: impl FnOnce(&mut RequestLog)) -> RequestLogBuffer {
    log_of_version(h, "1.0.0", change)
}

fn log_of_version(
    _: &Harness,
    version: &str,
    change: impl FnOnce(&mut RequestLog),
) -> RequestLogBuffer {
    let mut settings = RequestLog::new();
    settings.keep = Keep::Everything;
    change(&mut settings);
    let mut instance = Instance::new(Uuid::new_v4(), "shop", "test");
    instance.version = version.to_owned();
    RequestLogBuffer::new(settings, instance)
}

fn show(log: &RequestLogBuffer, shown: &Shown) {
    let key = shown.key.map(ApiKey::from);
    let user = shown.user.map(UserId::from);
    let at = UNIX_EPOCH + Duration::from_secs(shown.at.cast_unsigned());
    let mut record = RequestRecord::new(shown.method, shown.endpoint, at);
    record.api_key = key.as_ref();
    record.status = Some(shown.status);
    record.outcome = shown.outcome;
    record.latency = Some(Duration::from_millis(shown.latency_ms));
    record.time_to_headers = Some(Duration::from_millis(1));
    record.request_bytes = 7;
    record.response_bytes = 8;
    let mut request = LoggedRequest::new(&record);
    request.path = api_metrics_layer::LoggedPath::masked(shown.endpoint, Some(shown.path), &[]);
    request.user = user.as_ref();
    request.client_address = shown.address.map(|address| address.parse().unwrap());
    request.user_agent = shown.agent;
    request.request_id = shown.id;
    request.trace = shown
        .trace
        .and_then(|trace| TraceContext::new(trace.to_be_bytes(), 7_u64.to_be_bytes()));
    if let Some(error) = &shown.error {
        request.error = LoggedError::told(error);
    }
    request.lines = &shown.lines;
    request.lines_left_out = shown.lines_left_out;
    request.place = LoggedPlace::known(&shown.place);
    log.log(&request);
}

/// An event, or a line, of this second.
fn event(at: UnixSeconds, level: LogLevel, source: &'static str, message: &str) -> LogEvent {
    let at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
    LogEvent::new(at, level, source, message)
}

/// Counts a request of this second and country.
fn count_country(log: &RequestLogBuffer, at: UnixSeconds, country: Option<&str>) {
    let at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
    let record = RequestRecord::new("GET", "/", at);
    log.count_country(&record, country.and_then(Country::of));
}

/// A harness with the store's other face.
struct Stage {
    h: Harness,
    store: Arc<dyn RequestLogStore>,
}

impl Stage {
    async fn on(database: Database) -> Self {
        let h = Harness::on(database).await;
        let store = h.database.request_log(&h.clock);
        Self { h, store }
    }

    /// Sets the clock, forwards.
    fn set(&self, at: UnixSeconds) {
        let by = at - self.h.clock.unix_seconds();
        self.h
            .clock
            .advance(Duration::from_secs(by.cast_unsigned()));
    }

    async fn flush(&self, log: &RequestLogBuffer) -> u64 {
        self.store.flush_requests(log, false).await.unwrap().kept
    }

    /// Stores these requests as they are.
    async fn keep(&self, shown: &[Shown]) {
        let log = log_of(&self.h, |_| {});
        for shown in shown {
            show(&log, shown);
        }
        assert_eq!(self.flush(&log).await, shown.len() as u64);
    }

    async fn find(&self, change: impl FnOnce(&mut RequestQuery)) -> Vec<StoredRequest> {
        let mut query = RequestQuery::over(0, NOON_MS + 10 * DAY * 1_000);
        change(&mut query);
        self.store.requests(&query).await.unwrap().requests
    }

    async fn all(&self) -> Vec<StoredRequest> {
        self.find(|_| {}).await
    }

    async fn retain(&self, settings: &RequestLog) {
        while self.store.retain_requests(settings).await.unwrap().more {}
    }

    /// The only number that a statement on the database itself gives.
    async fn number(&self, sql: &str) -> i64 {
        match &self.h.database {
            Database::ClickHouse(_, clickhouse) if in_clickhouse(sql).is_some() => {
                let sql = in_clickhouse(sql).unwrap();
                clickhouse.ask(&sql).await.trim().parse().unwrap()
            }
            Database::Postgres(database)
            | Database::PostgresAs(database, ..)
            | Database::ClickHouse(database, _) => {
                let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
                sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT ({sql})::bigint")))
                    .fetch_one(&pool)
                    .await
                    .unwrap()
            }
            Database::Sqlite(file) => {
                let sql = sql.replace("api_metrics.", "api_metrics_");
                let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
                sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT ({sql})")))
                    .fetch_one(&pool)
                    .await
                    .unwrap()
            }
        }
    }

    /// Moves SQLite's log of writes into its file; nothing on Postgres.
    async fn checkpoint(&self) {
        if let Database::Sqlite(file) = &self.h.database {
            // The log of writes goes over into the file, as it does by itself sooner or later.
            let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&pool)
                .await
                .unwrap();
        }
    }

    /// Every byte that the database keeps of texts.
    async fn contents(&self) -> Vec<u8> {
        match &self.h.database {
            Database::Postgres(database)
            | Database::PostgresAs(database, ..)
            | Database::ClickHouse(database, _) => {
                let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
                let tables: Vec<String> = sqlx::query_scalar(
                    "SELECT c.relname::text FROM pg_class AS c \
                     WHERE c.relnamespace = 'api_metrics'::regnamespace AND c.relkind = 'r'",
                )
                .fetch_all(&pool)
                .await
                .unwrap();
                let mut all = Vec::new();
                if let Database::ClickHouse(_, clickhouse) = &self.h.database {
                    for table in ["api_metrics_requests", "api_metrics_request_details"] {
                        all.extend(
                            clickhouse
                                .ask(&format!("SELECT * FROM {table}"))
                                .await
                                .bytes(),
                        );
                    }
                } else {
                    assert!(
                        tables
                            .iter()
                            .any(|table| table.starts_with("request_log_detail_"))
                    );
                }
                for table in tables {
                    let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                        "SELECT t::text FROM api_metrics.{table} AS t"
                    )))
                    .fetch_all(&pool)
                    .await
                    .unwrap();
                    all.extend(rows.join("\n").into_bytes());
                }
                all
            }
            Database::Sqlite(file) => {
                let mut all = std::fs::read(file.path()).unwrap();
                for side in ["-wal", "-shm"] {
                    let mut path = file.path().into_os_string();
                    path.push(side);
                    all.extend(std::fs::read(path).unwrap_or_default());
                }
                all
            }
        }
    }
}

/// The same statement about requests that are in ClickHouse; `None` where it is about something else.
fn in_clickhouse(sql: &str) -> Option<String> {
    let (before, table) = sql.split_once("FROM api_metrics.")?;
    let source = match table {
        "request_log" => "api_metrics_requests FINAL",
        "request_log_detail" => "api_metrics_request_details FINAL",
        "request_log_snapshot" => "api_metrics_request_details FINAL WHERE isNotNull(snapshot)",
        _ => return None,
    };
    Some(format!("{before}FROM {source}"))
}

/// Keeps a failure of each of these keys, with an address, while somebody follows, has somebody search, and has somebody erase nothing.
pub(crate) async fn keep_of(h: &Harness, keys: &[&'static str]) {
    let store = h.database.request_log(&h.clock);
    store.follow_requests().await.unwrap();
    let log = log_of(h, |_| {});
    for &key in keys {
        let endpoint = match key {
            "alpha" => "/of-alpha",
            _ => "/of-others",
        };
        let address = Some("192.0.2.7");
        show(
            &log,
            &Shown {
                key: Some(key),
                address,
                ..Shown::new(endpoint, 500)
            },
        );
    }
    log.event(event(NOON, LogLevel::Error, "shop::start", "nothing works"));
    count_country(&log, NOON, Some("DE"));
    store.flush_requests(&log, true).await.unwrap();
    let mut search = RequestSearch::default();
    search.to_ms = NOON_MS + DAY * 1_000;
    search.text = "anything".to_owned();
    let embedder = NgramEmbedder::default();
    store.search_requests(&search, &embedder).await.unwrap();
    let nobody = Erasure::User("nobody".to_owned());
    store.erase_requests(&nobody, "root").await.unwrap();
}

/// Counts a request of Germany and one of nowhere.
pub(crate) async fn count_countries(h: &Harness, at: UnixSeconds) {
    let store = h.database.request_log(&h.clock);
    let log = log_of(h, |_| {});
    for country in [Some("DE"), None] {
        count_country(&log, at, country);
    }
    store.flush_requests(&log, true).await.unwrap();
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
