//! Where objectives are kept: `objectives`, and the rules over them in `api_alert_configs`.
//!
//! A rule of the type `burn_rate` has the filters and the tenant of its objective. They are written with it and with each
//! of the objective's changes, in one transaction, under the next revision of the rule, so that an evaluation that had
//! read the old ones is dropped.

use super::{Objective, ObjectiveSpec};
use crate::{
    control::{
        alerts::{self, AlertSpec, AlertType, Comparison, Severity},
        audit::by,
        sql,
    },
    engine::{audit, backend::Mode, backend::Tx, sql::BeginTx},
    query::Scope,
    store::StoreError,
};

/// Objectives that a tenant can have, and the operator as many.
const MAX_OBJECTIVES: u64 = 200;

/// What an objective's rules are by default: burn rate, window and cooldown in minutes, severity, and what they are
/// called.
const RULES: [(f64, u32, u32, Severity, &str); 2] = [
    (14.4, 60, 60, Severity::Critical, "burns fast"),
    (6.0, 360, 360, Severity::High, "burns"),
];

/// See `ObjectiveStore::objectives`.
pub(in crate::control) async fn objectives(
    store: &dyn BeginTx,
    scope: &Scope,
    after: i64,
    limit: u32,
) -> Result<Vec<Objective>, StoreError> {
    let mut tx = store.begin_read(scope).await?;
    let found = sql::objectives::list(&mut *tx, scope, after, i64::from(limit)).await?;
    tx.commit().await?;
    Ok(found)
}

/// See `ObjectiveStore::objective`.
pub(in crate::control) async fn objective(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
) -> Result<Option<Objective>, StoreError> {
    let found = objectives(store, scope, id.saturating_sub(1), 1).await?;
    Ok(found.into_iter().find(|objective| objective.id == id))
}

/// See `ObjectiveStore::create_objective`.
pub(in crate::control) async fn create(
    store: &dyn BeginTx,
    spec: &ObjectiveSpec,
    with_rules: bool,
    created_by: Option<&str>,
) -> Result<Objective, StoreError> {
    spec.validate()?;
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    if sql::objectives::count(&mut *tx, spec.tenant_id.as_deref()).await? >= MAX_OBJECTIVES {
        return Err(StoreError::Conflict(format!(
            "there are {MAX_OBJECTIVES} objectives already"
        )));
    }
    let id = sql::objectives::insert(&mut *tx, spec, created_by, now).await?;
    let made = sql::objectives::lock(&mut *tx, id)
        .await?
        .ok_or_else(|| StoreError::Corrupt("an objective vanished while it was made".into()))?;
    let actor = by(created_by);
    audit::note(&mut *tx, now, actor, "create objective", &subject(&made)).await?;
    if with_rules {
        for (burn_rate, window, cooldown, severity, name) in RULES {
            let mut rule = AlertSpec::burning(&made);
            rule.name = format!("{} {name}", shortened(&spec.name));
            rule.threshold = burn_rate;
            (rule.window_minutes, rule.cooldown_minutes) = (window, cooldown);
            rule.severity = severity;
            alerts::store::create_in(&mut *tx, &rule, created_by, now).await?;
        }
    }
    tx.commit().await?;
    Ok(made)
}

/// See `ObjectiveStore::update_objective`.
pub(in crate::control) async fn update(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
    revision: Option<i64>,
    spec: &ObjectiveSpec,
    actor: Option<&str>,
) -> Result<Option<Objective>, StoreError> {
    spec.validate()?;
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let Some(before) = seen(&mut *tx, id, scope).await? else {
        return Ok(None);
    };
    if revision.is_some_and(|revision| revision != before.revision) {
        return Err(StoreError::Conflict(format!(
            "objective {id} was changed by somebody else"
        )));
    }
    sql::objectives::update(&mut *tx, id, spec, now).await?;
    sql::objectives::lead_rules(&mut *tx, id, spec, now).await?;
    let after = sql::objectives::lock(&mut *tx, id).await?;
    if before.spec != *spec {
        audit::note(
            &mut *tx,
            now,
            by(actor),
            "change objective",
            &subject(&before),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(after)
}

/// See `ObjectiveStore::delete_objective`.
pub(in crate::control) async fn delete(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
    actor: Option<&str>,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let Some(objective) = seen(&mut *tx, id, scope).await? else {
        return Ok(false);
    };
    for rule in sql::objectives::list_rules(&mut *tx, id).await? {
        alerts::store::delete_in(&mut *tx, &rule, "its objective was removed", actor, now).await?;
    }
    sql::objectives::delete(&mut *tx, id).await?;
    audit::note(
        &mut *tx,
        now,
        by(actor),
        "remove objective",
        &subject(&objective),
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// The filters and the target of a rule's objective, as they are in this transaction; other rules stay as they are.
///
/// # Errors
/// `StoreError::Invalid` where there is no such objective.
pub(in crate::control) async fn follow(
    tx: &mut dyn Tx,
    spec: &AlertSpec,
) -> Result<AlertSpec, StoreError> {
    let mut spec = spec.clone();
    if let (AlertType::BurnRate, Some(id)) = (spec.alert_type, spec.objective_id) {
        match sql::objectives::lock(tx, id).await? {
            Some(objective) => spec.follow(&objective),
            None => return crate::store::invalid("objectiveId", "is no objective's number"),
        }
    }
    Ok(spec)
}

/// Locks an objective for this transaction, if `scope` may see it.
async fn seen(tx: &mut dyn Tx, id: i64, scope: &Scope) -> Result<Option<Objective>, StoreError> {
    Ok(sql::objectives::lock(tx, id)
        .await?
        .filter(|objective| match scope {
            Scope::All => true,
            Scope::Tenant(tenant) => objective.spec.tenant_id.as_ref() == Some(tenant),
            Scope::Keys(_) => false,
        }))
}

impl AlertSpec {
    /// A rule over the burn rate of an objective: 14.4 over an hour.
    pub(super) fn burning(objective: &Objective) -> Self {
        let (burn_rate, window, ..) = RULES[0];
        let mut spec = Self::new(
            objective.spec.name.clone(),
            AlertType::BurnRate,
            Comparison::Gte,
            burn_rate,
        );
        spec.window_minutes = window;
        spec.objective_id = Some(objective.id);
        spec.follow(objective);
        spec
    }
}

/// An objective as notes name it.
fn subject(objective: &Objective) -> String {
    format!("objective {} ({})", objective.id, objective.spec.name)
}

/// A name with room for what is said behind it.
fn shortened(name: &str) -> &str {
    let mut end = name.len().min(180);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}
