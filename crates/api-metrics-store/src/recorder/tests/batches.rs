//! Batches: numbers, acknowledgement, retention, failover: against a model of the database.

use proptest::{collection::vec, prelude::*};

use super::*;

#[test]
fn a_number_without_records_makes_no_part() {
    let (recorder, _) = recorder(|_| {});
    assert_eq!((recorder.begin_batch(), recorder.begin_batch()), (1, 2));
    assert_eq!(recorder.status().unresolved_batches, 0);
    assert!(recorder.contents(0, 2).is_empty());
    recorder.record(&request("/", START));
    assert_eq!(recorder.status().unflushed_records, 1);
    assert_eq!(recorder.begin_batch(), 3);
    assert_eq!(recorder.status().unresolved_batches, 1);
    assert_eq!(recorder.contents(2, 3).records(), 1);
    assert!(recorder.contents(3, 3).is_empty());
    assert!(recorder.contents(0, 2).is_empty());
}

#[test]
fn an_acknowledged_part_stays_for_sixty_seconds() {
    let (recorder, clock) = recorder(|_| {});
    recorder.record(&request("/", START));
    let n = recorder.begin_batch();
    recorder.acknowledge(n);
    assert_eq!(
        (recorder.acknowledged(), recorder.status().unflushed_records),
        (n, 0)
    );
    clock.advance(Duration::from_secs(59));
    // The wall clock has no say in it.
    clock.step_to(START + 86_400);
    assert_eq!(everything(&recorder).records(), 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(everything(&recorder).records(), 0);
}

#[test]
fn a_released_part_is_open_again_under_the_next_number() {
    let (recorder, _) = recorder(|_| {});
    recorder.record(&request("/a", START));
    let unknown = recorder.begin_batch();
    recorder.record(&request("/b", START));
    let failed = recorder.begin_batch();
    recorder.release(failed);
    assert_eq!(recorder.status().unresolved_batches, 1);
    assert_eq!(recorder.status().unflushed_records, 2);
    let own = recorder.capture(&|_, _| true);
    let seqs: Vec<_> = own.batches.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, [unknown, failed + 1]);
    let next = recorder.begin_batch();
    assert_eq!(recorder.contents(0, next).records(), 2);
    assert_eq!(recorder.contents(unknown, next).records(), 1);
    // Neither an acknowledged number nor one without a batch has anything to release.
    recorder.acknowledge(next);
    recorder.release(next);
    recorder.release(99);
    assert_eq!(recorder.status().unflushed_records, 0);
}

#[test]
fn when_too_many_outcomes_are_unknown_the_last_number_is_tried_again() {
    let (recorder, clock) = recorder(|o| o.max_unresolved_batches = 3);
    let retry = |seq| FlushBatch { seq, retry: true };
    for seq in 1..=3 {
        recorder.record(&request("/", START));
        let retry = false;
        assert_eq!(recorder.begin_batch_or_retry(), FlushBatch { seq, retry });
    }
    for _ in 0..10 {
        recorder.record(&request("/", START));
        assert_eq!(recorder.begin_batch_or_retry(), retry(3));
        clock.advance(Duration::from_secs(10));
    }
    assert_eq!(recorder.status().unresolved_batches, 3);
    assert_eq!(recorder.contents(0, 3).records(), 3);
    let own = recorder.capture(&|_, _| true);
    let seqs: Vec<_> = own
        .batches
        .iter()
        .map(|(seq, d)| (*seq, d.records()))
        .collect();
    assert_eq!(seqs, [(1, 1), (2, 1), (3, 1), (4, 10)]);
    // The fence tells that two of them are in: there is room again.
    recorder.acknowledge(2);
    let FlushBatch { seq, retry } = recorder.begin_batch_or_retry();
    assert_eq!((seq, retry), (4, false));
    assert_eq!(recorder.contents(2, 4).records(), 11);
    assert_eq!(recorder.status().unresolved_batches, 2);
    assert_eq!(recorder.status().last_seq, 4);
}

#[test]
fn a_failover_that_loses_a_retained_commit_loses_nothing() {
    let (recorder, clock) = recorder(|_| {});
    recorder.record(&request("/a", START));
    let a = recorder.begin_batch();
    recorder.acknowledge(a);
    recorder.record(&request("/b", START));
    let b = recorder.begin_batch();
    recorder.acknowledge(b);
    assert_eq!(recorder.rewind(b), None);
    assert_eq!(recorder.rewind(a), None);
    assert_eq!(recorder.acknowledged(), a);
    assert_eq!(
        (
            recorder.status().unresolved_batches,
            recorder.status().unflushed_records
        ),
        (1, 1)
    );
    clock.advance(Duration::from_secs(600));
    let c = recorder.begin_batch();
    assert_eq!(recorder.contents(a, c).records(), 1);
}

#[test]
fn acknowledged_batches_take_no_more_than_the_budget_and_the_last_one_stays() {
    let flush = |recorder: &Recorder, series: usize| {
        for i in 0..series {
            recorder.record(&request(&format!("/{i}"), START));
        }
        let n = recorder.begin_batch();
        recorder.acknowledge(n);
        n
    };
    let (recorder, _) = recorder(|options| options.acknowledged_budget = Some(64 << 10));
    let mut last = 0;
    for _ in 0..100 {
        last = flush(&recorder, 100);
        assert!(
            recorder.status().bytes < 512 << 10,
            "{:?}",
            recorder.status()
        );
    }
    // The newest are still there; what is gone is named.
    assert_eq!(recorder.rewind(last - 1), None);
    assert_eq!(recorder.contents(last - 1, last).records(), 100);
    recorder.acknowledge(last);
    let lost = recorder.rewind(0).unwrap();
    assert_eq!(lost.first, 1);
    assert!(lost.last > 50 && lost.last < last, "{lost:?}");
    assert_eq!(lost.records, lost.last * 100);
    // Where nobody bounds it, all of a minute is there, whatever the memory budget.
    let (recorder, _) = self::recorder(|options| options.memory_budget = 1);
    let all: Vec<u64> = (0..20).map(|_| flush(&recorder, 100)).collect();
    assert_eq!(recorder.rewind(all[0] - 1), None);
    assert_eq!(recorder.contents(all[0] - 1, all[19]).records(), 2_000);
    // A single batch above the budget stays until there is another one.
    let (recorder, _) = self::recorder(|options| options.acknowledged_budget = Some(1));
    let big = flush(&recorder, 100);
    assert_eq!(recorder.rewind(big - 1), None);
    assert_eq!(recorder.contents(big - 1, big).records(), 100);
}

#[test]
fn a_restore_to_long_ago_names_the_numbers_that_are_gone() {
    let (recorder, clock) = recorder(|_| {});
    for _ in 0..5 {
        recorder.record(&request("/", START));
        let n = recorder.begin_batch();
        recorder.acknowledge(n);
        clock.advance(Duration::from_secs(30));
    }
    // 1 to 3 were acknowledged 150, 120 and 90 seconds ago, 4 exactly 60.
    recorder.begin_batch();
    assert_eq!(
        recorder.rewind(2),
        Some(LostBatches {
            first: 3,
            last: 4,
            records: 2
        })
    );
    assert_eq!(recorder.status().unflushed_records, 1);
    // What was gone is said once.
    assert_eq!(recorder.rewind(2), None);
}

#[derive(Debug, Clone)]
enum Step {
    Record(u8),
    Flush(Outcome),
    /// The database goes back to the state after some earlier commit, also one of a history that was
    /// abandoned by going back before.
    Failover(u8),
    Advance(u8),
    Capture,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Acknowledged,
    AcknowledgementLost,
    CommitLost,
    FailedBeforeCommit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<u8>().prop_map(Step::Record),
        6 => prop_oneof![
            4 => Just(Outcome::Acknowledged),
            2 => Just(Outcome::AcknowledgementLost),
            2 => Just(Outcome::CommitLost),
            1 => Just(Outcome::FailedBeforeCommit),
        ].prop_map(Step::Flush),
        1 => any::<u8>().prop_map(Step::Failover),
        2 => (0_u8..70).prop_map(Step::Advance),
        2 => Just(Step::Capture),
    ]
}

/// The fence row and the records of all batches by seq, after each commit in any history.
#[derive(Default)]
struct Database {
    states: Vec<(u64, BTreeMap<u64, u64>)>,
    now: (u64, BTreeMap<u64, u64>),
}

impl Database {
    fn commit(&mut self, number: u64, batches: BTreeMap<u64, u64>) {
        self.now.0 = number;
        self.now.1.extend(batches);
        self.states.push(self.now.clone());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_record_is_lost_or_doubled_whatever_becomes_of_commits(steps in vec(step(), 1..120)) {
        let (recorder, clock) = recorder(|o| o.max_unresolved_batches = 3);
        let mut database = Database::default();
        // By seq: how many records went into it, and how many of these are held no more.
        let (mut recorded, mut begun) = (0_u64, BTreeMap::<u64, u64>::new());
        let mut freed = BTreeMap::<u64, u64>::new();
        for step in steps {
            match step {
                Step::Record(x) => {
                    let endpoint = ["/a", "/b", "/c"][usize::from(x % 3)];
                    recorder.record(&request(endpoint, START + i64::from(x)));
                    recorded += 1;
                }
                Step::Flush(outcome) => {
                    let FlushBatch { seq: n, retry } = recorder.begin_batch_or_retry();
                    if !retry {
                        begun.insert(n, recorder.contents(n - 1, n).records());
                    }
                    prop_assert!(recorder.status().unresolved_batches <= 3 || recorder.acknowledged() < n);
                    let s = database.now.0;
                    prop_assert!(s < n || retry && s == n);
                    if s < recorder.acknowledged() {
                        let gone = recorder.rewind(s);
                        let empty = |seq: u64| recorder.contents(seq - 1, seq).is_empty();
                        let told = |seq: &u64| freed.contains_key(seq);
                        let news: BTreeMap<u64, u64> = begun
                            .range(s + 1..)
                            .filter(|(seq, n)| **n > 0 && empty(**seq) && !told(seq))
                            .map(|(seq, n)| (*seq, *n))
                            .collect();
                        let expected = news.keys().next().zip(news.keys().last());
                        let records = news.values().sum();
                        let expected = expected.map(|(&first, &last)| LostBatches { first, last, records });
                        prop_assert_eq!(gone, expected);
                        freed.extend(news);
                    }
                    recorder.acknowledge(s);
                    let contents: BTreeMap<u64, u64> = (s + 1..=n)
                        .map(|seq| (seq, recorder.contents(seq - 1, seq).records()))
                        .collect();
                    prop_assert_eq!(contents.values().sum::<u64>(), recorder.contents(s, n).records());
                    match outcome {
                        Outcome::FailedBeforeCommit if retry => {}
                        Outcome::FailedBeforeCommit => {
                            recorder.release(n);
                            begun.remove(&n);
                        }
                        Outcome::CommitLost => {}
                        // Nothing is left to be sent: it was in.
                        _ if s == n => {}
                        Outcome::AcknowledgementLost => database.commit(n, contents),
                        Outcome::Acknowledged => {
                            database.commit(n, contents);
                            recorder.acknowledge(n);
                        }
                    }
                }
                Step::Failover(x) => {
                    let to = usize::from(x) % (database.states.len() + 1);
                    database.now = to.checked_sub(1).map(|at| database.states[at].clone()).unwrap_or_default();
                }
                Step::Advance(seconds) => clock.advance(Duration::from_secs(seconds.into())),
                Step::Capture => {
                    let (s, rows) = &database.now;
                    let own = recorder.capture(&|_, _| true);
                    // What is neither in the database nor held was told, or will be by the next flush.
                    let gone = freed.iter().filter(|(seq, _)| rows.get(seq).is_none_or(|n| *n == 0));
                    let gone: u64 = gone.map(|(_, records)| *records).sum();
                    let sum = rows.values().sum::<u64>() + own.newer_than(*s).records() + gone;
                    prop_assert!(sum <= recorded);
                    if *s >= recorder.acknowledged() {
                        prop_assert_eq!(sum, recorded);
                    }
                }
            }
        }
    }
}

#[test]
fn numbers_freed_too_long_ago_to_be_remembered_are_still_named() {
    let mut ledger = Ledger::new(Vec::new());
    let one: Deltas = {
        let (recorder, _) = recorder(|_| {});
        recorder.record(&request("/", START));
        everything(&recorder)
    };
    for i in 0..8_650 {
        ledger.open = one.clone();
        let n = ledger.begin_batch();
        ledger.acknowledge(n, Duration::from_secs(i));
        ledger.free(Duration::from_secs(i), usize::MAX);
    }
    ledger.free(Duration::MAX, usize::MAX);
    let (first, last, records) = (3, 8_650, 8_640);
    let lost = LostBatches {
        first,
        last,
        records,
    };
    assert_eq!(ledger.rewind(2), Some(lost));
    assert_eq!(
        ledger.rewind(1),
        Some(LostBatches {
            first: 2,
            last: 2,
            records: 0
        })
    );
}
