#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use http::{HeaderMap, header};
use tokio::sync::Barrier;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn tenant(name: &str) -> Scope {
    Scope::Tenant(name.to_owned())
}

#[tokio::test]
async fn concurrent_callers_of_one_question_share_one_computation() {
    let cache = Arc::new(AnswerCache::new(1 << 20));
    let computed = Arc::new(AtomicU64::new(0));
    let barrier = Arc::new(Barrier::new(16));
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (cache, computed, barrier) = (cache.clone(), computed.clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                let compute = async {
                    tokio::task::yield_now().await;
                    Ok(computed.fetch_add(1, Ordering::SeqCst))
                };
                cache
                    .answer("r", &Scope::All, &1, MINUTE, compute)
                    .await
                    .unwrap()
                    .0
                    .body()
                    .clone()
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "0");
    }
    assert_eq!(computed.load(Ordering::SeqCst), 1);
    assert_eq!(cache.counts(), (15, 1));
}

#[tokio::test]
async fn the_same_question_of_another_scope_is_another_question() {
    let cache = AnswerCache::new(1 << 20);
    for (scope, answer) in [
        (tenant("a"), 1),
        (tenant("b"), 2),
        (Scope::All, 3),
        (Scope::Keys(vec![1]), 4),
    ] {
        let (cached, hit) = cache
            .answer("r", &scope, &"q", MINUTE, async { Ok(answer) })
            .await
            .unwrap();
        assert_eq!(*cached.body(), answer.to_string());
        assert!(!hit);
    }
}

#[tokio::test]
async fn an_edit_makes_every_kept_answer_old() {
    let cache = AnswerCache::new(1 << 20);
    for (answer, old) in [(1, false), (2, true), (3, true)] {
        if old {
            cache.edited();
        }
        for hit in [false, true] {
            let (cached, found) = cache
                .answer("r", &tenant("a"), &"q", MINUTE, async { Ok(answer) })
                .await
                .unwrap();
            assert_eq!(*cached.body(), answer.to_string());
            assert_eq!(found, hit);
        }
    }
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let cache = AnswerCache::new(1 << 20);
    let failed = cache
        .answer::<i32>("r", &Scope::All, &0, MINUTE, async {
            Err(Problem::new(Kind::TimedOut, "late"))
        })
        .await;
    assert!(failed.is_err());
    let (_, hit) = cache
        .answer("r", &Scope::All, &0, MINUTE, async { Ok(1) })
        .await
        .unwrap();
    assert!(!hit);
}

#[tokio::test]
async fn a_caller_that_has_the_body_is_told_so() {
    let cache = AnswerCache::new(1 << 20);
    let (cached, _) = cache
        .answer("r", &Scope::All, &0, MINUTE, async { Ok("x") })
        .await
        .unwrap();
    let first = cached.clone().response(&HeaderMap::new(), false);
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["cache-status"], "api-metrics; fwd=miss");
    let mut headers = HeaderMap::new();
    headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
    let second = cached.response(&headers, true);
    assert_eq!(second.status(), 304);
    assert_eq!(second.headers()["cache-status"], "api-metrics; hit");
}

#[test]
fn only_a_range_that_is_over_is_kept_long() {
    let lifetimes = Lifetimes::new(Duration::from_secs(10));
    let is_closed = |to| lifetimes.is_closed(TimeRange::new(0, to), 1_000);
    assert!(is_closed(900));
    assert!(!is_closed(930));
    assert!(!is_closed(2_000));
}
