//! Lines, events and countries, from what a host logs to every route that shows them.

use api_metrics::CaptureEvents;
use api_metrics_layer::{GeoHeaders, Geography};
use api_metrics_routes::{Principal, Role};
use axum::{
    Extension,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use serde_json::{Value, json};
use tower::ServiceExt;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

use crate::requests::Service;

/// A service whose log is captured as long as the guard lives: an event of its start, a request of Germany that logs
/// and two quiet ones of nowhere.
async fn logging() -> (Service, DefaultGuard) {
    let events = CaptureEvents::new();
    let subscriber = tracing_subscriber::registry().with(events.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    // Before there is a log.
    tracing::warn!(target: "shop::start", port = 8_080, "no certificate: planted.person@example.org");
    let service = Service::start_with_events(
        |log| {
            log.capture
                .trusted_proxies
                .push("192.0.2.0/24".parse().unwrap());
            log.capture.geography = Some(Geography::headers([GeoHeaders::cloudflare()]));
        },
        events,
    )
    .await;
    let request = Request::get("/logs")
        .header("cf-ipcountry", "DE")
        .header("cf-ipcity", "Bonn")
        .header("cf-iplatitude", "50.73")
        .header("cf-iplongitude", "7.09")
        .header("x-key", "alpha")
        .body(Body::empty())
        .unwrap();
    service.send(request).await;
    for _ in 0..2 {
        let request = Request::get("/users/1").body(Body::empty()).unwrap();
        service.send(request).await;
    }
    tracing::error!(target: "shop::jobs", job = 7, "the nightly job has failed");
    service.metrics.flush().await.unwrap();
    (service, guard)
}

#[tokio::test]
async fn what_a_host_logs_is_listed_filtered_searched_and_exported() {
    let (service, _guard) = logging().await;
    for (query, expected) in [
        ("", 5),
        ("kind=request", 3),
        ("kind=event", 2),
        ("source=shop::start", 1),
        ("source=shop", 0),
        ("level=error", 1),
        ("level=warn", 2),
        ("level=info", 0),
        ("country=DE", 1),
        ("country=de", 1),
        ("country=FR", 0),
        ("country=unknown", 2),
        ("text=nightly+jobs", 1),
        ("text=certificate", 1),
        ("text=ledger+late", 1),
        ("text=planted", 0),
        ("kind=event&service=shop", 2),
        ("kind=event&level=error&source=shop::jobs&text=failed", 1),
    ] {
        assert_eq!(service.found(query).await, expected, "{query}");
        let path = format!("/api-requests/export?format=ndjson&{query}");
        let (_, lines) = service.ask(Method::GET, &path, None).await;
        assert_eq!(lines.lines().count(), expected, "{query}");
    }
    for wrong in [
        "kind=span",
        "kind=",
        "level=fatal",
        "level=ERROR",
        "country=XX",
        "country=Germany",
    ] {
        for route in ["", "/groups", "/search", "/export", "/stream"] {
            let q = if route == "/search" { "q=a&" } else { "" };
            let path = format!("/api-requests{route}?{q}{wrong}");
            let (status, body) = service.ask(Method::GET, &path, None).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
            let name = wrong.split('=').next().unwrap();
            assert!(
                body.contains(&format!("`{name}`")) || body.contains(name),
                "{body}"
            );
        }
    }
    let found = service.json("/api-requests?source=shop::start").await;
    let event = &found["data"][0];
    for (member, expected) in [
        ("kind", json!("event")),
        ("level", json!("warn")),
        ("source", json!("shop::start")),
        ("message", json!("no certificate: [email]")),
        ("fields", json!("port=8080")),
        ("method", json!("")),
        ("endpoint", json!("")),
        ("status", Value::Null),
        ("lines", json!([])),
        ("reason", json!("event")),
        ("service", json!("shop")),
    ] {
        assert_eq!(event[member], expected, "{member}");
    }
    let id = event["id"].as_str().unwrap();
    assert_eq!(&service.json(&format!("/api-requests/{id}")).await, event);
    let curl = format!("/api-requests/{id}/curl");
    assert_eq!(
        service.ask(Method::GET, &curl, None).await.0,
        StatusCode::NOT_FOUND
    );

    let found = service.json("/api-requests?country=DE").await;
    let request = &found["data"][0];
    let lines = request["lines"].as_array().unwrap();
    assert_eq!((lines.len(), &request["linesLeftOut"]), (1, &json!(0)));
    assert_eq!(lines[0]["message"], "the ledger is late");
    assert_eq!(lines[0]["fields"], "order=17 password=[hidden]");
    assert_eq!(
        (&lines[0]["level"], &request["level"]),
        (&json!("warn"), &json!("warn"))
    );
    assert_eq!(
        (&request["city"], &request["latitude"]),
        (&json!("Bonn"), &json!(50.7))
    );

    let groups = service.json("/api-requests/groups?kind=event").await;
    let groups = groups["data"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    assert!(
        groups.iter().all(|group| group["kind"] == "event"),
        "{groups:?}"
    );
    for mode in ["words", "hybrid", "similar"] {
        let path = format!("/api-requests/search?q=nightly+job+failed&mode={mode}");
        let found = service.json(&path).await;
        assert_eq!(
            found["data"][0]["request"]["source"], "shop::jobs",
            "{mode}"
        );
    }
    let status = service.json("/api-requests/status").await;
    assert_eq!((&status["chosen"], &status["kept"]), (&json!(5), &json!(5)));
    assert_eq!(status["dropped"]["bytes"], 0);
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn countries_are_counted_of_all_requests_and_shown_to_admins() {
    let (service, _guard) = logging().await;
    let found = service.json("/api-requests/countries").await;
    let expected = json!([{"country": null, "requests": 2}, {"country": "DE", "requests": 1}]);
    assert_eq!(found["data"], expected);
    for (query, rows) in [
        ("service=shop", 2),
        ("service=other", 0),
        ("environment=default", 2),
        ("from=2015-05-17&to=2015-05-18", 0),
    ] {
        let found = service
            .json(&format!("/api-requests/countries?{query}"))
            .await;
        assert_eq!(found["data"].as_array().unwrap().len(), rows, "{query}");
    }
    let path = "/api-requests/countries?country=DE";
    assert_eq!(
        service.ask(Method::GET, path, None).await.0,
        StatusCode::BAD_REQUEST
    );
    let manager = Principal::new("somebody", Role::Manager).with_tenant("acme");
    let (status, _) = service
        .ask(Method::GET, "/api-requests/countries", Some(manager))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    service.metrics.shutdown().await.unwrap();
}

#[tokio::test]
async fn tenants_and_consumers_see_neither_events_nor_lines() {
    let (service, _guard) = logging().await;
    let all = service.json("/api-requests?kind=event").await;
    let event = all["data"][0]["id"].as_str().unwrap().to_owned();
    let viewer = || Principal::new("somebody", Role::Viewer).with_key("alpha");
    let (_, own) = service
        .ask(Method::GET, "/api-requests", Some(viewer()))
        .await;
    let own: Value = serde_json::from_str(&own).unwrap();
    let own = own["data"].as_array().unwrap();
    assert_eq!(own.len(), 1);
    for hidden in [
        "level",
        "city",
        "region",
        "latitude",
        "longitude",
        "address",
    ] {
        assert_eq!(own[0][hidden], Value::Null, "{hidden}");
    }
    assert_eq!(
        (&own[0]["lines"], &own[0]["country"]),
        (&json!([]), &json!("DE"))
    );
    for (path, expected) in [
        ("/api-requests?kind=event", 0),
        ("/api-requests?text=ledger", 0),
        ("/api-requests?level=warn", 0),
        ("/api-requests/groups?kind=event", 0),
        ("/api-requests/search?q=nightly&mode=hybrid", 0),
        ("/api-requests/search?q=ledger&mode=words", 0),
        ("/api-requests?country=DE", 1),
    ] {
        let (status, body) = service.ask(Method::GET, path, Some(viewer())).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(body["data"].as_array().unwrap().len(), expected, "{path}");
    }
    let path = format!("/api-requests/{event}");
    assert_eq!(
        service.ask(Method::GET, &path, Some(viewer())).await.0,
        StatusCode::NOT_FOUND
    );
    // In the console not even an admin does.
    let ask = async |path: &str| {
        let admin = Principal::new("root", Role::Admin);
        let console = service.metrics.console().layer(Extension(admin));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = console.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let (status, body) = ask("/requests").await;
    assert_eq!(
        (status, body.matches("\"weight\"").count()),
        (StatusCode::OK, 3)
    );
    assert!(!body.contains("ledger") && !body.contains("Bonn"), "{body}");
    assert_eq!(
        ask(&format!("/requests/{event}")).await.0,
        StatusCode::NOT_FOUND
    );
    service.metrics.shutdown().await.unwrap();
}
