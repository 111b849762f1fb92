//! Groups of errors, and searches.

use std::collections::{BTreeMap, BTreeSet};

use super::wanted;
use crate::{
    engine::{
        backend::{Mode, Result},
        copied::request_seam::{
            GroupOrder, GroupPart, GroupSum, RequestDatabase, RequestOrder, RequestsWanted,
        },
        sql::{BeginTx, SqlTx},
    },
    request_log::{
        query::RequestQuery,
        search::RequestSearch,
        sql::search::{Candidate, MAX_GROUPS, MAX_HOLDING, WordHit, texts},
    },
};

/// The errors of a question, `only` some groups of them; its text has no effect.
async fn errors(
    tx: &mut dyn SqlTx,
    query: &RequestQuery,
    only: Option<&[i64]>,
) -> Result<Option<RequestsWanted>> {
    let filter = crate::request_log::query::RequestFilter {
        text: None,
        ..query.filter.clone()
    };
    let times = (query.from_ms, query.to_ms);
    let wanted = wanted::wanted(tx, &filter, &query.scope, times).await?;
    Ok(wanted.map(|mut wanted| {
        wanted.is_grouped = true;
        if let Some(only) = only {
            among(&mut wanted, only.iter().copied());
        }
        wanted
    }))
}

/// Asks for some groups alone.
fn among(wanted: &mut RequestsWanted, only: impl Iterator<Item = i64>) {
    let before = wanted.groups.take();
    let may = |group: &i64| before.as_ref().is_none_or(|before| before.contains(group));
    wanted.groups = Some(only.filter(may).collect());
}

/// The groups that stand for most requests.
pub(in crate::request_log) async fn sums(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    query: &RequestQuery,
) -> Result<Vec<GroupSum>> {
    let Some(wanted) = errors(tx, query, None).await? else {
        return Ok(Vec::new());
    };
    let (order, limit) = (GroupOrder::HeaviestFirst, query.limit.clamp(1, 1_000));
    database.sum_groups(&wanted, order, limit).await
}

/// The weights of groups by version and part of the range, in the order of versions.
pub(in crate::request_log) async fn parts(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    query: &RequestQuery,
    groups: &[i64],
    part_ms: i64,
) -> Result<Vec<GroupPart>> {
    match errors(tx, query, Some(groups)).await? {
        Some(wanted) if !groups.is_empty() => database.sum_group_parts(&wanted, part_ms).await,
        _ => Ok(Vec::new()),
    }
}

async fn of_search(tx: &mut dyn SqlTx, query: &RequestSearch) -> Result<Option<RequestsWanted>> {
    let times = (query.from_ms, query.to_ms);
    wanted::wanted(tx, &query.filter, &query.scope, times).await
}

/// The groups of the range, or `only` some of them, those that were seen last first, still without their texts.
pub(in crate::request_log) async fn candidates(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    query: &RequestSearch,
    only: Option<&BTreeSet<i64>>,
) -> Result<Vec<Candidate>> {
    let Some(mut wanted) = of_search(tx, query).await? else {
        return Ok(Vec::new());
    };
    wanted.is_grouped = true;
    if let Some(only) = only {
        among(&mut wanted, only.iter().copied());
    }
    if wanted.groups.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let limit = u32::try_from(MAX_GROUPS).unwrap_or(u32::MAX);
    let sums = database
        .sum_groups(&wanted, GroupOrder::LatestFirst, limit)
        .await?;
    let candidate = |sum: GroupSum| Candidate {
        id: sum.group,
        text: String::new(),
        vector: None,
        kept: sum.kept,
        weight: sum.weight,
        first_ms: sum.first_ms,
        last_ms: sum.last_ms,
        latest: Some(sum.latest),
    };
    Ok(sums.into_iter().map(candidate).collect())
}

/// The same groups with their texts, those that have one. They are read by the service itself: this database knows of no
/// request by which a tenant may see them.
pub(in crate::request_log) async fn with_texts(
    store: &dyn BeginTx,
    groups: Vec<Candidate>,
) -> Result<Vec<Candidate>> {
    if groups.is_empty() {
        return Ok(groups);
    }
    let ids: Vec<i64> = groups.iter().map(|group| group.id).collect();
    let mut tx = store.begin(Mode::Read).await?;
    let texts = texts(&mut *tx, &ids).await?;
    tx.commit().await?;
    let mut texts: BTreeMap<i64, _> = texts.into_iter().map(|text| (text.group, text)).collect();
    let with_text = |group: Candidate| {
        let found = texts.remove(&group.id)?;
        Some(Candidate {
            text: found.text,
            vector: found.vector,
            ..group
        })
    };
    Ok(groups.into_iter().filter_map(with_text).collect())
}

/// The newest requests that hold all words.
pub(in crate::request_log) async fn holding(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    query: &RequestSearch,
) -> Result<Vec<WordHit>> {
    let Some(mut wanted) = of_search(tx, query).await? else {
        return Ok(Vec::new());
    };
    if !wanted::hold(&mut wanted, &query.text) {
        return Ok(Vec::new());
    }
    let (order, limit) = (RequestOrder::NewestFirst, MAX_HOLDING);
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let found = database.find_requests(&wanted, order, limit, false).await?;
    let hits = found.rows.into_iter().map(|row| WordHit {
        id: row.id,
        at_ms: row.at_ms,
        group: row.group,
    });
    Ok(hits.collect())
}
