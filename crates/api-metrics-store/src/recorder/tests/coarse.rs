//! What happens to unacknowledged deltas when memory runs out.

use proptest::prelude::*;

use super::{super::deltas::add_span, *};
use crate::time::Granularity;

/// Two hours of failed flushes, six a minute.
fn outage(recorder: &Recorder, clock: &ManualClock, series: usize, minutes: i64) -> Rows {
    let mut expected = Rows::new();
    for i in 0..6 * minutes {
        for s in 0..series {
            let endpoint = format!("/{s}");
            let record = request(&endpoint, START + 10 * i);
            recorder.record(&record);
            expect(&mut expected, &record);
        }
        clock.advance(Duration::from_secs(10));
        let n = recorder.begin_batch();
        recorder.release(n);
    }
    expected
}

fn by_series(rows: Rows) -> BTreeMap<String, Bucket> {
    let mut sums = BTreeMap::new();
    for ((_, endpoint, _, _), bucket) in rows {
        sums.entry(endpoint)
            .or_insert_with(|| Bucket::new(SketchKind::Histogram))
            .merge(&bucket)
            .unwrap();
    }
    sums
}

#[test]
fn within_the_budget_nothing_is_coarsened() {
    let (recorder, clock) = recorder(|_| {});
    let expected = outage(&recorder, &clock, 10, 30);
    let deltas = everything(&recorder);
    assert_eq!(rows(&deltas), expected);
    assert!(deltas.coarse.is_empty() && recorder.status().coarsened.is_empty());
}

#[test]
fn beyond_the_budget_the_oldest_periods_move_to_their_five_minutes_then_to_their_hour() {
    let held = |budget, minutes| {
        let (recorder, clock) = recorder(|o| o.memory_budget = budget);
        let expected = outage(&recorder, &clock, 50, minutes);
        let n = recorder.begin_batch();
        let deltas = recorder.contents(0, n);
        let got = rows(&deltas);
        assert_eq!(
            by_series(got.clone()),
            by_series(expected.clone()),
            "nothing is dropped"
        );
        for ((method, endpoint, key, start), bucket) in &expected {
            let inside = deltas
                .coarse
                .iter()
                .any(|(from, to)| (*from..*to).contains(start));
            if !inside {
                let row = (method.clone(), endpoint.clone(), key.clone(), *start);
                assert_eq!(
                    got.get(&row),
                    Some(bucket),
                    "outside all spans all is exact"
                );
            }
        }
        assert_eq!(deltas.coarse, recorder.status().coarsened);
        assert!(deltas.heap_bytes() <= budget, "{}", deltas.heap_bytes());
        let starts: std::collections::BTreeSet<_> = got.into_keys().map(|key| key.3).collect();
        (starts, deltas.coarse)
    };
    let full: usize = 120 * 50 * 60;

    let (starts, coarse) = held(full / 2, 120);
    assert_eq!(coarse.len(), 1);
    let (from, to) = coarse[0];
    assert_eq!(from, START);
    assert!(to < START + 7_200, "the newest stay as they are");
    assert!(starts.iter().all(|start| *start >= to || start % 300 == 0));
    assert!(
        starts.range(..to).any(|start| start % 3_600 != 0),
        "no hours yet"
    );

    let (starts, _) = held(full / 20, 120);
    assert!(starts.contains(&START) && starts.len() < 30, "{starts:?}");
    assert!(
        starts.range(..START + 3_600).count() == 1,
        "the first hour is one period: {starts:?}"
    );
}

#[test]
fn a_coarsened_part_keeps_its_number() {
    let (recorder, _) = recorder(|o| o.memory_budget = 0);
    for minute in 0..5 {
        recorder.record(&request("/", START + 60 * minute));
    }
    let n = recorder.begin_batch();
    recorder.record(&request("/", START));
    let next = recorder.begin_batch();
    let batch = recorder.contents(n - 1, n);
    assert_eq!(batch.coarse, [(START, START + 300)]);
    assert_eq!((batch.len(), batch.records()), (1, 5));
    assert_eq!(recorder.contents(n, next).records(), 1);
    assert!(recorder.contents(n, next).coarse.is_empty());
    assert_eq!(recorder.contents(0, next).coarse, [(START, START + 300)]);
}

#[test]
fn acknowledged_parts_are_not_coarsened() {
    let (recorder, _) = recorder(|o| o.memory_budget = 2_000);
    for minute in 0..5 {
        recorder.record(&request("/", START + 60 * minute));
    }
    let n = recorder.begin_batch();
    recorder.acknowledge(n);
    for i in 0..100 {
        recorder.record(&request(&format!("/{i}"), START));
    }
    recorder.begin_batch();
    assert_eq!(recorder.contents(n - 1, n).len(), 5);
}

proptest! {
    #[test]
    fn spans_stay_disjoint_ascending_and_cover_what_was_added(added in proptest::collection::vec((0_i64..200, 1_i64..30), 0..30)) {
        let mut spans = Vec::new();
        for &(from, len) in &added {
            add_span(&mut spans, (from, from + len));
        }
        prop_assert!(spans.windows(2).all(|pair| pair[0].1 < pair[1].0));
        for x in 0..240 {
            let expected = added.iter().any(|&(from, len)| (from..from + len).contains(&x));
            prop_assert_eq!(spans.iter().any(|&(from, to)| (from..to).contains(&x)), expected);
        }
    }

    #[test]
    fn coarsening_moves_but_never_changes_sums(minutes in proptest::collection::vec(-500_i64..500, 1..60), hour in any::<bool>()) {
        let (recorder, _) = recorder(|_| {});
        for &minute in &minutes {
            recorder.record(&request("/", START + 60 * minute));
        }
        let mut deltas = everything(&recorder);
        let before = by_series(rows(&deltas));
        let granularity = if hour { Granularity::Hour } else { Granularity::FiveMinutes };
        while let Some(start) = deltas.oldest_to_coarsen(granularity) {
            deltas.coarsen(start, granularity);
        }
        prop_assert_eq!(by_series(rows(&deltas)), before);
        let starts: Vec<_> = deltas.rows().map(|row| granularity.floor(row.period_start)).collect();
        let mut distinct = starts.clone();
        distinct.dedup();
        prop_assert_eq!(distinct, starts);
    }
}
