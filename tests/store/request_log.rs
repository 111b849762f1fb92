//! The log of requests, on both databases.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{
    ApiKey, ErrorDetail, LoggedError, LoggedRequest, Outcome, RequestLogSink, RequestRecord,
    TraceContext, UserId,
};
use api_metrics_store::{
    control::keys::KeyChange,
    postgres::PostgresStore,
    query::{Query, Scope, TimeRange},
    request_log::{
        AddressDetail, Erasure, Keep, RequestFilter, RequestLog, RequestLogBuffer, RequestLogStore,
        RequestQuery, Sampling, StoredRequest,
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
}

const NOON_MS: i64 = NOON * 1_000;
const DAY: i64 = 86_400;

/// What a request is like.
#[derive(Clone)]
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
    log.log(&request);
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
            Database::Postgres(database) | Database::PostgresAs(database, ..) => {
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

    /// Every byte that the database keeps of texts.
    async fn contents(&self) -> Vec<u8> {
        match &self.h.database {
            Database::Postgres(database) | Database::PostgresAs(database, ..) => {
                let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
                let tables: Vec<String> = sqlx::query_scalar(
                    "SELECT c.relname::text FROM pg_class AS c \
                     WHERE c.relnamespace = 'api_metrics'::regnamespace AND c.relkind = 'r'",
                )
                .fetch_all(&pool)
                .await
                .unwrap();
                assert!(
                    tables
                        .iter()
                        .any(|table| table.starts_with("request_log_detail_"))
                );
                let mut all = Vec::new();
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

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

async fn what_was_shown_is_stored_with_every_field(database: Database) {
    let stage = Stage::on(database).await;
    let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
    stage
        .keep(&[Shown {
            method: "POST",
            path: "/orders?never=shown",
            key: Some("render-farm"),
            user: Some("ann"),
            address: Some("192.0.2.7"),
            trace: Some(trace),
            error: Some(ErrorDetail::new("the \"ledger\" is\0 locked").with_type("locked")),
            agent: Some("curl/8"),
            id: Some("r-1"),
            outcome: Outcome::Failed,
            latency_ms: 250,
            ..Shown::new("/orders", 503)
        }])
        .await;
    let [request] = stage.all().await.try_into().unwrap();
    assert_eq!(request.at_ms, NOON_MS);
    assert_eq!(
        (
            request.service.as_str(),
            request.environment.as_str(),
            request.version.as_str()
        ),
        ("shop", "test", "1.0.0")
    );
    assert_eq!(
        (request.protocol.as_str(), request.method.as_str()),
        ("http", "POST")
    );
    assert_eq!(request.endpoint, "/orders");
    // What does not fit its template is not shown.
    assert_eq!(request.path, "/orders");
    assert_eq!((request.status, request.counted_status), (Some(503), 503));
    assert_eq!(request.outcome, "failed");
    assert_eq!(request.latency_us, Some(250_000));
    assert_eq!(request.time_to_headers_us, Some(1_000));
    assert_eq!((request.request_bytes, request.response_bytes), (7, 8));
    assert_eq!(request.api_key.as_deref(), Some("render-farm"));
    assert_eq!(request.user.as_deref(), Some("ann"));
    assert_eq!(request.trace_id, Some(Uuid::from_u128(trace)));
    assert_eq!(request.span_id.as_deref(), Some("0000000000000007"));
    assert_eq!(request.user_agent.as_deref(), Some("curl/8"));
    assert_eq!(request.request_id.as_deref(), Some("r-1"));
    assert_eq!(request.error_type.as_deref(), Some("locked"));
    assert_eq!(
        request.message.as_deref(),
        Some("the \"ledger\" is\u{fffd} locked")
    );
    assert!(request.address.is_some() && request.group.is_some());
    assert_eq!((request.weight, request.reason.as_str()), (1, "everything"));
    let one = stage.store.request(request.id, &Scope::All).await.unwrap();
    assert_eq!(one, Some(request));
    let none = stage
        .store
        .request(Uuid::new_v4(), &Scope::All)
        .await
        .unwrap();
    assert_eq!(none, None);
}

async fn each_filter_finds_what_it_names_and_nothing_else(database: Database) {
    let stage = Stage::on(database).await;
    let shown = [
        Shown::new("/a", 200),
        Shown {
            method: "POST",
            ..Shown::new("/a", 201)
        },
        Shown {
            key: Some("k"),
            user: Some("ann"),
            ..Shown::new("/b", 404)
        },
        Shown {
            latency_ms: 900,
            trace: Some(7),
            agent: Some("curl/8.5"),
            ..Shown::new("/c", 200)
        },
        Shown {
            outcome: Outcome::Aborted,
            error: Some(ErrorDetail::new("The ledger isn't there: Zoë")),
            ..Shown::new("/d", 503)
        },
    ];
    stage.keep(&shown).await;
    let other = log_of_version(&stage.h, "2.0.0", |_| {});
    show(&other, &Shown::new("/a", 200));
    stage.flush(&other).await;
    let key = stage
        .find(|query| query.filter.user = Some("ann".to_owned()))
        .await;
    let key = key.first().unwrap().api_key_id;
    let with = |change: fn(&mut RequestFilter)| {
        let mut filter = RequestFilter::default();
        change(&mut filter);
        filter
    };
    for (filter, expected) in [
        (with(|f| f.service = Some("shop".into())), 6),
        (with(|f| f.service = Some("none".into())), 0),
        (with(|f| f.environment = Some("test".into())), 6),
        (with(|f| f.version = Some("2.0.0".into())), 1),
        (with(|f| f.protocol = Some("grpc".into())), 0),
        (with(|f| f.method = Some("POST".into())), 1),
        (with(|f| f.endpoint = Some("/a".into())), 3),
        (
            with(|f| (f.endpoint, f.method) = (Some("/a".into()), Some("GET".into()))),
            2,
        ),
        (with(|f| f.status = Some(404)), 1),
        (with(|f| f.status_class = Some(2)), 4),
        (with(|f| f.outcome = Some("aborted".into())), 1),
        (with(|f| f.user = Some("ann".into())), 1),
        (with(|f| f.user = Some("an".into())), 0),
        (with(|f| f.min_latency_us = Some(900_000)), 1),
        (with(|f| f.trace_id = Some(Uuid::from_u128(7))), 1),
        (with(|f| f.trace_id = Some(Uuid::from_u128(8))), 0),
        (with(|f| f.api_key_id = Some(0)), 5),
        (with(|f| f.text = Some("LEDGER zoë".into())), 1),
        (with(|f| f.text = Some("ledger gone".into())), 0),
        (with(|f| f.text = Some("curl".into())), 1),
        (with(|f| f.text = Some("' OR 1=1 -- \"".into())), 0),
        (with(|f| f.text = Some("?!".into())), 0),
        (
            with(|f| (f.text, f.status_class) = (Some("curl".into()), Some(5))),
            0,
        ),
    ] {
        let found = stage.find(|query| query.filter = filter.clone()).await;
        assert_eq!(found.len(), expected, "{filter:?}");
    }
    let found = stage
        .find(|query| query.filter.api_key_id = Some(key))
        .await;
    assert_eq!(
        (found.len(), found.first().unwrap().endpoint.as_str()),
        (1, "/b")
    );
    let found = stage
        .find(|query| (query.from_ms, query.to_ms) = (NOON_MS + 1, NOON_MS + 2))
        .await;
    assert_eq!(found, []);
}

async fn pages_follow_each_other_without_gap_or_repeat(database: Database) {
    let stage = Stage::on(database).await;
    // Many in one millisecond, over the edge of a day.
    let shown: Vec<_> = (0..57)
        .map(|n| Shown {
            at: NOON + n / 10 * DAY / 4,
            ..Shown::new("/a", if n % 3 == 0 { 500 } else { 200 })
        })
        .collect();
    let log = log_of(&stage.h, |_| {});
    stage.set(NOON + 2 * DAY);
    for shown in &shown {
        show(&log, shown);
    }
    assert_eq!(stage.flush(&log).await, 57);
    let all = stage.all().await;
    assert_eq!(all.len(), 57);
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    let of_class = |class: Option<u16>| {
        let wanted = |r: &&StoredRequest| class.is_none_or(|c| r.counted_status / 100 == c);
        all.iter().filter(wanted).cloned().collect::<Vec<_>>()
    };
    for class in [None, Some(5)] {
        for limit in [1, 7, 19, 57, 100] {
            for forward in [false, true] {
                let mut query = RequestQuery::over(0, NOON_MS + 10 * DAY * 1_000);
                query.limit = limit;
                query.filter.status_class = class;
                query.after = forward.then(Uuid::nil);
                let mut seen = Vec::new();
                loop {
                    let page = stage.store.requests(&query).await.unwrap();
                    assert!(page.requests.len() <= limit as usize);
                    seen.extend(page.requests);
                    let Some(next) = page.next else {
                        let end = if forward { query.to_ms } else { query.from_ms };
                        assert_eq!(page.searched_to_ms, end);
                        break;
                    };
                    if forward {
                        query.after = Some(next);
                    } else {
                        query.before = Some(next);
                    }
                }
                let mut expected = of_class(class);
                if forward {
                    expected.reverse();
                }
                assert!(seen == expected, "{class:?} {limit} {forward}");
            }
        }
    }
    let mut both = RequestQuery::over(0, 1);
    (both.before, both.after) = (Some(Uuid::nil()), Some(Uuid::nil()));
    assert!(stage.store.requests(&both).await.is_err());
}

async fn a_filter_without_an_index_looks_at_a_bounded_number_and_says_how_far(database: Database) {
    const MANY: i64 = 20_500;
    let stage = Stage::on(database).await;
    let log = log_of(&stage.h, |log| {
        log.rows_per_second = u32::MAX;
        log.memory_budget = 256 << 20;
    });
    show(&log, &Shown::new("/rare", 503));
    for n in 0..MANY {
        let at = NOON + 1 + n / 1_000;
        show(
            &log,
            &Shown {
                at,
                ..Shown::new("/a", 200)
            },
        );
    }
    assert_eq!(stage.flush(&log).await, MANY.cast_unsigned() + 1);
    let mut query = RequestQuery::over(0, NOON_MS + DAY * 1_000);
    query.filter.status = Some(503);
    let first = stage.store.requests(&query).await.unwrap();
    assert_eq!(first.requests, []);
    assert!(first.searched_to_ms > NOON_MS && first.next.is_some());
    query.before = first.next;
    let second = stage.store.requests(&query).await.unwrap();
    assert_eq!((second.requests.len(), second.next), (1, None));
    assert_eq!(second.searched_to_ms, query.from_ms);
}

async fn a_sample_is_stored_when_its_minute_is_over_with_exact_weights(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_of(&stage.h, |log| log.keep = Keep::default());
    let sampling = Sampling::default();
    for n in 0..50 {
        show(
            &log,
            &Shown {
                latency_ms: n,
                ..Shown::new("/a", 200)
            },
        );
        show(&log, &Shown::new("/a", 404));
        show(&log, &Shown::new("/a", 500));
    }
    assert_eq!(stage.flush(&log).await, 50);
    stage.set(NOON + 60);
    let sampled = u64::from(sampling.client_errors + sampling.slowest + sampling.others);
    assert_eq!(stage.flush(&log).await, sampled);
    assert_eq!(stage.flush(&log).await, 0);
    let all = stage.all().await;
    let weight = |status: u16| {
        let of_status = all
            .iter()
            .filter(|request| request.counted_status == status);
        of_status.map(|request| request.weight).sum::<u64>()
    };
    assert_eq!([200, 404, 500].map(weight), [50, 50, 50]);
    let slow: Vec<_> = all
        .iter()
        .filter(|request| request.reason == "slow")
        .collect();
    assert!(
        slow.iter()
            .all(|request| request.latency_us >= Some(48_000))
    );
    assert_eq!(slow.len(), 2);
    // The last flush of a process takes what there is.
    show(
        &log,
        &Shown {
            at: NOON + 60,
            ..Shown::new("/a", 200)
        },
    );
    assert_eq!(
        stage.store.flush_requests(&log, true).await.unwrap().kept,
        1
    );
}

async fn errors_that_are_one_are_one_group(database: Database) {
    let stage = Stage::on(database).await;
    let old = log_of_version(&stage.h, "1.0.0", |_| {});
    let new = log_of_version(&stage.h, "1.1.0", |_| {});
    for n in 0..3 {
        let error = ErrorDetail::new(format!("order {n} of 'ann{n}' is paid"));
        let key = ["a", "b", "b"].get(n).copied();
        let error = Some(error);
        show(
            &old,
            &Shown {
                key,
                error,
                ..Shown::new("/orders", 500)
            },
        );
    }
    show(
        &new,
        &Shown {
            at: NOON + 30,
            ..Shown::failed("order 9 of \"bob\" is paid")
        },
    );
    show(&new, &Shown::failed("another thing"));
    show(&new, &Shown::new("/orders", 200));
    show(
        &new,
        &Shown {
            outcome: Outcome::Aborted,
            ..Shown::new("/orders", 499)
        },
    );
    stage.flush(&old).await;
    stage.flush(&new).await;
    let mut query = RequestQuery::over(NOON_MS, NOON_MS + 24_000 * 2);
    let groups = stage.store.request_groups(&query).await.unwrap();
    assert_eq!(groups.len(), 2);
    let first = groups.first().unwrap();
    assert_eq!(
        (first.kept, first.weight, first.api_keys, first.status),
        (4, 4, 2, 500)
    );
    assert_eq!(first.message.as_deref(), Some("order 9 of \"bob\" is paid"));
    assert_eq!(first.versions, ["1.0.0", "1.1.0"]);
    assert_eq!(first.first_version.as_deref(), Some("1.0.0"));
    assert_eq!((first.first_ms, first.last_ms), (NOON_MS, NOON_MS + 30_000));
    assert_eq!(first.first_seen_ms, Some(NOON_MS));
    let mut series = vec![0; 24];
    (series[0], series[15]) = (3, 1);
    assert_eq!(first.series, series);
    assert_eq!(
        groups.get(1).unwrap().first_version.as_deref(),
        Some("1.1.0")
    );
    let of_group = stage
        .find(|query| query.filter.group = Some(first.id))
        .await;
    assert_eq!(of_group.len(), 4);
    query.limit = 1;
    assert_eq!(stage.store.request_groups(&query).await.unwrap().len(), 1);
    query.filter.version = Some("1.1.0".to_owned());
    let of_new = stage.store.request_groups(&query).await.unwrap();
    assert_eq!(of_new.first().unwrap().kept, 1);
}

async fn a_scope_shows_its_own_requests_and_no_others(database: Database) {
    let stage = Stage::on(database).await;
    for (key, tenant) in [("alpha", "acme"), ("beta", "umbrella")] {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some(tenant.to_owned()));
        stage.h.store.create_key(key, &change).await.unwrap();
    }
    let of = |key| Shown {
        key,
        ..Shown::failed("it is broken")
    };
    stage
        .keep(&[
            of(Some("alpha")),
            of(Some("beta")),
            of(Some("beta")),
            of(None),
        ])
        .await;
    let all = stage.all().await;
    let id_of = |key: &str| {
        let of_key = all
            .iter()
            .find(|request| request.api_key.as_deref() == Some(key));
        of_key.unwrap().api_key_id
    };
    for (scope, expected) in [
        (Scope::All, 4),
        (Scope::Tenant("acme".to_owned()), 1),
        (Scope::Tenant("umbrella".to_owned()), 2),
        (Scope::Tenant("' OR ''='".to_owned()), 0),
        (Scope::Keys(vec![id_of("beta")]), 2),
        (Scope::Keys(Vec::new()), 0),
    ] {
        let found = stage.find(|query| query.scope = scope.clone()).await;
        assert_eq!(found.len(), expected, "{scope:?}");
        for request in &all {
            let one = stage.store.request(request.id, &scope).await.unwrap();
            assert_eq!(one.is_some(), found.contains(request), "{scope:?}");
        }
        let mut query = RequestQuery::over(0, NOON_MS + 1_000);
        query.scope = scope.clone();
        let groups = stage.store.request_groups(&query).await.unwrap();
        let kept: u64 = groups.iter().map(|group| group.kept).sum();
        assert_eq!(kept, expected as u64, "{scope:?}");
        let told = groups.iter().any(|group| group.first_seen_ms.is_some());
        assert_eq!(told, scope == Scope::All, "{scope:?}");
        if expected == 0 {
            assert_eq!(groups, []);
        }
    }
}

async fn an_address_is_linked_within_a_day_and_never_afterwards(database: Database) {
    let stage = Stage::on(database).await;
    let from = |address, at| Shown {
        at,
        address: Some(address),
        ..Shown::new("/a", 200)
    };
    let log = log_of(&stage.h, |_| {});
    show(&log, &from("192.0.2.7", NOON));
    stage.flush(&log).await;
    // Another process, another address of the same network.
    stage
        .keep(&[from("192.0.2.200", NOON + 60), from("198.51.100.7", NOON)])
        .await;
    let whole = log_of(&stage.h, |log| log.address = AddressDetail::Whole);
    show(&whole, &from("192.0.2.7", NOON));
    let hidden = log_of(&stage.h, |log| log.address = AddressDetail::Hidden);
    show(&hidden, &from("192.0.2.7", NOON));
    stage.flush(&whole).await;
    stage.flush(&hidden).await;
    stage.set(NOON + DAY);
    stage.keep(&[from("192.0.2.7", NOON + DAY)]).await;
    let mut hashes: Vec<_> = stage.all().await.iter().filter_map(|r| r.address).collect();
    assert_eq!(hashes.len(), 5);
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 4);

    let settings = RequestLog::new();
    let keys = "SELECT count(*) FROM api_metrics.request_log_day_key";
    assert_eq!(stage.number(keys).await, 2);
    // The first day ends twelve hours after noon; its key lives for a day more.
    let end = NOON + DAY / 2 + DAY;
    stage.set(end - 1);
    stage.retain(&settings).await;
    assert_eq!(stage.number(keys).await, 2);
    stage.set(end);
    stage.retain(&settings).await;
    assert_eq!(stage.number(keys).await, 1);
    // What comes late for that day gets no new key.
    stage.keep(&[from("192.0.2.7", NOON)]).await;
    assert_eq!(stage.number(keys).await, 1);
    let late = stage
        .all()
        .await
        .iter()
        .filter(|request| request.address.is_none())
        .count();
    assert_eq!(late, 2);
}

async fn what_is_old_or_takes_too_much_room_goes_by_the_day(database: Database) {
    let stage = Stage::on(database).await;
    let mut settings = RequestLog::new();
    settings.retention = Duration::from_secs(5 * 86_400);
    for day in 0..7 {
        let at = NOON + day * DAY;
        stage.set(at);
        let shown = vec![
            Shown {
                at,
                ..Shown::failed("it is broken")
            };
            30
        ];
        stage.keep(&shown).await;
    }
    let days = async || {
        let mut days: Vec<_> = stage
            .find(|query| query.limit = 1_000)
            .await
            .iter()
            .map(|r| (r.at_ms / 1_000 - NOON) / DAY)
            .collect();
        days.dedup();
        days
    };
    stage.retain(&settings).await;
    assert_eq!(days().await, [6, 5, 4, 3, 2, 1]);
    let status = stage.store.request_log_status().await.unwrap();
    assert!(status.bytes > 0);
    assert_eq!(status.oldest_ms, Some((NOON + DAY) * 1_000));
    assert_eq!(status.newest_ms, Some((NOON + 6 * DAY) * 1_000));
    settings.stored_bytes = status.bytes / 2;
    stage.retain(&settings).await;
    let left = days().await;
    assert!(
        left.len() >= 2 && left.len() <= 3 && left.first() == Some(&6),
        "{left:?}"
    );
    // The day that is being written stays, whatever it takes.
    settings.stored_bytes = 0;
    stage.retain(&settings).await;
    assert_eq!(days().await, [6]);
    for table in ["request_log", "request_log_detail"] {
        assert_eq!(
            stage
                .number(&format!("SELECT count(*) FROM api_metrics.{table}"))
                .await,
            30
        );
    }
    // Nothing at all is left of what is gone, and the next day begins as any other.
    stage.set(NOON + 100 * DAY);
    stage.retain(&settings).await;
    assert_eq!(stage.all().await, []);
    assert_eq!(
        stage
            .number("SELECT count(*) FROM api_metrics.request_log_group")
            .await,
        0
    );
    stage
        .keep(&[Shown {
            at: NOON + 100 * DAY,
            ..Shown::new("/a", 200)
        }])
        .await;
}

async fn what_comes_too_late_is_dropped_and_counted(database: Database) {
    let stage = Stage::on(database).await;
    let log = log_of(&stage.h, |_| {});
    for at in [NOON - 200 * DAY, NOON, NOON + 2 * DAY] {
        show(
            &log,
            &Shown {
                at,
                ..Shown::new("/a", 200)
            },
        );
    }
    assert_eq!(stage.flush(&log).await, 1);
    let counts = log.counts();
    assert_eq!((counts.chosen, counts.kept, counts.dropped.late), (3, 1, 2));
    assert_eq!((counts.dropped.total(), counts.waiting), (2, 0));
    let status = stage.store.request_log_status().await.unwrap();
    assert_eq!(status.counts, counts);
}

async fn erasure_leaves_nothing_behind_and_is_in_the_audit_trail(database: Database) {
    let stage = Stage::on(database).await;
    let of = |user, key| Shown {
        user: Some(user),
        key,
        address: Some("192.0.2.7"),
        error: Some(ErrorDetail::new(format!("quixotic{user} is broken"))),
        ..Shown::new("/orders", 500)
    };
    let mut shown = vec![of("ann", None); 20];
    shown.extend(vec![of("bob", Some("k")); 10]);
    shown.push(Shown {
        address: Some("203.0.113.9"),
        ..Shown::new("/a", 200)
    });
    stage.keep(&shown).await;
    assert!(contains(&stage.contents().await, "quixoticann"));
    let erase = async |whose: Erasure| {
        stage
            .store
            .erase_requests(&whose, "root@example.org")
            .await
            .unwrap()
            .requests
    };
    assert_eq!(erase(Erasure::User("ann".to_owned())).await, 20);
    assert_eq!(erase(Erasure::User("ann".to_owned())).await, 0);
    assert_eq!(stage.all().await.len(), 11);
    assert_eq!(
        stage
            .find(|query| query.filter.text = Some("quixoticann".to_owned()))
            .await,
        []
    );
    if let Database::Sqlite(file) = &stage.h.database {
        // The log of writes goes over into the file, as it does by itself sooner or later.
        let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&pool)
            .await
            .unwrap();
    }
    assert!(!contains(&stage.contents().await, "quixoticann"));
    let key = stage
        .find(|query| query.filter.user = Some("bob".to_owned()))
        .await;
    let key = key.first().unwrap().api_key_id;
    assert_eq!(erase(Erasure::ApiKey(key)).await, 10);
    let address: IpAddr = "203.0.113.1".parse().unwrap();
    assert_eq!(erase(Erasure::Address(address)).await, 1);
    assert_eq!(stage.all().await, []);
    assert_eq!(
        stage
            .number("SELECT count(*) FROM api_metrics.audit_trail WHERE actor = 'root@example.org'")
            .await,
        4
    );
}

async fn what_became_of_everything_adds_up_over_processes(database: Database) {
    let stage = Stage::on(database).await;
    let logs: Vec<_> = (0..3)
        .map(|n| log_of(&stage.h, |log| log.rows_per_second = 100 * (n + 1)))
        .collect();
    let mut flushed = 0;
    for round in 0..3 {
        for log in &logs {
            for _ in 0..250 {
                show(
                    log,
                    &Shown {
                        at: NOON + round,
                        ..Shown::new("/a", 200)
                    },
                );
            }
            let done = stage.store.flush_requests(log, false).await.unwrap();
            assert_eq!(done.kept + done.dropped.total(), 250);
            flushed += done.kept;
        }
    }
    let status = stage.store.request_log_status().await.unwrap().counts;
    assert_eq!(status.chosen, 3 * 3 * 250);
    assert_eq!(status.chosen, status.kept + status.dropped.total());
    assert_eq!(
        (status.kept, status.dropped.rate),
        (flushed, 3 * (150 + 50))
    );
    assert_eq!(
        stage
            .number("SELECT count(*) FROM api_metrics.request_log")
            .await,
        flushed.cast_signed()
    );
    let own: u64 = logs.iter().map(|log| log.counts().kept).sum();
    assert_eq!(own, flushed);
}

async fn no_secret_reaches_the_database(database: Database) {
    const SECRETS: [&str; 9] = [
        "ann.planted@example.org",
        "planted-bearer-4711",
        "cGxhbnRlZDEyMzQ1Njc4OTBhYmNkZWZnaGlqa2w",
        "4111111111111111",
        "192.0.2.77",
        "planted-query",
        "planted-parameter",
        "0123456789abcdef0123456789abcdef",
        "planted-password",
    ];
    let stage = Stage::on(database).await;
    let message = "ann.planted@example.org sent Bearer planted-bearer-4711, password=planted-password, \
        card 4111111111111111, key 0123456789abcdef0123456789abcdef from cGxhbnRlZDEyMzQ1Njc4OTBhYmNkZWZnaGlqa2w";
    stage
        .keep(&[
            Shown {
                path: "/users/planted-parameter",
                address: Some("192.0.2.77"),
                agent: Some("agent of ann.planted@example.org"),
                id: Some("ann.planted@example.org"),
                error: Some(ErrorDetail::new(message).with_type("4111111111111111")),
                ..Shown::new("/users/{id}", 500)
            },
            Shown {
                path: "/ann.planted@example.org/planted-parameter",
                ..Shown::new("<unmatched>", 404)
            },
            Shown {
                path: "/0123456789abcdef0123456789abcdef",
                ..Shown::new("<unmatched>", 404)
            },
        ])
        .await;
    let contents = stage.contents().await;
    assert!(contains(&contents, "[email]") && contains(&contents, "/users/{id}"));
    for secret in SECRETS {
        assert!(!contains(&contents, secret), "{secret}");
    }
    let answers = format!("{:?}", stage.all().await);
    for secret in SECRETS {
        assert!(!answers.contains(secret), "{secret}");
    }
}

async fn the_log_changes_no_count(database: Database) {
    let stage = Stage::on(database).await;
    let writer = stage.h.writer();
    crate::harness::record(&writer, NOON, "/a", Some("k"), 5, 3);
    stage.h.store.flush(&writer).await.unwrap();
    stage
        .keep(&vec![
            Shown {
                key: Some("k"),
                ..Shown::new("/a", 500)
            };
            100
        ])
        .await;
    stage.h.settle().await;
    let query = Query::over(TimeRange::new(NOON, NOON + 60));
    let answer = stage.h.read(&query).await;
    assert_eq!(answer.total().unwrap().request_count, 3);
    assert_eq!(answer.total().unwrap().error_count_5xx, 0);
}

/// Whatever becomes of the acknowledgements: each request is there once.
#[tokio::test]
async fn a_request_is_stored_once_though_connections_break_at_its_commit() {
    let stage = Stage::on(Database::postgres().await).await;
    let Database::Postgres(database) = &stage.h.database else {
        unreachable!()
    };
    let proxy = PgProxy::start(database.address().to_string()).await;
    let mut options = api_metrics_tests::patient_by(stage.h.clock.clone());
    options.max_connections = 2;
    let store =
        PostgresStore::connect_lazy(&database.url_through(proxy.address()), options).unwrap();
    let log = log_of(&stage.h, |_| {});
    let mut shown = 0;
    for verdict in [
        Verdict::CutAfter,
        Verdict::CutBefore,
        Verdict::CutAtOnce,
        Verdict::Pass,
    ] {
        for nth in 0..4 {
            for _ in 0..5 {
                show(&log, &Shown::failed("it is broken"));
                shown += 1;
            }
            let (mut commits, verdict) = (0, verdict.clone());
            proxy.judge(move |request| {
                commits += i32::from(request == Request::Commit);
                if request == Request::Commit && commits == nth + 1 {
                    verdict.clone()
                } else {
                    Verdict::Pass
                }
            });
            let mut attempts = 0;
            while store.flush_requests(&log, false).await.is_err() {
                attempts += 1;
                assert!(attempts < 50);
            }
        }
    }
    proxy.judge(|_| Verdict::Pass);
    store.flush_requests(&log, true).await.unwrap();
    assert_eq!(
        stage
            .number("SELECT count(*) FROM api_metrics.request_log")
            .await,
        shown
    );
    let counts = log.counts();
    assert_eq!(
        (counts.kept, counts.chosen),
        (shown.cast_unsigned(), shown.cast_unsigned())
    );
    let status = stage.store.request_log_status().await.unwrap();
    assert_eq!(status.counts, counts);
}
