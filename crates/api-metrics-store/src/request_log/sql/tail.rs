//! Statements of those who follow the log.

use uuid::Uuid;

use super::{Conditions, read, signed, unsigned};
use crate::{
    engine::{
        backend::{Result, Tx},
        sql::{SqlTx, params},
    },
    request_log::{
        entry::ms_of,
        tail::{
            LEASE_MS, MAX_BACK_MS, NOTED_MS, TailContinuation, TailCursor, TailPage, TailPosition,
            TailQuery, TailStart,
        },
    },
    store::StoreError,
};

/// Where arrivals are noted: requests, or batches whose rows are in another database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request_log) enum Noted {
    /// Each request.
    Requests,
    /// Each batch.
    Batches,
}

impl Noted {
    const fn table(self) -> &'static str {
        match self {
            Self::Requests => "request_log_arrival",
            Self::Batches => "request_log_batch",
        }
    }
}

/// Renews the lease. Where it had run out, nothing that was noted before counts any more: something may have
/// arrived meanwhile that was not.
pub(in crate::request_log) async fn follow(
    tx: &mut dyn SqlTx,
    noted: Noted,
    now_ms: i64,
) -> Result<()> {
    let d = tx.dialect();
    let table = d.table("request_log_tail");
    let sql = format!(
        "INSERT INTO {table} (id, until_ms, last, complete_after) VALUES (1, 0, 0, 0) ON CONFLICT (id) DO NOTHING"
    );
    tx.execute(sql, params![]).await?;
    let sql = format!(
        "SELECT until_ms, last FROM {table} WHERE id = 1{}",
        d.for_update()
    );
    let rows = tx.fetch(sql, params![]).await?;
    let row = rows.first().ok_or_else(|| missing("the lease"))?;
    if row.int("until_ms")? <= now_ms {
        let last = row.int("last")?;
        forget(tx, noted, last).await?;
        let sql = format!("UPDATE {table} SET last = $1, complete_after = $1 WHERE id = 1");
        tx.execute(sql, params![last.saturating_add(1)]).await?;
    } else {
        prune_locked(tx, noted, now_ms).await?;
    }
    let sql = format!("UPDATE {table} SET until_ms = $1 WHERE id = 1");
    tx.execute(sql, params![now_ms.saturating_add(LEASE_MS)])
        .await?;
    Ok(())
}

fn missing(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} is not found"))
}

/// Forgets arrivals up to this number.
async fn forget(tx: &mut dyn SqlTx, noted: Noted, number: i64) -> Result<()> {
    let table = tx.dialect().table(noted.table());
    tx.execute(
        format!("DELETE FROM {table} WHERE number <= $1"),
        params![number],
    )
    .await?;
    Ok(())
}

/// Forgets what arrived some minutes ago. The lease's row must be locked.
async fn prune_locked(tx: &mut dyn SqlTx, noted: Noted, now_ms: i64) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT max(number) AS number FROM {} WHERE stored_ms < $1",
        d.table(noted.table())
    );
    let rows = tx.fetch(sql, params![now_ms - NOTED_MS]).await?;
    let old = rows
        .first()
        .map(|row| row.optional_int("number"))
        .transpose()?;
    if let Some(old) = old.flatten() {
        forget(tx, noted, old).await?;
        let sql = format!(
            "UPDATE {} SET complete_after = $1 WHERE id = 1 AND complete_after < $1",
            d.table("request_log_tail")
        );
        tx.execute(sql, params![old]).await?;
    }
    Ok(())
}

/// Forgets what arrived some minutes ago.
pub(in crate::request_log) async fn prune(
    tx: &mut dyn SqlTx,
    noted: Noted,
    now_ms: i64,
) -> Result<()> {
    let d = tx.dialect();
    let table = d.table("request_log_tail");
    let sql = format!("SELECT id FROM {table} WHERE id = 1{}", d.for_update());
    tx.fetch(sql, params![]).await?;
    prune_locked(tx, noted, now_ms).await
}

/// The next number in the order of arrival, where somebody follows.
pub(super) async fn next_number(tx: &mut dyn SqlTx, now_ms: i64) -> Result<Option<i64>> {
    let sql = format!(
        "UPDATE {} SET last = last + 1 WHERE id = 1 AND until_ms > $1 RETURNING last",
        tx.dialect().table("request_log_tail")
    );
    let rows = tx.fetch(sql, params![now_ms]).await?;
    rows.first().map(|row| row.int("last")).transpose()
}

/// A request of a batch: its time, its id and the number of its key.
pub(in crate::request_log) type Arrived = (i64, String, i64);

/// Gives a batch its number in the order of arrival, where somebody follows. It is the batch's last statement but
/// one, because the row stays locked until the commit.
pub(in crate::request_log) async fn note(
    tx: &mut dyn SqlTx,
    arrived: &[Arrived],
    now_ms: i64,
) -> Result<()> {
    if arrived.is_empty() {
        return Ok(());
    }
    let Some(number) = next_number(tx, now_ms).await? else {
        return Ok(());
    };
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {table} (number, at_ms, id, api_key_id, stored_ms) \
         SELECT $2, {at}, {id}, {key}, $3 FROM {items} WHERE 1 = 1",
        table = d.table("request_log_arrival"),
        at = d.item_number(0),
        id = d.item_uuid(1),
        key = d.item_number(2),
        items = d.items("$1"),
    );
    let items = serde_json::json!(arrived).to_string();
    tx.execute(sql, params![&items, number, now_ms]).await?;
    Ok(())
}

/// How far the log has come, and since which number everything is noted.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::request_log) struct Tail {
    until_ms: i64,
    last: i64,
    complete_after: i64,
}

impl Tail {
    /// Where a step begins.
    pub(in crate::request_log) fn from(self, start: TailStart, now_ms: i64) -> TailFrom {
        let oldest = now_ms - MAX_BACK_MS;
        match start {
            TailStart::Now => TailFrom::Now,
            TailStart::After(request) if ms_of(request) < oldest => TailFrom::Time(oldest, None),
            TailStart::After(request) => TailFrom::Time(ms_of(request), Some(request)),
            TailStart::At(cursor)
                if signed(cursor.number) < self.complete_after
                    || signed(cursor.number) > self.last =>
            {
                TailFrom::Time(cursor.at_ms.max(oldest), None)
            }
            TailStart::At(cursor) => TailFrom::Arrival(signed(cursor.number), self.last),
        }
    }

    /// A page with nothing on it.
    pub(in crate::request_log) fn nothing(self, now_ms: i64) -> TailPage {
        TailPage {
            requests: Vec::new(),
            left_out: 0,
            cursor: TailCursor {
                number: unsigned(self.last),
                at_ms: now_ms,
            },
            continuation: TailContinuation::Now,
        }
    }
}

/// Where a step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request_log) enum TailFrom {
    /// With nothing.
    Now,
    /// After a time, or after a request of that time.
    Time(i64, Option<Uuid>),
    /// After a number up to another one.
    Arrival(i64, i64),
}

pub(in crate::request_log) async fn tail(tx: &mut dyn SqlTx) -> Result<Tail> {
    let table = tx.dialect().table("request_log_tail");
    let sql = format!("SELECT until_ms, last, complete_after FROM {table} WHERE id = 1");
    let rows = tx.fetch(sql, params![]).await?;
    // Nobody has ever followed.
    let Some(row) = rows.first() else {
        return Ok(Tail::default());
    };
    Ok(Tail {
        until_ms: row.int("until_ms")?,
        last: row.int("last")?,
        complete_after: row.int("complete_after")?,
    })
}

/// How far the log has come, and whether somebody follows it.
pub(in crate::request_log) async fn position(tx: &mut dyn Tx) -> Result<TailPosition> {
    let now_ms = tx.meta().await?.now_us.div_euclid(1_000);
    let tail = tail(tx).await?;
    Ok(TailPosition {
        number: unsigned(tail.last),
        followed: tail.until_ms > now_ms,
    })
}

/// What has arrived since somebody looked last.
pub(in crate::request_log) async fn arrived(
    tx: &mut dyn Tx,
    query: &TailQuery,
) -> Result<TailPage> {
    let d = tx.dialect();
    let now_ms = tx.meta().await?.now_us.div_euclid(1_000);
    let tail = tail(tx).await?;
    let nothing = tail.nothing(now_ms);
    let filter = &query.filter;
    let series = read::series_of(tx, filter).await?;
    let mut c = Conditions::default();
    read::indexed(&mut c, d, filter, &series);
    read::unindexed(&mut c, filter, &series, &query.scope);
    c.scope("r", d, &query.scope);
    if let Some(text) = &filter.text
        && read::holds(&mut c, d, text, &query.scope).is_none()
    {
        return Ok(nothing);
    }
    let continuation = match tail.from(query.start, now_ms) {
        TailFrom::Now => return Ok(nothing),
        TailFrom::Time(at_ms, request) => {
            after(&mut c, at_ms, request);
            TailContinuation::Time
        }
        TailFrom::Arrival(first, last) => {
            let continuation = TailContinuation::Arrival;
            let Some((from, to)) = span(tx, first, last).await? else {
                return Ok(TailPage {
                    continuation,
                    ..nothing
                });
            };
            // The times let Postgres look at the days that matter alone.
            let (from, to) = (c.param(from), c.param(to));
            c.and(format!("r.at_ms >= {from} AND r.at_ms <= {to}"));
            let (first, last) = (c.param(first), c.param(last));
            c.and(format!(
                "(r.at_ms, r.id) IN (SELECT at_ms, id FROM {} WHERE number > {first} AND number <= {last})",
                d.table("request_log_arrival")
            ));
            continuation
        }
    };
    let (requests, left_out) =
        read::newest(tx, c, filter.text.is_some(), query.limit.min(1_000)).await?;
    Ok(TailPage {
        requests,
        left_out,
        continuation,
        ..nothing
    })
}

/// What has finished after a time, or after a request of that time.
fn after(c: &mut Conditions<'_>, at_ms: i64, request: Option<Uuid>) {
    let at = c.param(at_ms);
    match request {
        Some(request) => {
            let id = c.param(request);
            c.and(format!(
                "(r.at_ms, r.id) > ({at}, {id}) AND r.at_ms >= {at}"
            ));
        }
        None => c.and(format!("r.at_ms > {at}")),
    }
}

/// The earliest and the latest time among what has arrived; `None` where nothing has.
async fn span(tx: &mut dyn SqlTx, after: i64, last: i64) -> Result<Option<(i64, i64)>> {
    let sql = format!(
        "SELECT min(at_ms) AS first_ms, max(at_ms) AS last_ms FROM {} WHERE number > $1 AND number <= $2",
        tx.dialect().table("request_log_arrival")
    );
    let rows = tx.fetch(sql, params![after, last]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(row
        .optional_int("first_ms")?
        .zip(row.optional_int("last_ms")?))
}
