//! Lists, single requests and arrivals.

use uuid::Uuid;

use super::{row::requests, wanted};
use crate::{
    engine::{
        backend::{Result, Tx},
        copied::request_seam::{RequestDatabase, RequestOrder, RequestsWanted},
        sql::SqlTx,
    },
    query::Scope,
    request_log::{
        entry::ms_of,
        query::{RequestPage, RequestQuery, StoredRequest},
        snapshot::StoredSnapshot,
        sql::{
            marks, snapshot,
            tail::{TailFrom, tail},
        },
        tail::{TailContinuation, TailPage, TailQuery},
    },
};

/// A page of the list. It is searched to its end, whatever the filter.
pub(in crate::request_log) async fn page(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    query: &RequestQuery,
) -> Result<RequestPage> {
    let (mut from, mut to) = (query.from_ms, query.to_ms);
    if let Some(cursor) = query.before {
        to = to.min(ms_of(cursor).saturating_add(1));
    }
    if let Some(cursor) = query.after {
        from = from.max(ms_of(cursor));
    }
    let (order, end) = match query.after {
        Some(_) => (RequestOrder::OldestFirst, to),
        None => (RequestOrder::NewestFirst, from),
    };
    let mut page = RequestPage {
        searched_to_ms: end,
        ..RequestPage::default()
    };
    let filter = &query.filter;
    let Some(mut wanted) = wanted::wanted(tx, filter, &query.scope, (from, to)).await? else {
        return Ok(page);
    };
    (wanted.before, wanted.after) = (query.before, query.after);
    let limit = query.limit.clamp(1, 1_000);
    let found = database.find_requests(&wanted, order, limit, true).await?;
    if found.has_more
        && let Some(last) = found.last
    {
        (page.next, page.searched_to_ms) = (Some(last), ms_of(last));
    }
    page.requests = requests(tx, found.rows, &query.scope).await?;
    Ok(page)
}

/// One request.
pub(in crate::request_log) async fn one(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    id: Uuid,
    scope: &Scope,
) -> Result<Option<StoredRequest>> {
    Ok(many(tx, database, &[id], scope).await?.pop())
}

/// Requests by their ids, in any order; those that the caller may not see, or that are gone, are left out.
pub(in crate::request_log) async fn many(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    ids: &[Uuid],
    scope: &Scope,
) -> Result<Vec<StoredRequest>> {
    let Some(wanted) = of_ids(tx, ids, scope).await? else {
        return Ok(Vec::new());
    };
    let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let order = RequestOrder::NewestFirst;
    let found = database.find_requests(&wanted, order, limit, true).await?;
    requests(tx, found.rows, scope).await
}

async fn of_ids(tx: &mut dyn SqlTx, ids: &[Uuid], scope: &Scope) -> Result<Option<RequestsWanted>> {
    let first = ids.iter().min().map_or(0, |id| ms_of(*id));
    let last = ids.iter().max().map_or(-1, |id| ms_of(*id));
    let wanted = wanted::within(tx, scope, (first, last + 1)).await?;
    Ok(wanted.map(|wanted| RequestsWanted {
        ids: Some(ids.to_vec()),
        ..wanted
    }))
}

/// The snapshot of a request, where it has left one.
pub(in crate::request_log) async fn snapshot_of(
    tx: &mut dyn SqlTx,
    database: &dyn RequestDatabase,
    id: Uuid,
) -> Result<Option<StoredSnapshot>> {
    let Some(wanted) = of_ids(tx, &[id], &Scope::All).await? else {
        return Ok(None);
    };
    let text = database.request_snapshot(&wanted).await?;
    text.as_deref().map(snapshot::read).transpose()
}

/// What has arrived since somebody looked last.
pub(in crate::request_log) async fn arrived(
    tx: &mut dyn Tx,
    database: &dyn RequestDatabase,
    query: &TailQuery,
) -> Result<TailPage> {
    let now_ms = tx.meta().await?.now_us.div_euclid(1_000);
    let tail = tail(tx).await?;
    let mut page = tail.nothing(now_ms);
    let (mut after, mut arrivals) = (None, None);
    let times = match tail.from(query.start, now_ms) {
        TailFrom::Now => return Ok(page),
        TailFrom::Time(at_ms, request) => {
            page.continuation = TailContinuation::Time;
            after = request;
            let from = at_ms.saturating_add(i64::from(request.is_none()));
            (from, i64::MAX)
        }
        TailFrom::Arrival(first, last) => {
            page.continuation = TailContinuation::Arrival;
            let Some(found) = marks::arrivals(tx, first, last).await? else {
                return Ok(page);
            };
            let times = (found.from_ms, found.upto_ms.saturating_add(1));
            arrivals = Some(found.marks);
            times
        }
    };
    let Some(mut wanted) = wanted::wanted(tx, &query.filter, &query.scope, times).await? else {
        return Ok(page);
    };
    (wanted.after, wanted.marks) = (after, arrivals);
    let order = RequestOrder::NewestFirst;
    let limit = query.limit.min(1_000);
    let found = database.find_requests(&wanted, order, limit, true).await?;
    if found.has_more {
        let all = database.count_requests(&wanted).await?;
        page.left_out = all.saturating_sub(found.rows.len() as u64);
    }
    page.requests = requests(tx, found.rows, &query.scope).await?;
    page.requests.reverse();
    Ok(page)
}
