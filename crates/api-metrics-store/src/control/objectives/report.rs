//! What is left of an objective's budget, and how fast it burns.

use std::collections::{BTreeMap, HashMap};

use super::{Indicator, Objective, Outcomes};
use crate::{
    control::alerts::{AlertSpec, WindowSum, held, query_for, steps, target_of},
    query::{Answer, Query, TimeRange},
    sketch::SketchKind,
    store::{Store, StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// The windows of the burn rates, in minutes: the two of the fast rule, then the two of the slow one.
const BURN_MINUTES: [u32; 4] = [60, 5, 360, 30];

/// Where an objective stands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ObjectiveReport {
    /// What was looked at: the objective's days up to now, from a whole UTC hour on.
    pub range: TimeRange,
    /// Its requests.
    pub outcomes: Outcomes,
    /// How much of the budget is left, in percent: below 0 where more has failed than may. `None` without requests.
    pub budget_left: Option<f64>,
    /// How many more may be bad before the budget is used up, of the requests so far.
    pub bad_left: u64,
    /// Burn rates over 60, 5, 360 and 30 minutes up to now, each with its minutes; `None` without requests.
    pub burn_rates: [(u32, Option<f64>); 4],
    /// Whether the counts are exact: those of a latency by t-digests are estimates.
    pub exact: bool,
    /// Whether some records at the range's beginning may belong before it.
    pub approximate: bool,
    /// The UTC days of the range, where it was asked for alone.
    pub days: Vec<BudgetDay>,
}

/// A UTC day of an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BudgetDay {
    /// Its first instant; that of the range for the first one.
    pub from: UnixSeconds,
    /// Its requests.
    pub outcomes: Outcomes,
    /// How much of the range's budget was left at its end, in percent.
    pub budget_left: Option<f64>,
}

/// Counts an objective's requests up to `now`, and tells each of its days, for which it reads hours. With this process's
/// writer as `own`, requests that it has not flushed yet count too.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn report(
    store: &dyn Store,
    objective: &Objective,
    own: Option<&Writer>,
    now: UnixSeconds,
) -> Result<ObjectiveReport, StoreError> {
    let spec = AlertSpec::burning(objective);
    let aim = objective.spec.aim();
    let hour = Granularity::Hour;
    let range = range_of(objective, now);
    // The running hour is counted as far as it is.
    let all = TimeRange::new(range.from, hour.ceil(now));
    let hours = steps(store, &spec, all, hour, &HashMap::new(), own).await?;
    let of = |sum: &WindowSum| sum.outcomes(aim.indicator);
    let sum = |hours: &[(UnixSeconds, WindowSum)]| {
        hours
            .iter()
            .fold(Outcomes::default(), |all, (_, sum)| all + of(sum))
    };
    let whole = sum(&hours);
    let mut days = Vec::new();
    let mut bad = 0;
    for part in hours.chunk_by(|a, b| day_of(a.0) == day_of(b.0)) {
        let outcomes = sum(part);
        bad += outcomes.bad;
        let so_far = Outcomes {
            total: whole.total,
            bad,
        };
        days.push(BudgetDay {
            from: part
                .first()
                .map_or(range.from, |(start, _)| day_of(*start).max(range.from)),
            outcomes,
            budget_left: so_far.budget_left(aim.target_ppm),
        });
    }
    let mut burns = read_all(store, &burn_queries(&spec, now), own).await?;
    let exact = hours.iter().all(|(_, sum)| is_exact(aim.indicator, sum));
    Ok(ObjectiveReport {
        days,
        ..standing(
            objective,
            range,
            whole,
            (exact, false),
            &mut burns.drain(..),
        )?
    })
}

/// The same of several objectives, in their order and without their days: one snapshot for all of a tenant's, and one for
/// all that are nobody's.
///
/// # Errors
/// As [`report`].
pub async fn reports(
    store: &dyn Store,
    objectives: &[Objective],
    own: Option<&Writer>,
    now: UnixSeconds,
) -> Result<Vec<ObjectiveReport>, StoreError> {
    // A snapshot is opened for one scope.
    let mut by_tenant: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (place, objective) in objectives.iter().enumerate() {
        let tenant = objective.spec.tenant_id.as_deref();
        by_tenant.entry(tenant).or_default().push(place);
    }
    let mut reports: Vec<(usize, ObjectiveReport)> = Vec::with_capacity(objectives.len());
    for places in by_tenant.into_values() {
        let asked: Vec<_> = places
            .iter()
            .filter_map(|place| Some((*place, objectives.get(*place)?)))
            .collect();
        let queries: Vec<_> = asked
            .iter()
            .flat_map(|(_, objective)| {
                let spec = AlertSpec::burning(objective);
                let burns = burn_queries(&spec, now);
                [query_for(&spec, range_of(objective, now), None)]
                    .into_iter()
                    .chain(burns)
            })
            .collect();
        let mut answers = read_all(store, &queries, own).await?.into_iter();
        for (place, objective) in asked {
            let (sum, approximate) = summed(objective, answers.next())?;
            let aim = objective.spec.aim();
            let exact = is_exact(aim.indicator, &sum);
            let whole = sum.outcomes(aim.indicator);
            let range = range_of(objective, now);
            let found = standing(objective, range, whole, (exact, approximate), &mut answers)?;
            reports.push((place, found));
        }
    }
    reports.sort_by_key(|(place, _)| *place);
    Ok(reports.into_iter().map(|(_, report)| report).collect())
}

/// An objective's days up to `now`, from a whole UTC hour on.
fn range_of(objective: &Objective, now: UnixSeconds) -> TimeRange {
    let days = i64::from(objective.spec.window_days) * 86_400;
    TimeRange::new(Granularity::Hour.floor(now) - days, now)
}

/// The questions about the windows of the burn rates, in their order.
fn burn_queries(spec: &AlertSpec, now: UnixSeconds) -> [Query; BURN_MINUTES.len()] {
    let end = now - now.rem_euclid(60);
    BURN_MINUTES.map(|minutes| {
        let range = TimeRange::new(end - i64::from(minutes) * 60, end);
        query_for(spec, range, None)
    })
}

/// Answers questions of one scope from one snapshot.
async fn read_all(
    store: &dyn Store,
    queries: &[Query],
    own: Option<&Writer>,
) -> Result<Vec<Answer>, StoreError> {
    let ranges = queries.iter().map(|query| query.range);
    let around =
        ranges.reduce(|all, range| TimeRange::new(all.from.min(range.from), all.to.max(range.to)));
    // The store snaps edges outward to what it still keeps, at most to days.
    let wider = around.map(|all| TimeRange::new(all.from - 86_400, all.to + 86_400));
    let own = wider.and_then(|range| held(own, range));
    store.read_all(queries, own).await
}

/// Where an objective stands: `burns` are the answers about the windows of its burn rates.
fn standing(
    objective: &Objective,
    range: TimeRange,
    whole: Outcomes,
    (exact, approximate): (bool, bool),
    burns: &mut impl Iterator<Item = Answer>,
) -> Result<ObjectiveReport, StoreError> {
    let aim = objective.spec.aim();
    let mut burn_rates = BURN_MINUTES.map(|minutes| (minutes, None));
    for (_, rate) in &mut burn_rates {
        let (sum, _) = summed(objective, burns.next())?;
        *rate = sum.outcomes(aim.indicator).burn_rate(aim.target_ppm);
    }
    Ok(ObjectiveReport {
        range,
        outcomes: whole,
        budget_left: whole.budget_left(aim.target_ppm),
        bad_left: whole.bad_left(aim.target_ppm),
        burn_rates,
        exact,
        approximate,
        days: Vec::new(),
    })
}

/// The sum of an answer, and whether its edges are approximate.
fn summed(objective: &Objective, answer: Option<Answer>) -> Result<(WindowSum, bool), StoreError> {
    let answer =
        answer.ok_or_else(|| StoreError::Corrupt("a question without an answer".into()))?;
    let target = target_of(&AlertSpec::burning(objective));
    let sum = WindowSum::of(target.as_ref(), answer.rows.iter(), None)?;
    Ok((sum, answer.approximate))
}

/// Whether what lies within a threshold is counted and not estimated.
fn is_exact(indicator: Indicator, sum: &WindowSum) -> bool {
    indicator == Indicator::Availability
        || sum
            .sketch_kind()
            .is_none_or(|kind| kind == SketchKind::Histogram)
}

/// The UTC day of an instant.
fn day_of(at: UnixSeconds) -> UnixSeconds {
    Granularity::Day.floor(at)
}
