//! Price plans.
//!
//! A plan is a name and a tenant; its versions say what counts from which day on. A version is never
//! changed or removed, so that an old invoice can be explained at any time. To change prices, add a
//! version from a later day.
//!
//! | setting | bounds |
//! |---|---|
//! | name | 1 to 200 bytes |
//! | tenant | 1 to 200 bytes, or none for everybody |
//! | currency | three capital letters |
//! | free requests | at most 2^63 - 1 |
//! | tiers | 1 to 100, ascending, the first from 0 |
//! | units | at most 20, each with free ones and tiers of its own |
//! | price of a thousand | 0 to 1,000,000 with at most eight decimals |
//!
//! Tiers are graduated: each price counts for the requests within its tier and not for those before.
//! The free allowance covers the first positions; tiers keep their positions, so that an allowance that
//! is larger than a tier swallows it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Currency, money::PRICE_SCALE};
use crate::control::text::{MAX_NAME_BYTES, MAX_TENANT_BYTES, check_text, check_unit};
use crate::store::{StoreError, invalid};

/// From which request of the month, or from how much of a unit, on which price counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceTier {
    /// How many requests of the month, or how much of its unit, come before it: 0 for the first tier.
    pub from_requests: u64,
    /// The price of 1,000, with at most eight decimals.
    pub per_thousand: Decimal,
}

impl PriceTier {
    /// A price for the requests of a month after the first `from_requests`.
    #[must_use]
    pub const fn new(from_requests: u64, per_thousand: Decimal) -> Self {
        Self {
            from_requests,
            per_thousand,
        }
    }
}

/// What a unit costs, beside the requests that use it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitPrice {
    /// The name of the unit.
    pub unit: String,
    /// How much of it costs nothing in a month: the first ones.
    pub free: u64,
    /// Ascending, the first from 0, counted in the unit.
    pub tiers: Vec<PriceTier>,
}

impl UnitPrice {
    /// Prices of a unit without a free allowance. Tiers ascend, the first from 0.
    #[must_use]
    pub fn new(unit: impl Into<String>, tiers: Vec<PriceTier>) -> Self {
        Self {
            unit: unit.into(),
            free: 0,
            tiers,
        }
    }
}

/// A version of a plan: what counts from a day on, until a later version of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanVersion {
    /// Its number; 0 for the default plan, which is not stored.
    pub id: i64,
    /// Whose plan it is; `None` for everybody.
    pub tenant_id: Option<String>,
    /// The plan's name.
    pub name: String,
    /// The currency of its prices.
    pub currency: Currency,
    /// The first day, in UTC, on which it counts.
    pub effective_from: NaiveDate,
    /// Requests of a month that cost nothing: the first ones.
    pub free_requests: u64,
    /// Ascending, the first from 0.
    pub tiers: Vec<PriceTier>,
    /// What units cost, each once.
    pub units: Vec<UnitPrice>,
}

impl Default for PlanVersion {
    /// What counts where no plan was set: 0.02 USD for 1,000 requests, from the first on.
    fn default() -> Self {
        Self {
            id: 0,
            tenant_id: None,
            name: "default".into(),
            currency: Currency::USD,
            effective_from: crate::time::DAWN,
            free_requests: 0,
            tiers: vec![PriceTier {
                from_requests: 0,
                per_thousand: Decimal::new(2, 2),
            }],
            units: Vec::new(),
        }
    }
}

impl PlanVersion {
    /// The pieces of the month's requests `[from, to)`, by position, that cost the same: how many,
    /// from which position the tier counts, and its price for a thousand. Free ones cost 0 and come
    /// first.
    ///
    /// For 100 free requests and tiers from 0 and 1,000, `[50, 1_200)` gives 50 free ones, 900 of the
    /// first tier and 200 of the second.
    ///
    /// Of a `unit` the same of what was used of it; nothing where it has no price.
    pub(super) fn pieces(
        &self,
        unit: Option<&str>,
        from: u64,
        to: u64,
    ) -> Vec<(u64, Option<PriceTier>)> {
        let mut pieces = Vec::new();
        let Some((free, tiers)) = self.prices(unit) else {
            return pieces;
        };
        let free_to = to.min(free.max(from));
        if free_to > from {
            pieces.push((free_to - from, None));
        }
        let mut at = free_to.max(from);
        for (n, tier) in tiers.iter().enumerate() {
            let end = tiers
                .get(n + 1)
                .map_or(u64::MAX, |next| next.from_requests)
                .min(to);
            if end > at {
                pieces.push((end - at, Some(*tier)));
                at = end;
            }
        }
        pieces
    }

    /// The free allowance and the tiers of requests, or of a unit, if it has a price.
    fn prices(&self, unit: Option<&str>) -> Option<(u64, &[PriceTier])> {
        let Some(name) = unit else {
            return Some((self.free_requests, &self.tiers));
        };
        let price = self.units.iter().find(|price| price.unit == name)?;
        Some((price.free, &price.tiers))
    }

    /// How much of requests, or of a unit, is free in a month.
    pub(super) fn free_of(&self, unit: Option<&str>) -> u64 {
        self.prices(unit).map_or(0, |(free, _)| free)
    }
}

/// A version of a plan that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewPlan {
    /// Whose plan it is; `None` for everybody.
    pub tenant_id: Option<String>,
    /// The plan's name. Versions of one name are one plan.
    pub name: String,
    /// The currency's ISO 4217 code.
    pub currency: String,
    /// The first day, in UTC, on which it counts.
    pub effective_from: NaiveDate,
    /// Requests of a month that cost nothing: the first ones.
    pub free_requests: u64,
    /// Ascending, the first from 0.
    pub tiers: Vec<PriceTier>,
    /// What units cost, each once.
    pub units: Vec<UnitPrice>,
}

impl NewPlan {
    /// A plan for everybody without free requests. Tiers ascend, the first from 0.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        currency: impl Into<String>,
        effective_from: NaiveDate,
        tiers: Vec<PriceTier>,
    ) -> Self {
        Self {
            tenant_id: None,
            name: name.into(),
            currency: currency.into(),
            effective_from,
            free_requests: 0,
            tiers,
            units: Vec::new(),
        }
    }

    /// Whether it can be billed by; the currency, if so.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] names the first member that can't be.
    pub(crate) fn validate(&self) -> Result<Currency, StoreError> {
        check_text("name", &self.name, MAX_NAME_BYTES)?;
        // An empty tenant is stored for plans of everybody, so that it can't be a name.
        if let Some(tenant) = &self.tenant_id {
            check_text("tenantId", tenant, MAX_TENANT_BYTES)?;
        }
        let currency: Currency = self.currency.parse()?;
        if i64::try_from(self.free_requests).is_err() {
            return invalid("freeRequests", "is too large");
        }
        validate_tiers("tiers", &self.tiers)?;
        if self.units.len() > 20 {
            return invalid("units", "are at most 20");
        }
        for (n, price) in self.units.iter().enumerate() {
            check_unit("units", &price.unit)?;
            let before = self.units.iter().take(n);
            if before
                .map(|other| &other.unit)
                .any(|name| *name == price.unit)
            {
                return invalid("units", "have one price each");
            }
            if i64::try_from(price.free).is_err() {
                return invalid("units", "have too large a free allowance");
            }
            validate_tiers("units", &price.tiers)?;
        }
        Ok(currency)
    }
}

/// Checks tiers, of requests or of a unit.
///
/// # Errors
/// [`StoreError::Invalid`] names the member that they came in.
fn validate_tiers(field: &'static str, tiers: &[PriceTier]) -> Result<(), StoreError> {
    if tiers.first().is_none_or(|tier| tier.from_requests != 0) {
        let start = match field {
            "tiers" => "start with one from 0 requests",
            _ => "have tiers that start with one from 0",
        };
        return invalid(field, start);
    }
    if tiers.len() > 100 {
        return invalid(field, "are at most 100");
    }
    if tiers
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.from_requests >= b.from_requests))
    {
        let ascend = match field {
            "tiers" => "ascend by fromRequests",
            _ => "have tiers that ascend by from",
        };
        return invalid(field, ascend);
    }
    for tier in tiers {
        let price = tier.per_thousand;
        if price.is_sign_negative() && !price.is_zero() || price > Decimal::from(1_000_000) {
            return invalid(field, "have prices from 0 to 1,000,000 for 1,000 requests");
        }
        if price.normalize().scale() > PRICE_SCALE {
            return invalid(field, "have prices with at most eight decimals");
        }
        if i64::try_from(tier.from_requests).is_err() {
            return invalid(field, "start at too large a number");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn graduated() -> PlanVersion {
        PlanVersion {
            free_requests: 100,
            tiers: [(0, "1"), (1_000, "0.5"), (5_000, "0.1")]
                .map(|(from_requests, price)| PriceTier {
                    from_requests,
                    per_thousand: price.parse().unwrap(),
                })
                .into(),
            ..PlanVersion::default()
        }
    }

    #[test]
    fn pieces_follow_the_allowance_and_the_tiers() {
        let pieces = |from, to| -> Vec<(u64, Option<u64>)> {
            graduated()
                .pieces(None, from, to)
                .into_iter()
                .map(|(n, tier)| (n, tier.map(|t| t.from_requests)))
                .collect()
        };
        assert_eq!(pieces(0, 0), []);
        assert_eq!(pieces(0, 50), [(50, None)]);
        assert_eq!(pieces(50, 150), [(50, None), (50, Some(0))]);
        assert_eq!(
            pieces(900, 6_000),
            [(100, Some(0)), (4_000, Some(1_000)), (1_000, Some(5_000))]
        );
        assert_eq!(pieces(0, 1_000), [(100, None), (900, Some(0))]);
    }

    #[test]
    fn an_allowance_larger_than_a_tier_swallows_it() {
        let plan = PlanVersion {
            free_requests: 2_000,
            ..graduated()
        };
        let pieces = plan.pieces(None, 0, 3_000);
        assert_eq!(pieces.first(), Some(&(2_000, None)));
        assert_eq!(
            pieces.get(1).map(|(n, t)| (*n, t.unwrap().from_requests)),
            Some((1_000, 1_000))
        );
    }

    #[test]
    fn what_can_not_be_billed_by_is_refused_by_name() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let plan = NewPlan::new(
            "pro",
            "USD",
            day,
            vec![PriceTier::new(0, Decimal::new(2, 2))],
        );
        assert_eq!(plan.validate().unwrap(), Currency::USD);
        let field = |plan: NewPlan| match plan.validate() {
            Err(StoreError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            field(NewPlan {
                name: " ".into(),
                ..plan.clone()
            }),
            "name"
        );
        assert_eq!(
            field(NewPlan {
                currency: "usd".into(),
                ..plan.clone()
            }),
            "currency"
        );
        assert_eq!(
            field(NewPlan {
                tiers: vec![],
                ..plan.clone()
            }),
            "tiers"
        );
        let tier = |from_requests, price: &str| PriceTier {
            from_requests,
            per_thousand: price.parse().unwrap(),
        };
        for tiers in [
            vec![tier(1, "1")],
            vec![tier(0, "1"), tier(0, "2")],
            vec![tier(0, "-1")],
            vec![tier(0, "0.000000001")],
            vec![tier(0, "1000001")],
        ] {
            assert_eq!(
                field(NewPlan {
                    tiers,
                    ..plan.clone()
                }),
                "tiers"
            );
        }
        assert!(
            NewPlan {
                tiers: vec![tier(0, "0.100000000000")],
                ..plan
            }
            .validate()
            .is_ok()
        );
    }
}
