//! Groups of errors over a range, wherever the requests are.

use std::collections::BTreeMap;

use super::{
    query::{EntryKind, RequestGroup, RequestQuery},
    rows::Rows,
    sql::groups::first_seen,
};
use crate::{
    engine::{backend::Result, sql::SqlTx},
    query::Scope,
    store::StoreError,
};

/// Parts of a range in a group's series.
const PARTS: i64 = 24;
/// Versions named of a group.
const MAX_VERSIONS: usize = 20;

/// The groups that stand for most requests.
pub(super) async fn groups(
    tx: &mut dyn SqlTx,
    rows: Rows<'_>,
    query: &RequestQuery,
) -> Result<Vec<RequestGroup>> {
    let sums = rows.group_sums(tx, query).await?;
    let ids: Vec<_> = sums.iter().map(|sum| sum.latest).collect();
    let mut examples: BTreeMap<_, _> = rows
        .many(tx, &ids, &query.scope)
        .await?
        .into_iter()
        .map(|example| (example.id, example))
        .collect();
    let mut groups = Vec::with_capacity(sums.len());
    for sum in sums {
        let Some(example) = examples.remove(&sum.latest) else {
            if rows.elsewhere().is_some() {
                // It was erased between two statements, of which the other database makes no snapshot.
                continue;
            }
            return Err(StoreError::Corrupt(
                "the latest of a group is missing".into(),
            ));
        };
        groups.push(RequestGroup {
            id: sum.group,
            kind: example.kind,
            source: example.source,
            level: example.level.filter(|_| example.kind == EntryKind::Event),
            method: example.method,
            endpoint: example.endpoint,
            status: example.counted_status,
            error_type: example.error_type,
            message: example.message,
            latest: sum.latest,
            kept: sum.kept,
            weight: sum.weight,
            api_keys: sum.api_keys,
            versions: Vec::new(),
            first_ms: sum.first_ms,
            last_ms: sum.last_ms,
            first_seen_ms: None,
            first_version: None,
            series: vec![0; usize::try_from(PARTS).unwrap_or_default()],
        });
    }
    let ids: Vec<i64> = groups.iter().map(|group| group.id).collect();
    let places: BTreeMap<_, _> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let of = |id: i64| places.get(&id).copied();

    // Versions, and the weight of each part of the range.
    let part_ms = (query.to_ms.saturating_sub(query.from_ms).max(1) + PARTS - 1) / PARTS;
    for part in rows.group_parts(tx, query, &ids, part_ms).await? {
        let Some(group) = of(part.group).and_then(|at| groups.get_mut(at)) else {
            continue;
        };
        let at = usize::try_from(part.part).ok();
        if let Some(weight) = at.and_then(|at| group.series.get_mut(at)) {
            *weight += part.weight;
        }
        if group.versions.len() < MAX_VERSIONS && group.versions.last() != Some(&part.version) {
            group.versions.push(part.version);
        }
    }
    // When a group was first seen at all belongs to no tenant.
    if query.scope == Scope::All {
        for (id, first_seen_ms, first_version) in first_seen(tx, &ids).await? {
            if let Some(group) = of(id).and_then(|at| groups.get_mut(at)) {
                group.first_seen_ms = Some(first_seen_ms);
                group.first_version = Some(first_version);
            }
        }
    }
    Ok(groups)
}
