//! What is kept, once and for how long, and what becomes of the rest.

use super::*;

pub(super) async fn what_was_shown_is_stored_with_every_field(database: Database) {
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

pub(super) async fn a_sample_is_stored_when_its_minute_is_over_with_exact_weights(
    database: Database,
) {
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

pub(super) async fn what_is_old_or_takes_too_much_room_goes_by_the_day(database: Database) {
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

pub(super) async fn what_comes_too_late_is_dropped_and_counted(database: Database) {
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

pub(super) async fn what_became_of_everything_adds_up_over_processes(database: Database) {
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

pub(super) async fn the_log_changes_no_count(database: Database) {
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
    let url = format!("{}?sslmode=disable", database.url_through(proxy.address()));
    let store = PostgresStore::connect_lazy(&url, options).unwrap();
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
                count_country(&log, NOON, (shown % 2 == 0).then_some("DE"));
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
    // Nor does a request count twice for its country.
    let mut query = CountryQuery::default();
    query.to_ms = NOON_MS + DAY * 1_000;
    let countries = stage.store.request_countries(&query).await.unwrap();
    let countries: Vec<_> = countries
        .iter()
        .map(|count| (count.country.as_deref(), count.requests))
        .collect();
    let half = shown.cast_unsigned() / 2;
    assert_eq!(countries, [(None, half), (Some("DE"), half)]);
    let counts = log.counts();
    assert_eq!(
        (counts.kept, counts.chosen),
        (shown.cast_unsigned(), shown.cast_unsigned())
    );
    let status = stage.store.request_log_status().await.unwrap();
    assert_eq!(status.counts, counts);
}
