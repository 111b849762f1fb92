//! Where the ledger of imports is kept: one table, `imports`, with a row an import.

use async_trait::async_trait;
use uuid::Uuid;

use super::ImportRecord;
use crate::{
    control::sql,
    engine::{
        backend::{FlushTx, Mode, Tx},
        sql::BeginTx,
    },
    store::{StoreError, invalid},
};

/// The longest [`ImportRecord::head`], in bytes.
const MAX_HEAD_BYTES: usize = 128;
/// The longest [`ImportRecord::progress`], in bytes.
const MAX_PROGRESS_BYTES: usize = 16 * 1024;

/// Reads and writes the ledger of imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// The imports of logs with this head, the latest first; at most 1,000.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn imports(&self, head: &str) -> Result<Vec<ImportRecord>, StoreError>;

    /// Writes an import, replacing what was there under its id. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where a text is too long,
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn put_import(&self, import: &ImportRecord) -> Result<(), StoreError>;

    /// The number of the last flush of an instance that is in the database; 0 before its first. Waits
    /// for a flush of it that is under way, so what it says about earlier ones is final.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn fence(&self, id: Uuid) -> Result<u64, StoreError>;
}

#[async_trait]
impl<T: BeginTx> ImportStore for T {
    async fn imports(&self, head: &str) -> Result<Vec<ImportRecord>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let imports = sql::imports::list_imports(&mut tx, head).await?;
        tx.commit().await?;
        Ok(imports)
    }

    async fn put_import(&self, import: &ImportRecord) -> Result<(), StoreError> {
        if import.head.len() > MAX_HEAD_BYTES {
            return invalid("head", format!("has more than {MAX_HEAD_BYTES} bytes"));
        }
        if import.progress.len() > MAX_PROGRESS_BYTES {
            return invalid(
                "progress",
                format!("has more than {MAX_PROGRESS_BYTES} bytes"),
            );
        }
        let mut tx = self.begin(Mode::Write).await?;
        let now = sql::now(&mut tx).await?;
        sql::imports::put_import(&mut tx, import, now).await?;
        tx.commit().await
    }

    async fn fence(&self, id: Uuid) -> Result<u64, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let seq = tx.fence(id).await?;
        tx.commit().await?;
        Ok(seq.unwrap_or_default())
    }
}
