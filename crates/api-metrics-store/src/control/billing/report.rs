//! Usage and cost, by key and day.
//!
//! A report reads the requests by key and UTC day from the first day of the first month on, charges
//! each key month by month, and keeps the days of the range. Requests that no process has folded yet,
//! or that this process has not flushed, are included: the numbers are those of the other views.
//!
//! `approximate` is set where a record may
//! count in the neighbouring day.
//!
//! # Projection
//!
//! Let `n` be a key's billed requests of the current month, `e` the elapsed and `r` the remaining
//! seconds of the month. The projection adds `floor(n * r / e)` requests, spread evenly over the days
//! from today on, and prices them by the tiers that they reach and the plans that are set for those
//! days. 10,000 requests in the first 10 of 30 days become 30,000 at the month's end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate};

use super::{Charge, Currency, Money, PlanVersion, Tariff, charge_month};
use crate::{
    control::{ControlStore, keys::KeyRecord, quotas::CountedStatuses},
    query::{Answer, Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep},
    store::{StoreError, Writer, invalid},
    time::{Granularity, UnixSeconds, utc_date, utc_midnight},
};

/// How usage is billed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BillingSettings {
    /// What counts where no plan was set. 0.02 USD for 1,000 requests by default.
    pub default_plan: PlanVersion,
    /// Which answers are billed. All by default.
    pub status_counts: CountedStatuses,
}

/// A day of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DayCost {
    /// The UTC day.
    pub date: NaiveDate,
    /// Requests that are billed.
    pub requests: u64,
    /// Requests whose status does not count.
    pub not_counted: u64,
    /// What was used of each unit, whatever was answered.
    pub units: BTreeMap<String, u64>,
    /// What all of it costs, exactly.
    pub cost: Money,
    /// In this currency.
    pub currency: Currency,
}

/// What a key is charged for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KeyBill {
    /// The key.
    pub key: KeyRecord,
    /// The days of the range with requests, ascending.
    pub days: Vec<DayCost>,
    /// Requests billed in the range.
    pub requests: u64,
    /// What the range costs, by currency.
    pub costs: BTreeMap<Currency, Money>,
    /// The charges of each month that the range touches, whole months, by the month's first day.
    pub(super) months: BTreeMap<NaiveDate, Vec<Charge>>,
}

/// Usage and cost of a range of UTC days.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BillingReport {
    /// The first day.
    pub from: NaiveDate,
    /// The first day after it.
    pub to: NaiveDate,
    /// The moment of the count.
    pub at: UnixSeconds,
    /// Whether records near an edge of a day may count in its neighbour, or flush batches of the range
    /// can't be read and are left out.
    pub approximate: bool,
    /// The keys with requests, in the order of their numbers.
    pub keys: Vec<KeyBill>,
    /// Requests by day without a key or of keys beyond the recorder's bound: never billed.
    pub unbilled: BTreeMap<NaiveDate, u64>,
    /// What is needed to price days that are yet to come.
    pub(super) tariff: Tariff,
}

/// What a month will cost at the pace so far.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Projection {
    /// In this currency.
    pub currency: Currency,
    /// Requests billed so far.
    pub requests: u64,
    /// What they cost, exactly.
    pub cost: Money,
    /// Requests at the month's end.
    pub projected_requests: u64,
    /// What they will cost, by the tiers that they will reach.
    pub projected_cost: Money,
}

/// What the keys in `scope` used in `[from, to)`, and what that costs. Unfolded data counts, and
/// what `own` has not flushed yet.
///
/// # Errors
/// [`StoreError::Invalid`] where the range is empty or longer than ten years,
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn billing_report(
    store: &dyn ControlStore,
    settings: &BillingSettings,
    scope: &Scope,
    from: NaiveDate,
    to: NaiveDate,
    own: Option<&Writer>,
) -> Result<BillingReport, StoreError> {
    if to <= from {
        return invalid("to", "lies before from");
    }
    if (to - from).num_days() > 3_660 {
        return invalid("from", "lies more than ten years before to");
    }
    // Positions count from the month's first day on, whatever the range begins with.
    let query = usage_query(first_of_month(from), to, scope);
    let held = own.map(|writer| {
        let range = query.range;
        let held = writer.recorder.capture(&|_, minute| range.contains(minute));
        (writer, held)
    });
    let answer = store.read(&query, held).await?;
    let tariff = tariff(store, settings).await?;
    let keys = store.all_keys(scope).await?;
    Ok(report(settings, tariff, &keys, &answer, from, to))
}

/// All plans and assignments, with the configured default plan.
///
/// # Errors
///
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub(super) async fn tariff(
    store: &dyn ControlStore,
    settings: &BillingSettings,
) -> Result<Tariff, StoreError> {
    let plans = store.plans(&Scope::All).await?;
    let assignments = store.plan_assignments().await?;
    Ok(Tariff::new(plans, &assignments).with_default(settings.default_plan.clone()))
}

/// Requests by key and UTC day in `[from, to)`, as counts.
pub(super) fn usage_query(from: NaiveDate, to: NaiveDate, scope: &Scope) -> Query {
    Query {
        range: TimeRange::new(utc_midnight(from), utc_midnight(to)),
        filter: Filter::billed(),
        scope: scope.clone(),
        group_by: GroupBy {
            api_key: true,
            time: Some(TimeStep::Fixed(Granularity::Day)),
            ..GroupBy::default()
        },
        detail: Detail::Counts,
        top: None,
        window: None,
        axis: None,
    }
}

/// From an answer to [`usage_query`] from the first of `from`'s month on.
///
/// Pure: the same answer gives the same report. Rows of keys that `keys` does not hold count as
/// unbilled.
pub(super) fn report(
    settings: &BillingSettings,
    tariff: Tariff,
    keys: &[KeyRecord],
    answer: &Answer,
    from: NaiveDate,
    to: NaiveDate,
) -> BillingReport {
    let mut unbilled: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    let mut by_key: BTreeMap<i64, BTreeMap<NaiveDate, DayUsage>> = BTreeMap::new();
    let billed = billed_keys(keys);
    for row in &answer.rows {
        let (Some(id), Some(start)) = (row.group.api_key_id, row.group.period_start) else {
            continue;
        };
        let day = utc_date(start);
        if billed.contains(&id) {
            let counted = settings.status_counts.of(&row.bucket);
            let sums = by_key.entry(id).or_default().entry(day).or_default();
            sums.counted += counted;
            sums.not_counted += row.bucket.request_count.saturating_sub(counted);
            for (unit, used) in row.bucket.units.sums() {
                let sum = sums.units.entry(unit.to_owned()).or_default();
                *sum = sum.saturating_add(used);
            }
        } else if day >= from {
            *unbilled.entry(day).or_default() += row.bucket.request_count;
        }
    }
    let bills = keys
        .iter()
        .filter_map(|key| {
            let days = by_key.get(&key.id)?;
            let bill = bill(&tariff, key, days, from);
            (!bill.days.is_empty()).then_some(bill)
        })
        .collect();
    BillingReport {
        from,
        to,
        at: answer.as_of_us.div_euclid(1_000_000),
        approximate: answer.approximate || answer.incomplete,
        keys: bills,
        unbilled,
        tariff,
    }
}

/// The keys that can be billed.
pub(super) fn billed_keys(keys: &[KeyRecord]) -> BTreeSet<i64> {
    keys.iter()
        .filter(|key| !key.is_other())
        .map(|key| key.id)
        .collect()
}

/// What a key has used on a day.
#[derive(Debug, Default)]
struct DayUsage {
    /// Requests that are billed.
    counted: u64,
    /// Requests whose status does not count.
    not_counted: u64,
    /// What was used of each unit.
    units: BTreeMap<String, u64>,
}

/// The bill of one key: each month that `days` touches is charged whole, and the days from `from` on
/// are kept.
fn bill(
    tariff: &Tariff,
    key: &KeyRecord,
    days: &BTreeMap<NaiveDate, DayUsage>,
    from: NaiveDate,
) -> KeyBill {
    let mut by_month: BTreeMap<NaiveDate, Vec<(NaiveDate, &DayUsage)>> = BTreeMap::new();
    for (day, usage) in days {
        let month = by_month.entry(first_of_month(*day)).or_default();
        month.push((*day, usage));
    }
    let mut bill = KeyBill {
        key: key.clone(),
        days: Vec::with_capacity(days.len()),
        requests: 0,
        costs: BTreeMap::new(),
        months: BTreeMap::new(),
    };
    for (month, usage) in by_month {
        let counts: Vec<_> = usage.iter().map(|(day, of)| (*day, of.counted)).collect();
        let units = usage
            .iter()
            .map(|(day, of)| (*day, &of.units))
            .collect::<Vec<_>>();
        let (charges, costs) = charge_all(tariff, key.id, &counts, &units);
        for ((date, usage), cost) in usage.into_iter().zip(costs) {
            if date >= from {
                let currency = tariff.on(key.id, date).currency;
                bill.requests += usage.counted;
                *bill.costs.entry(currency).or_insert(Money::ZERO) += cost;
                bill.days.push(DayCost {
                    date,
                    requests: usage.counted,
                    not_counted: usage.not_counted,
                    units: usage.units.clone(),
                    cost,
                    currency,
                });
            }
        }
        bill.months.insert(month, charges);
    }
    bill
}

/// Charges requests and then each unit, ascending by name; the costs are of each day. Both lists are of the same
/// days.
pub(super) fn charge_all(
    tariff: &Tariff,
    key: i64,
    requests: &[(NaiveDate, u64)],
    units: &[(NaiveDate, &BTreeMap<String, u64>)],
) -> (Vec<Charge>, Vec<Money>) {
    let (mut charges, mut costs) = charge_month(tariff, key, None, requests);
    let names: BTreeSet<&String> = units.iter().flat_map(|(_, used)| used.keys()).collect();
    for name in names {
        let of = |used: &BTreeMap<String, u64>| used.get(name).copied().unwrap_or_default();
        let days: Vec<_> = units.iter().map(|(day, used)| (*day, of(used))).collect();
        let (more, added) = charge_month(tariff, key, Some(name), &days);
        charges.extend(more);
        for (cost, added) in costs.iter_mut().zip(added) {
            *cost += added;
        }
    }
    (charges, costs)
}

impl BillingReport {
    /// What the month of the moment of the count will cost at the pace so far, by currency. The
    /// report must begin on that month's first day. Each key's daily average goes on until the
    /// month's end, by the plans that are set for those days.
    #[must_use]
    pub fn projection(&self) -> Vec<Projection> {
        let today = utc_date(self.at);
        let month = first_of_month(today);
        let end = month.checked_add_months(Months::new(1)).unwrap_or(today);
        let month_seconds = utc_midnight(end) - utc_midnight(month);
        let elapsed = (self.at - utc_midnight(month)).clamp(1, month_seconds);
        let mut all: BTreeMap<Currency, Projection> = BTreeMap::new();
        for bill in &self.keys {
            let of_month = || {
                bill.days
                    .iter()
                    .filter(|day| first_of_month(day.date) == month)
            };
            for day in of_month() {
                let projection = entry(&mut all, day.currency);
                projection.requests += day.requests;
                projection.cost += day.cost;
            }
            let project = |days: Vec<(NaiveDate, u64)>| projected(days, today, end, elapsed);
            let days = project(of_month().map(|day| (day.date, day.requests)).collect());
            let (_, costs) = charge_month(&self.tariff, bill.key.id, None, &days);
            for ((day, requests), cost) in days.iter().zip(costs) {
                let currency = self.tariff.on(bill.key.id, *day).currency;
                let projection = entry(&mut all, currency);
                projection.projected_requests += requests;
                projection.projected_cost += cost;
            }
            let names: BTreeSet<&String> = of_month().flat_map(|day| day.units.keys()).collect();
            for name in names {
                let of = |day: &DayCost| day.units.get(name).copied().unwrap_or_default();
                let days = project(of_month().map(|day| (day.date, of(day))).collect());
                let (_, costs) = charge_month(&self.tariff, bill.key.id, Some(name), &days);
                for ((day, _), cost) in days.iter().zip(costs) {
                    let currency = self.tariff.on(bill.key.id, *day).currency;
                    entry(&mut all, currency).projected_cost += cost;
                }
            }
        }
        all.into_values().collect()
    }
}

/// The days of a month as they will be at its end: what was used so far goes on at the same pace, spread over the
/// days from `today` to before `end`. `elapsed` are the seconds of the month that are over.
pub(super) fn projected(
    days: Vec<(NaiveDate, u64)>,
    today: NaiveDate,
    end: NaiveDate,
    elapsed: i64,
) -> Vec<(NaiveDate, u64)> {
    let month_seconds = utc_midnight(end) - utc_midnight(first_of_month(today));
    let so_far = days
        .iter()
        .fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    let left = at_pace(so_far, elapsed, month_seconds - elapsed);
    with_rest(days, today, end, left)
}

/// What is used in `remaining` seconds at the pace of `used` in `elapsed` seconds, in integers, rounded down.
pub(super) fn at_pace(used: u64, elapsed: i64, remaining: i64) -> u64 {
    u64::try_from(
        u128::from(used) * u128::from(remaining.max(0).unsigned_abs())
            / u128::from(elapsed.max(1).unsigned_abs()),
    )
    .unwrap_or(u64::MAX)
}

/// Adds `left` to the days from `today` to before `end`, spread evenly.
pub(super) fn with_rest(
    mut days: Vec<(NaiveDate, u64)>,
    today: NaiveDate,
    end: NaiveDate,
    mut left: u64,
) -> Vec<(NaiveDate, u64)> {
    let mut day = today;
    while day < end && left > 0 {
        let days_left = (end - day).num_days().max(1).unsigned_abs();
        let share = left.div_ceil(days_left);
        left -= share;
        match days.last_mut() {
            Some((last, n)) if *last == day => *n = n.saturating_add(share),
            _ => days.push((day, share)),
        }
        let Some(next) = day.checked_add_days(Days::new(1)) else {
            break;
        };
        day = next;
    }
    days
}

/// The projection of a currency, made when it is first needed.
fn entry(all: &mut BTreeMap<Currency, Projection>, currency: Currency) -> &mut Projection {
    all.entry(currency).or_insert(Projection {
        currency,
        requests: 0,
        cost: Money::ZERO,
        projected_requests: 0,
        projected_cost: Money::ZERO,
    })
}

/// The first day of the month that holds `day`.
pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}
