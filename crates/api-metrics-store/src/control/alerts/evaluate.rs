//! Evaluates all rules, once a minute.
//!
//! # A round
//!
//! 1. `AlertStore::due_alerts` takes the lead and answers the enabled
//!    rules that were not evaluated up to `end`, the last minute that ended at least `evaluation_delay`
//!    ago. Another process that leads ends the round here.
//! 2. Each rule gets its place in the queue: fast ones first, slow ones by turns. See `fair_scheduler`.
//! 3. Every window that ended since the rule's last evaluation is measured and fed to the state
//!    machine, at most 120 of them. Older windows are skipped: the rule is history there.
//! 4. After 50 rules, and at the end, states, events and notices are written in one transaction. A rule
//!    that was edited meanwhile, or evaluated by another leader, is left alone; the next round
//!    evaluates it.
//!
//! A rule costs one query for one minute, and also one for several: after an outage the rows are read
//! by minutes once, and each window takes its slice.
//!
//! # Windows that can't be evaluated
//!
//! Where an outage made a process coarsen its buffer, records of a few minutes stand at the start of an
//! hour. A window that cuts such a span would miss some of them or see too many. It is passed over: the
//! state stays, and `evaluated_to` moves on.
//!
//! # Errors and slow rules
//!
//! A statement past its limit is the rule's own fault: it is logged, counted as `timed_out`, and the
//! rule waits for its turn. A database that can't be reached ends the round. Any other error concerns
//! one rule: it is logged, the others go on, and the first one is returned.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

use super::{
    AlertCauses, AlertEvent, AlertRule, AlertSpec, AlertType, EvaluatedAlert, Evaluation, Target,
    Transition,
    baseline::{Baseline, BaselineHistory},
    causes::{self, CauseConsumer, LogInRound},
    event::{EventHandling, fired_notice, resolved_notice},
    fair_scheduler::FairScheduler,
    limited_keys::{LimitedKeys, RuleSettings},
    machine::{CLOCK_WAS_AHEAD, step},
    measure::{Beside, Context, Measured, WindowSum, measure},
    message, own_health, query,
    releases::ReleaseWindows,
};
use crate::{
    calendar::Tz,
    control::{ControlStore, keys::KeyRecord, notify::NoticeKey},
    query::{Query, Row, Scope, TimeRange, TimeStep},
    request_log::RequestLogStore,
    store::{StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// How far back to catch up after an outage, in minutes. Older windows are skipped.
const CATCH_UP_MINUTES: i64 = 120;

/// Evaluations that one transaction writes.
const AT_ONCE: usize = 50;

/// Baselines by rule and revision, each with the hour that it is of.
///
/// Bounded by the rules that are live: entries that are two hours old are removed.
type Remembered = HashMap<(i64, i64), (UnixSeconds, Option<Baseline>)>;

/// Evaluates alert rules. Every process has one; the leader's does the work. Keep it for the life of the
/// process: it caches the baselines of the current hour.
#[derive(Debug, Default)]
pub(in crate::control) struct Evaluator {
    baselines: Mutex<Remembered>,
    scheduler: FairScheduler,
}

/// What one evaluation did: of all rules, and, by a
/// [`ControlWorker`](crate::control::ControlWorker), of limits and quotas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evaluated {
    /// Whether this process led.
    pub led: bool,
    /// Rules whose evaluation was written.
    pub rules: u64,
    /// Events that fired.
    pub fired: u64,
    /// Events that were resolved.
    pub resolved: u64,
    /// Rules whose statement ran into the statement limit. They are evaluated again with the next
    /// minute, after all others.
    pub timed_out: u64,
    /// Rows of utilization that were written.
    pub utilization: u64,
    /// Notices about limits and quotas that are new.
    pub notices: u64,
}

impl Evaluator {
    /// Evaluates all rules for the minutes that ended `delay` ago and are not evaluated yet; of `delay`
    /// whole seconds count. Costs one short transaction where there are none, so call it every few
    /// seconds. With this process's writer as `own`, requests that it has not flushed yet count too. With
    /// a log of `requests`, events name their largest groups of errors.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit. What was evaluated before that is written; the next call evaluates the
    /// rest.
    pub(in crate::control) async fn evaluate(
        &self,
        store: &dyn ControlStore,
        delay: Duration,
        settings: RuleSettings,
        own: Option<&Writer>,
        requests: Option<&dyn RequestLogStore>,
    ) -> Result<Evaluated, StoreError> {
        let delay = u32::try_from(delay.as_secs()).unwrap_or(u32::MAX);
        let Some(due) = store.due_alerts(delay).await? else {
            return Ok(Evaluated::default());
        };
        let mut done = Evaluated {
            led: true,
            ..Evaluated::default()
        };
        let mut round = Round {
            evaluator: self,
            store,
            own,
            settings,
            coarse: &due.coarse,
            keys: None,
            releases: None,
            log: LogInRound::new(requests),
        };
        let mut queue = self.scheduler.queue(due.rules, due.end);
        let mut evaluated = Vec::new();
        let mut failed = None;
        while let Some((rule, slot)) = queue.next() {
            let (id, outcome) = (rule.id, round.evaluate(rule, due.end).await);
            let timed_out = outcome.as_ref().is_err_and(StoreError::is_query_canceled);
            queue.end(&slot, timed_out || (outcome.is_ok() && slot.took_long()));
            match outcome {
                Ok(rule) => evaluated.push(rule),
                // Its own fault, and no reason to evaluate the others less often.
                Err(error) if timed_out => {
                    warn!(rule = id, "an alert took too long to be evaluated: {error}");
                    done.timed_out += 1;
                }
                Err(error) if error.may_pass() || error.misconfiguration().is_some() => {
                    failed = Some(error);
                    break;
                }
                // One rule that can't be evaluated does not stop the others.
                Err(error) => {
                    warn!(rule = id, "an alert could not be evaluated: {error}");
                    failed.get_or_insert(error);
                }
            }
            // Should the round be cut short, what was evaluated so far is delivered.
            if evaluated.len() >= AT_ONCE {
                write(store, &mut evaluated, &mut done).await?;
            }
        }
        write(store, &mut evaluated, &mut done).await?;
        failed.map_or(Ok(done), Err)
    }

    /// This rule's baseline for the hour of `at`; read once an hour.
    ///
    /// Processes may read it at the same time; the last one wins, with the same value.
    ///
    /// # Errors
    ///
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn baseline(
        &self,
        store: &dyn ControlStore,
        rule: &AlertRule,
        at: UnixSeconds,
        zone: Tz,
    ) -> Result<Option<Baseline>, StoreError> {
        let hour = Granularity::Hour.floor(at);
        let of = (rule.id, rule.revision);
        let known = self.remembered().get(&of).copied();
        if let Some((_, baseline)) = known.filter(|(known, _)| *known == hour) {
            return Ok(baseline);
        }
        let baseline = BaselineHistory::read(store, &rule.spec, hour, hour + 1, zone)
            .await?
            .at(hour);
        let mut remembered = self.remembered();
        // Edited and removed rules leave theirs behind.
        remembered.retain(|_, (known, _)| *known + 2 * 3_600 > hour);
        remembered.insert(of, (hour, baseline));
        Ok(baseline)
    }

    /// The cached baselines. A poisoned lock is taken over: every entry is whole.
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.baselines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what was evaluated so far, and counts it.
///
/// A rule counts in `done` only where its evaluation was written, so that an event is never counted
/// twice.
async fn write(
    store: &dyn ControlStore,
    evaluated: &mut Vec<EvaluatedAlert>,
    done: &mut Evaluated,
) -> Result<(), StoreError> {
    if evaluated.is_empty() {
        return Ok(());
    }
    let written = store.put_evaluated(evaluated).await?;
    done.rules += written.len() as u64;
    for evaluated in evaluated.drain(..).filter(|j| written.contains(&j.rule.id)) {
        done.fired += evaluated.fired.len() as u64;
        done.resolved += evaluated.resolved.len() as u64;
    }
    Ok(())
}

/// One evaluation of all rules.
struct Round<'a> {
    evaluator: &'a Evaluator,
    store: &'a dyn ControlStore,
    own: Option<&'a Writer>,
    settings: RuleSettings,
    coarse: &'a [(UnixSeconds, UnixSeconds)],
    /// Read when the first rule needs them.
    keys: Option<LimitedKeys>,
    /// Of the rule at hand, if it looks at releases.
    releases: Option<ReleaseWindows>,
    /// Tells the errors behind a rule that fires.
    log: LogInRound<'a>,
}

impl Round<'_> {
    /// Measures one rule up to `end` and returns what is to be written. A state that lies more than an
    /// hour ahead was written by a wrong clock: evaluation starts again at `end`.
    async fn evaluate(
        &mut self,
        rule: AlertRule,
        end: UnixSeconds,
    ) -> Result<EvaluatedAlert, StoreError> {
        let done_to = rule.state.evaluated_to;
        let first = if done_to > end + CLOCK_WAS_AHEAD {
            end
        } else {
            (done_to + 60).max(end - (CATCH_UP_MINUTES - 1) * 60)
        };
        let ends = TimeRange::new(first, end);
        self.releases = ReleaseWindows::read(self.store, &rule.spec, ends).await?;
        // One query serves one minute, and also many, by minutes.
        let sums = self.releases.is_none() && !rule.spec.alert_type.is_health();
        let rows = if first < end && sums {
            let window = i64::from(rule.spec.window_minutes) * 60;
            let range = TimeRange::new(first - 2 * window, end);
            Some(self.rows(&rule.spec, range, true).await?)
        } else {
            None
        };
        let target = query::target(&rule.spec);
        let mut evaluated = EvaluatedAlert {
            state: rule.state,
            last_fired_at: rule.last_fired_at,
            fired: Vec::new(),
            resolved: Vec::new(),
            notices: Vec::new(),
            rule,
        };
        let mut at = first;
        while at <= end {
            if cuts(self.coarse, &evaluated.rule.spec, at) {
                evaluated.state.evaluated_to = at;
            } else {
                let measured = self
                    .measured(&evaluated.rule, target.as_ref(), rows.as_deref(), at)
                    .await?;
                self.step(
                    &mut evaluated,
                    target.as_ref(),
                    rows.as_deref(),
                    at,
                    &measured,
                )
                .await?;
            }
            at += 60;
        }
        Ok(evaluated)
    }

    /// Feeds one window to the state machine, and makes event and notice of what it changed.
    async fn step(
        &mut self,
        evaluated: &mut EvaluatedAlert,
        target: Option<&Target>,
        rows: Option<&[Row]>,
        end: UnixSeconds,
        measured: &Measured,
    ) -> Result<(), StoreError> {
        let evaluation = Evaluation {
            end,
            value: measured.value,
        };
        let fired_at = evaluated.last_fired_at;
        let (state, transition) = step(
            evaluated.rule.id,
            &evaluated.rule.spec,
            &evaluated.state,
            &mut evaluated.last_fired_at,
            &evaluation,
        );
        evaluated.state = state;
        match transition {
            None => {}
            Some(Transition::Fired { event }) => {
                let before = self.before(&evaluated.rule, target, rows, end).await?;
                let key = self.key(&evaluated.rule.spec, measured).await?;
                let mut event =
                    event_of(&evaluated.rule, event, end, measured, before, key.as_ref());
                event.causes = self.causes(&evaluated.rule, end).await;
                let mut notice = fired_notice(&evaluated.rule, &event);
                notice.api_key = key.as_ref().map(notice_key);
                evaluated.notices.push(notice);
                evaluated.fired.push(event);
            }
            Some(Transition::Resolved { event }) => {
                let key = self.key(&evaluated.rule.spec, measured).await?;
                let lasted = end - fired_at.unwrap_or(end);
                let label = key.as_ref().map(KeyRecord::label);
                let message = message::resolved(&evaluated.rule.spec, measured, lasted, label);
                let mut notice =
                    resolved_notice(&evaluated.rule, event, end, measured.value, message.clone());
                notice.api_key = key.as_ref().map(notice_key);
                evaluated.notices.push(notice);
                evaluated.resolved.push((event, end, message));
            }
        }
        Ok(())
    }

    /// The value of the window that ends at `end`, from `rows` where they were read already, else by a
    /// query.
    async fn measured(
        &mut self,
        rule: &AlertRule,
        target: Option<&Target>,
        rows: Option<&[Row]>,
        end: UnixSeconds,
    ) -> Result<Measured, StoreError> {
        let spec = &rule.spec;
        if spec.alert_type.is_health() {
            return own_health::measured(self.store, spec, end).await;
        }
        if let Some(releases) = &mut self.releases {
            return Ok(releases.measured(spec, end));
        }
        let baseline = if spec.alert_type.is_anomaly() {
            self.evaluator
                .baseline(self.store, rule, end - 1, self.settings.tz)
                .await?
        } else {
            None
        };
        if spec.alert_type == AlertType::RateLimit {
            self.keys().await?;
        }
        let range = window(spec, end);
        let all = rows;
        let read;
        let rows = match rows {
            Some(rows) => slice(rows, range),
            None => {
                read = self.rows(spec, range, false).await?;
                &read
            }
        };
        let short = match spec.alert_type {
            AlertType::BurnRate => Some(self.short_sum(spec, target, all, end).await?),
            _ => None,
        };
        let known = Context {
            limits: self.keys.as_ref().map(|keys| &keys.limits),
            beside: Beside {
                baseline,
                short: short.as_ref(),
            },
        };
        Ok(measure(spec, target, rows.iter(), &known)?)
    }

    /// The sum of a burn rate's short window, from `rows` by minutes where they were read already, else by a query.
    async fn short_sum(
        &self,
        spec: &AlertSpec,
        target: Option<&Target>,
        rows: Option<&[Row]>,
        end: UnixSeconds,
    ) -> Result<WindowSum, StoreError> {
        let range = short_window(spec, end);
        let read;
        let rows = match rows {
            Some(rows) => slice(rows, range),
            None => {
                read = self.rows(spec, range, false).await?;
                &read
            }
        };
        Ok(WindowSum::of(target, rows.iter(), None)?)
    }

    /// The value of the window before the one that ends at `end`.
    ///
    /// Rate limits, anomalies and releases have none: their messages name another figure.
    async fn before(
        &mut self,
        rule: &AlertRule,
        target: Option<&Target>,
        rows: Option<&[Row]>,
        end: UnixSeconds,
    ) -> Result<Option<f64>, StoreError> {
        let of = rule.spec.alert_type;
        if of == AlertType::RateLimit || of.is_anomaly() || self.releases.is_some() {
            return Ok(None);
        }
        let before = end - i64::from(rule.spec.window_minutes) * 60;
        let measured = self.measured(rule, target, rows, before).await?;
        // Where nothing was recorded yet, a volume of 0 says nothing.
        Ok(measured.value.filter(|_| measured.requests > 0))
    }

    /// Reads what the rule looks at in `range`, with what this process has not flushed yet. The capture
    /// reaches a minute beyond the range on both sides; the query cuts it exactly.
    async fn rows(
        &self,
        spec: &AlertSpec,
        range: TimeRange,
        by_minute: bool,
    ) -> Result<Vec<Row>, StoreError> {
        let step = by_minute.then_some(TimeStep::Fixed(Granularity::Minute));
        self.ask(&query::query_for(spec, range, step)).await
    }

    /// Carries out a query, with what this process has not flushed yet.
    async fn ask(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let range = query.range;
        let own = self.own.map(|writer| {
            let held = writer
                .recorder
                .capture(&|_, minute| range.from - 60 < minute && minute < range.to + 60);
            (writer, held)
        });
        Ok(self.store.read(query, own).await?.rows)
    }

    /// What is behind a rule that fires: its largest groups of errors and consumers in the window that ends at `end`.
    /// What can't be told in time is left out, and never keeps an alert from firing.
    async fn causes(&mut self, rule: &AlertRule, end: UnixSeconds) -> Option<AlertCauses> {
        if rule.spec.alert_type.is_health() {
            return None;
        }
        let window = window(&rule.spec, end);
        let consumers = match timeout(causes::LONGEST, self.consumers(rule, window)).await {
            Ok(Ok(consumers)) => Some(consumers),
            Ok(Err(error)) => {
                warn!(
                    rule = rule.id,
                    "an alert fires without its consumers: {error}"
                );
                None
            }
            Err(_) => {
                warn!(
                    rule = rule.id,
                    "an alert fires without its consumers: they took too long"
                );
                None
            }
        };
        let groups = self.log.groups(rule, window).await;
        let causes = AlertCauses { groups, consumers };
        (!causes.is_unknown()).then_some(causes)
    }

    /// The largest consumers of a rule's window.
    async fn consumers(
        &mut self,
        rule: &AlertRule,
        window: TimeRange,
    ) -> Result<Vec<CauseConsumer>, StoreError> {
        let rows = self.ask(&causes::consumers_query(rule, window)).await?;
        Ok(causes::consumers(rule, &rows, &self.keys().await?.all))
    }

    /// Reads all keys once a round, when the first rule needs them.
    async fn keys(&mut self) -> Result<&LimitedKeys, StoreError> {
        if self.keys.is_none() {
            let all = self.store.all_keys(&Scope::All).await?;
            self.keys = Some(LimitedKeys::new(all, &self.settings.limits));
        }
        self.keys
            .as_ref()
            .ok_or_else(|| StoreError::Corrupt("keys were read and are gone".into()))
    }

    /// The key that the rule or the window is about.
    async fn key(
        &mut self,
        spec: &AlertSpec,
        measured: &Measured,
    ) -> Result<Option<KeyRecord>, StoreError> {
        let Some(id) = measured.peak.map(|(id, ..)| id).or(spec.api_key_id) else {
            return Ok(None);
        };
        Ok(self.keys().await?.all.get(&id).cloned())
    }
}

/// The window that ends at `end`: `[end - window_minutes * 60, end)`.
pub(super) fn window(spec: &AlertSpec, end: UnixSeconds) -> TimeRange {
    TimeRange::new(end - i64::from(spec.window_minutes) * 60, end)
}

/// The short window of a burn rate that ends at `end`: the last twelfth of its window.
pub(super) fn short_window(spec: &AlertSpec, end: UnixSeconds) -> TimeRange {
    TimeRange::new(end - i64::from(spec.shortest_minutes()) * 60, end)
}

/// The rows of these minutes; rows come in the order of time.
///
/// `O(log n)`.
pub(super) fn slice(rows: &[Row], range: TimeRange) -> &[Row] {
    let start = |row: &Row| row.group.period_start.unwrap_or_default();
    let from = rows.partition_point(|row| start(row) < range.from);
    let to = rows.partition_point(|row| start(row) < range.to);
    rows.get(from..to).unwrap_or_default()
}

/// Whether a part of a coarsened span lies outside of the window that ends at `end`, so that records may too. What our
/// own health is made of is no records.
pub(super) fn cuts(
    coarse: &[(UnixSeconds, UnixSeconds)],
    spec: &AlertSpec,
    end: UnixSeconds,
) -> bool {
    let window = window(spec, end);
    let mut coarse = coarse.iter().filter(|_| !spec.alert_type.is_health());
    coarse.any(|(from, to)| {
        *from < window.to && window.from < *to && !(window.from <= *from && *to <= window.to)
    })
}

/// The event that opens at `end`.
fn event_of(
    rule: &AlertRule,
    id: Uuid,
    end: UnixSeconds,
    measured: &Measured,
    before: Option<f64>,
    key: Option<&KeyRecord>,
) -> AlertEvent {
    AlertEvent {
        id,
        rule_id: Some(rule.id),
        name: rule.spec.name.clone(),
        alert_type: rule.spec.alert_type,
        severity: rule.spec.severity,
        tenant_id: rule.spec.tenant_id.clone(),
        fired_at: end,
        resolved_at: None,
        value: measured.value.unwrap_or_default(),
        threshold: rule.spec.threshold,
        message: message::fired(&rule.spec, measured, before, key.map(KeyRecord::label)),
        resolved_message: None,
        causes: None,
        handling: EventHandling::default(),
    }
}

/// What a notice says of a key.
fn notice_key(key: &KeyRecord) -> NoticeKey {
    NoticeKey {
        id: key.id,
        external_id: key.external_id.clone(),
        name: key.spec.name.clone(),
    }
}
