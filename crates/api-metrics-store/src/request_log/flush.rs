//! From memory to the database, exactly once.
//!
//! A batch has a number. Its transaction locks the process's fence row, which holds the number of the last batch
//! that was stored, and does nothing where that has been reached: then an earlier attempt was committed, and only
//! its acknowledgement was lost. Rows, counts and the fence are written in one transaction of their own. API
//! keys, and on Postgres the partitions of new days, are made in one before it, so that no flush of counts ever
//! waits for the log.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::{Duration, UNIX_EPOCH},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::{
    buffer::{Batch, Dropped, Flushing, RequestLogBuffer},
    elsewhere,
    entry::{Entry, Stored},
    group,
    rows::Rows,
    settings::{AddressDetail, RequestLog},
    sql::{self, DAY_MS, country, marks::Given, search, tail, write},
};
use crate::{
    engine::{
        SCHEMA_KNOWLEDGE,
        backend::{Mode, Result},
        sql::{BeginTx, SqlTx},
    },
    store::{Instance, StoreError},
};

/// Attempts after which a batch that the database refuses is given up.
const MAX_REFUSALS: u32 = 3;
/// How long after the end of its day a key still hashes addresses, in milliseconds.
pub(super) const KEY_LIFE_MS: i64 = DAY_MS;

/// What a flush of the request log has stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestsFlushed {
    /// Requests stored.
    pub kept: u64,
    /// Requests told as dropped.
    pub dropped: Dropped,
    /// Batches in which they were told.
    pub batches: u64,
}

/// Hands over what is due: the samples of minutes that are over, of all minutes where it is the `last` flush.
pub(super) async fn flush(
    store: &dyn BeginTx,
    buffer: &RequestLogBuffer,
    last: bool,
) -> Result<RequestsFlushed> {
    let mut flushing = buffer.flushing.lock().await;
    let mut flushed = RequestsFlushed::default();
    if flushing.batch.is_none() && buffer.is_empty() {
        return Ok(flushed);
    }
    let mut tx = store.begin(Mode::Write).await?;
    let meta = tx.meta().await?;
    tx.commit().await?;
    if meta.writer_min > SCHEMA_KNOWLEDGE {
        return Err(StoreError::Outdated {
            what: "writing",
            needed: meta.writer_min,
            known: SCHEMA_KNOWLEDGE,
        });
    }
    let now_ms = meta.now_us.div_euclid(1_000);
    let now = UNIX_EPOCH + Duration::from_millis(now_ms.unsigned_abs());
    buffer.close_samples((!last).then_some(now));
    loop {
        if flushing.batch.is_none() {
            flushing.batch = buffer.cut(flushing.seq + 1);
            flushing.bound_names();
        }
        let Flushing { batch, mark, .. } = &mut *flushing;
        let Some(under_way) = batch else {
            return Ok(flushed);
        };
        let run = store_batch(store, buffer, under_way, mark, now_ms).await;
        if let Err(error) = run {
            // What nobody can store must not keep the rest from being stored.
            if matches!(error, StoreError::Database(_) | StoreError::Corrupt(_)) {
                under_way.refused += 1;
                if under_way.refused >= MAX_REFUSALS {
                    tracing::error!(
                        %error,
                        requests = under_way.entries.len(),
                        "the database refuses requests of the log, which are dropped"
                    );
                    buffer.give_up(under_way);
                }
            }
            return Err(error);
        }
        buffer.acknowledge(under_way, under_way.kept, under_way.late);
        flushed.kept += under_way.kept;
        flushed.dropped.add(under_way.dropped);
        flushed.dropped.late += under_way.late;
        flushed.batches += 1;
        let seq = under_way.seq;
        *batch = None;
        flushing.seq = seq;
    }
}

/// The first millisecond that is kept.
pub(super) fn floor_ms(settings: &RequestLog, now_ms: i64) -> i64 {
    let days = i64::try_from(settings.retention.as_secs().div_ceil(86_400)).unwrap_or(i64::MAX);
    let today = now_ms.div_euclid(DAY_MS);
    today.saturating_sub(days).saturating_mul(DAY_MS)
}

/// When a batch is stored, and which of its requests are neither too old nor of the future.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) now_ms: i64,
    from_ms: i64,
    upto_ms: i64,
}

impl Bounds {
    /// Whether a request is kept.
    pub(super) fn hold(&self, entry: &Entry) -> bool {
        (self.from_ms..=self.upto_ms).contains(&entry.at_ms)
    }
}

/// Stores a batch, unless it is stored already. Says in the batch what becomes of it.
async fn store_batch(
    store: &dyn BeginTx,
    buffer: &RequestLogBuffer,
    batch: &mut Batch,
    mark: &mut Option<Given>,
    now_ms: i64,
) -> Result<()> {
    let floor = floor_ms(buffer.settings(), now_ms);
    // Each attempt stores the same.
    let (from_ms, upto_ms) = *batch.in_time.get_or_insert((floor, now_ms + DAY_MS));
    let bounds = Bounds {
        now_ms,
        from_ms,
        upto_ms,
    };
    match Rows::of(store).elsewhere() {
        None => store_here(store, buffer, batch, bounds).await,
        Some(there) => {
            elsewhere::flush::store_batch(store, there, buffer, batch, mark, bounds).await
        }
    }
}

/// The same with its rows in this database.
async fn store_here(
    store: &dyn BeginTx,
    buffer: &RequestLogBuffer,
    batch: &mut Batch,
    bounds: Bounds,
) -> Result<()> {
    let settings = buffer.settings();
    let entries: Vec<&Entry> = batch.entries.iter().filter(|it| bounds.hold(it)).collect();
    let days: BTreeSet<_> = entries.iter().map(|e| e.at_ms.div_euclid(DAY_MS)).collect();

    let mut tx = store.begin(Mode::Write).await?;
    let keys = keys_of(&entries);
    let ids = tx.intern_keys(&keys).await?;
    let keys: BTreeMap<String, i64> = keys.into_iter().zip(ids).collect();
    for &day in &days {
        write::make_day(&mut *tx, day).await?;
    }
    tx.commit().await?;

    let mut tx = store.begin(Mode::Write).await?;
    let instance = buffer.instance();
    if write::fence(&mut *tx, instance.id).await? >= batch.seq {
        return tx.commit().await;
    }
    let secrets = day_keys(&mut *tx, settings.address, &entries, bounds.now_ms).await?;
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| (*entry, entry.stored()))
        .collect();
    let series = write::intern_series(&mut *tx, instance, &rows).await?;
    let mut json = Vec::with_capacity(rows.len());
    let mut arrived = Vec::with_capacity(rows.len());
    for (entry, stored) in &rows {
        let labels = write::name(entry, stored);
        let Some(&series_id) = series.get(&labels) else {
            return Err(StoreError::Corrupt(
                "a series of requests is missing".into(),
            ));
        };
        let key = entry.api_key().and_then(|key| keys.get(key));
        let address = address_of(entry, settings.address, &secrets);
        let key = key.copied().unwrap_or(0);
        arrived.push((entry.at_ms, entry.id.simple().to_string(), key));
        json.push(row(entry, stored, instance, series_id, key, address));
    }
    write::rows(&mut *tx, json).await?;
    let kept = note_batch(&mut *tx, instance, batch, &rows, bounds).await?;
    tail::note(&mut *tx, &arrived, bounds.now_ms).await?;
    drop(rows);
    // Before the commit, whose acknowledgement may be lost.
    (batch.kept, batch.late) = kept;
    tx.commit().await
}

/// The keys of some requests, each once.
pub(super) fn keys_of(entries: &[&Entry]) -> Vec<String> {
    let keys: BTreeSet<&str> = entries.iter().filter_map(|e| e.api_key()).collect();
    keys.into_iter().map(str::to_owned).collect()
}

/// What is kept of a request's address.
pub(super) fn address_of(
    entry: &Entry,
    detail: AddressDetail,
    secrets: &BTreeMap<i64, String>,
) -> Option<Uuid> {
    let secret = secrets.get(&entry.at_ms.div_euclid(DAY_MS))?;
    hash(secret, detail.part_of(entry.client?)?)
}

/// Notes the groups of a batch, counts its countries, moves the fence and adds up what became of it. Answers how many
/// requests are kept, and how many came too late.
pub(super) async fn note_batch(
    tx: &mut dyn SqlTx,
    instance: &Instance,
    batch: &Batch,
    rows: &[(&Entry, Stored)],
    bounds: Bounds,
) -> Result<(u64, u64)> {
    let (mut groups, mut texts) = (BTreeMap::new(), BTreeMap::new());
    for (entry, stored) in rows {
        if let Some(group) = stored.group {
            let seen = groups.entry(group).or_insert((entry.at_ms, entry.at_ms));
            *seen = (seen.0.min(entry.at_ms), seen.1.max(entry.at_ms));
            texts.entry(group).or_insert_with(|| group::text(stored));
        }
    }
    write::groups(tx, &groups, &instance.version).await?;
    search::keep_texts(tx, &texts).await?;
    let (from_ms, upto_ms) = (bounds.from_ms, bounds.upto_ms);
    country::add(tx, instance, &batch.countries, from_ms, upto_ms).await?;
    let became = (rows.len() as u64, (batch.entries.len() - rows.len()) as u64);
    write::advance(tx, instance.id, batch, became, bounds.now_ms).await?;
    Ok(became)
}

/// The keys by which addresses of these days are hashed: random, made by whoever needs one first. A day that
/// has been over for a day gets none any more, so that what comes late can't be linked.
pub(super) async fn day_keys(
    tx: &mut dyn SqlTx,
    detail: AddressDetail,
    entries: &[&Entry],
    now_ms: i64,
) -> Result<BTreeMap<i64, String>> {
    let mut keys = BTreeMap::new();
    if detail == AddressDetail::Hidden {
        return Ok(keys);
    }
    let with_address = entries.iter().filter(|entry| entry.client.is_some());
    let days: BTreeSet<_> = with_address.map(|e| e.at_ms.div_euclid(DAY_MS)).collect();
    for day in days {
        if now_ms < (day + 1) * DAY_MS + KEY_LIFE_MS {
            // 244 random bits.
            let random = [Uuid::new_v4(), Uuid::new_v4()].map(|half| half.simple().to_string());
            keys.insert(day, write::day_key(tx, day, &random.concat()).await?);
        }
    }
    Ok(keys)
}

/// The hash of an address under a day's key.
pub(super) fn hash(key: &str, address: IpAddr) -> Option<Uuid> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    match address {
        IpAddr::V4(address) => mac.update(&address.octets()),
        IpAddr::V6(address) => mac.update(&address.octets()),
    }
    let digest = mac.finalize().into_bytes();
    let (first, _) = digest.split_first_chunk::<16>()?;
    Some(Uuid::from_bytes(*first))
}

/// A row of the list and its detail, as the statements take it.
fn row(
    entry: &Entry,
    stored: &Stored,
    instance: &Instance,
    series_id: i64,
    api_key_id: i64,
    address: Option<Uuid>,
) -> serde_json::Value {
    let uuid = |id: Uuid| id.simple().to_string();
    serde_json::json!({
        "at_ms": entry.at_ms,
        "id": uuid(entry.id),
        "series_id": series_id,
        "api_key_id": api_key_id,
        "status": entry.status,
        "counted": entry.counted,
        "outcome": stored.outcome,
        "latency_us": entry.latency_us,
        "weight": sql::signed(entry.weight),
        "reason": entry.reason.as_str(),
        "group_id": stored.group,
        "trace_id": entry.trace.map(|(trace, _)| uuid(Uuid::from_bytes(trace))),
        "user_id": entry.user().map(|user| user.replace('\0', "\u{fffd}")),
        "instance": uuid(instance.id),
        "path": stored.path,
        "user_agent": stored.agent,
        "address": address.map(uuid),
        "request_id": stored.request_id,
        "span_id": entry.trace.map(|(_, span)| format!("{:016x}", u64::from_be_bytes(span))),
        "error_type": stored.error_type,
        "message": stored.message,
        "ttfb_us": entry.ttfb_us,
        "queue_wait_us": entry.queue_wait_us,
        "request_bytes": sql::signed(entry.request_bytes),
        "response_bytes": sql::signed(entry.response_bytes),
        "levels": stored.levels,
        "country": entry.place.country.map(|country| country.to_string()),
        "region": stored.region,
        "city": stored.city,
        "latitude": entry.place.coordinates.map(|point| point.latitude_tenths),
        "longitude": entry.place.coordinates.map(|point| point.longitude_tenths),
        "fields": stored.fields,
        "lines": stored.lines,
        "lines_left_out": entry.lines_left_out,
        "snapshot": stored.snapshot,
        "words": stored.words,
        "own_words": stored.own_words,
        "line_words": stored.line_words,
        "shown_words": stored.lines.as_ref().map(|_| stored.own_words.as_str()),
    })
}
