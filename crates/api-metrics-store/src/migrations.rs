//! What both databases' migrations have in common. They only add, so that an older process keeps
//! working beside a newer one.

use crate::{options::StoreOptions, sketch::SketchKind, store::StoreError};

/// One step of a schema.
#[derive(Debug)]
pub(crate) struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

/// Refuses a database that a newer release has migrated.
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

/// Refuses a database that keeps another kind of sketch than the one configured.
pub(crate) fn same_sketch(found: SketchKind, options: &StoreOptions) -> Result<(), StoreError> {
    if found == options.sketch_kind {
        return Ok(());
    }
    Err(StoreError::SketchKind {
        found,
        configured: options.sketch_kind,
    })
}
