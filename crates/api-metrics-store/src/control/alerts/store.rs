//! Where rules are kept.
//!
//! | table | holds |
//! |---|---|
//! | `api_alert_configs` | the rules, with their revision and when they last fired |
//! | `alert_states` | a row a rule: phase, since when, evaluated up to, open event, value |
//! | `api_alert_events` | a row a breach |
//! | `alert_handling` | who acknowledged a breach, and until when its rule's notices are silent |
//! | `alert_silences` | silences that were planned, see `window` |
//!
//! Two kinds of writers meet here. An operator edits a rule under its `revision`; the leader writes
//! evaluations under the revision and the `evaluated_to` that it has read. Both lock the rule's row
//! first. An evaluation whose rule has changed meanwhile is dropped whole, with its events and notices,
//! so that no notice speaks of settings that are gone.
//!
//! An edit keeps the state. Switching a rule off, or removing it, ends an open event with a notice that
//! says why. Switching it on starts at the current minute, so that the time in between is not
//! evaluated.

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    AlertCauses, AlertEvent, AlertRule, AlertSpec, AlertState, EventQuery, Phase, Silence,
    Silences,
    event::{KEEP_NOTICES_SECONDS, LONGEST_SILENCE, fired_notice_id, resolved_notice},
    notes,
};
use crate::{
    control::{
        audit::by,
        health::HealthStore,
        notify::{Notice, NoticeKind},
        objectives,
        releases::RegressionStore,
        sql,
    },
    engine::{
        audit,
        backend::{Mode, Tx},
        fold::lead,
        sql::{BeginTx, SqlTx},
    },
    query::{Scope, TimeRange},
    store::{StoreError, invalid},
    time::UnixSeconds,
};

/// Rules that a tenant can have, and the operator as many: each is evaluated every minute.
const MAX_RULES: u64 = 500;

/// Rules that are due.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DueAlerts {
    /// The end of the last whole minute that can be evaluated.
    pub end: UnixSeconds,
    /// The rules that were not evaluated up to there.
    pub rules: Vec<AlertRule>,
    /// Spans of the last day in which an outage made a process coarsen its buffer: windows that cut
    /// one can't be evaluated.
    pub coarse: Vec<(UnixSeconds, UnixSeconds)>,
}

/// The outcome of evaluating a rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvaluatedAlert {
    /// The rule as it was read.
    pub rule: AlertRule,
    /// Where it stands now.
    pub state: AlertState,
    /// When it last fired.
    pub last_fired_at: Option<UnixSeconds>,
    /// Events that fired, in their order.
    pub fired: Vec<AlertEvent>,
    /// Events that were resolved: id, time, message.
    pub resolved: Vec<(Uuid, UnixSeconds, String)>,
    /// The notices to deliver.
    pub notices: Vec<Notice>,
}

/// Reads and writes rules and their history, and what rules over our own health and over releases look at.
#[async_trait]
pub(crate) trait AlertStore: HealthStore + RegressionStore {
    /// Spans that touch `range` in which an outage made a process coarsen its buffer: windows that cut
    /// one can't be evaluated.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn coarse_spans(
        &self,
        range: TimeRange,
    ) -> Result<Vec<(UnixSeconds, UnixSeconds)>, StoreError>;

    /// The rules to evaluate, minutes counting as whole `delay_seconds` after their end. `None`:
    /// another process leads.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn due_alerts(&self, delay_seconds: u32) -> Result<Option<DueAlerts>, StoreError>;

    /// Writes the outcomes, with events and notices, in one transaction. A rule that was edited or
    /// evaluated by another process in between is left as it is; answers the numbers of those that were
    /// written.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit; nothing was written then.
    async fn put_evaluated(&self, evaluated: &[EvaluatedAlert]) -> Result<Vec<i64>, StoreError>;
}

#[async_trait]
impl<T: BeginTx> AlertStore for T {
    async fn coarse_spans(
        &self,
        range: TimeRange,
    ) -> Result<Vec<(UnixSeconds, UnixSeconds)>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let spans = tx.coarse(range.from, range.to).await?;
        tx.commit().await?;
        Ok(spans)
    }

    async fn due_alerts(&self, delay_seconds: u32) -> Result<Option<DueAlerts>, StoreError> {
        let mut tx = self.begin(Mode::Lead).await?;
        let Some(meta) = lead(&mut *tx).await? else {
            return Ok(None);
        };
        let settled = meta.now() - i64::from(delay_seconds);
        let end = settled - settled.rem_euclid(60);
        let rules = sql::alerts::list_due_rules(&mut *tx, end).await?;
        let coarse = if rules.is_empty() {
            Vec::new()
        } else {
            tx.coarse(end - 2 * 86_400, end).await?
        };
        tx.commit().await?;
        Ok(Some(DueAlerts { end, rules, coarse }))
    }

    async fn put_evaluated(&self, evaluated: &[EvaluatedAlert]) -> Result<Vec<i64>, StoreError> {
        let mut tx = self.begin(Mode::Lead).await?;
        let Some(meta) = lead(&mut *tx).await? else {
            return Ok(Vec::new());
        };
        let mut written = Vec::with_capacity(evaluated.len());
        let silences = Silences::read(&mut *tx, meta.now()).await?;
        for evaluated in evaluated {
            let stored = sql::alerts::lock_rule(&mut *tx, evaluated.rule.id).await?;
            let same = stored.is_some_and(|stored| {
                stored.revision == evaluated.rule.revision
                    && stored.state.evaluated_to == evaluated.rule.state.evaluated_to
            });
            if !same {
                continue;
            }
            // Before the event ends: a silence may last until then.
            let mut handled = !evaluated.notices.is_empty()
                && sql::alerts::is_silenced(&mut *tx, evaluated.rule.id, meta.now()).await?;
            for event in &evaluated.fired {
                sql::alerts::insert_event(&mut *tx, event).await?;
            }
            for (id, at, message) in &evaluated.resolved {
                sql::alerts::resolve_event(&mut *tx, *id, *at, message).await?;
            }
            for notice in &evaluated.notices {
                let silent = if notice.kind == NoticeKind::AlertResolved {
                    // Whoever was told of the beginning is told of the end, and nobody else.
                    handled || !is_told(&mut *tx, notice).await?
                } else {
                    handled
                        || silences
                            .cover(&mut *tx, &evaluated.rule, notice.at, meta.now())
                            .await?
                };
                let keep_until = notice.at + KEEP_NOTICES_SECONDS;
                sql::notices::insert_notice(&mut *tx, notice, keep_until, !silent).await?;
                // What fires after the end of the event that a silence lasted for is delivered again.
                if handled && notice.kind == NoticeKind::AlertResolved {
                    handled =
                        sql::alerts::is_silenced(&mut *tx, evaluated.rule.id, meta.now()).await?;
                }
            }
            tell_if_not_silent(&mut *tx, &silences, evaluated, meta.now()).await?;
            sql::alerts::put_state(
                &mut *tx,
                evaluated.rule.id,
                &evaluated.state,
                evaluated.last_fired_at,
            )
            .await?;
            written.push(evaluated.rule.id);
        }
        tx.commit().await?;
        Ok(written)
    }
}

/// See `ControlStore::alerts`.
pub(in crate::control) async fn alerts(
    store: &dyn BeginTx,
    scope: &Scope,
    after: i64,
    limit: u32,
) -> Result<Vec<AlertRule>, StoreError> {
    let mut tx = store.begin_read(scope).await?;
    let rules = sql::alerts::list_rules(&mut *tx, scope, after, i64::from(limit)).await?;
    tx.commit().await?;
    Ok(rules)
}

/// See `ControlStore::alert`.
pub(in crate::control) async fn alert(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
) -> Result<Option<AlertRule>, StoreError> {
    let rules = alerts(store, scope, id.saturating_sub(1), 1).await?;
    Ok(rules.into_iter().find(|rule| rule.id == id))
}

/// See `ControlStore::create_alert`.
pub(in crate::control) async fn create_alert(
    store: &dyn BeginTx,
    spec: &AlertSpec,
    created_by: Option<&str>,
) -> Result<AlertRule, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let spec = objectives::store::follow(&mut *tx, spec).await?;
    let rule = create_in(&mut *tx, &spec, created_by, now).await?;
    tx.commit().await?;
    Ok(rule)
}

/// Adds a rule in the caller's transaction.
pub(in crate::control) async fn create_in(
    tx: &mut dyn Tx,
    spec: &AlertSpec,
    created_by: Option<&str>,
    now: UnixSeconds,
) -> Result<AlertRule, StoreError> {
    spec.validate()?;
    check_room(tx, spec).await?;
    let id = sql::alerts::insert_rule(tx, spec, created_by, now).await?;
    let state = AlertState::new(now - now.rem_euclid(60));
    sql::alerts::put_state(tx, id, &state, None).await?;
    let (actor, subject) = (by(created_by), notes::rule(id, spec));
    audit::note(tx, now, actor, "create alert rule", &subject).await?;
    let rule = sql::alerts::lock_rule(tx, id).await?;
    rule.ok_or_else(|| StoreError::Corrupt("a rule vanished while it was made".into()))
}

/// See `ControlStore::update_alert`.
pub(in crate::control) async fn update_alert(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
    revision: Option<i64>,
    spec: &AlertSpec,
    actor: Option<&str>,
) -> Result<Option<AlertRule>, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let spec = &objectives::store::follow(&mut *tx, spec).await?;
    spec.validate()?;
    let Some(before) = seen(&mut *tx, id, scope).await? else {
        return Ok(None);
    };
    if revision.is_some_and(|revision| revision != before.revision) {
        return Err(StoreError::Conflict(format!(
            "alert {id} was changed by somebody else"
        )));
    }
    if spec.tenant_id != before.spec.tenant_id {
        check_room(&mut *tx, spec).await?;
    }
    sql::alerts::update_rule(&mut *tx, id, spec, now).await?;
    notes::note_changes(&mut *tx, now, by(actor), id, &before.spec, spec).await?;
    if before.spec.enabled && !spec.enabled {
        close(&mut *tx, &before, now, "the rule was switched off").await?;
    } else if !before.spec.enabled && spec.enabled {
        // What happened while it was off is not evaluated.
        let state = AlertState::new(now - now.rem_euclid(60));
        sql::alerts::put_state(&mut *tx, id, &state, before.last_fired_at).await?;
    }
    let rule = sql::alerts::lock_rule(&mut *tx, id).await?;
    tx.commit().await?;
    Ok(rule)
}

/// See `ControlStore::delete_alert`.
pub(in crate::control) async fn delete_alert(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
    actor: Option<&str>,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let Some(rule) = seen(&mut *tx, id, scope).await? else {
        return Ok(false);
    };
    delete_in(&mut *tx, &rule, "the rule was removed", actor, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Removes a rule in the caller's transaction. One that fires is resolved first, with a notice that says why.
pub(in crate::control) async fn delete_in(
    tx: &mut dyn Tx,
    rule: &AlertRule,
    why: &str,
    actor: Option<&str>,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    close(tx, rule, now, why).await?;
    sql::alerts::delete_rule(tx, rule.id).await?;
    let (actor, subject) = (by(actor), notes::rule(rule.id, &rule.spec));
    audit::note(tx, now, actor, "remove alert rule", &subject).await
}

/// See `ControlStore::alert_events`.
pub(in crate::control) async fn alert_events(
    store: &dyn BeginTx,
    scope: &Scope,
    query: &EventQuery,
) -> Result<Vec<AlertEvent>, StoreError> {
    let mut tx = store.begin_read(scope).await?;
    let now = sql::now(&mut *tx).await?;
    let events = sql::alerts::list_events(&mut *tx, scope, query, now).await?;
    tx.commit().await?;
    Ok(events)
}

/// See `ControlStore::forget_alert_messages`.
pub(in crate::control) async fn forget_messages(store: &dyn BeginTx) -> Result<u64, StoreError> {
    let mut after = Uuid::nil();
    let mut forgotten = 0;
    loop {
        let mut tx = store.begin(Mode::Write).await?;
        let page = sql::alerts::list_causes(&mut *tx, after).await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = *last;
        for (event, causes) in page {
            // What can't be read may hold messages, too.
            let unknown = causes.is_none();
            let mut causes = causes.unwrap_or_default();
            if causes.forget_messages() || unknown {
                sql::alerts::update_causes(&mut *tx, event, &causes).await?;
                forgotten += 1;
            }
        }
        tx.commit().await?;
    }
    // What is on its way, or could be sent once more, repeats them.
    let mut after = Uuid::nil();
    loop {
        let mut tx = store.begin(Mode::Write).await?;
        let page = sql::notices::list_with_causes(&mut *tx, after).await?;
        let Some((last, _)) = page.last() else {
            return Ok(forgotten);
        };
        after = *last;
        for mut notice in page.into_iter().filter_map(|(_, notice)| notice) {
            if notice
                .causes
                .as_mut()
                .is_some_and(AlertCauses::forget_messages)
            {
                sql::notices::update_notice(&mut *tx, &notice).await?;
            }
        }
        tx.commit().await?;
    }
}

/// One event that `scope` may see.
async fn event_of(
    tx: &mut dyn Tx,
    scope: &Scope,
    id: Uuid,
    now: UnixSeconds,
) -> Result<Option<AlertEvent>, StoreError> {
    let mut query = EventQuery::default();
    (query.id, query.limit) = (Some(id), 1);
    let mut events = sql::alerts::list_events(tx, scope, &query, now).await?;
    Ok(events.pop())
}

/// See `ControlStore::acknowledge_event`.
pub(in crate::control) async fn acknowledge_event(
    store: &dyn BeginTx,
    id: Uuid,
    scope: &Scope,
    actor: Option<&str>,
) -> Result<Option<AlertEvent>, StoreError> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let Some(event) = event_of(&mut *tx, scope, id, now).await? else {
        return Ok(None);
    };
    let actor = by(actor);
    // The first one stays: who took it is what the others ask. Only the write knows who that is.
    if sql::alerts::acknowledge(&mut *tx, id, now, actor).await? {
        let subject = notes::event(&event);
        audit::note(&mut *tx, now, actor, "acknowledge alert", &subject).await?;
    }
    let event = event_of(&mut *tx, scope, id, now).await?;
    tx.commit().await?;
    Ok(event)
}

/// See `ControlStore::silence_event`.
pub(in crate::control) async fn silence_event(
    store: &dyn BeginTx,
    id: Uuid,
    scope: &Scope,
    silence: Silence,
    actor: Option<&str>,
) -> Result<Option<AlertEvent>, StoreError> {
    if matches!(silence, Silence::For(seconds) if seconds == 0 || seconds > LONGEST_SILENCE) {
        return invalid("seconds", "takes 1 second to 30 days");
    }
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let Some(event) = event_of(&mut *tx, scope, id, now).await? else {
        return Ok(None);
    };
    // It is the rule that is silent, whichever of its events somebody looks at: a new silence takes the place of the
    // one before. The rule's lock keeps an evaluation from deciding in between.
    let mut rule_now = None;
    let mut ended = false;
    if let Some(rule) = event.rule_id {
        rule_now = sql::alerts::lock_rule(&mut *tx, rule).await?;
        ended = sql::alerts::end_silence(&mut *tx, rule, now).await?;
    }
    let firing = rule_now.as_ref().and_then(|rule| rule.state.event_id);
    let actor = by(actor);
    let (until, action) = match silence {
        Silence::For(seconds) => (Some(now + i64::from(seconds)), "silence alert"),
        Silence::UntilResolved if firing != Some(id) => {
            return Err(StoreError::Conflict(format!("event {id} is resolved")));
        }
        Silence::UntilResolved => (None, "silence alert"),
        Silence::Off => (None, "end silence of alert"),
    };
    if silence != Silence::Off {
        sql::alerts::silence(&mut *tx, id, now, until, actor).await?;
    } else if let Some((rule, firing)) = rule_now.zip(firing).filter(|_| ended) {
        let silences = Silences::read(&mut *tx, now).await?;
        if !silences.cover(&mut *tx, &rule, now, now).await? {
            sql::notices::release_notice(&mut *tx, fired_notice_id(firing)).await?;
        }
    }
    audit::note(&mut *tx, now, actor, action, &notes::event(&event)).await?;
    let event = event_of(&mut *tx, scope, id, now).await?;
    tx.commit().await?;
    Ok(event)
}

/// Lets the notice of an event be delivered that was kept back, once nothing keeps it back any more and it still fires.
/// It does nothing the next times.
async fn tell_if_not_silent(
    tx: &mut dyn Tx,
    silences: &Silences,
    evaluated: &EvaluatedAlert,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    let (rule, state) = (&evaluated.rule, &evaluated.state);
    let new = |id| evaluated.fired.iter().any(|event| event.id == id);
    let firing = state.event_id.filter(|_| state.phase == Phase::Firing);
    let Some(id) = firing.filter(|id| !new(*id)) else {
        return Ok(());
    };
    if !silences.cover(tx, rule, now, now).await? {
        sql::notices::release_notice(tx, fired_notice_id(id)).await?;
    }
    Ok(())
}

/// Whether the beginning of an event whose end this notice is was not kept back. One that is not known any more was told.
async fn is_told(tx: &mut dyn SqlTx, end: &Notice) -> Result<bool, StoreError> {
    match end.event_id {
        Some(event) => sql::notices::is_told(tx, fired_notice_id(event)).await,
        None => Ok(true),
    }
}

/// Two that add at once may both find room for one: the bound guards the database, not a price.
///
/// # Errors
///
/// `StoreError::Conflict` where the tenant has 500 rules, and the database's errors as everywhere.
async fn check_room(tx: &mut dyn Tx, spec: &AlertSpec) -> Result<(), StoreError> {
    if sql::alerts::count_rules(tx, spec.tenant_id.as_deref()).await? < MAX_RULES {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "there are {MAX_RULES} rules already, which is as many as can be evaluated"
    )))
}

/// Keeps the rule for this transaction, if `scope` may see it.
///
/// Locks the row until the transaction ends. `None` where there is no such rule, or it is another
/// tenant's.
pub(super) async fn seen(
    tx: &mut dyn Tx,
    id: i64,
    scope: &Scope,
) -> Result<Option<AlertRule>, StoreError> {
    Ok(sql::alerts::lock_rule(tx, id)
        .await?
        .filter(|rule| match scope {
            Scope::All => true,
            Scope::Tenant(tenant) => rule.spec.tenant_id.as_ref() == Some(tenant),
            Scope::Keys(_) => false,
        }))
}

/// Ends the event of a rule that will no longer be evaluated.
///
/// Writes the end of the event, its notice and a fresh state in the caller's transaction. A rule that
/// does not fire only gets the fresh state.
async fn close(
    tx: &mut dyn Tx,
    rule: &AlertRule,
    now: UnixSeconds,
    why: &str,
) -> Result<(), StoreError> {
    if let (Phase::Firing, Some(id)) = (rule.state.phase, rule.state.event_id) {
        let message = format!("{}: {why}", rule.spec.name);
        let silenced = sql::alerts::is_silenced(tx, rule.id, now).await?;
        sql::alerts::resolve_event(tx, id, now, &message).await?;
        let notice = resolved_notice(rule, id, now, None, message);
        let told = !silenced && is_told(tx, &notice).await?;
        sql::notices::insert_notice(tx, &notice, now + KEEP_NOTICES_SECONDS, told).await?;
    }
    let state = AlertState::new(now - now.rem_euclid(60));
    sql::alerts::put_state(tx, rule.id, &state, rule.last_fired_at).await
}
