//! Counts points of metrics within the transaction of their group.
//!
//! # Order
//!
//! 1. Lock what was counted of the streams, in the order of their hashes; add the missing ones and lock these.
//! 2. Take the points one after the other: each adds its difference, and becomes what was counted.
//! 3. Write what was counted back.
//!
//! Two processes that get points of one stream wait for each other at its row, so that the second one compares
//! with what the first has counted.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{
    point::{Added, Counted, MetricPoint},
    sql,
    token::{IngestToken, hex},
};
use crate::{
    engine::{backend::Result, sql::SqlTx},
    time::UnixSeconds,
};

/// What points of a group add, each with the point that says of which series it is.
pub(super) async fn count<'a, T: SqlTx>(
    tx: &mut T,
    points: &[(&IngestToken, &'a MetricPoint)],
    now: UnixSeconds,
) -> Result<Vec<(&'a MetricPoint, Added)>> {
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let cumulative = || points.iter().filter(|(_, point)| point.is_cumulative);
    let wanted: BTreeMap<String, (i64, String)> = cumulative()
        .map(|(token, point)| (stream(token, point), (token.id, resource(token, point))))
        .collect();
    let mut counted = BTreeMap::new();
    let mut known = HashSet::new();
    if !wanted.is_empty() {
        let ids: Vec<&str> = wanted.keys().map(String::as_str).collect();
        lock(tx, &ids, &mut counted).await?;
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(id, _)| !counted.contains_key(*id))
            .map(|(id, (token, resource))| (id.as_str(), *token, resource.as_str()))
            .collect();
        if !missing.is_empty() {
            // Before these rows are added: whether the resource was seen earlier.
            let resources: BTreeSet<&str> =
                missing.iter().map(|(.., resource)| *resource).collect();
            let resources: Vec<&str> = resources.into_iter().collect();
            known.extend(sql::known_resources(tx, &resources).await?);
            sql::add_streams(tx, &missing, now).await?;
            // Another process may have added and counted them meanwhile.
            let ids: Vec<&str> = missing.iter().map(|(id, ..)| *id).collect();
            lock(tx, &ids, &mut counted).await?;
        }
    }

    let mut all = Vec::with_capacity(points.len());
    let mut changed = BTreeSet::new();
    for (token, point) in points {
        if !point.is_cumulative {
            all.extend(point.since(None).map(|added| (*point, added)));
            continue;
        }
        let id = stream(token, point);
        let last = counted.get(&id).and_then(Option::as_ref);
        let is_known =
            last.is_some() || point.is_young() || known.contains(&resource(token, point));
        if let Some(added) = point.since(last) {
            if is_known {
                all.push((*point, added));
            }
            counted.insert(id.clone(), Some(Counted::of(point)));
            changed.insert(id);
        }
    }
    let changed: Vec<(&str, String)> = changed
        .iter()
        .filter_map(|id| Some((id.as_str(), counted.get(id)?.as_ref()?.encode())))
        .collect();
    sql::put_streams(tx, &changed, now).await?;

    let mut errors: BTreeMap<i64, f64> = BTreeMap::new();
    for (token, point) in points {
        let error = point.quantile_error();
        if error > token.quantile_error.unwrap_or_default() {
            let most = errors.entry(token.id).or_default();
            *most = most.max(error);
        }
    }
    for (token, error) in errors {
        sql::raise_quantile_error(tx, token, error).await?;
    }
    Ok(all)
}

/// Locks streams and reads what was counted of them; `None` of one that was only added.
async fn lock<T: SqlTx>(
    tx: &mut T,
    ids: &[&str],
    counted: &mut BTreeMap<String, Option<Counted>>,
) -> Result<()> {
    for (id, state) in sql::lock_streams(tx, ids).await? {
        let state = (!state.is_empty()).then(|| Counted::decode(&state));
        counted.insert(id, state.transpose()?);
    }
    Ok(())
}

/// The name of a point's stream. Tokens have streams of their own, since they may be of other services.
fn stream(token: &IngestToken, point: &MetricPoint) -> String {
    format!("{}-{}", token.id, hex(&point.stream))
}

/// The name of a point's resource.
fn resource(token: &IngestToken, point: &MetricPoint) -> String {
    format!("{}-{}", token.id, hex(&point.resource))
}
