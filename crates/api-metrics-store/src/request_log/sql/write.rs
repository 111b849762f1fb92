//! Statements of a flush.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::{DAY_MS, signed, unsigned};
use crate::{
    engine::{
        backend::Result,
        sql::{Dialect, SqlTx, params},
    },
    request_log::{
        buffer::Batch,
        entry::{Entry, Stored},
    },
    store::{Instance, StoreError},
};

/// What a row takes beside its texts, indexes included: measured, and rounded up.
const ROW_BYTES: usize = 700;

/// Makes room for a day.
pub(in crate::request_log) async fn make_day(tx: &mut dyn SqlTx, day: i64) -> Result<()> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let date = DateTime::from_timestamp(day.saturating_mul(86_400), 0);
    let Some(date) = date else {
        return Err(StoreError::Corrupt("a day beyond all calendars".into()));
    };
    let sql = format!(
        "SELECT api_metrics.attach_request_day($1) \
         WHERE to_regclass('api_metrics.request_log_detail_{}') IS NULL",
        date.format("%Y%m%d")
    );
    tx.execute(sql, params![day]).await?;
    Ok(())
}

/// The number of the last batch of an instance, whose row is locked from here on.
pub(in crate::request_log) async fn fence(tx: &mut dyn SqlTx, id: Uuid) -> Result<u64> {
    let d = tx.dialect();
    let table = d.table("request_log_instance");
    let sql = format!("INSERT INTO {table} (id) VALUES ($1) ON CONFLICT (id) DO NOTHING");
    tx.execute(sql, params![id]).await?;
    let sql = format!("SELECT seq FROM {table} WHERE id = $1{}", d.for_update());
    let rows = tx.fetch(sql, params![id]).await?;
    let row = rows.first().ok_or_else(|| missing("a fence"))?;
    Ok(unsigned(row.int("seq")?))
}

fn missing(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} that was just written is not found"))
}

/// The key of a day: `proposal`, if there was none.
pub(in crate::request_log) async fn day_key(
    tx: &mut dyn SqlTx,
    day: i64,
    proposal: &str,
) -> Result<String> {
    let table = tx.dialect().table("request_log_day_key");
    let sql =
        format!("INSERT INTO {table} (day, key) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING");
    tx.execute(sql, params![day, proposal]).await?;
    // A later statement, so that it sees what another process has just committed.
    let sql = format!("SELECT key FROM {table} WHERE day = $1");
    let rows = tx.fetch(sql, params![day]).await?;
    rows.first()
        .ok_or_else(|| missing("a day's key"))?
        .text("key")
}

/// What a series is known by within a batch: protocol, method, endpoint and source.
pub(in crate::request_log) type SeriesName<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The name of the series to which an entry belongs.
pub(in crate::request_log) fn name<'a>(entry: &'a Entry, stored: &'a Stored) -> SeriesName<'a> {
    (
        entry.protocol,
        stored.method,
        stored.endpoint.as_str(),
        stored.source.as_str(),
    )
}

/// The numbers of the series of these rows.
pub(in crate::request_log) async fn intern_series<'a>(
    tx: &mut dyn SqlTx,
    instance: &Instance,
    rows: &'a [(&'a Entry, Stored)],
) -> Result<BTreeMap<SeriesName<'a>, i64>> {
    let d = tx.dialect();
    let table = d.table("request_log_series");
    let mut wanted: Vec<SeriesName<'a>> = rows
        .iter()
        .map(|(entry, stored)| name(entry, stored))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = BTreeMap::new();
    let endpoints: Vec<_> = wanted.iter().map(|(_, _, endpoint, _)| endpoint).collect();
    let endpoints = Value::from_iter(endpoints.into_iter().copied()).to_string();
    let select = format!(
        "SELECT id, protocol, http_method, endpoint, source FROM {table} \
         WHERE service = $1 AND environment = $2 AND version = $3 AND endpoint IN {}",
        d.texts("$4")
    );
    for attempt in 0..2 {
        let Instance {
            service,
            environment,
            version,
            ..
        } = instance;
        let known = params![service, environment, version, &endpoints];
        for row in tx.fetch(select.clone(), known).await? {
            let (protocol, method) = (row.text("protocol")?, row.text("http_method")?);
            let (endpoint, source) = (row.text("endpoint")?, row.text("source")?);
            let name = (
                protocol.as_str(),
                method.as_str(),
                endpoint.as_str(),
                source.as_str(),
            );
            if let Ok(place) = wanted.binary_search(&name)
                && let Some(name) = wanted.get(place)
            {
                found.insert(*name, row.int("id")?);
            }
        }
        let new: Vec<_> = wanted
            .iter()
            .filter(|name| !found.contains_key(*name))
            .collect();
        if new.is_empty() || attempt > 0 {
            break;
        }
        // In one order, so that two writers never wait for each other in a circle.
        let sql = format!(
            "INSERT INTO {table} (service, environment, version, protocol, http_method, endpoint, source) \
             SELECT $1, $2, $3, {protocol}, {method}, {endpoint}, {source} FROM {items} WHERE 1 = 1 \
             ON CONFLICT DO NOTHING",
            protocol = d.item_text(0),
            method = d.item_text(1),
            endpoint = d.item_text(2),
            source = d.item_text(3),
            items = d.items("$4"),
        );
        let new = serde_json::json!(new).to_string();
        tx.execute(sql, params![service, environment, version, &new])
            .await?;
    }
    Ok(found)
}

/// The type of a column, for databases that want to know.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Text,
    Uuid,
}

/// Columns of the list.
const LIST: [(&str, Kind); 15] = [
    ("at_ms", Kind::Int),
    ("id", Kind::Uuid),
    ("series_id", Kind::Int),
    ("api_key_id", Kind::Int),
    ("status", Kind::Int),
    ("counted", Kind::Int),
    ("outcome", Kind::Text),
    ("latency_us", Kind::Int),
    ("weight", Kind::Int),
    ("reason", Kind::Text),
    ("group_id", Kind::Int),
    ("trace_id", Kind::Uuid),
    ("user_id", Kind::Text),
    ("levels", Kind::Int),
    ("country", Kind::Text),
];

/// Columns of the detail, but for the words.
const DETAIL: [(&str, Kind); 22] = [
    ("at_ms", Kind::Int),
    ("id", Kind::Uuid),
    ("api_key_id", Kind::Int),
    ("instance", Kind::Uuid),
    ("path", Kind::Text),
    ("user_agent", Kind::Text),
    ("address", Kind::Uuid),
    ("request_id", Kind::Text),
    ("span_id", Kind::Text),
    ("error_type", Kind::Text),
    ("message", Kind::Text),
    ("ttfb_us", Kind::Int),
    ("queue_wait_us", Kind::Int),
    ("request_bytes", Kind::Int),
    ("response_bytes", Kind::Int),
    ("fields", Kind::Text),
    ("lines", Kind::Text),
    ("lines_left_out", Kind::Int),
    ("region", Kind::Text),
    ("city", Kind::Text),
    ("latitude", Kind::Int),
    ("longitude", Kind::Int),
];

/// Columns of snapshots.
const SNAPSHOT: [(&str, Kind); 3] = [
    ("at_ms", Kind::Int),
    ("id", Kind::Uuid),
    ("snapshot", Kind::Text),
];

/// A member of a row in the parameter.
fn member(d: Dialect, (name, kind): (&str, Kind)) -> String {
    match (d, kind) {
        (Dialect::Postgres, _) => format!("x.{name}"),
        (Dialect::Sqlite, Kind::Uuid) => format!("unhex(json_extract(value, '$.{name}'))"),
        (Dialect::Sqlite, _) => format!("json_extract(value, '$.{name}')"),
    }
}

/// The rows of the parameter `$1`.
fn unpacked(d: Dialect, columns: &[(&str, Kind)]) -> String {
    if d == Dialect::Sqlite {
        return "json_each($1)".to_owned();
    }
    let columns = columns.iter().map(|(name, kind)| {
        let kind = match kind {
            Kind::Int => "bigint",
            Kind::Text => "text",
            Kind::Uuid => "uuid",
        };
        format!("{name} {kind}")
    });
    let columns: Vec<_> = columns.collect();
    format!("json_to_recordset($1::json) AS x ({})", columns.join(", "))
}

/// `INSERT INTO table (columns) SELECT ... FROM $1`.
fn insert(d: Dialect, table: &str, columns: &[(&str, Kind)]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let members: Vec<_> = columns.iter().map(|column| member(d, *column)).collect();
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM {}",
        d.table(table),
        names.join(", "),
        members.join(", "),
        unpacked(d, columns)
    )
}

/// Adds rows to the list and their details.
pub(in crate::request_log) async fn rows(tx: &mut dyn SqlTx, rows: Vec<Value>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let d = tx.dialect();
    let mut days = BTreeMap::new();
    for row in &rows {
        let at_ms = row.get("at_ms").and_then(Value::as_i64).unwrap_or_default();
        *days.entry(at_ms.div_euclid(DAY_MS)).or_insert(0) += ROW_BYTES + text_bytes(row);
    }
    let any_snapshot = rows
        .iter()
        .any(|row| row.get("snapshot").is_some_and(Value::is_string));
    let json = Value::Array(rows).to_string();
    tx.execute(insert(d, "request_log", &LIST), params![&json])
        .await?;
    if any_snapshot {
        let sql = format!(
            "{} WHERE {} IS NOT NULL",
            insert(d, "request_log_snapshot", &SNAPSHOT),
            member(d, ("snapshot", Kind::Text))
        );
        tx.execute(sql, params![&json]).await?;
    }
    match d {
        Dialect::Postgres => {
            let mut columns = DETAIL.to_vec();
            columns.push(("words", Kind::Text));
            columns.push(("shown_words", Kind::Text));
            let sql = insert(d, "request_log_detail", &columns);
            // Words as they are: no dictionary of a language comes between.
            let words = |of: &str| format!("array_to_tsvector(string_to_array({of}, ' '))");
            let sql = sql.replacen("x.words", &words("x.words"), 1);
            let sql = sql.replacen("x.shown_words", &words("x.shown_words"), 1);
            tx.execute(sql, params![&json]).await?;
        }
        Dialect::Sqlite => {
            let sql = insert(d, "request_log_detail", &DETAIL);
            tx.execute(sql, params![&json]).await?;
            let sql = "INSERT INTO api_metrics_request_log_words (rowid, words, lines) \
                SELECT d.number, json_extract(value, '$.own_words'), json_extract(value, '$.line_words') FROM json_each($1) \
                JOIN api_metrics_request_log_detail AS d \
                  ON d.at_ms = json_extract(value, '$.at_ms') AND d.id = unhex(json_extract(value, '$.id'))";
            tx.execute(sql.to_owned(), params![&json]).await?;
            for (day, bytes) in days {
                let sql = "INSERT INTO api_metrics_request_log_day (day, bytes) VALUES ($1, $2) \
                    ON CONFLICT (day) DO UPDATE SET bytes = bytes + excluded.bytes";
                let bytes = signed(bytes as u64);
                tx.execute(sql.to_owned(), params![day, bytes]).await?;
            }
        }
    }
    Ok(())
}

/// The bytes of a row's texts; words are kept twice.
fn text_bytes(row: &Value) -> usize {
    let members = row.as_object().into_iter().flatten();
    let texts = members.filter_map(|(name, value)| {
        let len = value.as_str()?.len();
        Some(if name == "words" { 2 * len } else { len })
    });
    texts.sum()
}

/// Notes that these groups were seen.
pub(in crate::request_log) async fn groups(
    tx: &mut dyn SqlTx,
    seen: &BTreeMap<i64, (i64, i64)>,
    version: &str,
) -> Result<()> {
    if seen.is_empty() {
        return Ok(());
    }
    let d = tx.dialect();
    let table = d.table("request_log_group");
    let (least, greatest) = match d {
        Dialect::Postgres => ("least", "greatest"),
        Dialect::Sqlite => ("min", "max"),
    };
    // Ascending, so that two writers never wait for each other in a circle.
    let items: Vec<_> = seen.iter().map(|(id, (from, to))| (id, from, to)).collect();
    let sql = format!(
        "INSERT INTO {table} AS g (id, first_seen_ms, last_seen_ms, first_version) \
         SELECT {id}, {first}, {last}, $2 FROM {items} WHERE 1 = 1 \
         ON CONFLICT (id) DO UPDATE SET \
           first_version = CASE WHEN excluded.first_seen_ms < g.first_seen_ms \
                                THEN excluded.first_version ELSE g.first_version END, \
           first_seen_ms = {least}(g.first_seen_ms, excluded.first_seen_ms), \
           last_seen_ms = {greatest}(g.last_seen_ms, excluded.last_seen_ms)",
        id = d.item_number(0),
        first = d.item_number(1),
        last = d.item_number(2),
        items = d.items("$1"),
    );
    let items = serde_json::json!(items).to_string();
    tx.execute(sql, params![&items, version]).await?;
    Ok(())
}

/// Moves the fence to a batch, and adds up what became of it.
pub(in crate::request_log) async fn advance(
    tx: &mut dyn SqlTx,
    id: Uuid,
    batch: &Batch,
    (kept, late): (u64, u64),
    now_ms: i64,
) -> Result<()> {
    let table = tx.dialect().table("request_log_instance");
    let sql = format!(
        "UPDATE {table} SET seq = $2, chosen = chosen + $3 + $4 + $5 + $6 + $7 + $9, kept = kept + $3, \
           dropped_rate = dropped_rate + $4, dropped_memory = dropped_memory + $5, \
           dropped_late = dropped_late + $6, dropped_refused = dropped_refused + $7, dropped_bytes = dropped_bytes + $9, acked_ms = $8 \
         WHERE id = $1"
    );
    let values = params![
        id,
        signed(batch.seq),
        signed(kept),
        signed(batch.dropped.rate),
        signed(batch.dropped.memory),
        signed(late),
        signed(batch.dropped.refused),
        now_ms,
        signed(batch.dropped.bytes),
    ];
    tx.execute(sql, values).await?;
    Ok(())
}
