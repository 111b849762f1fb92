//! Quantiles of the time to headers: kept by some instances of a service and not by others.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{MetricSink as _, RequestRecord};
use api_metrics_store::{
    bucket::Bucket,
    calendar::{Step, Tz},
    query::{Detail, GroupBy, Query, TimeRange, TimeStep},
    recorder::{Recorder, RecorderOptions},
    sketch::SketchKind,
    store::{Instance, Writer},
    time::{Clock, Granularity, UnixSeconds},
};

use crate::harness::{Database, Harness, NOON, record};
use api_metrics_tests::question;

const DAY: i64 = 86_400;
/// 2026-03-10T00:00:00Z.
const MIDNIGHT: UnixSeconds = NOON - 43_200;

/// A process that keeps quantiles of the time to headers.
fn keeping(h: &Harness, kind: SketchKind) -> Writer {
    let mut options = RecorderOptions::default();
    options.clock = Arc::<api_metrics_store::time::ManualClock>::clone(&h.clock);
    options.sketch_kind = kind;
    options.headers_quantiles = true;
    let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop".to_owned(), "test");
    instance.started_at = h.clock.unix_seconds();
    Writer::new(instance, Arc::new(Recorder::new(options)))
}

/// A stream: its head comes after `headers_us`, its end much later.
fn stream(writer: &Writer, at: UnixSeconds, endpoint: &str, headers_us: u64) {
    let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
    let mut record = RequestRecord::new("GET", endpoint, finished_at);
    record.status = Some(200);
    record.latency = Some(Duration::from_secs(9));
    record.time_to_headers = Some(Duration::from_micros(headers_us));
    writer.recorder.record(&record);
}

/// That a bucket's quantiles are those of these times, which are sorted.
fn holds(bucket: &Bucket, times: &[u64], at: &str) {
    assert_eq!(bucket.headers_count(), times.len() as u64, "{at}");
    for q in [0.5, 0.95, 0.99] {
        let rank = (q * times.len() as f64).ceil() as usize;
        let exact = times[rank - 1] as f64 / 1e3;
        let found = bucket.headers_quantile_ms(q).unwrap();
        let near = (found - exact).abs() <= exact * 0.01;
        assert!(near, "q{q} {at}: {found} is not {exact}");
    }
}

fn sorted(times: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut times: Vec<u64> = times.collect();
    times.sort_unstable();
    times
}

pub(crate) async fn times_to_headers_have_quantiles_in_every_layer_and_say_what_they_cover(
    database: Database,
) {
    let h = Harness::on(database).await;
    let (with, without) = (keeping(&h, SketchKind::Histogram), h.writer());
    // 200 streams in 100 minutes, from 0.7 to 500 ms, one in forty of them slow.
    let head = |n: u64| {
        if n % 40 == 7 {
            480_000 + n * 91
        } else {
            700 + n * 577 % 20_011
        }
    };
    let minute = |n: u64| MIDNIGHT + 30 * n.cast_signed() / 60 * 60;
    let endpoint = |n: u64| if n.is_multiple_of(3) { "/a" } else { "/b" };
    let all = 0..200_u64;
    for n in all.clone() {
        stream(&with, minute(n), endpoint(n), head(n));
        // Instances that keep none share the series: their requests count, and no quantile sees them.
        record(&without, minute(n), endpoint(n), None, 3, 1);
    }
    let times = sorted(all.clone().map(head));
    let of = |wanted: &str| sorted(all.clone().filter(|n| endpoint(*n) == wanted).map(head));
    let (a, b) = (of("/a"), of("/b"));
    let in_hour = |hour: i64| {
        let within = move |n: &u64| (minute(*n) - MIDNIGHT) / 3_600 == hour;
        sorted((0..200).filter(within).map(head))
    };
    let range = TimeRange::new(MIDNIGHT, MIDNIGHT + DAY);
    let by_endpoint = || {
        let mut by = GroupBy::default();
        by.endpoint = true;
        question(range, |query| query.group_by = by)
    };
    let by_hour = || {
        let mut by = GroupBy::default();
        by.time = Some(TimeStep::Calendar(Step::Hour, Tz::UTC));
        question(range, |query| query.group_by = by)
    };
    let unflushed = h.read_with(&Query::over(range), &with).await;
    holds(unflushed.total().unwrap(), &times, "not flushed");
    h.store.flush(&with).await.unwrap();
    h.store.flush(&without).await.unwrap();
    let layers = ["flushed", "folded", "rolled up to days", "late"];
    for (layer, at) in layers.iter().enumerate() {
        match layer {
            1 => while h.store.fold().await.unwrap().more {},
            2 => {
                h.clock.advance(Duration::from_secs(3 * DAY.unsigned_abs()));
                h.settle().await;
                assert!(h.store.status().await.unwrap().dirty.is_empty());
            }
            // A late record of an instance that keeps none merges with rows that have some.
            3 => {
                record(&without, MIDNIGHT + 60, "/a", None, 3, 1);
                h.store.flush(&without).await.unwrap();
                h.clock.advance(Duration::from_secs(3_600));
                h.settle().await;
            }
            _ => {}
        }
        let total = h.read(&Query::over(range)).await;
        let total = total.total().unwrap();
        holds(total, &times, at);
        assert_eq!(total.request_count, 400 + u64::from(layer == 3), "{at}");
        assert_eq!(total.ttfb_count, 200, "{at}");
        assert_eq!(total.sketch.count(), total.latency_count, "{at}");
        let groups = h.read(&by_endpoint()).await;
        for row in &groups.rows {
            let times = if row.group.endpoint.as_deref() == Some("/a") {
                &a
            } else {
                &b
            };
            holds(&row.bucket, times, at);
        }
        assert_eq!(groups.rows.len(), 2, "{at}");
        let hours = h.read(&by_hour()).await;
        assert_eq!(hours.rows.len(), 2, "{at}");
        for row in &hours.rows {
            let hour = (row.group.period_start.unwrap() - MIDNIGHT) / 3_600;
            holds(&row.bucket, &in_hour(hour), at);
        }
        // What needs no quantiles reads none.
        let counts = h
            .read(&question(range, |query| query.detail = Detail::Counts))
            .await;
        assert_eq!(counts.total().unwrap().headers_count(), 0, "{at}");
    }
    // A few more, in the process alone, on top of what is stored.
    for n in 200..220 {
        stream(&with, MIDNIGHT + 120, "/a", head(n));
    }
    let more = h.read_with(&Query::over(range), &with).await;
    holds(
        more.total().unwrap(),
        &sorted((0..220).map(head)),
        "and more",
    );
}

pub(crate) async fn digests_keep_times_to_headers_too(database: Database) {
    let clock = Arc::new(api_metrics_store::time::ManualClock::at(NOON));
    let patient: Arc<dyn Clock> = Arc::<api_metrics_store::time::ManualClock>::clone(&clock);
    let mut options = api_metrics_tests::patient_by(patient);
    options.sketch_kind = SketchKind::TDigest;
    let store = database.store_with(options);
    store.prepare().await.unwrap();
    let h = Harness {
        store,
        clock,
        database,
    };
    let writer = keeping(&h, SketchKind::TDigest);
    for n in 0..300 {
        stream(
            &writer,
            MIDNIGHT + n / 5 * 60,
            "/a",
            1_000 + n.cast_unsigned() * 10,
        );
    }
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    h.clock.advance(Duration::from_secs(3 * DAY.unsigned_abs()));
    h.settle().await;
    for (from, to) in [(0, DAY), (0, 3_600), (0, 600)] {
        let range = TimeRange::new(MIDNIGHT + from, MIDNIGHT + to);
        let answer = h.read(&Query::over(range)).await;
        let n = answer.total().unwrap().request_count.cast_signed();
        assert_eq!(n, 300 * to.min(3_600) / 3_600);
        let times = sorted((0..n.cast_unsigned()).map(|n| 1_000 + n * 10));
        holds(answer.total().unwrap(), &times, "a digest");
    }
}

pub(crate) async fn nobody_who_keeps_no_times_to_headers_has_any(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    for n in 0..50 {
        stream(&writer, MIDNIGHT + n * 60, "/a", 5_000);
    }
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    h.clock.advance(Duration::from_secs(3 * DAY.unsigned_abs()));
    h.settle().await;
    for step in [Granularity::Minute, Granularity::Hour, Granularity::Day] {
        let to = MIDNIGHT + step.seconds();
        let answer = h.read(&Query::over(TimeRange::new(MIDNIGHT, to))).await;
        let total = answer.total().unwrap();
        assert!(total.headers_sketch.is_none() && total.ttfb_count > 0);
    }
}
