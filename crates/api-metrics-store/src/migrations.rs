//! What both databases' migrations have in common.
//!
//! Migrations only go forward, and only add, so that an older process keeps working beside a newer one
//! during a deployment. There is no way back: an older release that *starts* on a newer schema returns
//! `StoreError::TooNew`, while one that is running goes on. What an older process may no longer do is
//! said in `meta.leader_min` and `meta.writer_min`.

use crate::{options::StoreOptions, sketch::SketchKind, store::StoreError};

/// One step of a schema.
#[derive(Debug)]
pub(crate) struct Migration {
    /// Counts up from 1 without gaps.
    pub version: i64,
    /// A short name, kept in `schema_migrations` for whoever looks there.
    pub name: &'static str,
    /// The statements, separated by semicolons. They run in one transaction with all other missing
    /// migrations.
    pub sql: &'static str,
}

/// Refuses a database that a newer release has migrated: one that holds a version above the newest in
/// `known`.
///
/// # Errors
/// `StoreError::TooNew`, with the version found and the newest one known.
pub(crate) fn check(applied: &[i64], known: &[Migration]) -> Result<(), StoreError> {
    let newest = known.iter().map(|m| m.version).max().unwrap_or_default();
    match applied.iter().max() {
        Some(&found) if found > newest => Err(StoreError::TooNew {
            found,
            known: newest,
        }),
        _ => Ok(()),
    }
}

/// Refuses a database that keeps another kind of sketch than the one configured: sketches of two kinds
/// can't be added.
///
/// # Errors
/// `StoreError::SketchKind`, with both kinds.
pub(crate) fn same_sketch(found: SketchKind, options: &StoreOptions) -> Result<(), StoreError> {
    if found == options.sketch_kind {
        return Ok(());
    }
    Err(StoreError::SketchKind {
        found,
        configured: options.sketch_kind,
    })
}
