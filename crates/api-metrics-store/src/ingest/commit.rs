//! Batches of one service, committed together: all of them or none, and each once.
//!
//! # Order
//!
//! 1. Begin, lock the fence row of this process and service, and read it. Where it has reached the number
//!    of an earlier attempt at the same group, that one is in: its outcomes are the answers.
//! 2. Look up the owners of the keys that are named, and add keys that are new to the tenant of their
//!    token.
//! 3. Keep the answer of each batch that has a key. Where there is one already, that is its answer, and
//!    nothing of it is counted.
//! 4. Take the differences of metrics' points to what was counted of their streams. Intern series, insert the rest into the inbox under the next number, keep dead letters, set the
//!    fence.
//! 5. COMMIT.
//!
//! # Why it is safe
//!
//! - The key of a batch and its requests become visible together, so whoever finds the key finds them
//!   counted. A transaction that keeps the same key waits for the one that came first.
//! - A group whose COMMIT was not acknowledged is tried again by the same task, which learns from the
//!   fence, under its lock, whether it is in. If that fails too, the clients are told so and send again: with
//!   a key, the batch counts once; without, nobody can know.
//! - Keys of batches, API keys and series are each locked in one order by all processes, and after one
//!   another, so that two transactions never wait for each other in a circle.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use api_metrics_layer::{OTHER_ENDPOINT, bounded};

use super::{
    batch::{IngestAnswer, IngestBatch, IngestItem, Once, RefusedItem},
    point::{Added, Measure, MetricPoint},
    sql::{self, KeptBatch, Letter},
    streams,
    token::IngestToken,
};
use crate::{
    bucket::Bucket,
    engine::{
        SCHEMA_KNOWLEDGE,
        backend::{BoxTx, Mode, Result, key_text},
        flush::{Numbers, intern_new, known_among, rows_of},
        payload,
        sql::{BeginTx, SqlTx},
    },
    series::SeriesKey,
    sketch::SketchKind,
    store::{FlushError, Instance, StoreError},
    time::{Granularity, UnixSeconds, clock::unix_seconds},
};

/// The most series that a process names for one service; further ones are counted under `<other>`, as in a
/// recorder.
const MAX_SERIES: usize = 10_000;
/// The most keys of a tenant, as for those that are made by hand.
pub(super) const MAX_KEYS: u64 = 10_000;
/// The longest endpoint, in bytes.
const MAX_ENDPOINT_BYTES: usize = 1_024;
/// What is kept of a dead letter, in bytes.
const MAX_LETTER_BYTES: usize = 4_096;

/// One service, as this process reports for it.
#[derive(Debug)]
pub(crate) struct Service {
    /// Under which the requests are flushed: that of this process alone.
    instance: Instance,
    /// Numbers of series that an acknowledged transaction has seen.
    interned: Mutex<Numbers>,
    /// The fence when it was last acknowledged.
    acknowledged: AtomicU64,
}

impl Service {
    pub(super) fn new(instance: Instance) -> Self {
        Self {
            instance,
            interned: Mutex::default(),
            acknowledged: AtomicU64::new(0),
        }
    }

    fn interned(&self) -> MutexGuard<'_, Numbers> {
        self.interned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Batches that are committed together.
#[derive(Debug)]
pub(crate) struct Group {
    /// Each with the token that it came by.
    pub(super) members: Vec<(Arc<IngestToken>, IngestBatch)>,
    /// The number of an attempt whose outcome is unknown, and what its answers are.
    attempt: Option<(u64, GroupOutcomes)>,
}

impl Group {
    pub(super) fn new(members: Vec<(Arc<IngestToken>, IngestBatch)>) -> Self {
        Self {
            members,
            attempt: None,
        }
    }
}

/// What became of each batch of a group.
pub(crate) type GroupOutcomes = Vec<BatchOutcome>;

/// What became of one batch.
#[derive(Debug, Clone)]
pub(crate) enum BatchOutcome {
    /// It is counted.
    Answered(IngestAnswer),
    /// Its key belongs to another batch.
    KeyReused,
}

/// Everything is written, and nothing committed.
struct Ready {
    tx: BoxTx,
    number: u64,
    outcomes: GroupOutcomes,
    interned: Vec<(Arc<SeriesKey>, i64)>,
}

enum Attempt {
    Ready(Ready),
    /// An earlier attempt is in.
    Done(GroupOutcomes),
}

/// Commits a group, unless an earlier attempt has.
///
/// # Errors
/// `FlushError::NotSent` where nothing was committed, `FlushError::Unknown` where nobody knows: another
/// call with the same group finds out.
pub(super) async fn commit(
    store: &dyn BeginTx,
    service: &Service,
    group: &mut Group,
) -> std::result::Result<GroupOutcomes, FlushError> {
    let ready = match make_ready(store, service, group).await {
        Ok(Attempt::Ready(ready)) => ready,
        Ok(Attempt::Done(outcomes)) => return Ok(outcomes),
        Err(error) => return Err(FlushError::NotSent(error)),
    };
    group.attempt = Some((ready.number, ready.outcomes.clone()));
    ready.tx.commit().await.map_err(FlushError::Unknown)?;
    service.acknowledged.store(ready.number, Ordering::Relaxed);
    service.interned().extend(ready.interned);
    Ok(ready.outcomes)
}

async fn make_ready(store: &dyn BeginTx, service: &Service, group: &Group) -> Result<Attempt> {
    let id = service.instance.id;
    let mut tx = store.begin(Mode::Write).await?;
    let stored = match tx.fence(id).await? {
        Some(stored) => stored,
        None => {
            tx.register(&service.instance).await?;
            tx.fence(id).await?.unwrap_or_default()
        }
    };
    if let Some((number, outcomes)) = &group.attempt
        && stored >= *number
    {
        tx.commit().await?;
        service.acknowledged.store(stored, Ordering::Relaxed);
        return Ok(Attempt::Done(outcomes.clone()));
    }
    if stored < service.acknowledged.load(Ordering::Relaxed) {
        // The database went back: its numbers may mean something else now.
        service.interned().clear();
    }
    let meta = tx.meta().await?;
    if meta.writer_min > SCHEMA_KNOWLEDGE {
        return Err(StoreError::Outdated {
            what: "writing",
            needed: meta.writer_min,
            known: SCHEMA_KNOWLEDGE,
        });
    }
    let (now, number) = (meta.now(), stored + 1);
    let owners = Owners::look_up(&mut *tx, &group.members, now).await?;
    let judged: Vec<Judged<'_>> = group
        .members
        .iter()
        .map(|(token, batch)| owners.judge(token, batch))
        .collect();
    let mut outcomes = keep(&mut *tx, &judged, now).await?;
    let points: Vec<_> = (0..)
        .zip(judged.iter().zip(&outcomes))
        .filter(|(_, (_, kept))| kept.new)
        .flat_map(|(place, (judged, _))| {
            let points = judged.batch.points.iter();
            points.map(move |point| (place, judged.token, point))
        })
        .collect();
    let found = streams::count(&mut *tx, &points, now).await?;
    for place in &found.refused {
        if let Some(kept) = outcomes.get_mut(*place) {
            kept.refuse_a_point();
        }
    }
    let added = found.added;
    let new = || judged.iter().zip(&outcomes).filter(|(_, kept)| kept.new);
    let items = new()
        .filter(|(judged, _)| !judged.batch.is_logged_only)
        .flat_map(|(judged, _)| &judged.accepted);
    let sums = sum(items, &added, service, meta.sketch_kind);
    let (mut numbers, unknown) = {
        let known = service.interned();
        known_among(&known, sums.keys().map(|(series, _)| series))
    };
    let interned = intern_new(&mut *tx, &service.instance, unknown).await?;
    numbers.extend(interned.iter().cloned());
    let rows = sums.iter().map(|((series, period), bucket)| {
        let mut encoded = Vec::with_capacity(64);
        bucket.encode(&mut encoded);
        (series, *period, Cow::Owned(encoded))
    });
    let rows = rows_of(rows, &numbers, now)?;
    tx.put_inbox(&payload::encode(id, number, &rows)).await?;

    let letters: Vec<_> = new().flat_map(|(judged, _)| judged.letters()).collect();
    if !letters.is_empty() {
        sql::put_dead_letters(&mut *tx, &letters, now).await?;
    }
    let tokens: BTreeSet<i64> = group.members.iter().map(|(token, _)| token.id).collect();
    let tokens: Vec<i64> = tokens.into_iter().collect();
    sql::touch_tokens(&mut *tx, &tokens, now).await?;
    tx.advance(id, number, now).await?;
    Ok(Attempt::Ready(Ready {
        tx,
        number,
        outcomes: outcomes.into_iter().map(|kept| kept.outcome).collect(),
        interned,
    }))
}

/// Whose the API keys are that batches name.
struct Owners {
    /// Tenants by key; only of keys that tenants' tokens name.
    tenants: HashMap<String, Option<String>>,
    /// Tenants that can get no further key.
    full: HashSet<String>,
}

impl Owners {
    /// Looks up the keys that tokens of tenants name, and adds those that are new to their tenant. No
    /// statement where all tokens may name all keys.
    async fn look_up(
        tx: &mut dyn SqlTx,
        members: &[(Arc<IngestToken>, IngestBatch)],
        now: UnixSeconds,
    ) -> Result<Self> {
        // In the order of their texts, as everybody locks them.
        let mut named: BTreeMap<String, &str> = BTreeMap::new();
        for (token, batch) in members {
            let Some(tenant) = token.tenant_id.as_deref() else {
                continue;
            };
            for (_, item, _) in &batch.items {
                if let Some(key) = &item.api_key {
                    named.entry(key_text(key)).or_insert(tenant);
                }
            }
        }
        let mut owners = Self {
            tenants: HashMap::new(),
            full: HashSet::new(),
        };
        if named.is_empty() {
            return Ok(owners);
        }
        let keys: Vec<&str> = named.keys().map(String::as_str).collect();
        owners.tenants.extend(sql::owners(tx, &keys).await?);
        let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, tenant) in &named {
            if !owners.tenants.contains_key(key) {
                missing.entry(tenant).or_default().push(key);
            }
        }
        let mut claims: Vec<(&str, &str)> = Vec::new();
        for (tenant, keys) in missing {
            if sql::count_keys(tx, tenant).await? + keys.len() as u64 > MAX_KEYS {
                owners.full.insert(tenant.to_owned());
            } else {
                claims.extend(keys.into_iter().map(|key| (key, tenant)));
            }
        }
        if !claims.is_empty() {
            claims.sort_unstable();
            sql::claim_keys(tx, &claims, now).await?;
            // Somebody else may have been faster.
            let keys: Vec<&str> = claims.iter().map(|(key, _)| *key).collect();
            owners.tenants.extend(sql::owners(tx, &keys).await?);
        }
        Ok(owners)
    }

    /// Parts a batch into what is counted and what is not.
    fn judge<'a>(&self, token: &'a IngestToken, batch: &'a IngestBatch) -> Judged<'a> {
        let mut judged = Judged {
            token,
            batch,
            accepted: Vec::with_capacity(batch.items.len()),
            refused: batch
                .refused
                .iter()
                .map(|(refused, text)| (Cow::Borrowed(refused), &**text))
                .collect(),
        };
        for (place, item, text) in &batch.items {
            match self.refusal(token, item) {
                None => judged.accepted.push(item),
                Some(reason) => {
                    let refused = RefusedItem {
                        place: *place,
                        member: Some("key".to_owned()),
                        reason: reason.to_owned(),
                    };
                    judged.refused.push((Cow::Owned(refused), text));
                }
            }
        }
        judged.refused.sort_by_key(|(refused, _)| refused.place);
        judged
    }

    /// Why a token may not name the key of an item.
    fn refusal(&self, token: &IngestToken, item: &IngestItem) -> Option<&'static str> {
        let tenant = token.tenant_id.as_ref()?;
        let key = key_text(item.api_key.as_ref()?);
        match self.tenants.get(&key) {
            Some(Some(owner)) if owner == tenant => None,
            Some(_) => Some("is not a key of this token's tenant"),
            None if self.full.contains(tenant) => {
                Some("is a new one, and the tenant has 10,000 keys already")
            }
            None => Some("is not a key of this token's tenant"),
        }
    }
}

/// A batch in two parts.
struct Judged<'a> {
    token: &'a IngestToken,
    batch: &'a IngestBatch,
    accepted: Vec<&'a IngestItem>,
    refused: Vec<(Cow<'a, RefusedItem>, &'a str)>,
}

impl Judged<'_> {
    /// How the batch is known when it comes again. A retry that is refused may be tried again.
    fn once(&self) -> Option<&Once> {
        let once = self.batch.once.as_ref();
        once.filter(|_| !(self.batch.is_retry && self.accepted.is_empty()))
    }

    fn answer(&self) -> IngestAnswer {
        let refused = self.refused.iter();
        IngestAnswer {
            accepted: u32::try_from(self.accepted.len() + self.batch.points.len())
                .unwrap_or(u32::MAX),
            refused: refused.map(|(one, _)| one.clone().into_owned()).collect(),
            repeated: false,
        }
    }

    /// What is kept of the refused items.
    fn letters(&self) -> impl Iterator<Item = Letter<'_>> {
        let kept = self.refused.iter().filter(|_| !self.batch.is_retry);
        kept.map(|(refused, text)| {
            let end = text.floor_char_boundary(MAX_LETTER_BYTES);
            Letter {
                token: self.token.id,
                is_event: self.batch.is_of_events,
                shape: self.batch.shape_of(refused.place),
                refused,
                item: text.get(..end).unwrap_or_default(),
            }
        })
    }
}

/// The outcome of a batch, and whether this transaction counts it.
struct Kept {
    outcome: BatchOutcome,
    new: bool,
}

impl Kept {
    /// One point less is counted: its stream would be one too many.
    fn refuse_a_point(&mut self) {
        if let BatchOutcome::Answered(answer) = &mut self.outcome {
            answer.accepted = answer.accepted.saturating_sub(1);
            answer.refused.push(RefusedItem {
                place: 0,
                member: None,
                reason: "the token has 50,000 streams of metrics already".to_owned(),
            });
        }
    }
}

/// Keeps the answers of batches with keys. Those that were there already are answered by what was kept.
async fn keep(tx: &mut dyn SqlTx, judged: &[Judged<'_>], now: UnixSeconds) -> Result<Vec<Kept>> {
    let mut wanted: BTreeMap<(i64, &str), KeptBatch> = BTreeMap::new();
    for one in judged {
        if let Some(once) = one.once() {
            wanted
                .entry((one.token.id, &once.key))
                .or_insert_with(|| KeptBatch {
                    token: one.token.id,
                    key: once.key.clone(),
                    fingerprint: once.fingerprint.clone(),
                    answer: one.answer().encode(),
                });
        }
    }
    let mut new: HashSet<(i64, String)> = HashSet::new();
    if !wanted.is_empty() {
        let batches: Vec<KeptBatch> = wanted.values().cloned().collect();
        new.extend(sql::keep_batches(tx, &batches, now).await?);
    }
    let mut outcomes = Vec::with_capacity(judged.len());
    for one in judged {
        let Some(once) = one.once() else {
            outcomes.push(Kept {
                outcome: BatchOutcome::Answered(one.answer()),
                new: true,
            });
            continue;
        };
        let name = (one.token.id, once.key.clone());
        // The first of this group with that key counts; a second one is a repetition of it.
        if new.remove(&name)
            && wanted
                .get(&(one.token.id, once.key.as_str()))
                .is_some_and(|kept| kept.fingerprint == once.fingerprint)
        {
            outcomes.push(Kept {
                outcome: BatchOutcome::Answered(one.answer()),
                new: true,
            });
            continue;
        }
        let kept = sql::kept_batch(tx, one.token.id, &once.key).await?;
        let kept = kept
            .ok_or_else(|| StoreError::Corrupt("a batch that was just kept is not found".into()))?;
        let outcome = if kept.fingerprint == once.fingerprint {
            BatchOutcome::Answered(IngestAnswer::decode(&kept.answer)?)
        } else {
            BatchOutcome::KeyReused
        };
        outcomes.push(Kept {
            outcome,
            new: false,
        });
    }
    Ok(outcomes)
}

/// The items, and what points add, by series and minute. Series beyond the bound are counted under `<other>`.
fn sum<'a>(
    items: impl Iterator<Item = &'a &'a IngestItem>,
    added: &[(&MetricPoint, Added)],
    service: &Service,
    kind: SketchKind,
) -> BTreeMap<(Arc<SeriesKey>, UnixSeconds), Bucket> {
    let known = service.interned();
    let mut fresh: HashSet<Arc<SeriesKey>> = HashSet::new();
    let mut sums: BTreeMap<(Arc<SeriesKey>, UnixSeconds), Bucket> = BTreeMap::new();
    let mut bounded_series = |mut series: SeriesKey| {
        if !known.contains_key(&series) && !fresh.contains(&series) {
            if known.len() + fresh.len() >= MAX_SERIES {
                series.endpoint = OTHER_ENDPOINT.into();
            } else {
                fresh.insert(Arc::new(series.clone()));
            }
        }
        Arc::new(series)
    };
    let minute = |at| Granularity::Minute.floor(unix_seconds(at));
    for item in items {
        let endpoint = bounded(&item.endpoint, MAX_ENDPOINT_BYTES);
        let series = bounded_series(SeriesKey {
            protocol: item.protocol,
            method: item.method,
            endpoint: endpoint.as_ref().into(),
            api_key: item.api_key.clone(),
        });
        let label = Arc::clone(&series.endpoint);
        sums.entry((series, minute(item.finished_at)))
            .or_insert_with(|| Bucket::new(kind))
            .record(&item.record(&label));
    }
    for (point, added) in added {
        let nothing = match point.measure {
            Measure::Latency | Measure::LatencyAlone | Measure::Requests => added.count == 0,
            Measure::RequestBytes | Measure::ResponseBytes => added.sum == 0,
        };
        if nothing {
            continue;
        }
        let endpoint = bounded(&point.endpoint, MAX_ENDPOINT_BYTES);
        let series = bounded_series(SeriesKey {
            protocol: point.protocol,
            method: point.method,
            endpoint: endpoint.as_ref().into(),
            api_key: None,
        });
        let bucket = sums
            .entry((series, minute(point.finished_at())))
            .or_insert_with(|| Bucket::new(kind));
        match point.measure {
            Measure::Latency | Measure::Requests => {
                bucket.record_summed(
                    point.status,
                    point.outcome,
                    added.count,
                    added.sum,
                    &added.values,
                );
            }
            Measure::LatencyAlone => bucket.record_latencies(added.sum, &added.values),
            Measure::RequestBytes => bucket.record_bytes(added.sum, 0),
            Measure::ResponseBytes => bucket.record_bytes(0, added.sum),
        }
    }
    sums
}
