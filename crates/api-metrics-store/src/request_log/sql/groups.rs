//! Statements that sum errors by group.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Conditions, read, unsigned};
use crate::{
    engine::{
        backend::Result,
        copied::request_seam::{GroupPart, GroupSum},
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    request_log::query::RequestQuery,
};

/// What a question finds of errors.
fn conditions<'a>(
    d: Dialect,
    query: &'a RequestQuery,
    series: &'a read::SeriesChoice,
) -> Conditions<'a> {
    let filter = &query.filter;
    let mut c = Conditions::default();
    read::indexed(&mut c, d, filter, series);
    read::unindexed(&mut c, filter, series, &query.scope);
    c.scope("r", d, &query.scope);
    let (from, to) = (c.param(query.from_ms), c.param(query.to_ms));
    c.and(format!("r.at_ms >= {from} AND r.at_ms < {to}"));
    c.and("r.group_id IS NOT NULL".to_owned());
    c
}

fn sum(d: Dialect, of: &str) -> String {
    match d {
        Dialect::Postgres => format!("sum({of})::bigint"),
        Dialect::Sqlite => format!("sum({of})"),
    }
}

/// The groups that stand for most requests.
pub(in crate::request_log) async fn sums(
    tx: &mut dyn SqlTx,
    query: &RequestQuery,
) -> Result<Vec<GroupSum>> {
    let d = tx.dialect();
    let series = read::series_of(tx, &query.filter).await?;
    let mut c = conditions(d, query, &series);
    let text = c.text();
    let limit = c.param(i64::from(query.limit.clamp(1, 1_000)));
    let sql = format!(
        "SELECT r.group_id, count(*) AS kept, {weight} AS weight, \
           count(DISTINCT CASE WHEN r.api_key_id <> 0 THEN r.api_key_id END) AS api_keys, \
           min(r.at_ms) AS first_ms, max(r.at_ms) AS last_ms \
         FROM {list} AS r WHERE {text} \
         GROUP BY r.group_id ORDER BY weight DESC, r.group_id LIMIT {limit}",
        list = d.table("request_log"),
        weight = sum(d, "r.weight"),
    );
    let rows = tx.fetch(sql, &c.params).await?;
    let latest = latest(tx, &rows, conditions(d, query, &series)).await?;
    let mut sums = Vec::with_capacity(rows.len());
    for row in &rows {
        let group = row.int("group_id")?;
        let Some(latest) = latest.get(&group).copied() else {
            continue;
        };
        sums.push(GroupSum {
            group,
            kept: unsigned(row.int("kept")?),
            weight: unsigned(row.int("weight")?),
            api_keys: unsigned(row.int("api_keys")?),
            first_ms: row.int("first_ms")?,
            last_ms: row.int("last_ms")?,
            latest,
        });
    }
    Ok(sums)
}

/// The weights of groups by version and part of the range, in the order of versions.
pub(in crate::request_log) async fn parts(
    tx: &mut dyn SqlTx,
    query: &RequestQuery,
    groups: &[i64],
    part_ms: i64,
) -> Result<Vec<GroupPart>> {
    let d = tx.dialect();
    let series = read::series_of(tx, &query.filter).await?;
    let mut c = conditions(d, query, &series);
    let chosen = c.param(serde_json::json!(groups).to_string());
    c.and(format!("r.group_id IN {}", d.numbers(&chosen)));
    let (from, length) = (c.param(query.from_ms), c.param(part_ms));
    let sql = format!(
        "SELECT r.group_id, s.version, (r.at_ms - {from}) / {length} AS part, {weight} AS weight \
         FROM {list} AS r JOIN {labels} AS s ON s.id = r.series_id WHERE {text} \
         GROUP BY r.group_id, s.version, (r.at_ms - {from}) / {length} ORDER BY s.version",
        list = d.table("request_log"),
        weight = sum(d, "r.weight"),
        labels = d.table("request_log_series"),
        text = c.text(),
    );
    let part = |row: &FetchedRow| {
        Ok(GroupPart {
            group: row.int("group_id")?,
            version: row.text("version")?,
            part: row.int("part")?,
            weight: unsigned(row.int("weight")?),
        })
    };
    let rows = tx.fetch(sql, &c.params).await?;
    rows.iter().map(part).collect()
}

/// When some groups were seen first, and the version that had them.
pub(in crate::request_log) async fn first_seen(
    tx: &mut dyn SqlTx,
    groups: &[i64],
) -> Result<Vec<(i64, i64, String)>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT id, first_seen_ms, first_version FROM {} WHERE id IN {}",
        d.table("request_log_group"),
        d.numbers("$1")
    );
    let groups = serde_json::json!(groups).to_string();
    let rows = tx.fetch(sql, params![&groups]).await?;
    let seen = |row: &FetchedRow| {
        Ok((
            row.int("id")?,
            row.int("first_seen_ms")?,
            row.text("first_version")?,
        ))
    };
    rows.iter().map(seen).collect()
}

/// The latest request of each group that the caller may see, by the group. Ids have no maximum on Postgres, so all of a
/// group's last millisecond are read, by the group's index.
async fn latest(
    tx: &mut dyn SqlTx,
    groups: &[FetchedRow],
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
