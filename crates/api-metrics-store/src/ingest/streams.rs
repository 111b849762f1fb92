//! Counts points of metrics within the transaction of their group.
//!
//! # Order
//!
//! 1. Look up which resources are known, and how many streams each token has where some may be new.
//! 2. Add the streams that are missing and lock all of them, in the order of their names, by one statement.
//! 3. Write which delta points come, and learn which of them were there already.
//! 4. Take the points one after the other: each adds its difference, and becomes what was counted.
//! 5. Write what was counted back.
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

/// A token has at most so many streams. Each is kept for a week, with its bins.
const MAX_STREAMS: u64 = 50_000;

/// What became of the points of a group.
#[derive(Debug, Default)]
pub(super) struct CountedPoints<'a> {
    /// What they add, each with the point that says of which series it is.
    pub(super) added: Vec<(&'a MetricPoint, Added)>,
    /// The batches, by their place, of points whose streams would be too many.
    pub(super) refused: Vec<usize>,
}

/// Counts the points of a group, given with the places of their batches, which ascend.
pub(super) async fn count<'a>(
    tx: &mut dyn SqlTx,
    points: &[(usize, &IngestToken, &'a MetricPoint)],
    now: UnixSeconds,
) -> Result<CountedPoints<'a>> {
    let mut found = CountedPoints::default();
    if points.is_empty() {
        return Ok(found);
    }
    let mut wanted: BTreeMap<String, (i64, String)> = points
        .iter()
        .filter(|(_, _, point)| point.is_cumulative)
        .map(|(_, token, point)| (stream(token, point), (token.id, resource(token, point))))
        .collect();
    let resources: BTreeSet<&str> = wanted.values().map(|(_, name)| name.as_str()).collect();
    let resources: Vec<&str> = resources.into_iter().collect();
    let mut known: HashSet<String> = HashSet::new();
    if !resources.is_empty() {
        known.extend(sql::known_resources(tx, &resources).await?);
    }
    leave_out_too_many(tx, &mut wanted).await?;
    let rows: Vec<_> = wanted
        .iter()
        .map(|(id, (token, resource))| (id.as_str(), *token, resource.as_str()))
        .collect();
    let mut counted = BTreeMap::new();
    if !rows.is_empty() {
        for (id, state) in sql::lock_streams(tx, &rows, now).await? {
            let state = (!state.is_empty()).then(|| Counted::decode(&state));
            counted.insert(id, state.transpose()?);
        }
    }

    // Nothing can't be counted twice.
    let deltas = points
        .iter()
        .filter(|(_, _, point)| !point.is_cumulative && !point.is_empty());
    let deltas: BTreeSet<String> = deltas
        .map(|(_, token, point)| delta(token, point))
        .collect();
    let mut new: HashSet<String> = HashSet::new();
    if !deltas.is_empty() {
        let deltas: Vec<&str> = deltas.iter().map(String::as_str).collect();
        new.extend(sql::insert_deltas(tx, &deltas, now).await?);
    }

    let mut changed = BTreeSet::new();
    let mut errors: BTreeMap<i64, f64> = BTreeMap::new();
    // Those of one batch are known from the next one on.
    let mut seen = (0, Vec::new());
    for (batch, token, point) in points {
        if seen.0 != *batch {
            known.extend(seen.1.drain(..));
            seen.0 = *batch;
        }
        let added = if point.is_cumulative {
            let id = stream(token, point);
            let Some(last) = counted.get(&id) else {
                found.refused.push(*batch);
                continue;
            };
            let resource = resource(token, point);
            let is_known = last.is_some() || point.is_young() || known.contains(&resource);
            let added = point.since(last.as_ref());
            if added.is_some() {
                counted.insert(id.clone(), Some(Counted::of(point)));
                changed.insert(id);
            }
            seen.1.push(resource);
            added.filter(|_| is_known)
        } else if point.is_empty() {
            None
        } else if new.remove(&delta(token, point)) {
            point.since(None)
        } else {
            None
        };
        let Some(added) = added else { continue };
        found.added.push((*point, added));
        let error = point.quantile_error();
        if error > token.quantile_error.unwrap_or_default() {
            let most = errors.entry(token.id).or_default();
            *most = most.max(error);
        }
    }
    let changed: Vec<(&str, String)> = changed
        .iter()
        .filter_map(|id| Some((id.as_str(), counted.get(id)?.as_ref()?.encode())))
        .collect();
    sql::put_streams(tx, &changed, now).await?;
    for (token, error) in errors {
        sql::raise_quantile_error(tx, token, error).await?;
    }
    Ok(found)
}

/// Takes new streams out of tokens that would have too many. What is there already stays.
async fn leave_out_too_many(
    tx: &mut dyn SqlTx,
    wanted: &mut BTreeMap<String, (i64, String)>,
) -> Result<()> {
    let tokens: BTreeSet<i64> = wanted.values().map(|(token, _)| *token).collect();
    for token in tokens {
        let own = wanted.iter().filter(|(_, (of, _))| *of == token);
        let ids: Vec<&str> = own.map(|(id, _)| id.as_str()).collect();
        let (all, there) = sql::count_streams(tx, token, &ids).await?;
        let new = (ids.len() as u64).saturating_sub(there);
        if new > 0 && all + new > MAX_STREAMS {
            let there: HashSet<String> = sql::known_streams(tx, &ids).await?.into_iter().collect();
            wanted.retain(|id, (of, _)| *of != token || there.contains(id));
        }
    }
    Ok(())
}

/// The name of a point's stream. Tokens have streams of their own, since they may be of other services.
fn stream(token: &IngestToken, point: &MetricPoint) -> String {
    format!("{}-{}", token.id, hex(&point.stream))
}

/// The name of a delta point: its stream, when it was taken, and all that it carries. Two processes that can't be told
/// apart never count the same in the same nanosecond.
fn delta(token: &IngestToken, point: &MetricPoint) -> String {
    format!("{}-{}", token.id, hex(&point.carried()))
}

/// The name of a point's resource.
fn resource(token: &IngestToken, point: &MetricPoint) -> String {
    format!("{}-{}", token.id, hex(&point.resource))
}
