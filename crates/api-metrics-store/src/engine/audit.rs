//! Who has changed or deleted what.

use super::{
    backend::Result,
    sql::{SqlTx, params},
};
use crate::time::UnixSeconds;

/// Notes in the audit trail what somebody has done, in the transaction that does it.
pub(crate) async fn note<T: SqlTx>(
    tx: &mut T,
    now: UnixSeconds,
    actor: &str,
    action: &str,
    subject: &str,
) -> Result<()> {
    let table = tx.dialect().table("audit_trail");
    let sql =
        format!("INSERT INTO {table} (at_ms, actor, action, subject) VALUES ($1, $2, $3, $4)");
    let values = params![now.saturating_mul(1_000), actor, action, subject];
    tx.execute(sql, values).await?;
    Ok(())
}
