//! Statements that sum errors by group.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Conditions, read, unsigned};
use crate::{
    engine::{
        backend::Result,
        sql::{Dialect, SqlRow, SqlTx},
    },
    query::Scope,
    request_log::query::{EntryKind, RequestGroup, RequestQuery},
    store::StoreError,
};

/// Parts of a range in a group's series.
const PARTS: i64 = 24;
/// Versions named of a group.
const MAX_VERSIONS: usize = 20;

/// The groups that stand for most requests.
pub(in crate::request_log) async fn groups<T: SqlTx>(
    tx: &mut T,
    query: &RequestQuery,
) -> Result<Vec<RequestGroup>> {
    let d = tx.dialect();
    let filter = &query.filter;
    let series = read::series_of(tx, filter).await?;
    let conditions = || {
        let mut c = Conditions::default();
        read::indexed(&mut c, d, filter, &series);
        read::unindexed(&mut c, filter, &series, &query.scope);
        c.scope("r", d, &query.scope);
        let (from, to) = (c.param(query.from_ms), c.param(query.to_ms));
        c.and(format!("r.at_ms >= {from} AND r.at_ms < {to}"));
        c.and("r.group_id IS NOT NULL".to_owned());
        c
    };
    let list = d.table("request_log");
    let sum = |of: &str| match d {
        Dialect::Postgres => format!("sum({of})::bigint"),
        Dialect::Sqlite => format!("sum({of})"),
    };
    let mut c = conditions();
    let text = c.text();
    let limit = c.param(i64::from(query.limit.clamp(1, 1_000)));
    let sql = format!(
        "SELECT r.group_id, count(*) AS kept, {weight} AS weight, \
           count(DISTINCT CASE WHEN r.api_key_id <> 0 THEN r.api_key_id END) AS api_keys, \
           min(r.at_ms) AS first_ms, max(r.at_ms) AS last_ms \
         FROM {list} AS r WHERE {text} \
         GROUP BY r.group_id ORDER BY weight DESC, r.group_id LIMIT {limit}",
        weight = sum("r.weight"),
    );
    let rows = tx.fetch(sql, &c.params).await?;
    let latest = latest(tx, &rows, conditions()).await?;
    let ids: Vec<_> = latest.values().copied().collect();
    let mut examples: BTreeMap<_, _> = read::many(tx, &ids, &query.scope)
        .await?
        .into_iter()
        .map(|example| (example.id, example))
        .collect();
    let mut groups = Vec::with_capacity(rows.len());
    for row in &rows {
        let (id, last_ms) = (row.int("group_id")?, row.int("last_ms")?);
        let Some(latest) = latest.get(&id).copied() else {
            continue;
        };
        let Some(example) = examples.remove(&latest) else {
            return Err(StoreError::Corrupt(
                "the latest of a group is missing".into(),
            ));
        };
        groups.push(RequestGroup {
            id,
            kind: example.kind,
            source: example.source,
            level: example.level.filter(|_| example.kind == EntryKind::Event),
            method: example.method,
            endpoint: example.endpoint,
            status: example.counted_status,
            error_type: example.error_type,
            message: example.message,
            latest,
            kept: unsigned(row.int("kept")?),
            weight: unsigned(row.int("weight")?),
            api_keys: unsigned(row.int("api_keys")?),
            versions: Vec::new(),
            first_ms: row.int("first_ms")?,
            last_ms,
            first_seen_ms: None,
            first_version: None,
            series: vec![0; usize::try_from(PARTS).unwrap_or_default()],
        });
    }
    let ids: Vec<_> = groups.iter().map(|group| group.id.to_string()).collect();
    let ids = format!("[{}]", ids.join(","));
    let places: BTreeMap<_, _> = groups
        .iter()
        .enumerate()
        .map(|(at, g)| (g.id, at))
        .collect();
    let of = |id: i64| places.get(&id).copied();

    // Versions, and the weight of each part of the range.
    let part = (query.to_ms.saturating_sub(query.from_ms).max(1) + PARTS - 1) / PARTS;
    let mut c = conditions();
    let chosen = c.param(ids.as_str());
    c.and(format!("r.group_id IN {}", d.numbers(&chosen)));
    let (from, length) = (c.param(query.from_ms), c.param(part));
    let sql = format!(
        "SELECT r.group_id, s.version, (r.at_ms - {from}) / {length} AS part, {weight} AS weight \
         FROM {list} AS r JOIN {labels} AS s ON s.id = r.series_id WHERE {text} \
         GROUP BY r.group_id, s.version, (r.at_ms - {from}) / {length} ORDER BY s.version",
        weight = sum("r.weight"),
        labels = d.table("request_log_series"),
        text = c.text(),
    );
    for row in tx.fetch(sql, &c.params).await? {
        let Some(group) = of(row.int("group_id")?).and_then(|at| groups.get_mut(at)) else {
            continue;
        };
        let part = usize::try_from(row.int("part")?).ok();
        if let Some(weight) = part.and_then(|part| group.series.get_mut(part)) {
            *weight += unsigned(row.int("weight")?);
        }
        let version = row.text("version")?;
        if group.versions.len() < MAX_VERSIONS && group.versions.last() != Some(&version) {
            group.versions.push(version);
        }
    }
    // When a group was first seen at all belongs to no tenant.
    if query.scope == Scope::All {
        let mut c = Conditions::default();
        let chosen = c.param(ids.as_str());
        let sql = format!(
            "SELECT id, first_seen_ms, first_version FROM {} WHERE id IN {}",
            d.table("request_log_group"),
            d.numbers(&chosen)
        );
        for row in tx.fetch(sql, &c.params).await? {
            if let Some(group) = of(row.int("id")?).and_then(|at| groups.get_mut(at)) {
                group.first_seen_ms = Some(row.int("first_seen_ms")?);
                group.first_version = Some(row.text("first_version")?);
            }
        }
    }
    Ok(groups)
}

/// The latest request of each group that the caller may see, by the group. Ids have no maximum on Postgres, so all of a
/// group's last millisecond are read, by the group's index.
async fn latest<T: SqlTx>(
    tx: &mut T,
    groups: &[T::Row],
    mut c: Conditions<'_>,
) -> Result<BTreeMap<i64, Uuid>> {
    let d = tx.dialect();
    let items: Result<Vec<_>> = groups
        .iter()
        .map(|row| Ok((row.int("group_id")?, row.int("last_ms")?)))
        .collect();
    let items = serde_json::json!(items?).to_string();
    let item = c.param(items);
    let sql = format!(
        "SELECT r.group_id, r.id FROM {items} JOIN {list} AS r ON r.group_id = {group} AND r.at_ms = {at} \
         WHERE {conditions}",
        items = d.items(&item),
        list = d.table("request_log"),
        group = d.item_number(0),
        at = d.item_number(1),
        conditions = c.text(),
    );
    let mut latest = BTreeMap::new();
    for row in tx.fetch(sql, &c.params).await? {
        let id = row.uuid("id")?;
        latest
            .entry(row.int("group_id")?)
            .and_modify(|last: &mut Uuid| *last = id.max(*last))
            .or_insert(id);
    }
    Ok(latest)
}
