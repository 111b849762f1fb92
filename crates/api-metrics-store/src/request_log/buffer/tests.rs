//! What is chosen, what is dropped, and that it adds up.
#![allow(clippy::expect_used)]

use std::{
    collections::HashSet,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{LogLevel, RequestRecord};

use super::{batch::MAX_KEYS, *};
use crate::request_log::entry::OTHER_KEY;

fn buffer(change: impl FnOnce(&mut RequestLog)) -> RequestLogBuffer {
    let mut settings = RequestLog::new();
    change(&mut settings);
    RequestLogBuffer::new(settings, Instance::new(Uuid::new_v4(), "shop", "test"))
}

fn send(buffer: &RequestLogBuffer, endpoint: &str, status: u16, second: u64) {
    let at = UNIX_EPOCH + Duration::from_secs(second);
    let mut record = RequestRecord::new("GET", endpoint, at);
    record.status = Some(status);
    record.latency = Some(Duration::from_micros(second));
    buffer.log(&LoggedRequest::new(&record));
}

/// Everything that is left, as batches; each adds up by itself.
fn drained(buffer: &RequestLogBuffer) -> Vec<Batch> {
    buffer.close_samples(None);
    let mut batches = Vec::new();
    while let Some(batch) = buffer.cut(batches.len() as u64 + 1) {
        buffer.acknowledge(&batch, batch.entries.len() as u64, 0);
        batches.push(batch);
    }
    let counts = buffer.counts();
    let kept: usize = batches.iter().map(|batch| batch.entries.len()).sum();
    let mut dropped = Dropped::default();
    for batch in &batches {
        dropped.add(batch.dropped);
    }
    assert_eq!((counts.kept, counts.dropped), (kept as u64, dropped));
    assert_eq!(counts.chosen, counts.kept + counts.dropped.total());
    assert_eq!((counts.waiting, buffer.memory()), (0, 0));
    batches
}

#[test]
fn failures_are_kept_at_once_and_the_rest_is_sampled_when_its_minute_is_over() {
    let buffer = buffer(|_| {});
    for second in 0..60 {
        send(&buffer, "/a", 200, second);
        send(&buffer, "/a", 404, second);
        send(&buffer, "/b", 500, second);
    }
    assert_eq!(buffer.counts().waiting, 60);
    buffer.close_samples(Some(UNIX_EPOCH + Duration::from_secs(59)));
    assert_eq!(buffer.counts().waiting, 60);
    buffer.close_samples(Some(UNIX_EPOCH + Duration::from_secs(60)));
    assert_eq!(buffer.counts().waiting, 60 + 20 + 7);
    let batches = drained(&buffer);
    let entries = || batches.iter().flat_map(|batch| &batch.entries);
    for (reason, weight) in [
        (Reason::Error, 60),
        (Reason::ClientError, 60),
        (Reason::Slow, 2),
        (Reason::Sample, 58),
    ] {
        let of_reason = entries().filter(|entry| entry.reason == reason);
        assert_eq!(of_reason.map(|entry| entry.weight).sum::<u64>(), weight);
    }
}

#[test]
fn excluded_routes_are_not_looked_at_and_others_are_kept_whole() {
    let buffer = buffer(|log| {
        log.keep = Keep::Nothing;
        log.endpoints.push(("/pay".to_owned(), Keep::Everything));
    });
    assert!(!buffer.admits("GET", Some("/a")) && buffer.admits("GET", Some("/pay")));
    assert!(buffer.admits("GET", None));
    for second in 0..10 {
        send(&buffer, "/a", 500, second);
        send(&buffer, "/pay", 200, second);
    }
    assert_eq!(
        drained(&buffer)
            .iter()
            .map(|b| b.entries.len())
            .sum::<usize>(),
        10
    );
}

#[test]
fn what_exceeds_the_rate_is_dropped_and_counted() {
    let buffer = buffer(|log| {
        log.keep = Keep::Everything;
        log.rows_per_second = 10;
    });
    for n in 0..100 {
        send(&buffer, "/a", 200, 1_000 + n / 50);
    }
    drained(&buffer);
    let counts = buffer.counts();
    assert_eq!((counts.chosen, counts.kept), (100, 20));
    assert_eq!(counts.dropped.rate, 80);
}

#[test]
fn memory_is_bounded_and_what_exceeds_it_is_dropped_and_counted() {
    const BUDGET: usize = 256 << 10;
    let whole = buffer(|log| {
        log.keep = Keep::Everything;
        log.memory_budget = BUDGET;
        log.rows_per_second = u32::MAX;
    });
    let sampled = buffer(|log| log.memory_budget = BUDGET);
    for n in 0..20_000_u64 {
        let endpoint = format!("/{}/{n}", "x".repeat(100));
        send(&whole, &endpoint, 200, n);
        send(&sampled, &endpoint, 200, n);
        assert!(whole.memory() <= BUDGET && sampled.memory() <= BUDGET);
    }
    for buffer in [&whole, &sampled] {
        drained(buffer);
        let counts = buffer.counts();
        assert_eq!(counts.chosen, 20_000);
        assert!(
            counts.kept > 100 && counts.dropped.memory > 10_000,
            "{counts:?}"
        );
    }
}

#[test]
fn a_refused_batch_is_given_up_and_its_end_is_told() {
    let buffer = buffer(|log| log.keep = Keep::Everything);
    send(&buffer, "/a", 200, 1);
    let mut batch = buffer.cut(1).expect("one request");
    buffer.give_up(&mut batch);
    buffer.acknowledge(&batch, 0, 0);
    assert_eq!((batch.entries.len(), batch.dropped.refused), (0, 1));
    drained_after(&buffer);
}

fn drained_after(buffer: &RequestLogBuffer) {
    assert!(buffer.cut(2).is_none());
    let counts = buffer.counts();
    assert_eq!(counts.chosen, counts.kept + counts.dropped.total());
    assert_eq!(counts.waiting, 0);
}

#[test]
fn threads_lose_nothing_between_them() {
    let buffer = Arc::new(buffer(|log| log.rows_per_second = 50));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let buffer = Arc::clone(&buffer);
            std::thread::spawn(move || {
                for n in 0..5_000_u64 {
                    let status = [200, 404, 500][usize::try_from(n % 3).unwrap_or(0)];
                    send(&buffer, ["/a", "/b"][thread % 2], status, 600 + n / 100);
                }
            })
        })
        .collect();
    let mut batches = 0;
    while !threads.iter().all(std::thread::JoinHandle::is_finished) {
        buffer.close_samples(None);
        if let Some(batch) = buffer.cut(1) {
            buffer.acknowledge(&batch, batch.entries.len() as u64, 0);
            batches += batch.entries.len();
        }
    }
    for thread in threads {
        thread.join().expect("no panic");
    }
    buffer.close_samples(None);
    while let Some(batch) = buffer.cut(1) {
        buffer.acknowledge(&batch, batch.entries.len() as u64, 0);
        batches += batch.entries.len();
    }
    let counts = buffer.counts();
    assert_eq!(counts.kept, batches as u64);
    drained_after(&buffer);
    assert_eq!(buffer.memory(), 0);
}

#[test]
fn keys_beyond_the_bound_are_one() {
    let buffer = buffer(|log| {
        log.keep = Keep::Everything;
        log.rows_per_second = u32::MAX;
    });
    let mut flushing = Flushing::default();
    let mut named = HashSet::new();
    for n in 0..MAX_KEYS + 500 {
        let key = api_metrics_layer::ApiKey::from(format!("key-{n}"));
        let mut record = RequestRecord::new("GET", "/a", UNIX_EPOCH);
        record.api_key = Some(&key);
        buffer.log(&LoggedRequest::new(&record));
        if n % 1_000 == 999 || n + 1 == MAX_KEYS + 500 {
            flushing.batch = buffer.cut(1);
            flushing.bound_names();
            let batch = flushing.batch.take().expect("a batch");
            buffer.acknowledge(&batch, batch.entries.len() as u64, 0);
            named.extend(
                batch
                    .entries
                    .iter()
                    .filter_map(|entry| entry.api_key().map(str::to_owned)),
            );
        }
    }
    assert_eq!(named.len(), MAX_KEYS + 1);
    assert!(named.contains("key-0") && named.contains(OTHER_KEY));
}

#[test]
fn what_exceeds_the_bytes_is_dropped_and_counted_kept_at_once_and_sampled() {
    let whole = buffer(|log| {
        log.keep = Keep::Everything;
        log.bytes_per_second = 10_000;
    });
    let sampled = buffer(|log| log.bytes_per_second = 50);
    for n in 0..100 {
        send(&whole, "/a", 200, 1_000 + n / 50);
        send(&sampled, "/a", 404, 600 + n / 50);
    }
    for (buffer, chosen) in [(&whole, 100), (&sampled, 20)] {
        drained(buffer);
        let counts = buffer.counts();
        assert_eq!(
            (counts.chosen, counts.dropped.total()),
            (chosen, counts.dropped.bytes)
        );
        assert!(counts.kept > 3 && counts.dropped.bytes > 10, "{counts:?}");
    }
}

#[test]
fn events_beyond_their_own_rate_leave_requests_theirs() {
    let buffer = buffer(|log| {
        log.keep = Keep::Everything;
        log.events_per_second = 5;
        log.rows_per_second = 20;
    });
    let at = UNIX_EPOCH + Duration::from_secs(1_000);
    for _ in 0..100 {
        buffer.event(LogEvent::new(at, LogLevel::Error, "shop", "it is broken"));
    }
    for _ in 0..15 {
        send(&buffer, "/a", 200, 1_000);
    }
    buffer.events_left_out(3);
    drained(&buffer);
    let counts = buffer.counts();
    assert_eq!((counts.chosen, counts.kept), (118, 20));
    assert_eq!((counts.dropped.rate, counts.dropped.memory), (95, 3));
}

#[test]
fn countries_make_a_batch_by_themselves_and_outlive_what_is_given_up() {
    let buffer = buffer(|log| log.keep = Keep::Everything);
    let record = RequestRecord::new("GET", "/a", UNIX_EPOCH);
    buffer.count_country(&record, Country::of("DE"));
    assert!(!buffer.is_empty());
    send(&buffer, "/a", 200, 1);
    let mut batch = buffer.cut(1).expect("a request and a country");
    buffer.give_up(&mut batch);
    assert_eq!((batch.entries.len(), batch.countries.len()), (0, 1));
    buffer.acknowledge(&batch, 0, 0);
    drained_after(&buffer);
    assert!(buffer.is_empty());
}
