//! The tail of the request log: from two instances to every stream, on both databases.

use std::time::{Duration, Instant};

use api_metrics::CaptureEvents;
use api_metrics_routes::{Principal, Role};
use api_metrics_tests::{PgDatabase, SqliteFile};
use axum::{
    Extension,
    body::{Body, BodyDataStream},
    http::{Request, StatusCode, header},
    response::Response,
};
use futures_util::StreamExt;
use serde_json::Value;
use tower::ServiceExt;
use tracing_subscriber::layer::SubscriberExt;

use crate::requests::Service;

/// A stream, as a browser reads it.
struct Tail {
    body: BodyDataStream,
    text: String,
    hello: Value,
    /// The id of the last event that had one.
    last: Option<String>,
}

impl Tail {
    async fn open(service: &Service, query: &str) -> Self {
        Self::open_as(service, query, None, None).await
    }

    async fn open_as(
        service: &Service,
        query: &str,
        last: Option<&str>,
        by: Option<Principal>,
    ) -> Self {
        let response = answer(service, query, last, by).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut tail = Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
            hello: Value::Null,
            last: None,
        };
        let (name, hello) = tail.event().await.unwrap();
        assert_eq!(name, "requests-stream");
        tail.hello = hello;
        tail
    }

    /// The next event; `None` at the stream's end.
    async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                };
                if let Some(id) = field("id") {
                    self.last = Some(id.to_owned());
                }
                if let Some(data) = field("data") {
                    let data = serde_json::from_str(data).unwrap();
                    return Some((field("event").unwrap().to_owned(), data));
                }
                continue;
            }
            let chunk = self.body.next().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next requests, each by its user agent, and how many were left out before.
    async fn arrived(&mut self) -> (Vec<Value>, u64) {
        loop {
            let (name, data) = self.event().await.unwrap();
            assert_eq!(name, "requests");
            let left_out = data["leftOut"].as_u64().unwrap();
            let requests = data["data"].as_array().unwrap();
            if !requests.is_empty() || left_out > 0 {
                return (requests.clone(), left_out);
            }
        }
    }
}

async fn answer(
    service: &Service,
    query: &str,
    last: Option<&str>,
    by: Option<Principal>,
) -> Response {
    let mut admin = service.metrics.admin();
    if let Some(principal) = by {
        admin = admin.layer(Extension(principal));
    }
    let mut request =
        Request::get(format!("/api-requests/stream?{query}")).header(header::HOST, "localhost");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let request = request.body(Body::empty()).unwrap();
    admin.oneshot(request).await.unwrap()
}

async fn get(service: &Service, path: &str, agent: &str, key: Option<&str>) {
    let mut request = Request::get(path).header(header::USER_AGENT, agent);
    if let Some(key) = key {
        request = request.header("x-key", key);
    }
    service.send(request.body(Body::empty()).unwrap()).await;
}

fn agents(requests: &[Value]) -> Vec<&str> {
    let agents = requests.iter().map(|request| request["userAgent"].as_str());
    agents.map(Option::unwrap).collect()
}

macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() {
                let database = super::PgDatabase::create().await;
                super::$name(&database.url()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() {
                let file = super::SqliteFile::create();
                super::$name(&file.url()).await;
            })*
        }
    };
}

on_both_databases! {
    what_any_instance_keeps_arrives_within_two_seconds_and_once
    a_stream_goes_on_where_it_ended_on_another_instance
    no_more_is_shown_in_a_second_than_was_asked_for_and_the_rest_is_counted
    a_stream_shows_what_its_caller_may_see
    an_event_arrives_as_requests_do_and_a_filter_of_kind_lets_nothing_else_through
}

async fn an_event_arrives_as_requests_do_and_a_filter_of_kind_lets_nothing_else_through(url: &str) {
    let events = CaptureEvents::new();
    let subscriber = tracing_subscriber::registry().with(events.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let service = Service::on_with_events(url, |_| {}, events).await;
    let mut tail = Tail::open(&service, "kind=event&level=error").await;
    get(&service, "/users/1", "quiet", None).await;
    tracing::warn!(target: "shop::jobs", "a job is late");
    let began = Instant::now();
    tracing::error!(target: "shop::jobs", "a job has failed");
    let (arrived, left_out) = tail.arrived().await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!((arrived.len(), left_out), (1, 0));
    assert_eq!(arrived[0]["message"], "a job has failed");
    assert_eq!(arrived[0]["source"], "shop::jobs");
    // Who has a key, which must be known by then, sees neither.
    get(&service, "/users/1", "before", Some("alpha")).await;
    service.metrics.flush().await.unwrap();
    let viewer = Principal::new("somebody", Role::Viewer).with_key("alpha");
    let mut tail = Tail::open_as(&service, "", None, Some(viewer)).await;
    tracing::error!(target: "shop::jobs", "another job has failed");
    get(&service, "/users/1", "own", Some("alpha")).await;
    let (arrived, _) = tail.arrived().await;
    assert_eq!(agents(&arrived), ["own"]);
    service.metrics.shutdown().await.unwrap();
}

async fn what_any_instance_keeps_arrives_within_two_seconds_and_once(url: &str) {
    let (one, other) = (
        Service::on(url, |_| {}).await,
        Service::on(url, |_| {}).await,
    );
    let mut tail = Tail::open(&one, "").await;
    assert_eq!(tail.hello["continues"], "now");
    assert_eq!(
        (&tail.hello["perSecond"], &tail.hello["updateSeconds"]),
        (&50.into(), &0.5.into())
    );
    let mut failures = Tail::open(&other, "statusClass=5xx&text=ledger17").await;
    let mut seen = Vec::new();
    let mut waits = Vec::new();
    for n in 0..7 {
        let (from, agent) = (if n % 2 == 0 { &other } else { &one }, format!("a{n}"));
        let sent = Instant::now();
        get(from, "/users/7", &agent, None).await;
        let (requests, left_out) = tail.arrived().await;
        waits.push(sent.elapsed());
        assert_eq!(left_out, 0);
        seen.extend(agents(&requests).into_iter().map(str::to_owned));
    }
    assert_eq!(seen, ["a0", "a1", "a2", "a3", "a4", "a5", "a6"]);
    // The middle one, because a test's machine has more to do at times.
    waits.sort_unstable();
    assert!(waits[3] < Duration::from_secs(2), "{waits:?}");
    get(&one, "/locked/1", "other words", None).await;
    get(&one, "/locked/1", "ledger17", None).await;
    let (requests, _) = failures.arrived().await;
    assert_eq!(agents(&requests), ["ledger17"]);
    assert_eq!(requests[0]["countedStatus"], 503);
    // What a stream shows is what the list has.
    let id = requests[0]["id"].as_str().unwrap();
    assert_eq!(one.json(&format!("/api-requests/{id}")).await, requests[0]);
    // Streams end with their service.
    one.metrics.shutdown().await.unwrap();
    while tail.event().await.is_some() {}
    other.metrics.shutdown().await.unwrap();
}

async fn a_stream_goes_on_where_it_ended_on_another_instance(url: &str) {
    let (one, other) = (
        Service::on(url, |_| {}).await,
        Service::on(url, |_| {}).await,
    );
    let mut tail = Tail::open(&one, "").await;
    get(&one, "/users/7", "first", None).await;
    let (requests, _) = tail.arrived().await;
    let first = requests[0]["id"].as_str().unwrap().to_owned();
    let last = tail.last.clone().unwrap();
    drop(tail);
    for agent in ["second", "third"] {
        get(&other, "/users/7", agent, None).await;
        other.metrics.flush().await.unwrap();
    }
    let mut tail = Tail::open_as(&other, "", Some(&last), None).await;
    assert_eq!(tail.hello["continues"], "arrival");
    assert_eq!(agents(&tail.arrived().await.0), ["second", "third"]);
    get(&one, "/users/7", "fourth", None).await;
    assert_eq!(agents(&tail.arrived().await.0), ["fourth"]);
    // By a request, and the header before it.
    let after = format!("after={first}");
    let mut tail = Tail::open(&one, &after).await;
    assert_eq!(tail.hello["continues"], "time");
    assert_eq!(
        agents(&tail.arrived().await.0),
        ["second", "third", "fourth"]
    );
    let mut tail = Tail::open_as(&one, &after, Some(&last), None).await;
    assert_eq!(tail.hello["continues"], "arrival");
    assert_eq!(
        agents(&tail.arrived().await.0),
        ["second", "third", "fourth"]
    );
    for (query, last) in [
        ("", Some("x")),
        ("", Some("1-2-3")),
        ("perSecond=0", None),
        ("perSecond=501", None),
        ("after=7", None),
        ("period=1h", None),
        ("limit=1", None),
        ("status=99", None),
    ] {
        let refused = answer(&one, query, last, None).await;
        assert_eq!(
            refused.status(),
            StatusCode::BAD_REQUEST,
            "{query} {last:?}"
        );
    }
    one.metrics.shutdown().await.unwrap();
    other.metrics.shutdown().await.unwrap();
}

async fn no_more_is_shown_in_a_second_than_was_asked_for_and_the_rest_is_counted(url: &str) {
    let service = Service::on(url, |_| {}).await;
    let mut tail = Tail::open(&service, "perSecond=3").await;
    let mut times: Vec<(Instant, usize)> = Vec::new();
    let (mut shown, mut left_out) = (0, 0);
    for round in 0..3 {
        for n in 0..20 {
            get(&service, "/users/7", &format!("{round}.{n}"), None).await;
        }
        service.metrics.flush().await.unwrap();
        while shown + left_out < 20 * (round + 1) {
            let (requests, more) = tail.arrived().await;
            times.push((Instant::now(), requests.len()));
            shown += requests.len() as u64;
            left_out += more;
        }
    }
    assert_eq!(shown + left_out, 60);
    assert!(shown >= 9 && left_out > 0, "{shown} {left_out}");
    for (at, _) in &times {
        let within = times.iter().filter(|(other, _)| {
            *other <= *at && at.duration_since(*other) < Duration::from_millis(900)
        });
        assert!(
            within.map(|(_, count)| count).sum::<usize>() <= 3,
            "{times:?}"
        );
    }
    service.metrics.shutdown().await.unwrap();
}

async fn a_stream_shows_what_its_caller_may_see(url: &str) {
    let service = Service::on(url, |_| {}).await;
    service.traffic().await;
    let by = |tenant| Some(Principal::new("somebody", Role::Manager).with_tenant(tenant));
    let mut acme = Tail::open_as(&service, "", None, by("acme")).await;
    let mut umbrella = Tail::open_as(&service, "perSecond=1", None, by("umbrella")).await;
    let mut nobody = Tail::open_as(&service, "", None, by("nobody")).await;
    let mut all = Tail::open(&service, "").await;
    for (agent, key) in [("a", Some("alpha")), ("b", Some("beta")), ("c", None)] {
        get(&service, "/locked/1", agent, key).await;
    }
    service.metrics.flush().await.unwrap();
    let (requests, _) = all.arrived().await;
    assert_eq!(agents(&requests), ["a", "b", "c"]);
    assert!(
        requests
            .iter()
            .all(|request| request["address"].is_string())
    );
    for (tail, agent) in [(&mut acme, "a"), (&mut umbrella, "b")] {
        let (requests, left_out) = tail.arrived().await;
        assert_eq!((agents(&requests), left_out), (vec![agent], 0));
        assert_eq!(requests[0]["address"], Value::Null);
    }
    // It is alive, and shows nothing.
    let (name, data) = nobody.event().await.unwrap();
    assert_eq!(
        (name.as_str(), data.to_string().as_str()),
        ("requests", r#"{"data":[],"leftOut":0}"#)
    );
    // Nor does another's place show more.
    let mut back = Tail::open_as(&service, "", all.last.as_deref(), by("nobody")).await;
    let (_, data) = back.event().await.unwrap();
    assert_eq!(data["leftOut"], 0);
    service.metrics.shutdown().await.unwrap();
}
