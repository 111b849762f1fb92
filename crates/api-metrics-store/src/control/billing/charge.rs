//! What a key's month costs: pure arithmetic over daily counts.
//!
//! What is used of a unit that has a price is charged in the same way, beside the requests and by positions of
//! its own.
//!
//! The requests of a key in a month are numbered from 0 in the order of days; within a day their order
//! does not matter. A request's price is that of its position in the plan that is in effect on its day.
//! So a month is a walk over its days, and each day is cut into pieces where the free allowance ends
//! and where a tier begins.
//!
//! Example: 100 requests are free, then a thousand costs 1.00, from request 1,000 on 0.50.
//!
//! | day | requests | positions | free | at 1.00 | at 0.50 | cost |
//! |---|---|---|---|---|---|---|
//! | 1 | 600 | 0 to 599 | 100 | 500 | | 0.50 |
//! | 2 | 600 | 600 to 1,199 | | 400 | 200 | 0.50 |
//! | 3 | 1,000 | 1,200 to 2,199 | | | 1,000 | 0.50 |
//!
//! If another plan counts from day 3 on, its tiers see the positions 1,200 to 2,199: positions don't
//! start anew.
//!
//! Which plan counts: the key's latest assignment on or before the day names a plan, by any of its
//! versions; of that plan's versions the latest that is in effect on the day counts. Without an
//! assignment, or before the first version, the default plan does.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Money, PlanVersion, PriceTier};

/// Which plan a key is on from a day on; any version names the plan, `None` is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The key.
    pub api_key_id: i64,
    /// The first day.
    pub from: NaiveDate,
    /// A version of the plan.
    pub plan_id: Option<i64>,
}

/// All versions of all plans, and which key is on which.
#[derive(Debug, Clone)]
pub(super) struct Tariff {
    versions: Vec<PlanVersion>,
    /// By key, ascending by day.
    assignments: BTreeMap<i64, Vec<(NaiveDate, Option<i64>)>>,
    fallback: PlanVersion,
}

impl Tariff {
    /// A tariff. Without assignments a key is on the default plan.
    pub(super) fn new(versions: Vec<PlanVersion>, assignments: &[Assignment]) -> Self {
        let mut by_key: BTreeMap<i64, Vec<(NaiveDate, Option<i64>)>> = BTreeMap::new();
        for assignment in assignments {
            by_key
                .entry(assignment.api_key_id)
                .or_default()
                .push((assignment.from, assignment.plan_id));
        }
        for days in by_key.values_mut() {
            days.sort_by_key(|(from, _)| *from);
        }
        Self {
            versions,
            assignments: by_key,
            fallback: PlanVersion::default(),
        }
    }

    /// Prices by `plan` where no plan was set, or none counts yet.
    pub(super) fn with_default(mut self, plan: PlanVersion) -> Self {
        self.fallback = plan;
        self
    }

    /// The version in effect for a key on a day.
    ///
    /// Linear in the number of versions, which is at most 500 a tenant.
    pub(super) fn on(&self, api_key_id: i64, day: NaiveDate) -> &PlanVersion {
        let assigned = self
            .assignments
            .get(&api_key_id)
            .and_then(|days| days.iter().rev().find(|(from, _)| *from <= day))
            .and_then(|(_, plan)| *plan)
            .and_then(|id| self.versions.iter().find(|version| version.id == id));
        assigned
            .and_then(|named| {
                self.versions
                    .iter()
                    .filter(|v| v.name == named.name && v.tenant_id == named.tenant_id)
                    .filter(|v| v.effective_from <= day)
                    .max_by_key(|v| v.effective_from)
            })
            .unwrap_or(&self.fallback)
    }
}

/// A number of requests of one key and month, or an amount of a unit, that cost the same.
///
/// An invoice has one line for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charge {
    /// The unit; `None` for requests.
    pub(super) unit: Option<String>,
    /// The version of the plan.
    pub(super) plan: PlanVersion,
    /// The tier; `None` for the free allowance.
    pub(super) tier: Option<PriceTier>,
    /// The first day with such a request.
    pub(super) first_day: NaiveDate,
    /// The last one.
    pub(super) last_day: NaiveDate,
    /// How many, or how much.
    pub(super) quantity: u64,
    /// What they cost, exactly.
    pub(super) cost: Money,
}

/// Charges one key for one month. `days` are its counted requests by day, ascending, all within
/// the month and from its first day on. Answers the charges in the order in which they came up, and
/// the cost of each day. With a `unit`, `days` are what was used of it, which is numbered from 0 too.
pub(super) fn charge_month(
    tariff: &Tariff,
    api_key_id: i64,
    unit: Option<&str>,
    days: &[(NaiveDate, u64)],
) -> (Vec<Charge>, Vec<Money>) {
    let mut charges: Vec<Charge> = Vec::new();
    let mut costs = Vec::with_capacity(days.len());
    let mut position: u64 = 0;
    for (day, requests) in days {
        let plan = tariff.on(api_key_id, *day);
        let end = position.saturating_add(*requests);
        let mut cost = Money::ZERO;
        for (quantity, tier) in plan.pieces(unit, position, end) {
            let amount = tier.map_or(Money::ZERO, |tier| Money::of(quantity, tier.per_thousand));
            cost += amount;
            let same = charges
                .iter_mut()
                .find(|charge| charge.plan == *plan && charge.tier == tier);
            match same {
                Some(charge) => {
                    charge.last_day = *day;
                    charge.quantity += quantity;
                    charge.cost += amount;
                }
                None => charges.push(Charge {
                    unit: unit.map(str::to_owned),
                    plan: plan.clone(),
                    tier,
                    first_day: *day,
                    last_day: *day,
                    quantity,
                    cost: amount,
                }),
            }
        }
        costs.push(cost);
        position = end;
    }
    (charges, costs)
}
