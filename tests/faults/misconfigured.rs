//! Configurations that can't work: told at once, by name, and no reason for a service not to start.

use std::{path::Path, process::Command, time::Duration};

use api_metrics::{ApiMetrics, MetricSink, RequestRecord, StartError};
use api_metrics_store::store::Misconfiguration;
use api_metrics_tests::{PgDatabase, Process, SqliteFile};
use axum::{body::Body, http::Request};
use tower::ServiceExt as _;

/// What the admin router answers.
async fn asked(metrics: &ApiMetrics, path: &str) -> (u16, Option<String>, serde_json::Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = metrics.admin().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let retry = head.headers.get("retry-after");
    let retry = retry.map(|value| value.to_str().unwrap().to_owned());
    (
        head.status.as_u16(),
        retry,
        serde_json::from_slice(&bytes).unwrap(),
    )
}

/// Starts all the same, within a moment, and names it everywhere; with `require_database` it is an
/// error.
async fn is_named(url: &str, what: Misconfiguration) {
    let builder = || {
        ApiMetrics::builder()
            .database(url)
            .no_auth()
            .flush_interval(Duration::from_millis(200))
            .connect_timeout(Duration::from_secs(30))
            .shutdown_timeout(Duration::from_millis(300))
    };
    let started = std::time::Instant::now();
    let metrics = builder().start().await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    let now = std::time::SystemTime::now();
    metrics.sink().record(&RequestRecord::new("GET", "/", now));
    let health = metrics.health().unwrap();
    assert_eq!(
        health.store_misconfiguration,
        Some(what),
        "{:?}",
        health.store_error
    );
    let (status, _, ready) = asked(&metrics, "/health/ready").await;
    assert_eq!(
        (status, &ready["misconfiguration"]),
        (503, &<&str>::from(what).into())
    );
    assert_eq!(ready["reason"], what.to_string());
    let (status, _, page) = asked(&metrics, "/api-status").await;
    assert_eq!(
        (status, &page["store"]["misconfiguration"]),
        (200, &<&str>::from(what).into())
    );
    let error = page["store"]["error"].as_str().unwrap();
    assert!(error.contains(advice(what)), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    let (status, retry, problem) = asked(&metrics, "/api-metrics/summary").await;
    // Who may not make the tables may still ask for them, and is told that they are not there.
    let expected = match what {
        Misconfiguration::Permission => ("5", "urn:api-metrics:store-unavailable"),
        _ => ("60", "urn:api-metrics:store-misconfigured"),
    };
    assert_eq!(
        (status, retry.as_deref()),
        (503, Some(expected.0)),
        "{problem}"
    );
    assert_eq!(problem["type"], expected.1);
    // What was recorded is kept, and what could not be delivered is told.
    assert_eq!(metrics.shutdown().await.unwrap_err().records, 1);

    let refused = builder().require_database().start().await.unwrap_err();
    let StartError::Store { source, .. } = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(source.misconfiguration(), Some(what), "{refused:?}");
    assert!(!refused.to_string().contains("hunter2"), "{refused}");
}

#[tokio::test]
async fn a_url_of_another_scheme_is_named() {
    is_named("mysql://app:hunter2@db/app", Misconfiguration::Url).await;
}

#[tokio::test]
async fn a_refused_password_is_named() {
    let mut database = PgDatabase::create().await;
    let role = database.role().await;
    let url = database.url_of(&role).replace(":test@", ":hunter2@");
    is_named(&url, Misconfiguration::Password).await;
}

#[tokio::test]
async fn a_role_that_may_not_log_in_is_named() {
    let mut database = PgDatabase::create().await;
    let role = database.role().await;
    database.admin(&format!("ALTER ROLE {role} NOLOGIN")).await;
    is_named(&database.url_of(&role), Misconfiguration::Role).await;
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named() {
    let database = PgDatabase::create().await;
    let url = database
        .url()
        .replace(database.name(), "nobody_has_made_this");
    is_named(&url, Misconfiguration::Database).await;
}

#[tokio::test]
async fn a_role_that_may_not_create_the_schema_is_named() {
    let mut database = PgDatabase::create().await;
    let role = database.role().await;
    is_named(&database.url_of(&role), Misconfiguration::Permission).await;
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/metrics.db");
    is_named(path.to_str().unwrap(), Misconfiguration::Directory).await;
}

/// A user who may not write, whoever runs the tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_be_written_is_named_on_stderr_with_what_to_do() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let folder = tempfile::tempdir().unwrap();
    let allow = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(folder.path(), 0o555);
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command
        .env("DEMO_LISTEN", "127.0.0.1:0")
        .env("DEMO_TRAFFIC", "0")
        .env("DATABASE_URL", folder.path().join("metrics.db"));
    let root = std::fs::metadata("/proc/self").is_ok_and(|this| {
        use std::os::unix::fs::MetadataExt as _;
        this.uid() == 0
    });
    // Root may write anywhere. The program is copied to where everybody can reach it.
    let reachable = tempfile::Builder::new().tempdir_in("/tmp").unwrap();
    if root {
        let copy = reachable.path().join("demo");
        std::fs::copy(env!("CARGO_BIN_EXE_demo"), &copy).unwrap();
        allow(reachable.path(), 0o755);
        allow(&copy, 0o755);
        let mut other = Command::new(copy);
        other.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        other.uid(65_534).gid(65_534).current_dir("/");
        command = other;
    }
    let process = Process::start(&mut command);
    let ended = tokio::task::spawn_blocking(|| process.ended())
        .await
        .unwrap();
    allow(folder.path(), 0o755);
    // The demo asks for its database.
    assert!(!ended.status.success(), "{}", ended.output);
    let what = Misconfiguration::Permission;
    assert!(ended.output.contains(&what.to_string()), "{}", ended.output);
    assert!(ended.output.contains(advice(what)), "{}", ended.output);
}

#[tokio::test]
async fn a_database_that_merely_does_not_answer_is_no_error_even_where_one_is_required() {
    let nobody = api_metrics_tests::Proxy::reserve();
    let url = format!("postgres://app:hunter2@{}/app", nobody.address());
    let metrics = ApiMetrics::builder()
        .database(url)
        .no_auth()
        .require_database()
        .connect_timeout(Duration::from_millis(300))
        .shutdown_timeout(Duration::from_millis(100))
        .start()
        .await
        .unwrap();
    assert_eq!(metrics.health().unwrap().store_misconfiguration, None);
    let (status, _, ready) = asked(&metrics, "/health/ready").await;
    assert_eq!(
        (status, &ready["reason"]),
        (503, &"the store does not answer".into())
    );
    metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_was_missing_is_used_as_soon_as_somebody_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("later/metrics.db");
    let metrics = ApiMetrics::builder()
        .embedded(&file)
        .no_auth()
        .flush_interval(Duration::from_millis(100))
        .start()
        .await
        .unwrap();
    let now = std::time::SystemTime::now();
    metrics.sink().record(&RequestRecord::new("GET", "/", now));
    assert_eq!(
        metrics.health().unwrap().store_misconfiguration,
        Some(Misconfiguration::Directory)
    );
    std::fs::create_dir(folder.path().join("later")).unwrap();
    api_metrics_tests::eventually("the first flush", || async {
        metrics.health().unwrap().last_flush_at.map(drop)
    })
    .await;
    assert_eq!(metrics.health().unwrap().store_misconfiguration, None);
    metrics.shutdown().await.unwrap();
}

/// What a route answers that writes before anybody has made the tables.
async fn a_rule_is_refused_for_a_while(
    store: std::sync::Arc<dyn api_metrics_store::control::ControlStore>,
) {
    let bytes: std::sync::Arc<dyn api_metrics_store::store::Store> = store.clone();
    let admin = api_metrics_routes::Admin::builder(bytes)
        .control(store.clone())
        .no_auth()
        .build();
    let rule = serde_json::json!({"name": "errors", "alertType": "error_rate", "comparison": "gt",
        "thresholdValue": 10, "windowMinutes": 1});
    let made = || {
        let request = Request::post("/api-alerts")
            .header("content-type", "application/json")
            .body(Body::from(rule.to_string()))
            .unwrap();
        admin.router().oneshot(request)
    };
    let response = made().await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    store.prepare().await.unwrap();
    assert_eq!(made().await.unwrap().status().as_u16(), 201);
}

#[tokio::test]
async fn a_rule_that_comes_before_the_tables_on_sqlite_is_refused_for_a_while() {
    let file = SqliteFile::on_disk();
    let options = api_metrics_tests::patient();
    let store = api_metrics_store::sqlite::SqliteStore::open(&file.url(), options).unwrap();
    a_rule_is_refused_for_a_while(std::sync::Arc::new(store)).await;
}

#[tokio::test]
async fn a_rule_that_comes_before_the_tables_on_postgres_is_refused_for_a_while() {
    let database = PgDatabase::create().await;
    let options = api_metrics_tests::patient();
    let store =
        api_metrics_store::postgres::PostgresStore::connect_lazy(&database.url(), options).unwrap();
    a_rule_is_refused_for_a_while(std::sync::Arc::new(store)).await;
}

/// What an error tells the operator to do.
fn advice(what: Misconfiguration) -> &'static str {
    match what {
        Misconfiguration::Url => "correct the URL",
        Misconfiguration::Password => "correct the role and the password",
        Misconfiguration::Role => "create the role with LOGIN",
        Misconfiguration::Database => "create the database (CREATE DATABASE",
        Misconfiguration::Directory => "create the folder",
        Misconfiguration::Permission => "grant the missing right",
        other => unreachable!("{other:?} is not tried here"),
    }
}
