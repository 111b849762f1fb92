//! The store of API keys.
//!
//! All changes lock the key's row first, so that two at once are carried out one after the other and
//! neither is lost. Nothing is written where the settings stay the same, so that `updated_at` says when
//! they changed.
//!
//! # Plans
//!
//! Setting a plan writes an assignment from a day on, today in UTC unless another day is named, and
//! removes assignments from later days. A day in the future is refused. A day in the past changes what
//! those days cost, on purpose: that is how a wrong plan is corrected.

use super::{DirectoryError, KeyChange, KeyDirectory, KeyRecord, directory::plain, notes};
use crate::{
    control::{
        audit::{BY_DIRECTORY, by},
        sql::{self, keys::PlanFrom},
        text::check_plain,
    },
    engine::{
        audit,
        backend::{Mode, Tx},
        sql::BeginTx,
    },
    query::Scope,
    store::{StoreError, invalid},
    time::UnixSeconds,
};

/// Keys that a tenant can create one by one. Keys that the host records or puts are not limited.
const MAX_KEYS: u64 = 10_000;

/// See `ControlStore::keys`.
pub(in crate::control) async fn keys(
    store: &dyn BeginTx,
    scope: &Scope,
    after: i64,
    limit: u32,
) -> Result<Vec<KeyRecord>, StoreError> {
    let mut tx = store.begin_read(scope).await?;
    let keys = sql::keys::list_keys(&mut *tx, scope, after, i64::from(limit)).await?;
    tx.commit().await?;
    Ok(keys)
}

/// See `ControlStore::all_keys`.
pub(in crate::control) async fn all_keys(
    store: &dyn BeginTx,
    scope: &Scope,
) -> Result<Vec<KeyRecord>, StoreError> {
    const PAGE: u32 = 1_000;
    let mut all: Vec<KeyRecord> = Vec::new();
    loop {
        let after = all.last().map_or(0, |key| key.id);
        let page = keys(store, scope, after, PAGE).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

/// See `ControlStore::sync_keys`.
pub(in crate::control) async fn sync_keys(
    store: &dyn BeginTx,
    directory: &dyn KeyDirectory,
) -> Result<u64, DirectoryError> {
    let keys = directory.keys().await.map_err(DirectoryError::Directory)?;
    let keys: Vec<_> = keys.into_iter().map(plain).collect();
    for batch in keys.chunks(500) {
        put_keys(store, batch, BY_DIRECTORY).await?;
    }
    Ok(keys.len() as u64)
}

/// See `ControlStore::create_key`.
pub(in crate::control) async fn create_key(
    store: &dyn BeginTx,
    external_id: &str,
    change: &KeyChange,
    actor: Option<&str>,
) -> Result<KeyRecord, StoreError> {
    check_external_id(external_id)?;
    // Whoever makes a key by hand is told; what traffic brings has to be taken as it is.
    check_plain("externalId", external_id)?;
    change.validate()?;
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    if let Some(Some(tenant)) = &change.tenant_id
        && sql::keys::count_keys(&mut *tx, tenant).await? >= MAX_KEYS
    {
        return Err(StoreError::Conflict(format!(
            "tenant `{tenant}` has {MAX_KEYS} keys already"
        )));
    }
    let Some(id) = sql::keys::insert_key(&mut *tx, external_id, now).await? else {
        return Err(StoreError::Conflict(format!(
            "there is a key `{external_id}` already"
        )));
    };
    let actor = by(actor);
    let subject = format!("API key {id}");
    audit::note(&mut *tx, now, actor, "create API key", &subject).await?;
    let key = apply(&mut *tx, id, &Scope::All, change, now, actor).await?;
    tx.commit().await?;
    key.ok_or_else(|| StoreError::Corrupt("a key vanished while it was made".into()))
}

/// See `ControlStore::update_key`.
pub(in crate::control) async fn update_key(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
    change: &KeyChange,
    actor: Option<&str>,
) -> Result<Option<KeyRecord>, StoreError> {
    change.validate()?;
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let key = apply(&mut *tx, id, scope, change, now, by(actor)).await?;
    tx.commit().await?;
    Ok(key)
}

/// See `ControlStore::put_keys`.
pub(in crate::control) async fn put_keys(
    store: &dyn BeginTx,
    keys: &[(String, KeyChange)],
    actor: &str,
) -> Result<(), StoreError> {
    for (external_id, change) in keys {
        check_external_id(external_id)?;
        change.validate()?;
    }
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    // One order for all processes: two that sync at once would otherwise wait for each other.
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    for (external_id, change) in keys {
        let id = match sql::keys::find_key(&mut *tx, external_id).await? {
            Some(id) => id,
            None => match sql::keys::insert_key(&mut *tx, external_id, now).await? {
                Some(id) => {
                    let subject = format!("API key {id}");
                    audit::note(&mut *tx, now, actor, "create API key", &subject).await?;
                    id
                }
                // Made by another process in between.
                None => sql::keys::find_key(&mut *tx, external_id)
                    .await?
                    .unwrap_or_default(),
            },
        };
        apply(&mut *tx, id, &Scope::All, change, now, actor).await?;
    }
    tx.commit().await
}

/// Refuses a text that could not be a label: empty, above 256 bytes, or with a NUL, which Postgres
/// can't store.
///
/// # Errors
///
/// `StoreError::Invalid` for the field `externalId`.
fn check_external_id(text: &str) -> Result<(), StoreError> {
    if text.is_empty() || text.len() > 256 || text.contains('\0') {
        return invalid("externalId", "takes 1 to 256 bytes of text");
    }
    Ok(())
}

/// A plan can be taken if it is everybody's or the key's own tenant's.
///
/// # Errors
///
/// `StoreError::Invalid` for the field `pricePlanId`, and the database's errors as everywhere.
async fn check_plan(tx: &mut dyn Tx, plan: i64, key: &KeyRecord) -> Result<(), StoreError> {
    let tenant = key.spec.tenant_id.as_deref().unwrap_or_default();
    let known = sql::plans::list_plans(tx)
        .await?
        .into_iter()
        .any(|p| p.id == plan && (p.tenant_id.is_none() || p.tenant_id.as_deref() == Some(tenant)));
    if known {
        Ok(())
    } else {
        invalid("pricePlanId", "names no plan that this key can take")
    }
}

/// Locks a key, changes it in this transaction and answers its new state; `None` where `scope` may not
/// see it.
///
/// # Errors
///
/// `StoreError::Invalid` where the plan can't be taken or begins in the future,
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
async fn apply(
    tx: &mut dyn Tx,
    id: i64,
    scope: &Scope,
    change: &KeyChange,
    now: UnixSeconds,
    actor: &str,
) -> Result<Option<KeyRecord>, StoreError> {
    let Some(mut key) = sql::keys::lock_key(tx, id)
        .await?
        .filter(|key| key.is_in(scope))
    else {
        return Ok(None);
    };
    let before = key.spec.clone();
    change.apply(&mut key.spec);
    let mut plan_from = None;
    if let Some(plan) = change.price_plan_id {
        if let Some(plan) = plan {
            check_plan(tx, plan, &key).await?;
        }
        let today = crate::time::utc_date(now);
        let from = change.price_plan_from.unwrap_or(today);
        if from > today {
            return invalid("pricePlanFrom", "lies in the future");
        }
        if plan != before.price_plan_id || change.price_plan_from.is_some() {
            plan_from = Some(from);
            // A plan that was set by SQL has no history yet: it counts from the first day of the calendar.
            let first = PlanFrom {
                key: id,
                from: crate::time::DAWN,
                plan: before.price_plan_id,
            };
            if first.plan.is_some()
                && !sql::keys::list_key_plans(tx)
                    .await?
                    .iter()
                    .any(|p| p.key == id)
            {
                sql::keys::put_key_plan(tx, first).await?;
            }
            sql::keys::put_key_plan(
                tx,
                PlanFrom {
                    key: id,
                    from,
                    plan,
                },
            )
            .await?;
        }
    }
    notes::note_changes(tx, now, actor, id, &before, &key.spec, plan_from).await?;
    if key.spec == before {
        return Ok(Some(key));
    }
    key.updated_at = now;
    sql::keys::update_key(tx, &key).await?;
    Ok(Some(key))
}
