//! From records to rows: keys, minutes, clock steps.

use std::time::UNIX_EPOCH;

use api_metrics_layer::{Outcome, Protocol, UNMATCHED};

use super::*;

#[test]
fn records_of_all_keys_and_minutes_come_out_as_a_bare_map_would_hold_them() {
    let (recorder, _) = recorder(|_| {});
    let keys = [
        None,
        Some(ApiKey::from(7)),
        Some(ApiKey::from("render-farm")),
    ];
    let (mut dice, mut expected, mut got) = (Dice(1), Rows::new(), Rows::new());
    for round in 0..30 {
        for _ in 0..2_000 {
            let mut record = request(
                ["/", "/users/{id}", "/orders"][dice.roll(3) as usize],
                START + 17 * round + dice.roll(90) as i64,
            );
            record.method = ["GET", "POST"][dice.roll(2) as usize];
            record.api_key = keys[dice.roll(3) as usize].as_ref();
            record.status = Some([200, 201, 304, 404, 500][dice.roll(5) as usize]);
            record.outcome = [Outcome::Completed, Outcome::Aborted][dice.roll(2) as usize];
            record.latency = Some(Duration::from_micros(dice.roll(1 << (round + 1))));
            record.response_bytes = dice.roll(10_000);
            recorder.record(&record);
            expect(&mut expected, &record);
        }
        let n = recorder.begin_batch();
        add(&mut got, &recorder.contents(n - 1, n));
        recorder.acknowledge(n);
    }
    assert_eq!(got, expected);
    assert_eq!(recorder.status().unflushed_records, 0);
}

#[test]
fn times_to_headers_have_a_sketch_of_their_own_where_it_is_asked_for() {
    for kind in [SketchKind::Histogram, SketchKind::TDigest] {
        let (recorder, _) = recorder(|o| {
            o.headers_quantiles = true;
            o.sketch_kind = kind;
        });
        let (mut dice, mut expected, mut got) = (Dice(7), Rows::new(), Rows::new());
        for round in 0..10 {
            for _ in 0..500 {
                let mut record = request(
                    ["/", "/stream"][dice.roll(2) as usize],
                    START + 17 * round + dice.roll(90) as i64,
                );
                record.status = Some([200, 200, 200, 503][dice.roll(4) as usize]);
                record.latency = Some(Duration::from_micros(dice.roll(1 << 30)));
                // An aborted request may have no head.
                if dice.roll(10) > 0 {
                    record.time_to_headers = Some(Duration::from_micros(dice.roll(1 << 20)));
                }
                record.response_bytes = dice.roll(10_000);
                recorder.record(&record);
                let key = (
                    "GET".to_owned(),
                    record.endpoint.to_owned(),
                    None,
                    crate::recorder::minute::minute_of(record.finished_at),
                );
                let bucket = expected.entry(key);
                bucket
                    .or_insert_with(|| Bucket::with_headers_sketch(kind))
                    .record(&record);
            }
            let n = recorder.begin_batch();
            add(&mut got, &recorder.contents(n - 1, n));
            recorder.acknowledge(n);
        }
        assert_eq!(got.len(), expected.len());
        for (key, expected) in &expected {
            let got = &got[key];
            assert_eq!(got.headers_count(), expected.ttfb_count, "{key:?}");
            if kind == SketchKind::Histogram {
                assert_eq!(got, expected, "{key:?}");
            } else {
                assert_eq!(got.sketch.count(), expected.sketch.count());
                assert_eq!(got.ttfb_sum_us, expected.ttfb_sum_us);
            }
        }
        let headers: u64 = got.values().map(Bucket::headers_count).sum();
        assert!(
            (1..5_000).contains(&headers),
            "{headers} of 5,000 had a head"
        );
    }
}

#[test]
fn idle_series_that_come_back_keep_times_to_headers_again() {
    let (recorder, clock) = recorder(|o| {
        o.headers_quantiles = true;
        o.shards = 1;
    });
    let mut record = request("/", START);
    record.time_to_headers = Some(Duration::from_micros(900));
    for _ in 0..3 {
        for _ in 0..50 {
            recorder.record(&record);
        }
        let n = recorder.begin_batch();
        let kept = rows(&recorder.contents(n - 1, n));
        let counts: Vec<u64> = kept.values().map(Bucket::headers_count).collect();
        assert_eq!(counts, [50]);
        recorder.acknowledge(n);
        clock.advance(Duration::from_secs(3_600));
        // Empty drains, in which both buffers forget the series.
        recorder.begin_batch();
        recorder.begin_batch();
    }
}

#[test]
fn rows_ascend_by_series_and_period_and_len_counts_them() {
    let (recorder, _) = recorder(|_| {});
    for minute in [3, 0, 7, 1] {
        for endpoint in ["/z", "/a", "/m"] {
            recorder.record(&request(endpoint, START + 60 * minute));
        }
        let _ = recorder.capture(&|_, _| true);
    }
    recorder.record(&request("/a", START));
    let deltas = everything(&recorder);
    let keys: Vec<_> = deltas
        .rows()
        .map(|row| (Arc::clone(row.series), row.period_start))
        .collect();
    assert!(keys.is_sorted());
    assert_eq!(keys.len(), 12);
    assert_eq!(deltas.len(), 12);
    assert_eq!(deltas.records(), 13);
    assert!(!deltas.is_empty());
    assert!(Deltas::default().is_empty());
}

#[test]
fn protocols_are_series_of_their_own() {
    let (recorder, _) = recorder(|_| {});
    let mut record = request("/pkg.Service/Call", START);
    recorder.record(&record);
    record.protocol = Protocol::Grpc;
    recorder.record(&record);
    let deltas = everything(&recorder);
    let protocols: Vec<_> = deltas.rows().map(|row| row.series.protocol).collect();
    assert_eq!(protocols, [Protocol::Http, Protocol::Grpc]);
}

#[test]
fn a_wall_clock_that_steps_only_moves_records_to_other_minutes() {
    let (recorder, _) = recorder(|_| {});
    let mut expected = Rows::new();
    // Forward a day, back an hour, and half a second before the epoch.
    for time in [
        at(START),
        at(START + 86_400),
        at(START - 3_600),
        at(START + 59),
        UNIX_EPOCH - Duration::from_millis(500),
    ] {
        let mut record = request("/", START);
        record.finished_at = time;
        recorder.record(&record);
        recorder.record(&record);
        expect(&mut expected, &record);
        expect(&mut expected, &record);
    }
    let got = rows(&everything(&recorder));
    assert_eq!(got, expected);
    let minutes: Vec<_> = got.keys().map(|key| key.3).collect();
    assert_eq!(minutes, [-60, START - 3_600, START, START + 86_400]);
}

#[test]
fn absurd_times_are_kept_within_what_a_database_can_store() {
    let (recorder, _) = recorder(|_| {});
    let mut far = vec![UNIX_EPOCH];
    for power in 0..64 {
        let by = Duration::from_secs(1 << power);
        far.extend(UNIX_EPOCH.checked_add(by));
        far.extend(UNIX_EPOCH.checked_sub(by));
    }
    far.extend(UNIX_EPOCH.checked_sub(Duration::from_secs(i64::MAX as u64)));
    for &time in &far {
        let mut record = request("/", START);
        record.finished_at = time;
        recorder.record(&record);
    }
    let deltas = everything(&recorder);
    assert_eq!(deltas.records(), far.len() as u64);
    for row in deltas.rows() {
        assert_eq!(row.period_start % 60, 0);
        let year = chrono::DateTime::from_timestamp(row.period_start, 0).unwrap();
        let year = chrono::Datelike::year(&year);
        assert!((1..=9_999).contains(&year), "{year}");
    }
}

#[test]
fn a_capture_takes_what_is_wanted_and_nothing_else() {
    let (recorder, _) = recorder(|_| {});
    for minute in 0..3 {
        recorder.record(&request("/a", START + 60 * minute));
        recorder.record(&request("/b", START + 60 * minute));
    }
    let n = recorder.begin_batch();
    recorder.record(&request("/a", START));
    let own = recorder.capture(&|series, start| &*series.endpoint == "/a" && start < START + 120);
    let sizes: Vec<_> = own
        .batches
        .iter()
        .map(|(seq, d)| (*seq, d.records()))
        .collect();
    assert_eq!(sizes, [(n, 2), (n + 1, 1)]);
    assert_eq!(own.newer_than(n).records(), 1);
    assert_eq!(own.newer_than(n + 1).records(), 0);
    assert!(recorder.capture(&|_, _| false).batches.is_empty());
    assert_eq!(everything(&recorder).records(), 7);
}

#[test]
fn a_sample_of_unmatched_paths_names_the_frequent_ones() {
    let (recorder, _) = recorder(|_| {});
    let long = "/ü".repeat(200);
    for i in 0..3_000 {
        let random = format!("/random/{i}");
        let path = match i % 3 {
            0 => "/.env",
            1 => long.as_str(),
            _ => random.as_str(),
        };
        let mut record = request(UNMATCHED, START);
        record.unmatched_path = Some(path);
        recorder.record(&record);
    }
    let sample = recorder.status().unmatched;
    assert_eq!(sample.len(), 64);
    let top: Vec<_> = sample
        .iter()
        .take(2)
        .map(|(path, n)| (path.as_str(), *n))
        .collect();
    let cut = path_sample::cut(&long);
    assert!(cut.len() <= 128 && long.starts_with(cut));
    assert!(top.contains(&("/.env", 1_000)), "{top:?}");
    assert!(top.contains(&(cut, 1_000)), "{top:?}");
    assert!(sample.iter().all(|(path, _)| path.len() <= 128));
    assert_eq!(recorder.status().series, 1);
}

#[test]
fn deltas_can_be_made_of_rows() {
    let series = Arc::new(SeriesKey {
        protocol: Protocol::Http,
        method: "GET",
        endpoint: "/".into(),
        api_key: None,
    });
    let mut bucket = Bucket::new(SketchKind::Histogram);
    bucket.record(&request("/", START));
    let mut deltas: Deltas = (0..10)
        .map(|i| (series.clone(), START + 60 * (i % 2), bucket.clone()))
        .collect();
    assert_eq!((deltas.len(), deltas.records()), (2, 10));
    deltas.merge(&deltas.clone());
    assert_eq!((deltas.len(), deltas.records()), (2, 20));
    let half = deltas.filtered(&|_, start| start == START);
    assert_eq!((half.len(), half.records()), (1, 10));
}
