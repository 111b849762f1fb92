//! Releases over HTTP.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{MetricSink as _, RequestRecord};
use api_metrics_store::{
    recorder::{Recorder, RecorderOptions},
    store::{Instance, Store as _, Writer},
};
use reqwest::Response;
use serde_json::json;

use crate::host::{Host, NOW};

const ROLLOUT: &str = "/api-releases/rollout?service=shop&environment=test";

/// Asks for everything that can be asked, well and badly; `check` gets the path of the document.
pub(crate) async fn ask_all(host: &Host, check: &mut impl AsyncFnMut(&str, &str, Response)) {
    let (list, rollout) = ("/api-releases", "/api-releases/rollout");
    for (documented, path) in [
        (list, list),
        (list, "/api-releases?service=shop&environment=test&limit=1"),
        (list, "/api-releases?limit=0"),
        (rollout, ROLLOUT),
        (rollout, rollout),
        (
            rollout,
            "/api-releases/rollout?service=shop&environment=test&period=90d",
        ),
    ] {
        check(documented, "get", host.get(path).await).await;
    }
}

/// Requests of a version of the shop, from `from` to `to` minutes before now: so many a minute, every tenth failed.
async fn serve(host: &Host, version: &str, (from, to): (i64, i64), (status, ms): (u16, u64)) {
    let mut options = RecorderOptions::default();
    options.clock = host.clock.clone();
    let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "test");
    version.clone_into(&mut instance.version);
    let writer = Writer::new(instance, Arc::new(Recorder::new(options)));
    for minute in to..from {
        let at =
            UNIX_EPOCH + Duration::from_secs((NOW / 60 * 60 - (minute + 1) * 60).unsigned_abs());
        for n in 0..20_u64 {
            let mut record = RequestRecord::new("GET", "/api/segments", at);
            record.status = Some(if n.is_multiple_of(10) { status } else { 200 });
            record.latency = Some(Duration::from_millis(ms + n));
            writer.recorder.record(&record);
        }
    }
    host.store.flush(&writer).await.unwrap();
    while host.store.fold().await.unwrap().more {}
}

#[tokio::test]
async fn a_release_says_whether_it_is_worse_by_how_much_and_with_what_confidence() {
    let host = Host::start().await;
    serve(&host, "1.0", (120, 55), (404, 100)).await;
    serve(&host, "1.1", (60, 0), (503, 100)).await;
    let page = host.json("/api-releases").await;
    let releases = page["data"].as_array().unwrap();
    let names: Vec<_> = releases
        .iter()
        .map(|of| of["version"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["1.1", "1.0"]);
    assert_eq!(releases[1]["comparison"], json!(null));
    assert_eq!(releases[1]["verdict"], json!(null));
    let (last, compared) = (&releases[0], &releases[0]["comparison"]);
    for (name, value) in [
        ("service", json!("shop")),
        ("environment", json!("test")),
        ("verdict", json!("worse")),
        ("firstAt", json!("2026-05-18T08:30:00Z")),
        ("lastAt", json!("2026-05-18T09:30:00Z")),
    ] {
        assert_eq!(last[name], value, "{name}");
    }
    assert_eq!(compared["comparedWith"], "just_before");
    assert_eq!(compared["before"]["requests"], 1_200);
    assert_eq!(compared["before"]["clientErrorRate"], 10.0);
    assert_eq!(compared["before"]["serverErrorRate"], 0.0);
    assert_eq!(compared["after"]["serverErrorRate"], 10.0);
    let of = |name: &str| compared["errors"][name].as_f64().unwrap();
    assert_eq!(of("value"), 10.0);
    assert!(7.0 < of("low") && of("low") < 10.0 && 10.0 < of("high") && of("high") < 13.0);
    assert_eq!(compared["p95"]["verdict"], "no_difference");
    let text = last["text"].as_str().unwrap();
    let beginning = "1.1 is worse than 1.0: +10.00 points of 5xx (+";
    assert!(text.starts_with(beginning), "{text}");
}

#[tokio::test]
async fn pages_of_releases_follow_each_other_and_filters_hold() {
    let host = Host::start().await;
    for (n, version) in ["a", "b", "c"].into_iter().enumerate() {
        let ago = 90 - 30 * n as i64;
        serve(&host, version, (ago, ago - 1), (200, 10)).await;
    }
    let mut path = "/api-releases?limit=2&service=shop".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = host.json(&path).await;
        for release in page["data"].as_array().unwrap() {
            let text = release["text"].as_str().unwrap().to_owned();
            seen.push((release["version"].as_str().unwrap().to_owned(), text));
        }
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/api-releases?limit=2&service=shop&cursor={cursor}");
    }
    let said = |version: &str, text: &str| (version.to_owned(), text.to_owned());
    assert_eq!(
        seen,
        [
            said("c", "Too few requests to tell: 20 of c, 20 of b"),
            said("b", "Too few requests to tell: 20 of b, 20 of a"),
            said("a", "The first version that is known"),
        ]
    );
    let none = host.json("/api-releases?service=mail").await;
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn a_rollout_shows_both_versions_in_the_same_steps() {
    let host = Host::start().await;
    serve(&host, "1.0", (40, 0), (200, 100)).await;
    serve(&host, "1.1", (20, 0), (500, 200)).await;
    let found = host.json(&format!("{ROLLOUT}&period=1h")).await;
    assert_eq!(found["stepSeconds"], 300);
    let versions = found["versions"].as_array().unwrap();
    let sums: Vec<_> = versions
        .iter()
        .map(|of| {
            let steps = of["steps"].as_array().unwrap();
            let sum = |name: &str| {
                steps
                    .iter()
                    .map(|at| at[name].as_u64().unwrap())
                    .sum::<u64>()
            };
            (
                of["version"].as_str().unwrap(),
                steps.len(),
                sum("requests"),
                sum("serverErrors"),
            )
        })
        .collect();
    assert_eq!(sums, [("1.0", 8, 800, 0), ("1.1", 4, 400, 40)]);
    let last = |n: usize| versions[n]["steps"].as_array().unwrap().last().unwrap()["at"].clone();
    assert_eq!(last(0), last(1));
    let missing = host
        .problem("/api-releases/rollout?service=shop", 400)
        .await;
    assert_eq!(missing["parameter"], "environment");
    let long = host.problem(&format!("{ROLLOUT}&period=90d"), 400).await;
    assert_eq!(long["parameter"], "from");
}
