//! What is left of an objective's budget, and how fast it burns.

use std::collections::HashMap;

use super::{Indicator, Objective, Outcomes};
use crate::{
    control::alerts::{AlertSpec, WindowSum, query_for, steps, target_of},
    query::TimeRange,
    sketch::SketchKind,
    store::{Store, StoreError},
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
    /// The UTC days of the range, where they were asked for.
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

/// Counts an objective's requests up to `now`. `by_day` also tells each of its days, and reads hours for that.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn report(
    store: &dyn Store,
    objective: &Objective,
    now: UnixSeconds,
    by_day: bool,
) -> Result<ObjectiveReport, StoreError> {
    let spec = AlertSpec::burning(objective);
    let aim = objective.spec.aim();
    let hour = Granularity::Hour;
    let from = hour.floor(now) - i64::from(objective.spec.window_days) * 86_400;
    let range = TimeRange::new(from, now);
    let mut days = Vec::new();
    let (whole, approximate, exact) = if by_day {
        // The running hour is counted as far as it is.
        let hours = steps(
            store,
            &spec,
            TimeRange::new(from, hour.ceil(now)),
            hour,
            &HashMap::new(),
        )
        .await?;
        let of = |sum: &WindowSum| sum.outcomes(aim.indicator);
        let whole = hours
            .iter()
            .fold(Outcomes::default(), |all, (_, sum)| all + of(sum));
        let mut bad = 0;
        for part in hours.chunk_by(|a, b| day_of(a.0) == day_of(b.0)) {
            let outcomes = part
                .iter()
                .fold(Outcomes::default(), |all, (_, sum)| all + of(sum));
            bad += outcomes.bad;
            let so_far = Outcomes {
                total: whole.total,
                bad,
            };
            days.push(BudgetDay {
                from: part
                    .first()
                    .map_or(from, |(start, _)| day_of(*start).max(from)),
                outcomes,
                budget_left: so_far.budget_left(aim.target_ppm),
            });
        }
        let exact = hours.iter().all(|(_, sum)| is_exact(aim.indicator, sum));
        (whole, false, exact)
    } else {
        let (sum, approximate) = window(store, &spec, range).await?;
        let exact = is_exact(aim.indicator, &sum);
        (sum.outcomes(aim.indicator), approximate, exact)
    };
    let mut burn_rates = BURN_MINUTES.map(|minutes| (minutes, None));
    for (minutes, rate) in &mut burn_rates {
        let end = now - now.rem_euclid(60);
        let range = TimeRange::new(end - i64::from(*minutes) * 60, end);
        let (sum, _) = window(store, &spec, range).await?;
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
        days,
    })
}

/// The sum of a window, and whether its edges are approximate.
async fn window(
    store: &dyn Store,
    spec: &AlertSpec,
    range: TimeRange,
) -> Result<(WindowSum, bool), StoreError> {
    let answer = store.read(&query_for(spec, range, None), None).await?;
    let target = target_of(spec);
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
