//! Who has changed or deleted what.

use super::{
    backend::Result,
    sql::{SqlTx, params},
};
use crate::{text::escaped, time::UnixSeconds};

/// The longest text of a note, in characters: names come from the host and from people.
const LONGEST_TEXT: usize = 500;

/// Notes in the audit trail what somebody has done, in the transaction that does it.
///
/// Control characters and marks of direction are written out, and each text is cut to 500 characters. No secret may be
/// among them: the trail is kept for good.
pub(crate) async fn note(
    tx: &mut dyn SqlTx,
    now: UnixSeconds,
    actor: &str,
    action: &str,
    subject: &str,
) -> Result<()> {
    let table = tx.dialect().table("audit_trail");
    let sql =
        format!("INSERT INTO {table} (at_ms, actor, action, subject) VALUES ($1, $2, $3, $4)");
    let (actor, subject) = (bounded(actor), bounded(subject));
    let values = params![
        now.saturating_mul(1_000),
        actor.as_str(),
        action,
        subject.as_str()
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Cut to [`LONGEST_TEXT`], without what changes the text around it.
fn bounded(text: &str) -> String {
    escaped(text).chars().take(LONGEST_TEXT).collect()
}
