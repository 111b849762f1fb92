//! Units: exact sums beside the status codes, in every layer, by every grouping.

use std::time::{Duration, UNIX_EPOCH};

use api_metrics_layer::{ApiKey, INVALID_UNIT, MetricSink as _, OTHER_UNIT, RequestRecord, Units};
use api_metrics_store::{
    bucket::Bucket,
    calendar::{Step, Tz},
    query::{Detail, Query, Scope, TimeRange, TimeStep},
    store::Writer,
    time::UnixSeconds,
};

use crate::harness::{Database, Harness, NOON, record};
use api_metrics_tests::question;

const DAY: i64 = 86_400;
/// 2026-03-10T00:00:00Z.
const MIDNIGHT: UnixSeconds = NOON - 43_200;

/// A request that used something.
pub(crate) fn used(
    writer: &Writer,
    at: UnixSeconds,
    endpoint: &str,
    key: Option<&str>,
    units: &Units,
) {
    let key = key.map(ApiKey::from);
    let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
    let mut record = RequestRecord::new("POST", endpoint, finished_at);
    record.api_key = key.as_ref();
    record.latency = Some(Duration::from_millis(5));
    record.time_to_headers = Some(Duration::from_millis(1));
    record.units = Some(units);
    writer.recorder.record(&record);
}

/// Tokens, observations of the score, its least and its greatest in millionths.
type UsedSum = (u64, Option<(u64, i64, i64, i128)>);

fn seen(bucket: &Bucket) -> UsedSum {
    let score = bucket.units.gauge("score").map(|score| {
        let (least, greatest) = (score.min_millionths(), score.max_millionths());
        (score.count(), least, greatest, score.sum_millionths())
    });
    (bucket.units.sum("tokens"), score)
}

fn expected(of: impl Iterator<Item = u64>) -> UsedSum {
    let all: Vec<u64> = of.collect();
    let score = |n: u64| n.cast_signed() * 250_000 - 3_000_000;
    let scores = all.iter().map(|n| score(*n));
    let (count, sum) = (all.len() as u64, scores.clone().map(i128::from).sum());
    let (least, greatest) = (scores.clone().min().unwrap(), scores.max().unwrap());
    let tokens = all.iter().map(|n| 1_000 + n).sum();
    (tokens, Some((count, least, greatest, sum)))
}

pub(crate) async fn units_are_exact_in_every_layer_and_by_every_grouping(database: Database) {
    let h = Harness::on(database).await;
    // Two instances share the series; one of them also serves requests without units.
    let (one, other) = (h.writer(), h.writer());
    let minute = |n: u64| MIDNIGHT + 30 * n.cast_signed() / 60 * 60;
    let endpoint = |n: u64| if n.is_multiple_of(3) { "/a" } else { "/b" };
    let key = |n: u64| n.is_multiple_of(2).then_some("render-farm");
    let all = 0..200_u64;
    for n in all.clone() {
        let score = n as f64 / 4.0 - 3.0;
        let units = Units::new().add("tokens", 1_000 + n).gauge("score", score);
        let writer = if n.is_multiple_of(5) { &other } else { &one };
        used(writer, minute(n), endpoint(n), key(n), &units);
        record(&other, minute(n), "/plain", None, 3, 1);
    }
    let range = TimeRange::new(MIDNIGHT, MIDNIGHT + DAY);
    let total = expected(all.clone());
    let unflushed = h.read_with(&Query::over(range), &one).await;
    let of_one = expected(all.clone().filter(|n| !n.is_multiple_of(5)));
    assert_eq!(seen(unflushed.total().unwrap()), of_one, "not flushed");
    h.store.flush(&one).await.unwrap();
    h.store.flush(&other).await.unwrap();
    for layer in ["flushed", "folded", "rolled up to days", "late"] {
        let mut late = 0;
        match layer {
            "folded" => while h.store.fold().await.unwrap().more {},
            "rolled up to days" => {
                h.clock.advance(Duration::from_secs(3 * DAY.unsigned_abs()));
                h.settle().await;
            }
            "late" => {
                late = 7;
                let units = Units::new().add("tokens", late);
                used(&one, MIDNIGHT + 60, "/late", None, &units);
                h.store.flush(&one).await.unwrap();
                h.clock.advance(Duration::from_secs(3_600));
                h.settle().await;
            }
            _ => {}
        }
        for detail in [Detail::Quantiles, Detail::Counts] {
            let answer = h
                .read(&question(range, |query| query.detail = detail))
                .await;
            let (tokens, scores) = seen(answer.total().unwrap());
            assert_eq!((tokens - late, scores), total, "{layer}");
        }
        let by_endpoint = h
            .read(&question(range, |query| query.group_by.endpoint = true))
            .await;
        for row in &by_endpoint.rows {
            match row.group.endpoint.as_deref() {
                Some("/plain") => assert!(row.bucket.units.is_empty(), "{layer}"),
                Some("/late") => assert_eq!(seen(&row.bucket), (late, None)),
                Some(name) => {
                    let of = expected(all.clone().filter(|n| endpoint(*n) == name));
                    assert_eq!(seen(&row.bucket), of, "{name} {layer}");
                }
                None => panic!("a row without an endpoint"),
            }
        }
        let of_key = expected(all.clone().filter(|n| key(*n).is_some()));
        let by_key = h
            .read(&question(range, |query| query.group_by.api_key = true))
            .await;
        let keyed = by_key
            .rows
            .iter()
            .find(|row| row.group.api_key_id != Some(0));
        let keyed = keyed.unwrap();
        assert_eq!(seen(&keyed.bucket), of_key, "{layer}");
        let id = keyed.group.api_key_id.unwrap();
        let scoped = h
            .read(&question(range, |query| {
                query.scope = Scope::Keys(vec![id])
            }))
            .await;
        assert_eq!(seen(scoped.total().unwrap()), of_key, "{layer}");
        let hours = h
            .read(&question(range, |query| {
                query.group_by.time = Some(TimeStep::Calendar(Step::Hour, Tz::UTC));
                query.filter.endpoint = Some("/b".to_owned());
            }))
            .await;
        for row in &hours.rows {
            let hour = (row.group.period_start.unwrap() - MIDNIGHT) / 3_600;
            let within = |n: &u64| (minute(*n) - MIDNIGHT) / 3_600 == hour && endpoint(*n) == "/b";
            assert_eq!(
                seen(&row.bucket),
                expected(all.clone().filter(within)),
                "{layer}"
            );
        }
        assert_eq!(hours.rows.len(), 2, "{layer}");
    }
}

pub(crate) async fn names_of_units_are_bounded_and_nothing_is_lost(database: Database) {
    let h = Harness::on(database).await;
    // Each instance stays within the bounds of its recorder; the database has a bound of its own.
    for instance in 0..3_u64 {
        let writer = h.writer();
        for n in 0..200_u64 {
            let units = Units::new().add(format!("unit-{instance}-{n:03}"), 1 + n);
            used(&writer, NOON, &format!("/{}", n % 20), None, &units);
        }
        let units = Units::new().add("no name", 5);
        used(&writer, NOON, "/0", None, &units);
        assert_eq!(writer.recorder.status().units, 200);
        assert_eq!(writer.recorder.status().unit_overflow, 0);
        h.store.flush(&writer).await.unwrap();
        h.settle().await;
    }
    let range = TimeRange::new(NOON, NOON + 60);
    let answer = h.read(&Query::over(range)).await;
    let units = &answer.total().unwrap().units;
    let every: u64 = units.sums().map(|(_, n)| n).sum();
    assert_eq!(every, 3 * (200 * 201 / 2) + 15);
    assert_eq!(units.sum(INVALID_UNIT), 15);
    // The first come are told apart, and then no further ones, in all granularities alike.
    assert_eq!(units.sums().count(), 256 + 2);
    assert_eq!(units.sum("unit-0-199"), 200);
    assert_eq!(units.sum("unit-1-055"), 56);
    assert_eq!(units.sum("unit-1-056"), 0);
    assert!(units.sum(OTHER_UNIT) > 0);
    h.clock.advance(Duration::from_secs(3 * DAY.unsigned_abs()));
    h.settle().await;
    let day = h
        .read(&Query::over(TimeRange::new(MIDNIGHT, MIDNIGHT + DAY)))
        .await;
    assert_eq!(&day.total().unwrap().units, units);
}

#[tokio::test]
async fn a_recorder_bounds_the_names_of_a_series_and_of_all() {
    let h = Harness::on(Database::sqlite().await).await;
    let writer = h.writer();
    for n in 0..40_u64 {
        let units = Units::new().add(format!("unit{n:02}"), 1);
        used(&writer, NOON, "/one", None, &units);
    }
    let status = writer.recorder.status();
    assert_eq!((status.units, status.unit_overflow), (32, 8));
    for n in 0..300_u64 {
        let units = Units::new().add(format!("more{n:03}"), 1);
        used(&writer, NOON, &format!("/{}", n % 30), None, &units);
    }
    let status = writer.recorder.status();
    assert_eq!((status.units, status.unit_overflow), (256, 8 + 300 - 224));
    let range = TimeRange::new(NOON, NOON + 60);
    let held = h.read_with(&Query::over(range), &writer).await;
    let units = &held.total().unwrap().units;
    assert_eq!(units.sums().map(|(_, n)| n).sum::<u64>(), 340);
    assert_eq!(units.sum(OTHER_UNIT), status.unit_overflow);
}
