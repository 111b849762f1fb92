//! Statements that read snapshots.

use uuid::Uuid;

use crate::{
    engine::{
        backend::Result,
        sql::{SqlTx, params},
    },
    request_log::{entry::ms_of, snapshot::StoredSnapshot},
    store::StoreError,
};

/// The snapshot of a request, where it has left one.
pub(in crate::request_log) async fn of(
    tx: &mut dyn SqlTx,
    id: Uuid,
) -> Result<Option<StoredSnapshot>> {
    let sql = format!(
        "SELECT snapshot FROM {} WHERE at_ms = $1 AND id = $2",
        tx.dialect().table("request_log_snapshot")
    );
    let rows = tx.fetch(sql, params![ms_of(id), id]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    read(&row.text("snapshot")?).map(Some)
}

/// A snapshot of its text.
pub(in crate::request_log) fn read(text: &str) -> Result<StoredSnapshot> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("a snapshot can't be read".into()))
}
