//! Statements without a name on the server.
//!
//! A pooler in transaction mode hands a server's connection from client to client between two
//! transactions, and older ones know nothing of prepared statements: a statement that one client has
//! prepared under a name would be missing, or be somebody else's, in the next transaction. The cache of
//! statements can't be switched off instead, because the pool may be the host's, and because sqlx names
//! its statements without a cache too. So every query of this module's siblings begins here, which a
//! test keeps true. What `sqlx::raw_sql` sends has no name anyway.

use sqlx::{
    FromRow, Postgres, SqlSafeStr,
    postgres::{PgArguments, PgRow},
    query::{Query, QueryAs, QueryScalar},
};

/// `sqlx::query` without a name.
pub(super) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql).persistent(false)
}

/// `sqlx::query_with` without a name.
pub(super) fn query_with<'q, A: sqlx::IntoArguments<Postgres>>(
    sql: impl SqlSafeStr,
    arguments: A,
) -> Query<'q, Postgres, A> {
    sqlx::query_with(sql, arguments).persistent(false)
}

/// `sqlx::query_as` without a name.
pub(super) fn query_as<'q, O: for<'r> FromRow<'r, PgRow>>(
    sql: impl SqlSafeStr,
) -> QueryAs<'q, Postgres, O, PgArguments> {
    sqlx::query_as(sql).persistent(false)
}

/// `sqlx::query_scalar` without a name.
pub(super) fn query_scalar<'q, O>(sql: impl SqlSafeStr) -> QueryScalar<'q, Postgres, O, PgArguments>
where
    (O,): for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    /// Every file below the folder, with its text.
    fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push((
                    path.display().to_string(),
                    std::fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }

    #[test]
    fn no_statement_for_postgres_has_a_name_on_the_server() {
        let mut found = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/postgres"),
            &mut found,
        );
        assert!(found.len() > 10, "the folder has moved");
        for (path, text) in found {
            if path.ends_with("unnamed.rs") {
                continue;
            }
            for named in ["sqlx::query", "QueryBuilder"] {
                assert!(
                    !text.contains(named),
                    "{path} has {named}: begin it in unnamed.rs"
                );
            }
        }
    }
}
