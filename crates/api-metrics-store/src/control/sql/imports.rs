//! The ledger of imports.

use uuid::Uuid;

use crate::{
    control::imports::ImportRecord,
    engine::{
        backend::Result,
        sql::{SqlTx, params},
    },
    time::UnixSeconds,
};

/// The imports of logs with this head, the latest first.
pub(in crate::control) async fn list_imports(
    tx: &mut dyn SqlTx,
    head: &str,
) -> Result<Vec<ImportRecord>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT id, head, service, environment, name, progress, {updated_at} AS updated_at \
         FROM {imports} AS i WHERE head = $1 ORDER BY i.updated_at DESC, id LIMIT 1000",
        updated_at = d.epoch("i.updated_at"),
        imports = d.table("imports"),
    );
    let rows = tx.fetch(sql, params![head]).await?;
    rows.iter()
        .map(|row| {
            Ok(ImportRecord {
                id: row.uuid("id")?,
                head: row.text("head")?,
                service: row.text("service")?,
                environment: row.text("environment")?,
                name: row.text("name")?,
                progress: row.text("progress")?,
                updated_at: row.int("updated_at")?,
            })
        })
        .collect()
}

/// Whether the ledger has an import of this id.
pub(in crate::control) async fn is_known(tx: &mut dyn SqlTx, id: Uuid) -> Result<bool> {
    let sql = format!(
        "SELECT id FROM {} WHERE id = $1",
        tx.dialect().table("imports")
    );
    Ok(!tx.fetch(sql, params![id]).await?.is_empty())
}

/// Writes an import, replacing the one of its id.
pub(in crate::control) async fn put_import(
    tx: &mut dyn SqlTx,
    import: &ImportRecord,
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {imports} (id, head, service, environment, name, progress, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, {now}) \
         ON CONFLICT (id) DO UPDATE SET head = excluded.head, service = excluded.service, \
           environment = excluded.environment, name = excluded.name, \
           progress = excluded.progress, updated_at = excluded.updated_at",
        imports = d.table("imports"),
        now = d.at("$7"),
    );
    let values = params![
        import.id,
        &import.head,
        &import.service,
        &import.environment,
        &import.name,
        &import.progress,
        now,
    ];
    tx.execute(sql, values).await.map(drop)
}
