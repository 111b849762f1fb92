//! The audit trail, as it is read.

use crate::{
    control::audit::{AuditEntry, AuditQuery},
    engine::{
        backend::Result,
        sql::{SqlTx, params},
    },
};

/// Notes, the latest first: by their numbers, which the primary key has in order.
pub(in crate::control) async fn list_entries(
    tx: &mut dyn SqlTx,
    query: &AuditQuery,
) -> Result<Vec<AuditEntry>> {
    let sql = format!(
        "SELECT id, at_ms, actor, action, subject FROM {trail} \
         WHERE ($1 IS NULL OR id < $1) AND ($2 IS NULL OR action = $2) \
           AND ($3 IS NULL OR lower(subject) LIKE lower($3) ESCAPE '!') \
         ORDER BY id DESC LIMIT $4",
        trail = tx.dialect().table("audit_trail"),
    );
    let values = params![
        query.before,
        query.action.as_deref(),
        query.subject.as_deref().map(pattern),
        i64::from(query.limit),
    ];
    let rows = tx.fetch(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(AuditEntry {
                id: row.int("id")?,
                at_ms: row.int("at_ms")?,
                actor: row.text("actor")?,
                action: row.text("action")?,
                subject: row.text("subject")?,
            })
        })
        .collect()
}

/// A pattern for what contains `text`; its own signs of patterns stand for themselves.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(pattern("a_b%c!"), "%a!_b!%c!!%");
    }
}
