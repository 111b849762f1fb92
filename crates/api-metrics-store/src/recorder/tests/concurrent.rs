//! Threads that record while others begin batches, capture and acknowledge.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use super::*;

const THREADS: u64 = 8;
const RECORDS: u64 = 30_000;

/// What a store would hold: the fence row's number and the sum of the rows.
#[derive(Default)]
struct Database {
    seq: u64,
    rows: Rows,
    records: u64,
}

/// One flush with a random outcome; the last is always acknowledged.
fn flush(recorder: &Recorder, database: &Mutex<Database>, outcome: u64) {
    let n = recorder.begin_batch();
    let s = lock(database).seq;
    let contents = recorder.contents(s, n);
    match outcome {
        0 => return recorder.release(n),
        // The outcome is unknown, and it was not committed.
        1 => return,
        _ => {
            let mut database = lock(database);
            add(&mut database.rows, &contents);
            database.records += contents.records();
            database.seq = n;
        }
    }
    // With outcome 2 the acknowledgement gets lost.
    if outcome > 2 {
        recorder.acknowledge(n);
    }
}

#[test]
fn every_record_is_in_exactly_one_place_at_any_capture() {
    let (recorder, clock) = recorder(|o| {
        o.shards = 4;
        o.max_series = 40;
        o.max_keys = 5;
    });
    let (database, done) = (Mutex::new(Database::default()), AtomicBool::new(false));
    let (begun, ended, captures) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let expected = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (recorder, begun, ended) = (&recorder, &begun, &ended);
                scope.spawn(move || {
                    let (mut dice, mut expected) = (Dice(thread), Rows::new());
                    let key = ApiKey::from("k");
                    for i in 0..RECORDS {
                        let endpoint = format!("/{}", dice.roll(20));
                        let mut record = request(&endpoint, START + (i / 100) as i64);
                        record.api_key = (dice.roll(2) == 0).then_some(&key);
                        record.latency = Some(Duration::from_micros(dice.roll(1 << 22)));
                        record.response_bytes = dice.roll(1_000);
                        begun.fetch_add(1, SeqCst);
                        recorder.record(&record);
                        ended.fetch_add(1, SeqCst);
                        expect(&mut expected, &record);
                    }
                    expected
                })
            })
            .collect();
        let flusher = scope.spawn(|| {
            let mut dice = Dice(99);
            while !done.load(SeqCst) {
                flush(&recorder, &database, dice.roll(6));
                clock.advance(Duration::from_secs(dice.roll(20)));
                std::thread::yield_now();
            }
        });
        let reader = scope.spawn(|| {
            // However the threads are scheduled, some captures are made.
            while !done.load(SeqCst) || captures.load(SeqCst) < 20 {
                let least = ended.load(SeqCst);
                let own = recorder.capture(&|_, _| true);
                // The read's snapshot comes after the capture.
                let (s, stored) = {
                    let database = lock(&database);
                    (database.seq, database.records)
                };
                let most = begun.load(SeqCst);
                let sum = stored + own.newer_than(s).records();
                assert!((least..=most).contains(&sum), "{least} <= {sum} <= {most}");
                captures.fetch_add(1, SeqCst);
            }
        });
        let mut expected = Rows::new();
        for writer in writers {
            for (key, bucket) in writer.join().unwrap() {
                expected
                    .entry(key)
                    .or_insert_with(|| Bucket::new(SketchKind::Histogram))
                    .merge(&bucket)
                    .unwrap();
            }
        }
        done.store(true, SeqCst);
        flusher.join().unwrap();
        reader.join().unwrap();
        expected
    });
    // Eight unresolved batches may keep one flush from taking all.
    flush(&recorder, &database, 3);
    flush(&recorder, &database, 3);
    let database = database.into_inner().unwrap();
    assert_eq!(database.records, THREADS * RECORDS);
    assert_eq!(database.rows, expected);
    assert_eq!(recorder.status().unflushed_records, 0);
}
