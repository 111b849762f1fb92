//! Statements of those who follow the log.

use uuid::Uuid;

use super::{Conditions, read, signed, unsigned};
use crate::{
    engine::{
        backend::{Result, Tx},
        sql::{SqlRow, SqlTx, params},
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

/// Renews the lease. Where it had run out, nothing that was noted before counts any more: something may have
/// arrived meanwhile that was not.
pub(in crate::request_log) async fn follow<T: SqlTx>(tx: &mut T, now_ms: i64) -> Result<()> {
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
        forget(tx, last).await?;
        let sql = format!("UPDATE {table} SET last = $1, complete_after = $1 WHERE id = 1");
        tx.execute(sql, params![last.saturating_add(1)]).await?;
    } else {
        prune_locked(tx, now_ms).await?;
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
async fn forget<T: SqlTx>(tx: &mut T, number: i64) -> Result<()> {
    let table = tx.dialect().table("request_log_arrival");
    tx.execute(
        format!("DELETE FROM {table} WHERE number <= $1"),
        params![number],
    )
    .await?;
    Ok(())
}

/// Forgets what arrived some minutes ago. The lease's row must be locked.
async fn prune_locked<T: SqlTx>(tx: &mut T, now_ms: i64) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT max(number) AS number FROM {} WHERE stored_ms < $1",
        d.table("request_log_arrival")
    );
    let rows = tx.fetch(sql, params![now_ms - NOTED_MS]).await?;
    let old = rows
        .first()
        .map(|row| row.optional_int("number"))
        .transpose()?;
    if let Some(old) = old.flatten() {
        forget(tx, old).await?;
        let sql = format!(
            "UPDATE {} SET complete_after = $1 WHERE id = 1 AND complete_after < $1",
            d.table("request_log_tail")
        );
        tx.execute(sql, params![old]).await?;
    }
    Ok(())
}

/// Forgets what arrived some minutes ago.
pub(in crate::request_log) async fn prune<T: SqlTx>(tx: &mut T, now_ms: i64) -> Result<()> {
    let d = tx.dialect();
    let table = d.table("request_log_tail");
    let sql = format!("SELECT id FROM {table} WHERE id = 1{}", d.for_update());
    tx.fetch(sql, params![]).await?;
    prune_locked(tx, now_ms).await
}

/// A request of a batch: its time, its id and the number of its key.
pub(in crate::request_log) type Arrived = (i64, String, i64);

/// Gives a batch its number in the order of arrival, where somebody follows. It is the batch's last statement but
/// one, because the row stays locked until the commit.
pub(in crate::request_log) async fn note<T: SqlTx>(
    tx: &mut T,
    arrived: &[Arrived],
    now_ms: i64,
) -> Result<()> {
    if arrived.is_empty() {
        return Ok(());
    }
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {} SET last = last + 1 WHERE id = 1 AND until_ms > $1 RETURNING last",
        d.table("request_log_tail")
    );
    let rows = tx.fetch(sql, params![now_ms]).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let number = row.int("last")?;
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
struct Tail {
    until_ms: i64,
    last: i64,
    complete_after: i64,
}

async fn tail<T: SqlTx>(tx: &mut T) -> Result<Tail> {
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
pub(in crate::request_log) async fn position<T: Tx + SqlTx>(tx: &mut T) -> Result<TailPosition> {
    let now_ms = tx.meta().await?.now_us.div_euclid(1_000);
    let tail = tail(tx).await?;
    Ok(TailPosition {
        number: unsigned(tail.last),
        followed: tail.until_ms > now_ms,
    })
}

/// What has arrived since somebody looked last.
pub(in crate::request_log) async fn arrived<T: Tx + SqlTx>(
    tx: &mut T,
    query: &TailQuery,
) -> Result<TailPage> {
    let d = tx.dialect();
    let now_ms = tx.meta().await?.now_us.div_euclid(1_000);
    let tail = tail(tx).await?;
    let nothing = TailPage {
        requests: Vec::new(),
        left_out: 0,
        cursor: TailCursor {
            number: unsigned(tail.last),
            at_ms: now_ms,
        },
        continuation: TailContinuation::Now,
    };
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
    let oldest = now_ms - MAX_BACK_MS;
    let continuation = match query.start {
        TailStart::Now => return Ok(nothing),
        TailStart::After(request) => {
            after(&mut c, oldest, ms_of(request), Some(request));
            TailContinuation::Time
        }
        TailStart::At(cursor)
            if signed(cursor.number) < tail.complete_after || signed(cursor.number) > tail.last =>
        {
            after(&mut c, oldest, cursor.at_ms, None);
            TailContinuation::Time
        }
        TailStart::At(cursor) => {
            let continuation = TailContinuation::Arrival;
            let Some((from, to)) = span(tx, signed(cursor.number), tail.last).await? else {
                return Ok(TailPage {
                    continuation,
                    ..nothing
                });
            };
            // The times let Postgres look at the days that matter alone.
            let (from, to) = (c.param(from), c.param(to));
            c.and(format!("r.at_ms >= {from} AND r.at_ms <= {to}"));
            let (first, last) = (c.param(signed(cursor.number)), c.param(tail.last));
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
fn after(c: &mut Conditions<'_>, oldest: i64, at_ms: i64, request: Option<Uuid>) {
    if at_ms < oldest {
        let oldest = c.param(oldest);
        c.and(format!("r.at_ms > {oldest}"));
        return;
    }
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
async fn span<T: SqlTx>(tx: &mut T, after: i64, last: i64) -> Result<Option<(i64, i64)>> {
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
