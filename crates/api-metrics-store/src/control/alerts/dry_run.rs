//! When a rule would have fired.
//!
//! A dry run evaluates a rule over the past with the code that evaluates it for real: the same query,
//! the same sums, the same state machine. It writes nothing. It starts in phase `ok` and without an
//! earlier firing, so that a cooldown that was running at `range.from` is not known to it.
//!
//! # Steps
//!
//! Windows end on multiples of a step. The step is a minute as far back as minutes are kept; further
//! back it is the finest granularity that is kept, as long as the window is a multiple of it. A 5
//! minute window can be tried a week back, an hour's window 90 days. At most 10,080 windows are
//! evaluated.
//!
//! # Windows that are not judged
//!
//! A window with fewer requests than the rule's minimum, or with none where the type needs some, has no
//! value and can't breach. A window that cuts a span which an outage made coarse is passed over. Both
//! are counted, so that a rule that seems quiet is not taken for one that looked.
//!
//! # Curve
//!
//! Neighbouring windows are summed up to at most 360 [`DryBin`]s. A bin keeps the value of its windows
//! that lies closest to breaching, or furthest beyond: a breach is never averaged away.
//!
//! # Cost
//!
//! The steps are read 720 at a time and summed to one [`WindowSum`] each. A window then slides over
//! them, each step being added at most twice, so that a run costs `O(steps)` and not `O(steps *
//! window)`. The task yields after every window and every step that was read: whoever asked may have
//! left.

use std::collections::HashMap;

use super::{
    AlertSpec, AlertState, AlertType, Evaluation, Transition,
    baseline::BaselineHistory,
    evaluate::cuts,
    limited_keys::{RuleSettings, limits},
    machine::step,
    measure::WindowSum,
    message, query,
    releases::ReleaseWindows,
    sliding::Windows,
};
use crate::{
    control::{ControlStore, health, keys::KeyRecord},
    query::{Scope, TimeRange, TimeStep},
    recorder::OwnDeltas,
    store::{Store, StoreError, Writer, invalid},
    time::{Granularity, UnixSeconds},
};

/// Windows that one dry run evaluates at most.
pub(super) const MAX_STEPS: i64 = 10_080;
/// Steps that one query reads: a glob has rows for each endpoint, which must not all be in memory.
const READ_STEPS: i64 = 720;

/// A breach that would have fired.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DryEvent {
    /// The end of the window that breached.
    pub fired_at: UnixSeconds,
    /// The end of the first window that no longer breached; `None` where it lasted to the end.
    pub resolved_at: Option<UnixSeconds>,
    /// The value that fired.
    pub value: f64,
    /// The message that would have been sent.
    pub message: String,
}

/// Neighbouring windows of a dry run, as one point of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct DryBin {
    /// The end of its last window.
    pub at: UnixSeconds,
    /// The greatest value of its windows where the rule looks for values above the threshold, else the
    /// least; `None` where none of them has a value.
    pub value: Option<f64>,
    /// How many windows were evaluated.
    pub windows: u64,
    /// How many of them breached.
    pub breaches: u64,
    /// How many of them had too few requests to be judged.
    pub too_few: u64,
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DryRun {
    /// The range whose windows were evaluated, in Unix seconds.
    pub range: TimeRange,
    /// How far the ends of two windows lie apart: a minute, as in reality, or longer where minutes
    /// are no longer kept.
    pub step: Granularity,
    /// How many windows were evaluated.
    pub windows: u64,
    /// How many of them breached.
    pub breaches: u64,
    /// How many of them had too few requests to be judged.
    pub too_few: u64,
    /// How many more were passed over: an outage's coarse records can't be told from those beside them.
    pub passed_over: u64,
    /// The breaches that would have fired, the earliest first.
    pub events: Vec<DryEvent>,
    /// All windows in the order of time, in at most 360 bins.
    pub curve: Vec<DryBin>,
}

/// Points of a curve at most.
const MAX_BINS: i64 = 360;

impl DryBin {
    /// A bin without windows, whose last one ends at `at`.
    const fn empty(at: UnixSeconds) -> Self {
        Self {
            at,
            value: None,
            windows: 0,
            breaches: 0,
            too_few: 0,
        }
    }

    /// Adds a window that was evaluated.
    fn add(&mut self, spec: &AlertSpec, evaluation: &Evaluation) {
        self.windows += 1;
        self.breaches += u64::from(evaluation.breaches(spec));
        let Some(value) = evaluation.value else {
            self.too_few += 1;
            return;
        };
        self.value = Some(match self.value {
            Some(worst) if spec.comparison.is_upward() => worst.max(value),
            Some(worst) => worst.min(value),
            None => value,
        });
    }
}

impl DryRun {
    /// The bin of the window that ends at `end`. Windows come in the order of time.
    fn bin(&mut self, end: UnixSeconds, width: UnixSeconds) -> Option<&mut DryBin> {
        if self.curve.last().is_none_or(|bin| bin.at < end) {
            let past = end - self.range.from;
            let at = self.range.from + past + (-past).rem_euclid(width);
            self.curve.push(DryBin::empty(at.min(self.range.to)));
        }
        self.curve.last_mut()
    }
}

/// Evaluates `spec` over the past, as far as data is kept. Nothing is written and no notice is sent.
///
/// `settings` are those of real rules: the zone of
/// [`QuotaSettings::tz`](crate::control::quotas::QuotaSettings::tz), by whose clock the baseline of an anomaly has its
/// hour of the week, and the limits of keys.
///
/// Reads the range and two windows before it, of which messages name the value of the window before.
///
/// # Errors
/// [`StoreError::Invalid`] where the rule or the range can't be evaluated: more than 10,080 windows (a
/// week of minutes), or windows shorter than what is still kept of that time.
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn dry_run(
    store: &dyn ControlStore,
    spec: &AlertSpec,
    range: TimeRange,
    settings: impl Into<RuleSettings>,
) -> Result<DryRun, StoreError> {
    let settings = settings.into();
    spec.validate()?;
    if range.is_empty() {
        return invalid("to", "lies before from");
    }
    let length = i64::from(spec.window_minutes) * 60;
    let shortest = i64::from(spec.shortest_minutes()) * 60;
    let earliest = Granularity::Minute.floor(range.from) - 2 * length;
    // Our own health is kept by minutes, and has no value where none are left.
    let granularity = match spec.alert_type.is_health() {
        true => Granularity::Minute,
        false => finest(store, earliest).await?,
    };
    let step_seconds = granularity.seconds();
    if shortest % step_seconds != 0 {
        return invalid(
            "from",
            format!(
                "lies where only {} periods are kept, which a window of {} minutes is no multiple of",
                granularity.as_str(),
                spec.shortest_minutes()
            ),
        );
    }
    if spec.alert_type == AlertType::RateLimit && granularity != Granularity::Minute {
        return invalid("from", "lies where minutes are no longer kept");
    }
    let range = TimeRange::new(granularity.floor(range.from), granularity.floor(range.to));
    if (range.to - range.from) / step_seconds > MAX_STEPS {
        return invalid(
            "from",
            "lies too far back: at most 10,080 windows are evaluated",
        );
    }
    let history = if spec.alert_type.is_anomaly() {
        Some(BaselineHistory::read(store, spec, range.from, range.to, settings.tz).await?)
    } else {
        None
    };
    let keys: HashMap<i64, KeyRecord> = store
        .all_keys(&Scope::All)
        .await?
        .into_iter()
        .map(|key| (key.id, key))
        .collect();
    let limits = limits(&keys, &settings.limits);
    let coarse = store.coarse_spans(range).await?;

    let mut releases = ReleaseWindows::read(store, spec, range).await?;
    let all = TimeRange::new(range.from - 2 * length, range.to);
    let steps = if spec.alert_type.is_health() {
        health::steps(store, all).await?
    } else if releases.is_some() {
        Vec::new()
    } else {
        steps(store, spec, all, granularity, &limits, None).await?
    };
    let baseline = |end: UnixSeconds| history.as_ref().and_then(|history| history.at(end - 1));
    let (mut now, mut before) = (Windows::over(&steps), Windows::over(&steps));
    let mut run = DryRun {
        range,
        step: granularity,
        windows: 0,
        breaches: 0,
        too_few: 0,
        passed_over: 0,
        events: Vec::new(),
        curve: Vec::new(),
    };
    let ends = (range.to - range.from) / step_seconds;
    let width = step_seconds * (ends + MAX_BINS - 1).div_euclid(MAX_BINS).max(1);
    let mut state = AlertState::new(range.from);
    let mut last_fired_at = None;
    let mut end = range.from + step_seconds;
    while end <= range.to {
        // The caller may have left, or have no time left.
        tokio::task::yield_now().await;
        if cuts(&coarse, spec, end) {
            run.passed_over += 1;
            run.bin(end, width);
        } else {
            let found = match &mut releases {
                Some(releases) => releases.measured(spec, end),
                None => now.measured(spec, end, baseline(end))?,
            };
            let evaluation = Evaluation {
                end,
                value: found.value,
            };
            run.windows += 1;
            run.breaches += u64::from(evaluation.breaches(spec));
            run.too_few += u64::from(evaluation.value.is_none());
            if let Some(bin) = run.bin(end, width) {
                bin.add(spec, &evaluation);
            }
            let (next, transition) = step(0, spec, &state, &mut last_fired_at, &evaluation);
            state = next;
            match transition {
                Some(Transition::Fired { .. }) => {
                    let at = end - length;
                    let before = before.measured(spec, at, baseline(at))?;
                    let key = found.peak.map(|(id, ..)| id).or(spec.api_key_id);
                    let label = key.and_then(|id| keys.get(&id)).map(KeyRecord::label);
                    let earlier = before.value.filter(|_| before.requests > 0);
                    run.events.push(DryEvent {
                        fired_at: end,
                        resolved_at: None,
                        value: found.value.unwrap_or_default(),
                        message: message::fired(spec, &found, earlier, label),
                    });
                }
                Some(Transition::Resolved { .. }) => {
                    if let Some(event) = run.events.last_mut() {
                        event.resolved_at = Some(end);
                    }
                }
                None => {}
            }
        }
        end += step_seconds;
    }
    Ok(run)
}

/// Reads what happened, summed by steps.
///
/// Ascending by start. Steps without rows are left out. With this process's writer as `own`, requests that it has not
/// flushed yet count too.
///
/// # Errors
///
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub(in crate::control) async fn steps(
    store: &dyn Store,
    spec: &AlertSpec,
    range: TimeRange,
    granularity: Granularity,
    limits: &HashMap<i64, u64>,
    own: Option<&Writer>,
) -> Result<Vec<(UnixSeconds, WindowSum)>, StoreError> {
    let target = query::target(spec);
    let mut steps = Vec::new();
    let mut from = range.from;
    while from < range.to {
        let to = range.to.min(from + READ_STEPS * granularity.seconds());
        let chunk = TimeRange::new(from, to);
        let asked = query::query_for(spec, chunk, Some(TimeStep::Fixed(granularity)));
        let rows = store.read(&asked, held(own, chunk)).await?.rows;
        for rows in rows.chunk_by(|a, b| a.group.period_start == b.group.period_start) {
            let start = rows.first().and_then(|row| row.group.period_start);
            let part = WindowSum::of(target.as_ref(), rows.iter(), Some(limits))?;
            steps.push((start.unwrap_or(from), part));
            tokio::task::yield_now().await;
        }
        from = to;
    }
    Ok(steps)
}

/// What a process has not flushed of `range`, for a question about it. The capture reaches a minute beyond the range on
/// both sides; the question cuts it exactly.
pub(in crate::control) fn held(
    own: Option<&Writer>,
    range: TimeRange,
) -> Option<(&Writer, OwnDeltas)> {
    own.map(|writer| {
        let within = |_: &_, minute| range.from - 60 < minute && minute < range.to + 60;
        (writer, writer.recorder.capture(&within))
    })
}

/// The finest granularity that is kept from `from` on.
///
/// Days where nothing finer reaches back as far.
pub(super) async fn finest(
    store: &dyn Store,
    from: UnixSeconds,
) -> Result<Granularity, StoreError> {
    let floors = store.status().await?.floors;
    Ok(floors
        .iter()
        .find(|(_, floor)| **floor <= from)
        .map_or(Granularity::Day, |(granularity, _)| *granularity))
}
