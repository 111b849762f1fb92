//! A database that is not there, and comes.

use std::time::Instant;

use api_metrics_tests::{PgDatabase, Proxy, eventually};
use reqwest::StatusCode;

use crate::service::Demo;
use api_metrics_tests::stored;

async fn requests(demo: &Demo, count: u64) {
    for id in 1..=count {
        let url = format!("{}/api/users/{id}", demo.base);
        let answer = demo.admin.http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

const FAST: &[(&str, &str)] = &[("API_METRICS_FLUSH_INTERVAL", "0.2")];

#[tokio::test]
async fn a_service_starts_without_its_database_serves_and_delivers_when_it_comes() {
    let database = PgDatabase::create().await;
    let mut wire = Proxy::reserve();
    let started = Instant::now();
    let url = database.url_through(wire.address());
    let demo = tokio::task::spawn_blocking(move || Demo::start_with(&url, "0", FAST))
        .await
        .unwrap();
    assert!(started.elapsed().as_secs() < 15, "{:?}", started.elapsed());
    requests(&demo, 30).await;
    let live = demo.admin.get("health/live").await;
    assert_eq!(live.status(), StatusCode::OK);
    let ready = demo.admin.get("health/ready").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);

    wire.connect(database.address());
    let store = stored::open(&database.url());
    eventually("the first flush", || async {
        store.status().await.ok()?;
        (stored::requests(&*store, None).await == 30).then_some(())
    })
    .await;
    eventually("readiness", || async {
        (demo.admin.get("health/ready").await.status() == StatusCode::OK).then_some(())
    })
    .await;
    demo.stop().await;
}

#[tokio::test]
async fn a_database_that_goes_away_and_comes_back_loses_and_doubles_nothing() {
    let database = PgDatabase::create().await;
    let mut wire = Proxy::reserve();
    wire.connect(database.address());
    let url = database.url_through(wire.address());
    let demo = tokio::task::spawn_blocking(move || Demo::start_with(&url, "0", FAST))
        .await
        .unwrap();
    let store = stored::open(&database.url());
    let mut sent = 0;
    for round in 1..=3 {
        requests(&demo, 20).await;
        sent += 20;
        eventually("a flush", || async {
            (stored::requests(&*store, None).await == sent).then_some(())
        })
        .await;
        wire.cut().await;
        requests(&demo, 10 * round).await;
        sent += 10 * round;
        eventually("the outage to be noticed", || async {
            let ready = demo.admin.get("health/ready").await;
            (ready.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
        })
        .await;
        wire.connect(database.address());
        eventually("the recovery", || async {
            (stored::requests(&*store, None).await == sent).then_some(())
        })
        .await;
    }
    demo.stop().await;
    assert_eq!(stored::requests(&*store, None).await, sent);
}
