//! What a key's month costs: pure arithmetic over daily counts.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Money, PlanVersion, PriceTier};

/// Which plan a key is on from a day on; any version names the plan, `None` is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assignment {
    /// The key.
    pub api_key_id: i64,
    /// The first day.
    pub from: NaiveDate,
    /// A version of the plan.
    pub plan_id: Option<i64>,
}

impl Assignment {
    /// Puts a key on a plan from a day on; `None` is the default plan.
    #[must_use]
    pub const fn new(api_key_id: i64, from: NaiveDate, plan_id: Option<i64>) -> Self {
        Self {
            api_key_id,
            from,
            plan_id,
        }
    }
}

/// All versions of all plans, and which key is on which.
#[derive(Debug, Clone)]
pub struct Tariff {
    versions: Vec<PlanVersion>,
    /// By key, ascending by day.
    assignments: BTreeMap<i64, Vec<(NaiveDate, Option<i64>)>>,
    fallback: PlanVersion,
}

impl Tariff {
    /// A tariff. Without assignments a key is on the default plan.
    #[must_use]
    pub fn new(versions: Vec<PlanVersion>, assignments: &[Assignment]) -> Self {
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
            fallback: PlanVersion::fallback(),
        }
    }

    /// Prices by `plan` where no plan was set, or none counts yet.
    #[must_use]
    pub(super) fn with_default(mut self, plan: PlanVersion) -> Self {
        self.fallback = plan;
        self
    }

    /// The version in effect for a key on a day.
    #[must_use]
    pub fn on(&self, api_key_id: i64, day: NaiveDate) -> &PlanVersion {
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

/// A number of requests of one key and month that cost the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// The version of the plan.
    pub plan: PlanVersion,
    /// The tier; `None` for the free allowance.
    pub tier: Option<PriceTier>,
    /// The first day with such a request.
    pub first_day: NaiveDate,
    /// The last one.
    pub last_day: NaiveDate,
    /// How many.
    pub requests: u64,
    /// What they cost, exactly.
    pub cost: Money,
}

/// Charges one key for one month. `days` are its counted requests by day, ascending, all within
/// the month and from its first day on. Answers the charges in the order in which they came up, and
/// the cost of each day.
#[must_use]
pub fn charge_month(
    tariff: &Tariff,
    api_key_id: i64,
    days: &[(NaiveDate, u64)],
) -> (Vec<Charge>, Vec<Money>) {
    let mut charges: Vec<Charge> = Vec::new();
    let mut costs = Vec::with_capacity(days.len());
    let mut position: u64 = 0;
    for (day, requests) in days {
        let plan = tariff.on(api_key_id, *day);
        let end = position.saturating_add(*requests);
        let mut cost = Money::ZERO;
        for (requests, tier) in plan.pieces(position, end) {
            let amount = tier.map_or(Money::ZERO, |tier| Money::of(requests, tier.per_thousand));
            cost += amount;
            let same = charges
                .iter_mut()
                .find(|charge| charge.plan == *plan && charge.tier == tier);
            match same {
                Some(charge) => {
                    charge.last_day = *day;
                    charge.requests += requests;
                    charge.cost += amount;
                }
                None => charges.push(Charge {
                    plan: plan.clone(),
                    tier,
                    first_day: *day,
                    last_day: *day,
                    requests,
                    cost: amount,
                }),
            }
        }
        costs.push(cost);
        position = end;
    }
    (charges, costs)
}
