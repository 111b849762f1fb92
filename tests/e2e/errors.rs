//! What can't work says so, by name.

use std::process::Command;

use api_metrics::{ApiMetrics, SketchKind, StartError};
use api_metrics_store::store::StoreError;
use api_metrics_tests::{PgDatabase, Process, SqliteFile, process::Ended};

fn demo_on(database: &str) -> Ended {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_demo"))
            .env("DEMO_LISTEN", "127.0.0.1:0")
            .env("DEMO_TRAFFIC", "0")
            .env("DATABASE_URL", database),
    )
    .ended()
}

#[test]
fn a_wrong_database_url_is_named_without_its_password() {
    for (url, named) in [
        ("mysql://app:hunter2@db/app", "mysql://"),
        ("postgres://app:hunter2@db:port/app", "db:port"),
        ("sqlite://metrics.db?mode=hunter", "mode"),
        // Passwords that were not encoded, forms that other tools take, and settings beside.
        ("postgres://app:hunter2/x@db:port/app", "db:port"),
        ("postgres://app:hunter2?x#y@db:port/app", "db:port"),
        ("postgres:app:hunter2@db/app", "db/app"),
        ("app:hunter2@db/app", "db/app"),
        ("host=db user=app password=hunter2 dbname=app", "dbname=app"),
        ("mysql://db/app?passw%6frd=hunter2&x=1", "mysql://db/app"),
        (
            "postgres://db:port/app?user=app&password=hunter2",
            "db:port",
        ),
    ] {
        let ended = demo_on(url);
        assert!(!ended.status.success(), "{}", ended.output);
        assert!(ended.output.contains(named), "{url}: {}", ended.output);
        assert!(!ended.output.contains("hunter2"), "{}", ended.output);
    }
}

#[test]
fn no_program_repeats_a_password_of_its_command_line() {
    let url = "postgres://app:hunter2@db:port/app";
    let equals = format!("--databse={url}");
    for words in [
        &[url][..],
        &["access.log", url],
        &["access.log", &equals],
        &["access.log", "--routes", url],
        &["access.log", "--database", url],
        &["--database", url],
        &[&equals],
        &["--days", url],
    ] {
        let ended = Process::start(Command::new(env!("CARGO_BIN_EXE_seed")).args(words)).ended();
        assert!(!ended.status.success(), "{}", ended.output);
        assert!(
            !ended.output.contains("hunter2"),
            "{words:?}: {}",
            ended.output
        );
    }
}

#[tokio::test]
async fn no_log_line_and_no_debug_output_holds_a_password_while_the_database_is_away() {
    let nobody = api_metrics_tests::Proxy::reserve();
    let urls = [
        format!("postgres://app:hunter2@{}/app", nobody.address()),
        format!(
            "postgres://{}/app?user=app&password=hunter2",
            nobody.address()
        ),
    ];
    for url in &urls {
        let demo = crate::service::Demo::start_with(url, "0", &[("RUST_LOG", "trace")]);
        let status = demo.admin.get("api-status").await.text().await.unwrap();
        assert!(!status.contains("hunter2"), "{status}");
        let ended = demo.end_by("TERM").await;
        assert!(!ended.output.contains("hunter2"), "{}", ended.output);
        let builder = ApiMetrics::builder()
            .database(url)
            .connect_timeout(std::time::Duration::from_millis(50))
            .shutdown_timeout(std::time::Duration::from_millis(50));
        let mut said = format!("{builder:?}");
        let metrics = builder.start().await.unwrap();
        said += &format!(
            "{metrics:?} {:?} {:?} {:?} {:?}",
            metrics.health(),
            metrics.store(),
            metrics.layer(),
            metrics.sink(),
        );
        let failed = metrics.flush().await.unwrap_err();
        said += &format!("{failed} {failed:?}");
        let failed = metrics.shutdown().await;
        said += &format!("{failed:?}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    for wrong in ["mysql://app:hunter2@db/app", "app:hunter2@db/app"] {
        let error = ApiMetrics::builder()
            .database(wrong)
            .require_database()
            .start()
            .await;
        let error = error.err().unwrap();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn a_short_admin_token_and_a_forged_name_end_the_start() {
    let file = SqliteFile::create();
    let short = || {
        ApiMetrics::builder()
            .embedded(file.path())
            .admin_token("x".repeat(31))
    };
    let error = short().start().await.err().unwrap();
    assert!(matches!(
        error,
        StartError::ShortToken { characters: 31, .. }
    ));
    let said = error.to_string();
    assert!(
        said.contains("32") && said.contains(".allow_short_admin_token()"),
        "{said}"
    );
    let metrics = short().allow_short_admin_token().start().await.unwrap();
    metrics.shutdown().await.unwrap();
    let named = || ApiMetrics::builder().embedded(file.path());
    for (setting, builder) in [
        ("service", named().service("shop\nERROR leaked")),
        ("environment", named().environment("\u{1b}[31m")),
        ("version", named().version("1.0\u{202e}")),
    ] {
        let error = builder.no_auth().start().await.err().unwrap();
        assert!(matches!(&error, StartError::Name { setting: named, .. } if *named == setting));
        assert!(error.to_string().contains(setting), "{error}");
    }
}

#[tokio::test]
async fn a_clock_of_ones_own_reaches_the_admin_its_quotas_and_its_bills() {
    use api_metrics_store::time::{Clock as _, ManualClock};

    let file = SqliteFile::create();
    // 2028-02-29T12:00:00Z
    let clock = std::sync::Arc::new(ManualClock::at(1_835_438_400));
    let metrics = ApiMetrics::builder()
        .embedded(file.path())
        .clock(clock.clone())
        .no_auth()
        .start()
        .await
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new()
        .nest_service("/admin", metrics.admin())
        .nest_service("/console", metrics.console());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = reqwest::Client::new();
    let get = async |path: &str| {
        let answer = client.get(format!("{base}/{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json::<serde_json::Value>().await.unwrap()
    };
    let mut record = api_metrics::RequestRecord::new("GET", "/x", clock.wall());
    let key = api_metrics::ApiKey::from("k");
    record.api_key = Some(&key);
    api_metrics::MetricSink::record(&metrics.sink(), &record);
    metrics.flush().await.unwrap();
    let keys = get("admin/api-keys").await;
    let id = keys["data"][0]["id"].as_i64().unwrap();
    let patch = client.patch(format!("{base}/admin/api-keys/{id}"));
    let patched = patch.json(&serde_json::json!({"quotaLimit": 10}));
    assert_eq!(patched.send().await.unwrap().status(), 200);
    assert_eq!(
        get("admin/api-metrics/summary?period=5m").await["totalRequests"],
        1
    );
    let quotas = get("admin/api-metrics/quotas").await;
    assert_eq!(quotas["data"][0]["used"], 1, "{quotas}");
    assert_eq!(quotas["data"][0]["resetDate"], "2028-03-01T00:00:00Z");
    let bill = get("console/billing").await;
    assert_eq!(bill["breakdown"][0]["date"], "2028-02-29", "{bill}");
    assert_eq!(
        get("console/summary").await["periodEnd"],
        "2028-02-29T23:59:59Z"
    );
    metrics.shutdown().await.unwrap();
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let file = SqliteFile::create();
    let text = "these are the notes of a meeting, not a database. ".repeat(100);
    std::fs::write(file.path(), &text).unwrap();
    let ended = demo_on(&file.url());
    assert!(!ended.status.success(), "{}", ended.output);
    assert!(ended.output.contains("metrics.db"), "{}", ended.output);
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), text);
}

#[tokio::test]
async fn a_sqlite_file_of_a_newer_release_is_refused_and_left_alone() {
    let file = SqliteFile::create();
    started(&file.url())
        .await
        .unwrap()
        .shutdown()
        .await
        .unwrap();
    let pool = sqlx::SqlitePool::connect(&file.url()).await.unwrap();
    sqlx::query("INSERT INTO api_metrics_schema_migrations (version, name) VALUES (999, 'future')")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    refused_as_newer(&file.url()).await;
}

#[tokio::test]
async fn a_postgres_database_of_a_newer_release_is_refused_and_left_alone() {
    let database = PgDatabase::create().await;
    started(&database.url())
        .await
        .unwrap()
        .shutdown()
        .await
        .unwrap();
    let pool = sqlx::PgPool::connect_with(database.options())
        .await
        .unwrap();
    sqlx::query("INSERT INTO api_metrics.schema_migrations (version, name) VALUES (999, 'future')")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    refused_as_newer(&database.url()).await;
}

async fn started(url: &str) -> Result<ApiMetrics, StartError> {
    ApiMetrics::builder().database(url).no_auth().start().await
}

async fn refused_as_newer(url: &str) {
    let error = started(url).await.unwrap_err();
    assert!(
        matches!(
            &error,
            StartError::Store {
                source: StoreError::TooNew { found: 999, .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("999"), "{error}");
    let url = url.to_owned();
    let ended = tokio::task::spawn_blocking(move || demo_on(&url))
        .await
        .unwrap();
    assert!(!ended.status.success());
    assert!(
        ended.output.contains("schema version 999"),
        "{}",
        ended.output
    );
}

#[tokio::test]
async fn another_kind_of_sketch_than_the_databases_is_refused() {
    let file = SqliteFile::create();
    started(&file.url())
        .await
        .unwrap()
        .shutdown()
        .await
        .unwrap();
    let error = ApiMetrics::builder()
        .embedded(file.path())
        .sketch_kind(SketchKind::TDigest)
        .no_auth()
        .start()
        .await
        .unwrap_err();
    assert!(
        matches!(
            &error,
            StartError::Store {
                source: StoreError::SketchKind { .. },
                ..
            }
        ),
        "{error:?}"
    );
}
