//! A request as a row, and back.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{
    engine::{
        backend::Result,
        copied::request_seam::{RequestDetail, RequestRow},
        sql::{SqlTx, params},
    },
    query::Scope,
    request_log::{
        entry::{EVENT, Entry, Stored, plain},
        event,
        query::{EntryKind, StoredRequest},
        sql::{signed, unsigned},
    },
    store::{Instance, StoreError},
};

/// A request as it is written.
pub(super) fn row(
    entry: &Entry,
    stored: &Stored,
    instance: &Instance,
    mark: i64,
    address: Option<Uuid>,
) -> RequestRow {
    let point = entry.place.coordinates;
    RequestRow {
        at_ms: entry.at_ms,
        id: entry.id,
        mark,
        service: instance.service.clone(),
        environment: instance.environment.clone(),
        version: instance.version.clone(),
        protocol: entry.protocol.to_owned(),
        method: stored.method.to_owned(),
        endpoint: stored.endpoint.clone(),
        source: stored.source.clone(),
        api_key: entry.api_key().map(str::to_owned),
        status: entry.status.map(i64::from),
        counted: entry.counted.into(),
        outcome: stored.outcome.to_owned(),
        latency_us: entry.latency_us,
        weight: signed(entry.weight),
        reason: entry.reason.as_str().to_owned(),
        group: stored.group,
        trace_id: entry.trace.map(|(trace, _)| Uuid::from_bytes(trace)),
        user: entry.user().map(plain),
        levels: stored.levels,
        country: entry.place.country.map(|country| country.to_string()),
        address,
        words: stored.words.clone(),
        shown_words: stored.lines.as_ref().map(|_| stored.own_words.clone()),
        detail: RequestDetail {
            instance: instance.id,
            path: stored.path.clone(),
            user_agent: stored.agent.clone(),
            request_id: stored.request_id.clone(),
            span_id: (entry.trace).map(|(_, span)| format!("{:016x}", u64::from_be_bytes(span))),
            error_type: stored.error_type.clone(),
            message: stored.message.clone(),
            ttfb_us: entry.ttfb_us,
            queue_wait_us: entry.queue_wait_us,
            request_bytes: signed(entry.request_bytes),
            response_bytes: signed(entry.response_bytes),
            fields: stored.fields.clone(),
            lines: stored.lines.clone(),
            lines_left_out: entry.lines_left_out.into(),
            region: stored.region.clone(),
            city: stored.city.clone(),
            latitude: point.map(|point| point.latitude_tenths.into()),
            longitude: point.map(|point| point.longitude_tenths.into()),
        },
        snapshot: stored.snapshot.clone(),
    }
}

/// Rows as requests, in their order, with the numbers of their keys. What has a key that the snapshot hides is left out,
/// which the statements' own conditions have done before.
pub(super) async fn requests(
    tx: &mut dyn SqlTx,
    rows: Vec<RequestRow>,
    scope: &Scope,
) -> Result<Vec<StoredRequest>> {
    let texts: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.api_key.as_deref())
        .collect();
    let ids = ids_of(tx, &texts).await?;
    let mut requests = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.api_key.as_deref().and_then(|key| ids.get(key).copied());
        if id.is_none() && *scope != Scope::All {
            continue;
        }
        requests.push(request(row, id.unwrap_or(0))?);
    }
    Ok(requests)
}

/// The numbers of keys, as far as the snapshot shows them.
async fn ids_of(tx: &mut dyn SqlTx, texts: &BTreeSet<&str>) -> Result<BTreeMap<String, i64>> {
    if texts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let d = tx.dialect();
    let sql = format!(
        "SELECT id, external_id FROM {} WHERE external_id IN {}",
        d.table("api_keys"),
        d.texts("$1")
    );
    let texts = serde_json::json!(texts).to_string();
    let rows = tx.fetch(sql, params![&texts]).await?;
    rows.iter()
        .map(|row| Ok((row.text("external_id")?, row.int("id")?)))
        .collect()
}

fn request(row: RequestRow, api_key_id: i64) -> Result<StoredRequest> {
    let status = |found: i64| {
        u16::try_from(found).map_err(|_| StoreError::Corrupt(format!("`{found}` is no status")))
    };
    let kind = if row.reason == EVENT {
        EntryKind::Event
    } else {
        EntryKind::Request
    };
    let detail = row.detail;
    Ok(StoredRequest {
        id: row.id,
        kind,
        at_ms: row.at_ms,
        service: row.service,
        environment: row.environment,
        version: row.version,
        instance: detail.instance,
        protocol: row.protocol,
        method: row.method,
        endpoint: row.endpoint,
        path: detail.path,
        status: row.status.map(status).transpose()?,
        counted_status: status(row.counted)?,
        outcome: row.outcome,
        latency_us: row.latency_us.map(unsigned),
        time_to_headers_us: detail.ttfb_us.map(unsigned),
        queue_wait_us: detail.queue_wait_us.map(unsigned),
        request_bytes: unsigned(detail.request_bytes),
        response_bytes: unsigned(detail.response_bytes),
        api_key_id,
        api_key: row.api_key,
        user: row.user,
        address: row.address,
        user_agent: detail.user_agent,
        request_id: detail.request_id,
        trace_id: row.trace_id,
        span_id: detail.span_id,
        error_type: detail.error_type,
        message: detail.message,
        group: row.group,
        weight: unsigned(row.weight),
        reason: row.reason,
        source: Some(row.source).filter(|source| !source.is_empty()),
        level: event::most_severe(row.levels),
        fields: detail.fields,
        lines: detail
            .lines
            .as_deref()
            .map(event::lines)
            .unwrap_or_default(),
        lines_left_out: unsigned(detail.lines_left_out),
        country: row.country,
        region: detail.region,
        city: detail.city,
        coordinates_tenths: detail.latitude.zip(detail.longitude),
    })
}
