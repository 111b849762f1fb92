//! Why a key's bill is what it is.
//!
//! Everything is made of one report of the key, which begins with the month before: the days with the position that the
//! month's count has reached, the plans that priced them, the lines, and what else the same counts would have cost.
//!
//! # The month before
//!
//! Compared are the days of the month that are over with as many days of the month before. The difference of their costs
//! has two parts, which add up to it exactly: `by_usage` is what the counts of this month cost at the prices of the month
//! before, less what was paid then; `by_prices` is what they cost, less that. The prices of the month before are those of
//! its last compared day.
//!
//! | | this month | the month before |
//! |---|---|---|
//! | requests | 3,000 at 2.00 a thousand: 6.00 | 1,000 at 1.00 a thousand: 1.00 |
//! | by usage | 3,000 at 1.00 a thousand, less 1.00: **2.00** | |
//! | by prices | 6.00 less 3.00: **3.00** | |
//!
//! # The range of the projection
//!
//! The projection goes on at the pace of the month so far. Its range says what the month would cost if its rest went like
//! the cheapest and like the dearest of the last four weeks, or like the month so far, whatever of these lies outside.
//! Weeks are of seven whole UTC days, up to yesterday; those before the key's first request don't count.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, Months, NaiveDate};
use rust_decimal::Decimal;

use super::{
    BillingReport, BillingSettings, Currency, DayCost, Invoice, KeyBill, Money, PlanVersion,
    Tariff, billing_report, invoices,
    report::{at_pace, charge_all, first_of_month, projected, with_rest},
};
use crate::{
    control::{ControlStore, keys::KeyRecord},
    query::Scope,
    store::{StoreError, Writer},
    time::{utc_date, utc_midnight},
};

/// Weeks that the range of a projection looks back on.
const WEEKS: u64 = 4;

/// A day of a month, and where its count ends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedDay {
    /// What was used on it, and what that costs.
    pub day: DayCost,
    /// Requests of the month up to its end: the position from which the next day is priced.
    pub position: u64,
}

/// What a month will cost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectedBill {
    /// In this currency.
    pub currency: Currency,
    /// At the pace of the month so far.
    pub cost: Money,
    /// If the rest went like the cheapest of the weeks.
    pub low: Money,
    /// If the rest went like the dearest of them.
    pub high: Money,
}

/// What the same counts cost by another plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternative {
    /// The plan: its version of the month's last day, or of today.
    pub plan: PlanVersion,
    /// Whether it is the plan that the key is on.
    pub is_current: bool,
    /// What the month so far would cost, had it counted on all days.
    pub cost: Money,
    /// That, less what the month costs; `None` where it is of another currency.
    pub difference: Option<Decimal>,
    /// What the whole month would cost at the pace so far; `None` for a month that is over.
    pub projected: Option<Money>,
}

/// The same days of the month before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonthBefore {
    /// Its first day.
    pub month: NaiveDate,
    /// How many days from the first on are compared.
    pub days: u32,
    /// Requests billed in those days of this month.
    pub requests: u64,
    /// Requests billed in them in the month before.
    pub requests_before: u64,
    /// What those days of this month cost, by currency.
    pub costs: BTreeMap<Currency, Money>,
    /// What those of the month before did.
    pub costs_before: BTreeMap<Currency, Money>,
    /// The difference of the two by usage and by prices; `None` where they are not of one currency.
    pub parts: Option<(Decimal, Decimal)>,
}

/// Why a key's bill is what it is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BillExplanation {
    /// The month's first day.
    pub month: NaiveDate,
    /// The first day after it.
    pub end: NaiveDate,
    /// When the snapshot was taken.
    pub at: i64,
    /// Whether the month is over.
    pub closed: bool,
    /// Whether some records may count in a neighbouring day, or are left out.
    pub approximate: bool,
    /// The days with requests, ascending.
    pub days: Vec<ExplainedDay>,
    /// The versions of plans that are in effect on the month's days, each with its first day, in order.
    pub plans: Vec<(NaiveDate, PlanVersion)>,
    /// Requests at the month's end, at the pace so far; `None` for a month that is over.
    pub projected_requests: Option<u64>,
    /// The month at its end, by currency; empty for a month that is over.
    pub projection: Vec<ProjectedBill>,
    /// Whole weeks that the range of the projection is made of, at most four.
    pub weeks: u8,
    /// The lines, one invoice a currency.
    pub invoices: Vec<Invoice>,
    /// Other plans that the key could be on, by name.
    pub alternatives: Vec<Alternative>,
    /// The month before; `None` where no day of the month is over.
    pub before: Option<MonthBefore>,
}

/// Explains the bill of `key` for the month of a day. `plans` are those that whoever asks may see.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn explain_bill(
    store: &dyn ControlStore,
    settings: &BillingSettings,
    key: &KeyRecord,
    plans: &[PlanVersion],
    month: NaiveDate,
    own: Option<&Writer>,
) -> Result<BillExplanation, StoreError> {
    let month = first_of_month(month);
    let end = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let before = month.checked_sub_months(Months::new(1)).unwrap_or(month);
    let scope = Scope::Keys(vec![key.id]);
    let report = billing_report(store, settings, &scope, before, end, own).await?;
    Ok(explain(&report, settings, key, plans, month))
}

/// The explanation from a report of one key that begins with the month before. Pure.
fn explain(
    report: &BillingReport,
    settings: &BillingSettings,
    key: &KeyRecord,
    plans: &[PlanVersion],
    month: NaiveDate,
) -> BillExplanation {
    let end = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let today = utc_date(report.at);
    let closed = today >= end;
    let none = KeyBill {
        key: key.clone(),
        days: Vec::new(),
        requests: 0,
        costs: BTreeMap::new(),
        months: BTreeMap::new(),
    };
    let bill = report.keys.first().unwrap_or(&none);
    let days: Vec<&DayCost> = bill.days.iter().filter(|day| day.date >= month).collect();
    let mut position = 0_u64;
    let explained = days.iter().map(|day| {
        position = position.saturating_add(day.requests);
        ExplainedDay {
            day: (*day).clone(),
            position,
        }
    });
    let explained = explained.collect();
    let usage = Usage::of(&days);
    let running = !closed && month <= today;
    let ahead = running.then(|| Ahead::new(report, bill, month, end));
    let last = end.pred_opt().unwrap_or(month).min(today.max(month));
    BillExplanation {
        month,
        end,
        at: report.at,
        closed,
        approximate: report.approximate,
        days: explained,
        plans: plans_of(&report.tariff, key.id, month, end),
        projected_requests: ahead.as_ref().map(|ahead| ahead.month(&usage).total()),
        projection: ahead
            .as_ref()
            .map(|ahead| ahead.range(&report.tariff, key.id, &usage))
            .unwrap_or_default(),
        weeks: ahead.as_ref().map_or(0, |ahead| {
            u8::try_from(ahead.weeks.len()).unwrap_or_default()
        }),
        invoices: invoices(report, month),
        alternatives: alternatives(
            &report.tariff,
            settings,
            key,
            plans,
            (last, &usage),
            ahead.as_ref(),
        ),
        before: month_before(
            report,
            bill,
            key.id,
            month,
            if closed { end } else { today },
        ),
    }
}

/// What was used, by day: requests, and units by name.
#[derive(Debug, Clone, Default)]
struct Usage {
    requests: Vec<(NaiveDate, u64)>,
    units: BTreeMap<String, Vec<(NaiveDate, u64)>>,
}

impl Usage {
    /// Of these days.
    fn of(days: &[&DayCost]) -> Self {
        let names: BTreeSet<&String> = days.iter().flat_map(|day| day.units.keys()).collect();
        Self {
            requests: days.iter().map(|day| (day.date, day.requests)).collect(),
            units: names
                .into_iter()
                .map(|name| {
                    let of = |day: &&DayCost| {
                        (day.date, day.units.get(name).copied().unwrap_or_default())
                    };
                    (name.clone(), days.iter().map(of).collect())
                })
                .collect(),
        }
    }

    /// Its requests.
    fn total(&self) -> u64 {
        sum(&self.requests)
    }

    /// With what is yet to come: `rest` says how, of the days so far and the name of a unit.
    fn with(
        &self,
        rest: impl Fn(&[(NaiveDate, u64)], Option<&str>) -> Vec<(NaiveDate, u64)>,
    ) -> Self {
        Self {
            requests: rest(&self.requests, None),
            units: self
                .units
                .iter()
                .map(|(name, days)| (name.clone(), rest(days, Some(name))))
                .collect(),
        }
    }

    /// What it costs, by currency.
    fn cost(&self, tariff: &Tariff, key: i64) -> BTreeMap<Currency, Money> {
        let mut dates: BTreeMap<NaiveDate, (u64, BTreeMap<String, u64>)> = BTreeMap::new();
        for (day, n) in &self.requests {
            dates.entry(*day).or_default().0 += n;
        }
        for (name, days) in &self.units {
            for (day, n) in days {
                let units = &mut dates.entry(*day).or_default().1;
                *units.entry(name.clone()).or_default() += n;
            }
        }
        let requests: Vec<_> = dates.iter().map(|(day, (n, _))| (*day, *n)).collect();
        let units: Vec<_> = dates
            .iter()
            .map(|(day, (_, units))| (*day, units))
            .collect();
        let (_, costs) = charge_all(tariff, key, &requests, &units);
        let mut by_currency: BTreeMap<Currency, Money> = BTreeMap::new();
        for ((day, _), cost) in requests.iter().zip(costs) {
            let currency = tariff.on(key, *day).currency;
            *by_currency.entry(currency).or_insert(Money::ZERO) += cost;
        }
        by_currency
    }

    /// What it costs if one version of a plan counts on all days.
    fn cost_by(&self, plan: &PlanVersion, key: i64) -> Money {
        let fixed = Tariff::new(Vec::new(), &[]).with_default(plan.clone());
        self.cost(&fixed, key).into_values().sum()
    }
}

fn sum(days: &[(NaiveDate, u64)]) -> u64 {
    days.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))
}

/// What is yet to come of a running month.
#[derive(Debug)]
struct Ahead {
    today: NaiveDate,
    end: NaiveDate,
    /// Seconds of the month that are over, and those that are left.
    elapsed: i64,
    remaining: i64,
    /// What was used in each of the last weeks.
    weeks: Vec<Usage>,
}

impl Ahead {
    fn new(report: &BillingReport, bill: &KeyBill, month: NaiveDate, end: NaiveDate) -> Self {
        let today = utc_date(report.at);
        let month_seconds = utc_midnight(end) - utc_midnight(month);
        let elapsed = (report.at - utc_midnight(month)).clamp(1, month_seconds);
        let first = bill.days.first().map(|day| day.date);
        let weeks = (1..=WEEKS).filter_map(|week| {
            let from = today.checked_sub_days(Days::new(7 * week))?;
            let to = today.checked_sub_days(Days::new(7 * (week - 1)))?;
            first.filter(|first| *first <= from)?;
            let days = bill.days.iter();
            let days: Vec<_> = days.filter(|d| from <= d.date && d.date < to).collect();
            Some(Usage::of(&days))
        });
        Self {
            today,
            end,
            elapsed,
            remaining: month_seconds - elapsed,
            weeks: weeks.collect(),
        }
    }

    /// The whole month at the pace so far.
    fn month(&self, usage: &Usage) -> Usage {
        usage.with(|days, _| projected(days.to_vec(), self.today, self.end, self.elapsed))
    }

    /// The whole month if its rest goes like `week`.
    fn like(&self, usage: &Usage, week: &Usage) -> Usage {
        // What the week used and the month has not yet is yet to come, too.
        let mut usage = usage.clone();
        for name in week.units.keys() {
            usage.units.entry(name.clone()).or_default();
        }
        usage.with(|days, unit| {
            let used = match unit {
                None => week.total(),
                Some(name) => week.units.get(name).map_or(0, |days| sum(days)),
            };
            let left = at_pace(used, 7 * 86_400, self.remaining);
            with_rest(days.to_vec(), self.today, self.end, left)
        })
    }

    /// The projection with its range, by currency.
    fn range(&self, tariff: &Tariff, key: i64, usage: &Usage) -> Vec<ProjectedBill> {
        let middle = self.month(usage).cost(tariff, key);
        let weeks: Vec<_> = self
            .weeks
            .iter()
            .map(|week| self.like(usage, week).cost(tariff, key))
            .collect();
        let currencies: BTreeSet<Currency> = weeks
            .iter()
            .chain([&middle])
            .flat_map(|costs| costs.keys().copied())
            .collect();
        currencies
            .into_iter()
            .map(|currency| {
                let of = |costs: &BTreeMap<Currency, Money>| {
                    costs.get(&currency).copied().unwrap_or(Money::ZERO)
                };
                let cost = of(&middle);
                let all = || weeks.iter().map(of).chain([cost]);
                ProjectedBill {
                    currency,
                    cost,
                    low: all().min().unwrap_or(cost),
                    high: all().max().unwrap_or(cost),
                }
            })
            .collect()
    }
}

/// The versions in effect on the days of a month, each with its first day.
fn plans_of(
    tariff: &Tariff,
    key: i64,
    month: NaiveDate,
    end: NaiveDate,
) -> Vec<(NaiveDate, PlanVersion)> {
    let mut plans: Vec<(NaiveDate, PlanVersion)> = Vec::new();
    for day in month.iter_days().take_while(|day| *day < end) {
        let version = tariff.on(key, day);
        if plans.last().is_none_or(|(_, last)| last != version) {
            plans.push((day, version.clone()));
        }
    }
    plans
}

/// What the month would cost by the other plans that the key could be on, and by its own.
fn alternatives(
    tariff: &Tariff,
    settings: &BillingSettings,
    key: &KeyRecord,
    plans: &[PlanVersion],
    (last, usage): (NaiveDate, &Usage),
    ahead: Option<&Ahead>,
) -> Vec<Alternative> {
    let mut latest: BTreeMap<(Option<&str>, &str), &PlanVersion> = BTreeMap::new();
    for plan in plans {
        let tenant = plan.tenant_id.as_deref();
        let takes = tenant.is_none() || tenant == key.spec.tenant_id.as_deref();
        if !takes || plan.effective_from > last {
            continue;
        }
        let known = latest.entry((tenant, &plan.name)).or_insert(plan);
        if plan.effective_from > known.effective_from {
            *known = plan;
        }
    }
    let current = tariff.on(key.id, last);
    let costs = usage.cost(tariff, key.id);
    let month = ahead.map(|ahead| ahead.month(usage));
    let own = latest
        .values()
        .any(|plan| plan.id == settings.default_plan.id);
    let default = (!own).then_some(&settings.default_plan);
    let mut all: Vec<Alternative> = latest
        .into_values()
        .chain(default)
        .map(|plan| {
            let cost = usage.cost_by(plan, key.id);
            let paid = match costs.len() {
                0 => Some(Money::ZERO),
                1 => costs.get(&plan.currency).copied(),
                _ => None,
            };
            Alternative {
                is_current: plan.name == current.name && plan.tenant_id == current.tenant_id,
                difference: paid.map(|paid| less(cost, paid)),
                projected: month.as_ref().map(|month| month.cost_by(plan, key.id)),
                plan: plan.clone(),
                cost,
            }
        })
        .collect();
    all.sort_by(|a, b| (&a.plan.name, a.plan.id).cmp(&(&b.plan.name, b.plan.id)));
    all
}

/// Compares the days of the month before `until` with as many days of the month before.
fn month_before(
    report: &BillingReport,
    bill: &KeyBill,
    key: i64,
    month: NaiveDate,
    until: NaiveDate,
) -> Option<MonthBefore> {
    let before = month.checked_sub_months(Months::new(1))?;
    let over = u64::try_from((until - month).num_days()).ok()?;
    // A month that is shorter has no more days than it has.
    let days = over.min((month - before).num_days().unsigned_abs());
    if days == 0 {
        return None;
    }
    let part = |first: NaiveDate| -> Option<Vec<&DayCost>> {
        let to = first.checked_add_days(Days::new(days))?;
        let of = bill.days.iter();
        Some(of.filter(|d| first <= d.date && d.date < to).collect())
    };
    let (now, then) = (part(month)?, part(before)?);
    let costs = |days: &[&DayCost]| {
        let mut costs: BTreeMap<Currency, Money> = BTreeMap::new();
        for day in days {
            *costs.entry(day.currency).or_insert(Money::ZERO) += day.cost;
        }
        costs
    };
    let (costs, costs_before) = (costs(&now), costs(&then));
    let last = before.checked_add_days(Days::new(days - 1))?;
    let prices = report.tariff.on(key, last);
    let currencies: BTreeSet<Currency> = costs.keys().chain(costs_before.keys()).copied().collect();
    let one = match currencies.len() {
        0 => true,
        1 => currencies.contains(&prices.currency),
        _ => false,
    };
    let total = |costs: &BTreeMap<Currency, Money>| costs.values().copied().sum::<Money>();
    let parts = one.then(|| {
        let same_prices = Usage::of(&now).cost_by(prices, key);
        (
            less(same_prices, total(&costs_before)),
            less(total(&costs), same_prices),
        )
    });
    Some(MonthBefore {
        month: before,
        days: u32::try_from(days).unwrap_or_default(),
        requests: now.iter().map(|day| day.requests).sum(),
        requests_before: then.iter().map(|day| day.requests).sum(),
        costs,
        costs_before,
        parts,
    })
}

/// `a` less `b`, exactly.
fn less(a: Money, b: Money) -> Decimal {
    a.decimal().saturating_sub(b.decimal()).normalize()
}
