//! Where the ledger of imports is kept: one table, `imports`, with a row an import.

use uuid::Uuid;

use super::ImportRecord;
use crate::{
    control::sql,
    engine::{backend::Mode, sql::BeginTx},
    store::{StoreError, invalid},
};

/// The longest [`ImportRecord::head`], in bytes.
const MAX_HEAD_BYTES: usize = 128;
/// The longest [`ImportRecord::progress`], in bytes.
const MAX_PROGRESS_BYTES: usize = 16 * 1024;

pub(crate) async fn imports(
    store: &dyn BeginTx,
    head: &str,
) -> Result<Vec<ImportRecord>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let imports = sql::imports::list_imports(&mut *tx, head).await?;
    tx.commit().await?;
    Ok(imports)
}

pub(crate) async fn put_import(
    store: &dyn BeginTx,
    import: &ImportRecord,
) -> Result<(), StoreError> {
    if import.head.len() > MAX_HEAD_BYTES {
        return invalid("head", format!("has more than {MAX_HEAD_BYTES} bytes"));
    }
    if import.progress.len() > MAX_PROGRESS_BYTES {
        return invalid(
            "progress",
            format!("has more than {MAX_PROGRESS_BYTES} bytes"),
        );
    }
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    // It is put before its first flush, so one that has flushed and is not there was taken back.
    if tx.fence(import.id).await?.is_some() && !sql::imports::is_known(&mut *tx, import.id).await? {
        return invalid("id", "was taken back".to_owned());
    }
    sql::imports::put_import(&mut *tx, import, now).await?;
    tx.commit().await
}

pub(crate) async fn fence(store: &dyn BeginTx, id: Uuid) -> Result<u64, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let seq = tx.fence(id).await?;
    tx.commit().await?;
    Ok(seq.unwrap_or_default())
}
