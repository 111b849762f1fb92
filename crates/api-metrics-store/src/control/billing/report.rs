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

/// The text of the key under which keys beyond the recorder's bound are counted together.
const OTHER_KEY: &str = "<other key>";

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
    /// What they cost, exactly.
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
    let mut by_key: BTreeMap<i64, BTreeMap<NaiveDate, (u64, u64)>> = BTreeMap::new();
    let billed = billed_keys(keys);
    for row in &answer.rows {
        let (Some(id), Some(start)) = (row.group.api_key_id, row.group.period_start) else {
            continue;
        };
        let day = utc_date(start);
        if billed.contains(&id) {
            let counted = settings.status_counts.of(&row.bucket);
            let sums = by_key.entry(id).or_default().entry(day).or_default();
            sums.0 += counted;
            sums.1 += row.bucket.request_count.saturating_sub(counted);
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
        .filter(|key| key.external_id != OTHER_KEY)
        .map(|key| key.id)
        .collect()
}

/// The bill of one key: each month that `days` touches is charged whole, and the days from `from` on
/// are kept.
fn bill(
    tariff: &Tariff,
    key: &KeyRecord,
    days: &BTreeMap<NaiveDate, (u64, u64)>,
    from: NaiveDate,
) -> KeyBill {
    let mut by_month: BTreeMap<NaiveDate, Vec<(NaiveDate, u64)>> = BTreeMap::new();
    for (day, (counted, _)) in days {
        by_month
            .entry(first_of_month(*day))
            .or_default()
            .push((*day, *counted));
    }
    let mut bill = KeyBill {
        key: key.clone(),
        days: Vec::with_capacity(days.len()),
        requests: 0,
        costs: BTreeMap::new(),
        months: BTreeMap::new(),
    };
    for (month, counts) in by_month {
        let (charges, costs) = charge_month(tariff, key.id, &counts);
        for ((date, requests), cost) in counts.into_iter().zip(costs) {
            if date >= from {
                let currency = tariff.on(key.id, date).currency;
                bill.requests += requests;
                *bill.costs.entry(currency).or_insert(Money::ZERO) += cost;
                bill.days.push(DayCost {
                    date,
                    requests,
                    not_counted: days.get(&date).map_or(0, |(_, not)| *not),
                    cost,
                    currency,
                });
            }
        }
        bill.months.insert(month, charges);
    }
    bill
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
            let mut days: Vec<(NaiveDate, u64)> = bill
                .days
                .iter()
                .filter(|day| first_of_month(day.date) == month)
                .map(|day| (day.date, day.requests))
                .collect();
            let so_far: u64 = days.iter().map(|(_, n)| n).sum();
            for day in bill
                .days
                .iter()
                .filter(|day| first_of_month(day.date) == month)
            {
                let projection = entry(&mut all, day.currency);
                projection.requests += day.requests;
                projection.cost += day.cost;
            }
            // so_far * remaining / elapsed, in integers, spread over the days that are left.
            let remaining = month_seconds - elapsed;
            let mut left = u64::try_from(
                u128::from(so_far) * u128::from(remaining.unsigned_abs())
                    / u128::from(elapsed.unsigned_abs()),
            )
            .unwrap_or(u64::MAX);
            let mut day = today;
            while day < end && left > 0 {
                let days_left = (end - day).num_days().max(1).unsigned_abs();
                let share = left.div_ceil(days_left);
                left -= share;
                match days.last_mut() {
                    Some((last, n)) if *last == day => *n += share,
                    _ => days.push((day, share)),
                }
                let Some(next) = day.checked_add_days(Days::new(1)) else {
                    break;
                };
                day = next;
            }
            let (_, costs) = charge_month(&self.tariff, bill.key.id, &days);
            for ((day, requests), cost) in days.iter().zip(costs) {
                let currency = self.tariff.on(bill.key.id, *day).currency;
                let projection = entry(&mut all, currency);
                projection.projected_requests += requests;
                projection.projected_cost += cost;
            }
        }
        all.into_values().collect()
    }
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
