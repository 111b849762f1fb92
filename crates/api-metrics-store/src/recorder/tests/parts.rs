//! Numbers, acknowledgement, retention, failover: against a model of the database.

use proptest::{collection::vec, prelude::*};

use super::*;

#[test]
fn a_number_without_records_makes_no_part() {
    let (recorder, _) = recorder(|b| b);
    assert_eq!((recorder.seal(), recorder.seal()), (1, 2));
    assert_eq!(recorder.unresolved_parts(), 0);
    assert!(recorder.contents(0, 2).is_empty());
    recorder.record(&request("/", START));
    assert_eq!(recorder.unflushed_records(), 1);
    assert_eq!(recorder.seal(), 3);
    assert_eq!(recorder.unresolved_parts(), 1);
    assert_eq!(recorder.contents(2, 3).records(), 1);
    assert!(recorder.contents(3, 3).is_empty());
    assert!(recorder.contents(0, 2).is_empty());
}

#[test]
fn an_acknowledged_part_stays_for_sixty_seconds() {
    let (recorder, clock) = recorder(|b| b);
    recorder.record(&request("/", START));
    let n = recorder.seal();
    recorder.acknowledge(n);
    assert_eq!(
        (recorder.acknowledged(), recorder.unflushed_records()),
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
    let (recorder, _) = recorder(|b| b);
    recorder.record(&request("/a", START));
    let unknown = recorder.seal();
    recorder.record(&request("/b", START));
    let failed = recorder.seal();
    recorder.release(failed);
    assert_eq!(recorder.unresolved_parts(), 1);
    assert_eq!(recorder.unflushed_records(), 2);
    let own = recorder.capture(&|_, _| true);
    let tags: Vec<_> = own.parts.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [unknown, failed + 1]);
    let next = recorder.seal();
    assert_eq!(recorder.contents(0, next).records(), 2);
    assert_eq!(recorder.contents(unknown, next).records(), 1);
    // Neither an acknowledged number nor one without a part has anything to release.
    recorder.acknowledge(next);
    recorder.release(next);
    recorder.release(99);
    assert_eq!(recorder.unflushed_records(), 0);
}

#[test]
fn a_fence_that_was_read_settles_all_attempts_before() {
    let (recorder, clock) = recorder(|b| b);
    for i in 0..20 {
        recorder.record(&request("/", START + i));
        recorder.seal();
    }
    assert_eq!(recorder.unresolved_parts(), 20);
    let own = recorder.capture(&|_, _| true);
    recorder.record(&request("/", START));
    let n = recorder.seal();
    recorder.settle(5, n);
    assert_eq!(recorder.unresolved_parts(), 1);
    assert_eq!(
        (recorder.acknowledged(), recorder.unflushed_records()),
        (5, 16)
    );
    assert_eq!(recorder.contents(5, n).records(), 16);
    assert!(recorder.contents(5, n - 1).is_empty());
    // A read that began before agrees, whether attempt n gets in or not.
    assert_eq!(own.newer_than(5).records(), 15);
    assert_eq!(own.newer_than(n).records(), 0);
    // An attempt without records of its own takes over what failed before it.
    let next = recorder.seal();
    recorder.settle(5, next);
    assert_eq!(recorder.contents(5, next).records(), 16);
    recorder.release(next);
    assert_eq!(
        (recorder.unresolved_parts(), recorder.unflushed_records()),
        (0, 16)
    );
    clock.advance(Duration::from_secs(60));
    assert_eq!(everything(&recorder).records(), 16);
}

#[test]
fn a_failover_that_loses_a_retained_commit_loses_nothing() {
    let (recorder, clock) = recorder(|b| b);
    recorder.record(&request("/a", START));
    let a = recorder.seal();
    recorder.acknowledge(a);
    recorder.record(&request("/b", START));
    let b = recorder.seal();
    recorder.acknowledge(b);
    assert_eq!(recorder.rewind(b), None);
    assert_eq!(recorder.rewind(a), None);
    assert_eq!(recorder.acknowledged(), a);
    assert_eq!(
        (recorder.unresolved_parts(), recorder.unflushed_records()),
        (1, 1)
    );
    clock.advance(Duration::from_secs(600));
    let c = recorder.seal();
    assert_eq!(recorder.contents(a, c).records(), 1);
}

#[test]
fn a_restore_to_long_ago_names_the_numbers_that_are_gone() {
    let (recorder, clock) = recorder(|b| b);
    for _ in 0..5 {
        recorder.record(&request("/", START));
        let n = recorder.seal();
        recorder.acknowledge(n);
        clock.advance(Duration::from_secs(30));
    }
    // 1 to 3 were acknowledged 150, 120 and 90 seconds ago, 4 exactly 60.
    recorder.seal();
    assert_eq!(
        recorder.rewind(2),
        Some(Lost {
            first: 3,
            last: 4,
            records: 2
        })
    );
    assert_eq!(recorder.unflushed_records(), 1);
    // What was gone is said once.
    assert_eq!(recorder.rewind(2), None);
}

#[derive(Debug, Clone)]
enum Step {
    Record(u8),
    /// Whether the recorder is told what the fence row said.
    Flush(Outcome, bool),
    /// The database falls back to the state after some earlier commit.
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
        6 => (prop_oneof![
            4 => Just(Outcome::Acknowledged),
            1 => Just(Outcome::AcknowledgementLost),
            1 => Just(Outcome::CommitLost),
            1 => Just(Outcome::FailedBeforeCommit),
        ], any::<bool>()).prop_map(|(outcome, settles)| Step::Flush(outcome, settles)),
        1 => any::<u8>().prop_map(Step::Failover),
        2 => (0_u8..70).prop_map(Step::Advance),
        2 => Just(Step::Capture),
    ]
}

/// The fence row and the sum of all inbox rows after each commit.
struct Database {
    states: Vec<(u64, u64)>,
}

impl Database {
    fn now(&self) -> (u64, u64) {
        self.states.last().copied().unwrap_or_default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_record_is_lost_or_doubled_whatever_becomes_of_commits(steps in vec(step(), 1..120)) {
        let (recorder, clock) = recorder(|b| b);
        let mut database = Database { states: Vec::new() };
        let (mut recorded, mut lost, mut held) = (0_u64, 0_u64, BTreeMap::<u64, u64>::new());
        for step in steps {
            match step {
                Step::Record(x) => {
                    let endpoint = ["/a", "/b", "/c"][usize::from(x % 3)];
                    recorder.record(&request(endpoint, START + i64::from(x)));
                    recorded += 1;
                }
                Step::Flush(outcome, settles) => {
                    let n = recorder.seal();
                    let before = held.values().sum::<u64>() + lost;
                    held.insert(n, recorder.contents(n - 1, n).records());
                    prop_assert!(before <= recorded);
                    let (s, rows) = database.now();
                    prop_assert!(s < n);
                    if s < recorder.acknowledged() {
                        let gone = recorder.rewind(s);
                        let freed = held.iter().filter(|(tag, n)| {
                            **tag > s && **n > 0 && recorder.contents(**tag - 1, **tag).is_empty()
                        });
                        let (tags, freed): (Vec<_>, Vec<_>) = freed.map(|(t, n)| (*t, *n)).unzip();
                        let expected = tags.first().zip(tags.last()).map(|(&first, &last)| {
                            let records = freed.iter().sum();
                            Lost { first, last, records }
                        });
                        prop_assert_eq!(gone, expected);
                        lost += freed.iter().sum::<u64>();
                        tags.iter().for_each(|tag| { held.remove(tag); });
                    }
                    let contents = recorder.contents(s, n).records();
                    if settles {
                        recorder.settle(s, n);
                        prop_assert!(recorder.unresolved_parts() <= 1);
                        prop_assert_eq!(recorder.contents(s, n).records(), contents);
                        // Now part n holds what the failed ones held.
                        held.retain(|tag, _| *tag <= s);
                        held.insert(n, contents);
                    }
                    match outcome {
                        Outcome::FailedBeforeCommit => {
                            recorder.release(n);
                            held.remove(&n);
                        }
                        Outcome::CommitLost => {}
                        Outcome::AcknowledgementLost => database.states.push((n, rows + contents)),
                        Outcome::Acknowledged => {
                            database.states.push((n, rows + contents));
                            recorder.acknowledge(n);
                        }
                    }
                }
                Step::Failover(x) => {
                    let keep = usize::from(x) % (database.states.len() + 1);
                    database.states.truncate(keep);
                }
                Step::Advance(seconds) => clock.advance(Duration::from_secs(seconds.into())),
                Step::Capture => {
                    let (s, rows) = database.now();
                    let own = recorder.capture(&|_, _| true);
                    // What a failover took is missing until the next flush notices it, if it is still held.
                    let sum = rows + own.newer_than(s).records() + lost;
                    prop_assert!(sum <= recorded);
                    if s >= recorder.acknowledged() {
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
        let (recorder, _) = recorder(|b| b);
        recorder.record(&request("/", START));
        everything(&recorder)
    };
    for i in 0..8_650 {
        ledger.open = one.clone();
        let n = ledger.seal();
        ledger.acknowledge(n, Duration::from_secs(i));
        ledger.free(Duration::from_secs(i));
    }
    ledger.free(Duration::MAX);
    let (first, last, records) = (3, 8_650, 8_640);
    let lost = Lost {
        first,
        last,
        records,
    };
    assert_eq!(ledger.rewind(2), Some(lost));
    assert_eq!(
        ledger.rewind(1),
        Some(Lost {
            first: 2,
            last: 2,
            records: 0
        })
    );
}
