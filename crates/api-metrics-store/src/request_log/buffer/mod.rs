//! The log's memory: which requests were chosen, until they are stored.
//!
//! # Counts
//!
//! At every moment `chosen = kept + dropped + waiting`, where what is dropped is counted by its reason. A batch
//! carries what was dropped since the one before, so that each acknowledged batch adds up by itself.
//!
//! # Locks
//!
//! Requests of one method and endpoint meet in one of 16 shards, and those that are kept at once in one queue.
//! No lock is held while anything is waited for.

use std::{
    hash::BuildHasher,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use api_metrics_layer::{
    Country, LogEvent, LoggedRequest, Outcome, RequestCapture, RequestLogSink, RequestRecord,
};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use uuid::Uuid;

pub(super) use self::batch::{Batch, Flushing};
use self::entry_queue::EntryQueue;
use super::{
    country::Countries,
    entry::{Entry, Reason, id_at, millis},
    sample::{Offer, Random, Slot, Window},
    settings::{Keep, RequestLog, Sampling},
    snapshot::{self, Copied, Names},
};
use crate::store::Instance;

mod batch;
mod entry_queue;

/// Shards of the sampler.
const SHARDS: usize = 16;
/// Requests of a batch at most.
const BATCH_ROWS: usize = 2_000;
/// Bytes of a batch at most, but for its last request.
const BATCH_BYTES: usize = 2 << 20;
/// Events hold this part of the memory at most.
const EVENTS_PART: usize = 4;

/// What was dropped of the requests that the policy chose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Beyond [`RequestLog::rows_per_second`], or [`RequestLog::events_per_second`].
    pub rate: u64,
    /// Beyond [`RequestLog::bytes_per_second`].
    pub bytes: u64,
    /// Beyond [`RequestLog::memory_budget`].
    pub memory: u64,
    /// Stored too late: the request is older than what is kept, or lies more than a day ahead.
    pub late: u64,
    /// Refused by the database, again and again.
    pub refused: u64,
}

impl Dropped {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.rate + self.bytes + self.memory + self.late + self.refused
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.rate += other.rate;
        self.bytes += other.bytes;
        self.memory += other.memory;
        self.late += other.late;
        self.refused += other.refused;
    }
}

/// What became of the requests that the policy chose: `chosen = kept + dropped.total() + waiting`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLogCounts {
    /// Requests that the policy chose, those of samples once their minute is over.
    pub chosen: u64,
    /// Those that the database has acknowledged.
    pub kept: u64,
    /// Those that were dropped, by reason.
    pub dropped: Dropped,
    /// Those that wait to be stored.
    pub waiting: u64,
}

/// The log of one process: a [`RequestLogSink`] that chooses requests, holds them, and is flushed by
/// [`RequestLogStore::flush_requests`](super::RequestLogStore::flush_requests).
///
/// ```
/// use api_metrics_layer::{ApiMetricsLayer, WithRequestLog};
/// use api_metrics_store::{
///     request_log::{RequestLog, RequestLogBuffer},
///     store::Instance,
/// };
///
/// let instance = Instance::new(uuid::Uuid::new_v4(), "shop", "production");
/// let log = std::sync::Arc::new(RequestLogBuffer::new(RequestLog::new(), instance));
/// let layer = ApiMetricsLayer::new(WithRequestLog::new((), log));
/// # let _ = layer.in_flight();
/// ```
#[derive(Debug)]
pub struct RequestLogBuffer {
    settings: RequestLog,
    instance: Instance,
    shards: [Mutex<Shard>; SHARDS],
    queue: Mutex<Queue>,
    countries: Mutex<Countries>,
    /// Names whose values snapshots mask.
    masked: Arc<Names>,
    /// Memory of samples, of the queue and of the batch under way, and of the logs that it is shared with.
    bytes: Arc<AtomicUsize>,
    /// Tells the ids of processes apart.
    node: u64,
    number: AtomicU32,
    pub(super) flushing: tokio::sync::Mutex<Flushing>,
}

#[derive(Debug)]
struct Shard {
    windows: HashTable<Window>,
    random: Random,
}

/// What is to be stored, and what became of the rest.
#[derive(Debug, Default)]
struct Queue {
    entries: EntryQueue,
    counts: RequestLogCounts,
    /// Dropped since the last batch was cut.
    dropped: Dropped,
    second: Allowance,
    minute: Allowance,
    second_bytes: Allowance,
    minute_bytes: Allowance,
    second_events: Allowance,
    /// Memory of the events that wait.
    event_bytes: usize,
}

/// How much of a second or a minute is used.
#[derive(Debug, Default)]
struct Allowance {
    period: i64,
    used: u64,
}

impl Allowance {
    fn take(&mut self, period: i64, allowed: u64) -> bool {
        self.take_some(period, 1, allowed)
    }

    /// Takes `some` at once, or nothing of it.
    fn take_some(&mut self, period: i64, some: u64, allowed: u64) -> bool {
        // A clock that was set back does not get a second allowance.
        if period > self.period {
            *self = Self { period, used: 0 };
        }
        let used = self.used.saturating_add(some);
        if used <= allowed {
            self.used = used;
        }
        used <= allowed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RequestLogBuffer {
    /// An empty log of a process.
    #[must_use]
    pub fn new(settings: RequestLog, instance: Instance) -> Self {
        Self::within(settings, instance, Arc::default())
    }

    /// The same, whose memory counts together with that of others: `bytes` is what all of them hold, and the
    /// budget of each is that of all.
    pub(crate) fn within(
        settings: RequestLog,
        instance: Instance,
        bytes: Arc<AtomicUsize>,
    ) -> Self {
        // A fresh random UUID: no other process has it.
        let seed = Uuid::new_v4().as_u64_pair();
        let shard = |n: usize| {
            Mutex::new(Shard {
                windows: HashTable::new(),
                random: Random::new(seed.1.rotate_left(4 * u32::try_from(n).unwrap_or(0))),
            })
        };
        Self {
            masked: snapshot::names(&settings.capture.snapshots),
            settings,
            instance,
            shards: std::array::from_fn(shard),
            queue: Mutex::default(),
            countries: Mutex::default(),
            bytes,
            node: seed.0 ^ seed.1,
            number: AtomicU32::new(0),
            flushing: tokio::sync::Mutex::default(),
        }
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &RequestLog {
        &self.settings
    }

    /// Whose log it is.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// What became of the requests that were chosen.
    #[must_use]
    pub fn counts(&self) -> RequestLogCounts {
        let queue = lock(&self.queue);
        let mut counts = queue.counts;
        counts.waiting = counts.chosen - counts.kept - counts.dropped.total();
        counts
    }

    /// The memory that it holds, in bytes, with that of the logs that it is shared with.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Takes memory for `bytes`, if there is any.
    fn reserve(&self, bytes: usize) -> bool {
        let taken = self
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                let held = held.checked_add(bytes)?;
                (held <= self.settings.memory_budget).then_some(held)
            });
        taken.is_ok()
    }

    fn free(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Copies a request; `None` where there is no memory for it.
    fn copy(&self, request: &LoggedRequest<'_>, at_ms: i64, reason: Reason) -> Option<Entry> {
        // Most of what is dropped for want of memory is dropped before it is copied.
        if self.memory() + size_of::<Entry>() > self.settings.memory_budget {
            return None;
        }
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let id = id_at(at_ms, self.node, number);
        let mut entry = Entry::of(request, id, at_ms, reason);
        if let Some(snapshot) = &request.snapshot {
            entry.snapshot = Some(Box::new(Copied::of(snapshot, Arc::clone(&self.masked))));
        }
        self.reserve(entry.bytes()).then_some(entry)
    }

    /// Keeps a request that stands for itself.
    fn keep_now(&self, request: &LoggedRequest<'_>, reason: Reason) {
        let at_ms = millis(request.record.finished_at);
        {
            let mut queue = lock(&self.queue);
            queue.counts.chosen += 1;
            let allowed = u64::from(self.settings.rows_per_second);
            if !queue.second.take(at_ms / 1_000, allowed) {
                queue.discard(|dropped| &mut dropped.rate);
                return;
            }
        }
        let slot = self.copy(request, at_ms, reason);
        let mut queue = lock(&self.queue);
        let Some(entry) = slot else {
            queue.discard(|dropped| &mut dropped.memory);
            return;
        };
        let bytes = entry.bytes();
        let allowed = self.settings.bytes_per_second;
        if queue
            .second_bytes
            .take_some(at_ms / 1_000, bytes as u64, allowed)
        {
            queue.entries.push(entry);
        } else {
            queue.discard(|dropped| &mut dropped.bytes);
            self.free(bytes);
        }
    }

    /// Keeps an event, within what requests leave of the budgets and within its own.
    fn keep_event(&self, event: LogEvent) {
        let at_ms = millis(event.at);
        let second = at_ms / 1_000;
        {
            let settings = &self.settings;
            let mut queue = lock(&self.queue);
            queue.counts.chosen += 1;
            let rows = u64::from(settings.rows_per_second);
            let events = u64::from(settings.events_per_second);
            if !queue.second_events.take(second, events) || !queue.second.take(second, rows) {
                queue.discard(|dropped| &mut dropped.rate);
                return;
            }
        }
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let id = id_at(at_ms, self.node, number);
        let entry = Entry::of_event(event, id, at_ms);
        let bytes = entry.bytes();
        let reserved = self.reserve(bytes);
        let mut queue = lock(&self.queue);
        let held = queue.event_bytes + bytes;
        if !reserved || held > self.settings.memory_budget / EVENTS_PART {
            queue.discard(|dropped| &mut dropped.memory);
        } else if !queue.second_bytes.take_some(
            second,
            bytes as u64,
            self.settings.bytes_per_second,
        ) {
            queue.discard(|dropped| &mut dropped.bytes);
        } else {
            queue.event_bytes = held;
            queue.entries.push(entry);
            return;
        }
        drop(queue);
        if reserved {
            self.free(bytes);
        }
    }

    /// Frees the memory of entries that are stored or given up.
    fn release(&self, entries: &[Entry]) {
        self.free(entries.iter().map(Entry::bytes).sum());
        let events = entries.iter().filter(|entry| entry.event.is_some());
        let events: usize = events.map(Entry::bytes).sum();
        let mut queue = lock(&self.queue);
        queue.event_bytes = queue.event_bytes.saturating_sub(events);
    }

    /// Lets a request take part in the sample of its minute.
    fn sample(&self, request: &LoggedRequest<'_>, sampling: &Sampling) {
        let record = request.record;
        let at_ms = millis(record.finished_at);
        let minute = at_ms / 60_000;
        let hash = hash_of(record.method, record.endpoint);
        let Some(shard) = self.shards.get(usize::try_from(hash >> 60).unwrap_or(0)) else {
            return;
        };
        let mut shard = lock(shard);
        let Shard { windows, random } = &mut *shard;
        let found = windows.find_mut(hash, |window| {
            window.protocol == record.protocol
                && window.method == record.method
                && *window.endpoint == *record.endpoint
        });
        let mut closed = Vec::new();
        let window = match found {
            Some(window) => {
                if minute > window.minute {
                    window.minute = minute;
                    closed = window.close();
                }
                window
            }
            None => {
                if !self.reserve(Window::bytes(record.endpoint)) {
                    drop(shard);
                    let mut queue = lock(&self.queue);
                    queue.counts.chosen += 1;
                    queue.discard(|dropped| &mut dropped.memory);
                    return;
                }
                let window = Window::new(record, minute);
                let rehash = |window: &Window| hash_of(window.method, &window.endpoint);
                windows.insert_unique(hash, window, rehash).into_mut()
            }
        };
        let offer = Offer {
            client_error: (400..500).contains(&record.counted_status()),
            latency: record.latency.unwrap_or_default(),
            sampling,
        };
        let freed = window.offer(&offer, random, |reason| {
            self.copy(request, at_ms, reason).map(Box::new)
        });
        drop(shard);
        self.free(freed);
        self.choose(closed);
    }

    /// Queues what was drawn in a minute that is over.
    fn choose(&self, drawn: Vec<(Slot, u64)>) {
        if drawn.is_empty() {
            return;
        }
        let allowed = u64::from(self.settings.rows_per_second).saturating_mul(60);
        let allowed_bytes = self.settings.bytes_per_second.saturating_mul(60);
        let mut queue = lock(&self.queue);
        for (slot, weight) in drawn {
            queue.counts.chosen += 1;
            let Some(mut entry) = slot else {
                queue.discard(|dropped| &mut dropped.memory);
                continue;
            };
            let (minute, bytes) = (entry.at_ms / 60_000, entry.bytes());
            if !queue.minute.take(minute, allowed) {
                queue.discard(|dropped| &mut dropped.rate);
            } else if queue
                .minute_bytes
                .take_some(minute, bytes as u64, allowed_bytes)
            {
                entry.weight = weight;
                queue.entries.push(*entry);
                continue;
            } else {
                queue.discard(|dropped| &mut dropped.bytes);
            }
            self.free(bytes);
        }
    }

    /// Ends the samples of minutes before that of `now`; of all minutes where it is `None`.
    pub(super) fn close_samples(&self, now: Option<SystemTime>) {
        let current = now.map_or(i64::MAX, |now| millis(now) / 60_000);
        for shard in &self.shards {
            let mut closed = Vec::new();
            let mut freed = 0;
            lock(shard).windows.retain(|window| {
                let open = window.minute >= current;
                if !open {
                    closed.extend(window.close());
                    freed += Window::bytes(&window.endpoint);
                }
                open
            });
            self.free(freed);
            self.choose(closed);
        }
    }

    /// Whether there is nothing to flush, now or later.
    pub(super) fn is_empty(&self) -> bool {
        let queue = lock(&self.queue);
        let queued = !queue.entries.is_empty() || queue.dropped.total() > 0;
        drop(queue);
        let sampled = || {
            self.shards
                .iter()
                .any(|shard| !lock(shard).windows.is_empty())
        };
        !queued && lock(&self.countries).is_empty() && !sampled()
    }

    /// The next batch; `None` where there is nothing to say.
    pub(super) fn cut(&self, seq: u64) -> Option<Batch> {
        let mut queue = lock(&self.queue);
        let mut entries = Vec::new();
        let mut bytes = 0;
        while entries.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(entry) = queue.entries.pop() else {
                break;
            };
            bytes += entry.bytes();
            entries.push(entry);
        }
        let dropped = std::mem::take(&mut queue.dropped);
        drop(queue);
        let countries = lock(&self.countries).take();
        let anything = !entries.is_empty() || dropped.total() > 0 || !countries.is_empty();
        anything.then_some(Batch {
            seq,
            entries,
            countries,
            dropped,
            refused: 0,
            kept: 0,
            late: 0,
            in_time: None,
            mark: None,
        })
    }

    /// The database has acknowledged a batch, and stored `kept` of it.
    pub(super) fn acknowledge(&self, batch: &Batch, kept: u64, late: u64) {
        self.release(&batch.entries);
        let mut queue = lock(&self.queue);
        queue.counts.kept += kept;
        queue.counts.dropped.late += late;
    }

    /// Gives up the requests of a batch that the database refuses; that they were dropped is still to be told.
    pub(super) fn give_up(&self, batch: &mut Batch) {
        let entries = std::mem::take(&mut batch.entries);
        self.release(&entries);
        let count = entries.len() as u64;
        batch.dropped.refused += count;
        lock(&self.queue).counts.dropped.refused += count;
    }
}

impl Queue {
    fn discard(&mut self, reason: fn(&mut Dropped) -> &mut u64) {
        *reason(&mut self.counts.dropped) += 1;
        *reason(&mut self.dropped) += 1;
    }
}

fn hash_of(method: &str, endpoint: &str) -> u64 {
    FixedState::with_seed(7).hash_one((method, endpoint))
}

impl RequestLogSink for RequestLogBuffer {
    fn capture(&self) -> &RequestCapture {
        &self.settings.capture
    }

    fn admits(&self, _: &'static str, endpoint: Option<&str>) -> bool {
        match endpoint {
            Some(endpoint) => *self.settings.keep_of(endpoint) != Keep::Nothing,
            // A layer inside may tell the route yet.
            None => self.settings.keep != Keep::Nothing || !self.settings.endpoints.is_empty(),
        }
    }

    fn reserve_snapshot(&self, bytes: usize) -> bool {
        self.reserve(bytes)
    }

    fn release_snapshot(&self, bytes: usize) {
        self.free(bytes);
    }

    fn log(&self, request: &LoggedRequest<'_>) {
        let record = request.record;
        match self.settings.keep_of(record.endpoint) {
            Keep::Nothing => {}
            Keep::Everything => self.keep_now(request, Reason::Everything),
            Keep::Sampled(sampling) => {
                let failed = matches!(record.outcome, Outcome::Failed | Outcome::Panicked);
                if failed || record.counted_status() >= 500 {
                    self.keep_now(request, Reason::Error);
                } else {
                    self.sample(request, sampling);
                }
            }
        }
    }

    fn count_country(&self, record: &RequestRecord<'_>, country: Option<Country>) {
        lock(&self.countries).count(millis(record.finished_at), country);
    }

    fn event(&self, event: LogEvent) {
        self.keep_event(event);
    }

    fn events_left_out(&self, count: u64) {
        let mut queue = lock(&self.queue);
        queue.counts.chosen += count;
        queue.counts.dropped.memory += count;
        queue.dropped.memory += count;
    }
}

#[cfg(test)]
mod tests;
