//! A batch: its mark, its rows, its fence.
//!
//! 1. A first transaction gives the batch its mark, which says that its rows don't count yet, and makes the keys of its
//!    consumers and of its addresses.
//! 2. The rows are written; on any doubt the same rows again, with the same mark.
//! 3. A second transaction moves the fence, adds up what became of the batch, and lets its rows count.
//!
//! A process that dies before the third step leaves rows that never count. Their day takes them with it.

use std::collections::BTreeMap;

use super::row;
use crate::{
    engine::{
        backend::{Mode, Result},
        copied::request_seam::RequestDatabase,
        sql::BeginTx,
    },
    request_log::{
        buffer::{Batch, RequestLogBuffer},
        entry::{Entry, Stored},
        flush::{Bounds, address_of, day_keys, keys_of, note_batch},
        sql::{
            marks::{self, Given, NewBatch, Opened},
            write,
        },
    },
};

/// Stores a batch, unless it is stored already. `last` is the last mark that this process has got.
pub(in crate::request_log) async fn store_batch(
    store: &dyn BeginTx,
    database: &dyn RequestDatabase,
    buffer: &RequestLogBuffer,
    batch: &mut Batch,
    last: &mut Option<Given>,
    bounds: Bounds,
) -> Result<()> {
    let entries: Vec<&Entry> = batch.entries.iter().filter(|it| bounds.hold(it)).collect();
    let instance = buffer.instance();
    let mut addresses = BTreeMap::new();
    let mut mark = None;
    if !entries.is_empty() {
        let mut seen = match *last {
            Some(_) => None,
            None => Some(database.last_mark().await?),
        };
        let given = loop {
            let mut tx = store.begin(Mode::Write).await?;
            if marks::fence(&mut *tx, instance.id).await? >= batch.seq {
                return tx.commit().await;
            }
            tx.intern_keys(&keys_of(&entries)).await?;
            let detail = buffer.settings().address;
            addresses = day_keys(&mut *tx, detail, &entries, bounds.now_ms).await?;
            let times = entries.iter().map(|entry| entry.at_ms);
            let new = NewBatch {
                instance: instance.id,
                times: (
                    times.clone().min().unwrap_or_default(),
                    times.max().unwrap_or_default(),
                ),
                had: batch.mark,
                known: *last,
                seen,
            };
            match marks::open(&mut *tx, new, bounds.now_ms).await? {
                Opened::Mark(given) => {
                    tx.commit().await?;
                    break given;
                }
                Opened::Unsure => {
                    tx.rollback().await;
                    seen = Some(database.last_mark().await?);
                }
            }
        };
        *last = Some(given);
        mark = Some(given.mark);
        batch.mark = mark;
    }
    let stored: Vec<(&Entry, Stored)> = entries
        .iter()
        .map(|entry| (*entry, entry.stored()))
        .collect();
    if let Some(mark) = mark {
        let rows = stored.iter().map(|(entry, stored)| {
            let address = address_of(entry, buffer.settings().address, &addresses);
            row::row(entry, stored, instance, mark, address)
        });
        database.put_requests(&rows.collect::<Vec<_>>()).await?;
    }

    let mut tx = store.begin(Mode::Write).await?;
    if write::fence(&mut *tx, instance.id).await? >= batch.seq {
        return tx.commit().await;
    }
    let became = note_batch(&mut *tx, instance, batch, &stored, bounds).await?;
    // A batch that was given up has no entries any more, and the rows that it may have never count.
    if let Some(mark) = mark {
        marks::close(&mut *tx, (mark, instance.id), bounds.now_ms).await?;
    }
    drop(stored);
    // Before the commit, whose acknowledgement may be lost.
    (batch.kept, batch.late) = became;
    tx.commit().await
}
