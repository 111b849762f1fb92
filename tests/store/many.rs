//! Reads over so many series that the store takes another access path: a part of the suite of both stores.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{MetricSink, RequestRecord};
use api_metrics_store::{
    bucket::Bucket,
    query::{Detail, Group, GroupBy, Query, TimeRange, TimeStep, TopK},
    sketch::SketchKind,
    time::{Granularity, UnixSeconds},
};

use api_metrics_tests::sized;

use crate::harness::{Database, Harness, NOON, writer_of};

const ENDPOINTS: usize = 260;
const SERVICES: [&str; 2] = ["shop", "blog"];
const HOUR: UnixSeconds = 3_600;
/// Where there is something in each granularity: by now the first two are hours, one of them in another day,
/// then 5 minutes, then minutes.
const TIMES: [UnixSeconds; 6] = [
    NOON - 26 * HOUR,
    NOON - 5 * HOUR,
    NOON - 3_000,
    NOON - 780,
    NOON - 120,
    NOON,
];

struct Hit {
    service: &'static str,
    endpoint: String,
    at: UnixSeconds,
    latency: Duration,
}

impl Hit {
    fn record(&self) -> RequestRecord<'_> {
        let finished_at = UNIX_EPOCH + Duration::from_secs(self.at.cast_unsigned());
        let mut record = RequestRecord::new("GET", &self.endpoint, finished_at);
        record.latency = Some(self.latency);
        record.response_bytes = 10;
        record
    }
}

/// Some endpoints of both services at all times, others at some of them, none as often as all others.
fn hits() -> Vec<Hit> {
    let mut hits = Vec::new();
    for (number, at) in (0..ENDPOINTS).flat_map(|number| TIMES.map(|at| (number, at))) {
        for (of, service) in SERVICES.into_iter().enumerate() {
            let times = (number + of + usize::from(at == NOON)) % 4;
            hits.extend((0..times).map(|n| Hit {
                service,
                endpoint: format!("/{number:03}"),
                at,
                latency: Duration::from_millis((number % 50 + 20 * n + 1) as u64),
            }));
        }
    }
    hits
}

/// The rows that must be told.
fn expected(hits: &[Hit], query: &Query) -> BTreeMap<Group, Bucket> {
    let mut rows: BTreeMap<Group, Bucket> = BTreeMap::new();
    let mut requests: BTreeMap<String, u64> = BTreeMap::new();
    let counts = |hit: &&Hit| {
        let service = query.filter.service.as_deref();
        (query.range.from..query.range.to).contains(&hit.at)
            && service.is_none_or(|service| service == hit.service)
    };
    for hit in hits.iter().filter(counts) {
        let mut group = Group::default();
        group.period_start = query.group_by.time.map(|step| match step {
            TimeStep::Fixed(step) => step.floor(hit.at),
            other => unreachable!("{other:?} is not asked for"),
        });
        group.endpoint = Some(hit.endpoint.as_str().into());
        let row = rows.entry(group);
        let row = row.or_insert_with(|| Bucket::new(SketchKind::Histogram));
        row.record(&hit.record());
        *requests.entry(hit.endpoint.clone()).or_default() += 1;
    }
    if let Some(top) = &query.top {
        let ranks: BTreeSet<_> = requests
            .iter()
            .map(|(name, n)| (Reverse(n), name))
            .collect();
        let kept: BTreeSet<_> = ranks.into_iter().take(top.limit).collect();
        rows.retain(|group, _| {
            let name = group.endpoint.as_deref().unwrap();
            kept.iter().any(|(_, kept)| *kept == name)
        });
    }
    for row in rows.values_mut() {
        let mut nothing = Bucket::new(SketchKind::Histogram);
        match query.detail {
            Detail::Requests => {
                nothing.request_count = row.request_count;
                *row = nothing;
            }
            Detail::Counts => row.sketch = nothing.sketch,
            Detail::Quantiles => {}
        }
    }
    rows
}

pub async fn many_series_are_told_like_a_few(database: Database) {
    let h = Harness::on(database).await;
    let writers = SERVICES.map(|service| writer_of(service, &h.clock));
    let hits = hits();
    // The last minute waits in the inbox, with series that are not folded yet among the others.
    let (waiting, folded): (Vec<_>, Vec<_>) = hits.iter().partition(|hit| hit.at == NOON);
    for part in [&folded, &waiting] {
        for hit in part {
            let of = SERVICES.iter().position(|of| *of == hit.service).unwrap();
            writers[of].recorder.record(&hit.record());
        }
        for writer in &writers {
            h.store.flush(writer).await.unwrap();
        }
        if std::ptr::eq(part, &folded) {
            h.settle().await;
        }
    }
    let by = |time: Option<Granularity>| {
        let mut group_by = GroupBy::default();
        group_by.endpoint = true;
        group_by.time = time.map(TimeStep::Fixed);
        group_by
    };
    let minute = NOON + 60;
    // ClickHouse is asked every fifth of the questions, so that none of what they are made of is always left out.
    let asked = match h.database {
        Database::ClickHouse(..) => sized(1, 5),
        _ => 1,
    };
    let mut questions = 0;
    for (range, step) in [
        (TimeRange::new(NOON - 27 * HOUR, minute), None),
        (TimeRange::new(NOON - 26 * HOUR - 1_500, NOON - 60), None),
        (TimeRange::new(NOON - 2_400, minute), None),
        (
            TimeRange::new(NOON - 27 * HOUR, minute),
            Some(Granularity::Hour),
        ),
        // More steps than are named one by one.
        (
            TimeRange::new(NOON - 3 * HOUR, minute),
            Some(Granularity::Minute),
        ),
        (
            TimeRange::new(NOON - 200 * HOUR, minute),
            Some(Granularity::Hour),
        ),
    ] {
        for detail in [Detail::Requests, Detail::Counts, Detail::Quantiles] {
            // All of a service's are every other number; those of both, in the order of their names, are all.
            for service in [None, Some("shop")] {
                for top in [None, Some(TopK::first(120)), Some(TopK::first(7))] {
                    questions += 1;
                    if questions % asked != 0 {
                        continue;
                    }
                    let mut query = Query::over(range);
                    query.filter.service = service.map(Into::into);
                    query.group_by = by(step);
                    query.detail = detail;
                    query.top = top;
                    let answer = h.read(&query).await;
                    assert_eq!(answer.range, range);
                    let rows = answer.rows.into_iter().map(|row| (row.group, row.bucket));
                    let rows: BTreeMap<Group, Bucket> = rows.collect();
                    assert!(rows == expected(&hits, &query), "{query:?}");
                }
            }
        }
    }
}
