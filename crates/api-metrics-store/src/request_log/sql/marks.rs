//! Statements of batches whose rows are in another database: which of them count.
//!
//! A batch takes the next mark before its rows are written, and counts from the commit of its fence on. The row of the
//! last mark stays locked until the commit of whoever takes one, so that a snapshot that shows a mark shows what is open of
//! all before it.

use uuid::Uuid;

use super::unsigned;
use crate::{
    engine::{
        backend::Result,
        copied::request_seam::RequestView,
        sql::{SqlTx, params},
    },
    store::StoreError,
};

/// A mark, and the server that has given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request_log) struct Given {
    pub(in crate::request_log) mark: i64,
    /// Its database, and when it was started: as long as both stay, it has not gone back.
    server: (i64, i64),
}

/// What a batch has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request_log) enum Opened {
    /// Its mark.
    Mark(Given),
    /// None: this server may have gone back, so that the other database has to be asked for the last mark first.
    Unsure,
}

/// A batch that is to be written.
#[derive(Debug, Clone, Copy)]
pub(in crate::request_log) struct NewBatch {
    pub(in crate::request_log) instance: Uuid,
    /// Its first and its last request.
    pub(in crate::request_log) times: (i64, i64),
    /// The mark that an earlier attempt has got.
    pub(in crate::request_log) had: Option<i64>,
    /// The last mark that this process has got.
    pub(in crate::request_log) known: Option<Given>,
    /// The last one that the other database has seen, where it was asked.
    pub(in crate::request_log) seen: Option<i64>,
}

/// Gives a batch its mark, and notes that its rows don't count yet. To be the last statements of a transaction.
pub(in crate::request_log) async fn open(
    tx: &mut dyn SqlTx,
    batch: NewBatch,
    now_ms: i64,
) -> Result<Opened> {
    let d = tx.dialect();
    let (marks, batches) = (d.table("request_log_mark"), d.table("request_log_batch"));
    let sql = format!(
        "SELECT m.mark, (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS started_us, \
           (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS base \
         FROM {marks} AS m WHERE m.id = 1{}",
        d.for_update_of("m")
    );
    let rows = tx.fetch(sql, params![]).await?;
    let row = rows.first().ok_or_else(missing)?;
    let last = row.int("mark")?;
    let server = (row.int("base")?, row.int("started_us")?);
    let known = batch.known.map_or(0, |known| known.mark);
    let is_known = |known: Given| known.server == server && known.mark <= last;
    if batch.seen.is_none() && !batch.known.is_some_and(is_known) {
        return Ok(Opened::Unsure);
    }
    if let Some(had) = batch.had {
        let sql = format!(
            "SELECT mark FROM {batches} WHERE mark = $1 AND instance = $2 AND number IS NULL"
        );
        if !tx
            .fetch(sql, params![had, batch.instance])
            .await?
            .is_empty()
        {
            return Ok(Opened::Mark(Given { mark: had, server }));
        }
    }
    let sql = format!(
        "INSERT INTO {batches} (from_mark, mark, instance, from_ms, upto_ms) VALUES ($1, $2, $3, $4, $5)"
    );
    let mut next = last + 1;
    let given = known.max(batch.seen.unwrap_or(0));
    if given > last {
        tracing::warn!(
            from = next,
            upto = given,
            "the database has gone back: requests that were stored since do not count"
        );
        let (from_ms, upto_ms) = (0, now_ms + super::DAY_MS);
        let range = params![next, given, Uuid::nil(), from_ms, upto_ms];
        tx.execute(sql.clone(), range).await?;
        next = given + 1;
    }
    let (from_ms, upto_ms) = batch.times;
    let values = params![next, next, batch.instance, from_ms, upto_ms];
    tx.execute(sql, values).await?;
    let sql = format!("UPDATE {marks} SET mark = $1 WHERE id = 1");
    tx.execute(sql, params![next]).await?;
    Ok(Opened::Mark(Given { mark: next, server }))
}

fn missing() -> StoreError {
    StoreError::Corrupt("the last mark is missing".into())
}

/// Lets the rows of a batch count from the commit on. Where somebody follows the log it gets its number in the order of
/// arrival: the row of those who follow stays locked until the commit.
///
/// # Errors
/// `StoreError::Unavailable` where this database has gone back and knows nothing of the mark: the batch needs another one.
pub(in crate::request_log) async fn close(
    tx: &mut dyn SqlTx,
    (mark, instance): (i64, Uuid),
    now_ms: i64,
) -> Result<()> {
    let batches = tx.dialect().table("request_log_batch");
    let closed = match super::tail::next_number(tx, now_ms).await? {
        Some(number) => {
            let sql = format!(
                "UPDATE {batches} SET number = $2, stored_ms = $3 WHERE mark = $1 AND instance = $4"
            );
            tx.execute(sql, params![mark, number, now_ms, instance])
                .await?
        }
        None => {
            let sql = format!("DELETE FROM {batches} WHERE mark = $1 AND instance = $2");
            tx.execute(sql, params![mark, instance]).await?
        }
    };
    if closed == 0 {
        return Err(StoreError::Unavailable(
            "the database has gone back, and does not know the mark of a batch".into(),
        ));
    }
    Ok(())
}

/// Which rows count in this snapshot. The transaction is idle while the other database is asked.
pub(in crate::request_log) async fn view(tx: &mut dyn SqlTx) -> Result<RequestView> {
    let d = tx.dialect();
    tx.execute(
        "SET LOCAL idle_in_transaction_session_timeout = '70s'".to_owned(),
        params![],
    )
    .await?;
    let sql = format!(
        "SELECT m.mark AS last, b.from_mark, b.mark AS upto_mark FROM {} AS m \
         LEFT JOIN {} AS b ON b.number IS NULL ORDER BY b.mark",
        d.table("request_log_mark"),
        d.table("request_log_batch"),
    );
    let rows = tx.fetch(sql, params![]).await?;
    let mark = rows.first().ok_or_else(missing)?.int("last")?;
    let mut excluded = Vec::new();
    for row in &rows {
        let ends = row.optional_int("from_mark")?;
        excluded.extend(ends.zip(row.optional_int("upto_mark")?));
    }
    Ok(RequestView { mark, excluded })
}

/// The marks of what has arrived after a number up to another one, and the times of its first and its last request.
#[derive(Debug, Clone, Default)]
pub(in crate::request_log) struct Arrivals {
    pub(in crate::request_log) marks: Vec<i64>,
    pub(in crate::request_log) from_ms: i64,
    pub(in crate::request_log) upto_ms: i64,
}

/// What has arrived; `None` where nothing has.
pub(in crate::request_log) async fn arrivals(
    tx: &mut dyn SqlTx,
    after: i64,
    last: i64,
) -> Result<Option<Arrivals>> {
    let sql = format!(
        "SELECT mark, from_ms, upto_ms FROM {} WHERE number > $1 AND number <= $2",
        tx.dialect().table("request_log_batch")
    );
    let mut found: Option<Arrivals> = None;
    for row in tx.fetch(sql, params![after, last]).await? {
        let (from_ms, upto_ms) = (row.int("from_ms")?, row.int("upto_ms")?);
        let all = found.get_or_insert_with(|| Arrivals {
            marks: Vec::new(),
            from_ms,
            upto_ms,
        });
        all.marks.push(row.int("mark")?);
        all.from_ms = all.from_ms.min(from_ms);
        all.upto_ms = all.upto_ms.max(upto_ms);
    }
    Ok(found)
}

/// Forgets open batches, and histories that were lost, of which retention has left nothing.
pub(in crate::request_log) async fn forget_open(tx: &mut dyn SqlTx, before_ms: i64) -> Result<u64> {
    let table = tx.dialect().table("request_log_batch");
    let sql = format!("DELETE FROM {table} WHERE number IS NULL AND upto_ms < $1");
    tx.execute(sql, params![before_ms]).await
}

/// The fence of an instance, without a lock.
pub(in crate::request_log) async fn fence(tx: &mut dyn SqlTx, id: Uuid) -> Result<u64> {
    let table = tx.dialect().table("request_log_instance");
    let sql = format!("SELECT seq FROM {table} WHERE id = $1");
    let rows = tx.fetch(sql, params![id]).await?;
    let seq = rows.first().map(|row| row.int("seq")).transpose()?;
    Ok(seq.map_or(0, unsigned))
}
