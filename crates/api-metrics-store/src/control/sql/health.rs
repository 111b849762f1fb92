//! What processes say of themselves, and the marks of ready-made rules.

use uuid::Uuid;

use super::{signed, unsigned};
use crate::{
    control::health::{HealthSample, OwnTimes, StoredSample},
    engine::{
        backend::Result,
        sql::{FetchedRow, SqlTx, params},
    },
    query::TimeRange,
    sketch::Sketch,
    store::StoreError,
    text::escaped,
    time::UnixSeconds,
};
use std::{sync::Arc, time::Duration};

/// Samples that one statement removes at most.
pub(in crate::control) const MAX_REMOVED: u64 = 10_000;

/// A rule that was ready-made.
#[derive(Debug)]
pub(in crate::control) struct ReadyMade {
    /// Which.
    pub(in crate::control) name: String,
    /// Its number, whether it is still there or not.
    pub(in crate::control) rule_id: i64,
    /// The revision under which it was made.
    pub(in crate::control) revision: i64,
}

/// Writes a process's minute.
pub(in crate::control) async fn put_sample(
    tx: &mut dyn SqlTx,
    instance: Uuid,
    sample: &HealthSample,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {samples} (minute, id, unreachable_ms, flush_lag_ms, open_streams, dropped_requests, cache_hits, \
           cache_lookups, answers, answers_us, answers_sketch, queries, queries_us, queries_sketch) \
         VALUES ({minute}, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (minute, id) DO UPDATE SET unreachable_ms = excluded.unreachable_ms, \
           flush_lag_ms = excluded.flush_lag_ms, open_streams = excluded.open_streams, \
           dropped_requests = excluded.dropped_requests, cache_hits = excluded.cache_hits, \
           cache_lookups = excluded.cache_lookups, answers = excluded.answers, answers_us = excluded.answers_us, \
           answers_sketch = excluded.answers_sketch, queries = excluded.queries, queries_us = excluded.queries_us, \
           queries_sketch = excluded.queries_sketch",
        samples = d.table("health_samples"),
        minute = d.at("$1"),
    );
    let values = params![
        sample.minute,
        instance,
        millis(sample.unreachable),
        millis(sample.flush_lag),
        signed(sample.open_streams),
        signed(sample.dropped_requests),
        signed(sample.cache_hits),
        signed(sample.cache_lookups),
        signed(sample.answers.count),
        signed(sample.answers.sum_us),
        encoded(&sample.answers),
        signed(sample.queries.count),
        signed(sample.queries.sum_us),
        encoded(&sample.queries),
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The samples of all processes in `range`.
pub(in crate::control) async fn samples(
    tx: &mut dyn SqlTx,
    range: TimeRange,
) -> Result<Vec<StoredSample>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT {minute} AS minute, h.id, unreachable_ms, flush_lag_ms, open_streams, dropped_requests, cache_hits, \
           cache_lookups, answers, answers_us, answers_sketch, queries, queries_us, queries_sketch, \
           i.service, i.host, {ended} AS ended_at \
         FROM {samples} AS h LEFT JOIN {instances} AS i ON i.id = h.id \
         WHERE h.minute >= {from} AND h.minute < {to}",
        minute = d.epoch("h.minute"),
        ended = d.epoch("i.ended_at"),
        samples = d.table("health_samples"),
        instances = d.table("instance"),
        from = d.at("$1"),
        to = d.at("$2"),
    );
    let rows = tx.fetch(sql, params![range.from, range.to]).await?;
    rows.iter().map(sample).collect()
}

/// Removes samples of minutes before `before`, at most [`MAX_REMOVED`]; answers how many.
pub(in crate::control) async fn remove_samples(
    tx: &mut dyn SqlTx,
    before: UnixSeconds,
) -> Result<u64> {
    let d = tx.dialect();
    let sql = format!(
        "DELETE FROM {samples} WHERE (minute, id) IN (\
           SELECT minute, id FROM {samples} WHERE minute < {before} LIMIT {MAX_REMOVED})",
        samples = d.table("health_samples"),
        before = d.at("$1"),
    );
    tx.execute(sql, params![before]).await
}

/// The marks of ready-made rules.
pub(in crate::control) async fn ready_made(tx: &mut dyn SqlTx) -> Result<Vec<ReadyMade>> {
    let marks = tx.dialect().table("ready_made_rules");
    let sql = format!("SELECT name, rule_id, revision FROM {marks}");
    let rows = tx.fetch(sql, params![]).await?;
    rows.iter()
        .map(|row| {
            Ok(ReadyMade {
                name: row.text("name")?,
                rule_id: row.int("rule_id")?,
                revision: row.int("revision")?,
            })
        })
        .collect()
}

/// Writes that a rule was made.
pub(in crate::control) async fn mark_ready_made(
    tx: &mut dyn SqlTx,
    name: &str,
    rule: i64,
    revision: i64,
) -> Result<()> {
    let marks = tx.dialect().table("ready_made_rules");
    let sql = format!("INSERT INTO {marks} (name, rule_id, revision) VALUES ($1, $2, $3)");
    tx.execute(sql, params![name, rule, revision]).await?;
    Ok(())
}

/// Lets a rule be made again.
pub(in crate::control) async fn forget_ready_made(tx: &mut dyn SqlTx, name: &str) -> Result<()> {
    let marks = tx.dialect().table("ready_made_rules");
    tx.execute(
        format!("DELETE FROM {marks} WHERE name = $1"),
        params![name],
    )
    .await?;
    Ok(())
}

/// A row of [`samples`].
fn sample(row: &FetchedRow) -> Result<StoredSample> {
    let id = row.uuid("id")?;
    let count = |column| row.int(column).map(unsigned);
    let span = |column| count(column).map(Duration::from_millis);
    let mut sample = HealthSample::new(row.int("minute")?);
    sample.unreachable = span("unreachable_ms")?;
    sample.flush_lag = span("flush_lag_ms")?;
    sample.open_streams = count("open_streams")?;
    sample.dropped_requests = count("dropped_requests")?;
    sample.cache_hits = count("cache_hits")?;
    sample.cache_lookups = count("cache_lookups")?;
    sample.answers = times(row, "answers", "answers_us", "answers_sketch")?;
    sample.queries = times(row, "queries", "queries_us", "queries_sketch")?;
    Ok(StoredSample {
        id,
        instance: name(row, id)?,
        ended_at: row.optional_int("ended_at")?,
        sample,
    })
}

/// What people know a process by: `shop on web-2 (0f3a8c21)`.
fn name(row: &FetchedRow, id: Uuid) -> Result<Arc<str>> {
    let mut short = id.simple().to_string();
    short.truncate(8);
    let service = row.optional_text("service")?.unwrap_or_default();
    let host = row.optional_text("host")?.unwrap_or_default();
    let (service, host) = (escaped(&service), escaped(&host));
    Ok(match (service.is_empty(), host.is_empty()) {
        (true, _) => short.into(),
        (false, true) => format!("{service} ({short})").into(),
        (false, false) => format!("{service} on {host} ({short})").into(),
    })
}

/// Three columns as times.
fn times(row: &FetchedRow, count: &str, sum: &str, sketch: &str) -> Result<OwnTimes> {
    let mut times = OwnTimes {
        count: unsigned(row.int(count)?),
        sum_us: unsigned(row.int(sum)?),
        ..OwnTimes::default()
    };
    let text = row.text(sketch)?;
    if !text.is_empty() {
        times.sketch = decoded(&text).ok_or_else(|| {
            StoreError::Corrupt(format!("{sketch} of a health sample is no sketch"))
        })?;
    }
    Ok(times)
}

/// A sketch in hexadecimal digits; empty without values.
fn encoded(times: &OwnTimes) -> String {
    if times.count == 0 {
        return String::new();
    }
    let mut bytes = Vec::new();
    times.sketch.encode(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A histogram from hexadecimal digits.
fn decoded(text: &str) -> Option<Sketch> {
    let digit = |at: &u8| char::from(*at).to_digit(16);
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect();
    let sketch = Sketch::decode(&mut bytes?.as_slice()).ok()?;
    (sketch.kind() == crate::sketch::SketchKind::Histogram).then_some(sketch)
}

/// Whole milliseconds.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sketch_comes_back_as_it_was_written(values in prop::collection::vec(any::<u32>(), 1..50)) {
            let mut times = OwnTimes::default();
            for us in values {
                times.add(Duration::from_micros(us.into()));
            }
            prop_assert_eq!(decoded(&encoded(&times)), Some(times.sketch));
        }

        #[test]
        fn what_is_none_is_refused_without_a_panic(text in "[0-9a-f]{0,40}", odd in "[g-z\u{e9} -]") {
            prop_assert_eq!(decoded(&format!("{text}{odd}")), None);
            let mut times = OwnTimes::default();
            times.add(Duration::from_millis(text.len() as u64));
            let mut cut = encoded(&times);
            cut.truncate(cut.len() - 2);
            prop_assert_eq!(decoded(&cut), None);
        }
    }
}
