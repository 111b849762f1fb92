//! Jobs over HTTP: listed, their runs, and a run that is asked for. For admins alone.

use api_metrics_routes::{Principal, Role};
use api_metrics_store::control::jobs::{JobName, JobOutcome, JobResult, JobStore as _};
use reqwest::Response;
use serde_json::json;
use uuid::Uuid;

use crate::{control_scopes::Shop, host::Host};

fn next(after: i64) -> Option<i64> {
    after.checked_add(3_600)
}

/// Asks every route of jobs, once there are some.
pub(crate) async fn ask_all(host: &Host, check: &mut impl AsyncFnMut(&str, &str, Response)) {
    let store = &host.store;
    let scheduled = JobName::new("shop", "default", "report");
    let scheduled = store.register_job(&scheduled, "every 1 h", &next).await;
    let scheduled = scheduled.unwrap();
    let by_code = JobName::new("shop", "default", "by-code");
    let failed = JobResult::new(JobOutcome::Error, Some("no printer".into()), 12);
    let noted = store.note_job_run(&by_code, Uuid::nil(), 1, &failed);
    noted.await.unwrap();
    for job in [scheduled, scheduled + 1, 99] {
        let path = format!("/api-jobs/{job}/run");
        let answer = host.send("post", &path, &json!(null)).await;
        check("/api-jobs/{id}/run", "post", answer).await;
        for query in ["", "?limit=1", "?cursor=x"] {
            let answer = host.get(&format!("/api-jobs/{job}/runs{query}")).await;
            check("/api-jobs/{id}/runs", "get", answer).await;
        }
    }
    let answer = host.get("/api-jobs").await;
    check("/api-jobs", "get", answer).await;
}

#[tokio::test]
async fn jobs_are_listed_page_by_page_and_run_when_an_admin_asks() {
    let host = Host::start().await;
    let name = |name: &str| JobName::new("shop", "default", name);
    let store = &host.store;
    let id = store
        .register_job(&name("report"), "every 1 h", &next)
        .await;
    let id = id.unwrap();
    let failed = JobResult::new(JobOutcome::Error, Some("no printer".into()), 12);
    let by_code = name("by-code");
    for at in 1..=3 {
        let noted = store.note_job_run(&by_code, Uuid::nil(), at, &failed);
        noted.await.unwrap();
    }
    let page = host.json("/api-jobs?limit=1").await;
    assert_eq!(page["data"][0]["name"], "report");
    assert_eq!(page["data"][0]["lastRun"], json!(null));
    let cursor = page["nextCursor"].as_str().unwrap();
    let page = host
        .json(&format!("/api-jobs?limit=1&cursor={cursor}"))
        .await;
    let by_code = &page["data"][0];
    assert_eq!(
        (&by_code["failureCount"], &page["nextCursor"]),
        (&json!(3), &json!(null))
    );
    assert_eq!(by_code["lastRun"]["error"], "no printer");
    assert_eq!(by_code["schedule"], json!(null));
    let other = by_code["id"].as_i64().unwrap();
    let runs = host.json(&format!("/api-jobs/{other}/runs?limit=2")).await;
    assert_eq!(runs["data"].as_array().unwrap().len(), 2);
    let cursor = runs["nextCursor"].as_str().unwrap();
    let path = format!("/api-jobs/{other}/runs?limit=2&cursor={cursor}");
    let runs = host.json(&path).await;
    assert_eq!(runs["data"].as_array().unwrap().len(), 1);
    for (job, status) in [(id, 202), (id, 202), (other, 409), (other + 1, 404)] {
        let run = host.client.post(host.url(&format!("/api-jobs/{job}/run")));
        let answer = run.bearer_auth(crate::host::TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), status, "{job}");
    }
    let jobs = host.json("/api-jobs").await;
    assert_eq!(jobs["data"][0]["requestedBy"], "admin");
    let trail = host.json("/api-audit?action=run%20job").await;
    let notes = trail["data"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "it is asked for once: {notes:?}");
    let missing = host.get("/api-jobs/99/runs").await;
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn nobody_but_an_admin_sees_or_runs_jobs() {
    for principal in [
        Principal::new("m", Role::Manager).with_tenant("acme"),
        Principal::new("d", Role::Developer).with_tenant("acme"),
        Principal::new("v", Role::Viewer).with_key("alpha"),
    ] {
        let shop = Shop::seen_by(principal).await;
        for (method, path) in [
            ("GET", "/api-jobs"),
            ("GET", "/api-jobs/1/runs"),
            ("POST", "/api-jobs/1/run"),
        ] {
            let (status, body) = shop.ask(method, path, None).await;
            assert_eq!(status, 403, "{path}: {body}");
        }
    }
}
