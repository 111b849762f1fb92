//! Erasure.

use crate::{
    engine::{
        backend::{Mode, Result},
        copied::request_seam::{RequestDatabase, RequestsOf},
        sql::{BeginTx, SqlTx, params},
    },
    request_log::sql::{marks, remove},
};

/// Erases what somebody has left, and answers how many requests that were. What others' errors have nothing in common with
/// goes before the requests do: after an error, doing it again finds them, and erases the rest.
///
/// What comes meanwhile is not waited for: somebody who sends all the time would never be done with.
pub(in crate::request_log) async fn erase(
    store: &dyn BeginTx,
    database: &dyn RequestDatabase,
    whose: Option<&RequestsOf>,
) -> Result<u64> {
    let Some(whose) = whose else {
        return Ok(0);
    };
    let mut tx = store.begin(Mode::Read).await?;
    let view = marks::view(&mut *tx).await?;
    tx.commit().await?;
    let found = database.erasable(whose, &view).await?;
    if !found.any {
        return Ok(0);
    }
    let mut tx = store.begin(Mode::Write).await?;
    remove::forget_texts(&mut *tx, &found.groups).await?;
    tx.commit().await?;
    database.erase_requests(whose).await?;
    Ok(found.requests)
}

/// The text of a key.
pub(in crate::request_log) async fn key_text(
    tx: &mut dyn SqlTx,
    id: i64,
) -> Result<Option<String>> {
    let sql = format!(
        "SELECT external_id FROM {} WHERE id = $1",
        tx.dialect().table("api_keys")
    );
    let rows = tx.fetch(sql, params![id]).await?;
    rows.first().map(|row| row.text("external_id")).transpose()
}
