//! Live updates, watched by a real client.

use std::time::Duration;

use api_metrics_tests::wait::eventually;
use futures_util::StreamExt as _;

use crate::{
    events::Events,
    host::{Hit, Host, TOKEN, problem},
};

async fn watch(host: &Host) -> Events {
    Events::of(host.get("/api-metrics/stream").await)
}

#[tokio::test]
async fn a_client_sees_whole_snapshots_and_may_come_back() {
    let host = Host::start().await;
    host.record(&Hit::of("/x"));
    let mut events = watch(&host).await;
    let (name, id, data) = events.next().await.unwrap();
    assert_eq!(name, "metrics-update");
    assert!(events.update_seconds.is_some_and(|seconds| seconds > 0.0));
    assert!(id.parse::<i64>().is_ok());
    assert_eq!(data["totalRequests"], 1);
    assert_eq!(data["minutes"].as_array().unwrap().len(), 5);
    drop(events);
    host.record(&Hit::of("/x"));
    // As a browser's EventSource does: it says what it saw last.
    let back = host.client.get(host.url("/api-metrics/stream"));
    let back = back.bearer_auth(TOKEN).header("last-event-id", &id).send();
    let mut events = Events::of(back.await.unwrap());
    events.until(2).await;
    host.record(&Hit::of("/x"));
    events.until(3).await;
}

#[tokio::test]
async fn a_client_that_left_gives_its_place_back() {
    let host = Host::start_with(|builder| builder.token(TOKEN).max_streams(1)).await;
    let first = watch(&host).await;
    let refused = problem(host.get("/api-metrics/stream").await, 503).await;
    assert_eq!(refused["type"], "urn:api-metrics:too-many-streams");
    drop(first);
    eventually("a free place", async || {
        let response = host.get("/api-metrics/stream").await;
        (response.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_after_its_lifetime() {
    let host = Host::start().await;
    let mut events = watch(&host).await;
    events.next().await.unwrap();
    host.clock.advance(Duration::from_secs(3_600));
    // Ends by itself: the loop would never return otherwise.
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn shutdown_ends_streams_and_lets_the_server_return() {
    let host = Host::start().await;
    let mut events = watch(&host).await;
    events.next().await.unwrap();
    host.shutdown.cancel();
    while events.next().await.is_some() {}
    host.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_outage_is_an_event_and_the_stream_goes_on() {
    let host = Host::start().await;
    let mut events = watch(&host).await;
    events.next().await.unwrap();
    host.store.pool().close().await;
    loop {
        let (name, _, data) = events.next().await.expect("the stream goes on");
        if name == "metrics-unavailable" {
            assert_eq!(data["status"], 503);
            break;
        }
    }
}

#[tokio::test]
async fn many_watchers_cost_one_poll() {
    let host = Host::start_with(|builder| {
        builder
            .token(TOKEN)
            .requests_per_minute(10_000)
            .stream_interval(Duration::from_secs(3_600))
    })
    .await;
    let mut watchers = Vec::new();
    for _ in 0..50 {
        watchers.push(watch(&host).await);
        host.clock.advance(Duration::from_millis(1));
    }
    // An event is named after the time of its poll: polls of their own would have times of their own.
    let ids: Vec<String> = futures_util::stream::iter(&mut watchers)
        .then(async |watcher| watcher.next().await.unwrap().1)
        .collect()
        .await;
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(host.json("/api-status").await["streams"], 50);
}

#[tokio::test]
async fn what_cannot_wait_is_an_event_before_the_next_update() {
    let host = Host::start_with(|builder| {
        builder
            .token(TOKEN)
            .stream_interval(Duration::from_secs(3_600))
            .stream_poll_interval(Duration::from_millis(20))
    })
    .await;
    let mut events = watch(&host).await;
    assert_eq!(events.next().await.unwrap().2["totalRequests"], 0);
    // Traffic begins.
    host.record(&Hit::of("/x"));
    events.until(1).await;
    // Everything fails.
    for _ in 0..30 {
        host.record(&Hit {
            status: 500,
            ..Hit::of("/x")
        });
    }
    let (_, _, data) = events.next().await.expect("the stream goes on");
    assert!(data["totalErrorCount"].as_u64().unwrap() >= 20, "{data}");
}
