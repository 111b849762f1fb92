//! Reads the audit trail.

use super::{AuditEntry, AuditQuery};
use crate::{
    control::sql,
    engine::{backend::Mode, sql::BeginTx},
    store::StoreError,
};

/// See `ControlStore::audit_trail`.
pub(in crate::control) async fn audit_trail(
    store: &dyn BeginTx,
    query: &AuditQuery,
) -> Result<Vec<AuditEntry>, StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let entries = sql::audit::list_entries(&mut *tx, query).await?;
    tx.commit().await?;
    Ok(entries)
}
