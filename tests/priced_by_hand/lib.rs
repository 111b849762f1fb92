//! What requests cost, computed in whole numbers and one request after the other. It shares nothing with
//! the store's computation, which is tested against it with and without a database.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// The month of all cases.
pub const MONTH: &str = "2026-03-01";

/// A version of a plan in plain numbers: prices are in hundred-millionths for 1,000 requests.
#[derive(Debug, Clone)]
pub struct Version {
    /// Which plan.
    pub plan: usize,
    /// From which day of the month.
    pub from_day: u32,
    /// Requests that cost nothing.
    pub free: u64,
    /// From which request on which price.
    pub tiers: Vec<(u64, u64)>,
    /// Its ISO code.
    pub currency: &'static str,
}

/// Plans, who has which when, and what they used.
#[derive(Debug, Clone)]
pub struct Case {
    /// All versions of all plans.
    pub versions: Vec<Version>,
    /// By key: from which day on which plan; no plan is the default.
    pub plans: Vec<BTreeMap<u32, Option<usize>>>,
    /// By key: requests by day of the month.
    pub usage: Vec<BTreeMap<u32, u64>>,
}

/// The price where no plan is set, as in [`Version`].
const DEFAULT_PRICE: u64 = 2_000_000;

fn version() -> impl Strategy<Value = Version> {
    let tiers = prop::collection::btree_map(1_u64..400, price(), 0..4);
    (
        0_usize..3,
        1_u32..29,
        0_u64..200,
        price(),
        tiers,
        any::<bool>(),
    )
        .prop_map(|(plan, from_day, free, first, tiers, euro)| Version {
            plan,
            from_day,
            free,
            tiers: std::iter::once((0, first)).chain(tiers).collect(),
            currency: if euro { "EUR" } else { "JPY" },
        })
}

/// From nothing to 10, with up to eight decimals.
fn price() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        0_u64..1_000,
        (0_u64..1_000).prop_map(|cents| cents * 1_000_000),
        0_u64..1_000_000_000,
    ]
}

/// Cases of so many keys with fewer than `most` requests a day each.
pub fn case(keys: usize, most: u64) -> impl Strategy<Value = Case> {
    let plan = prop::collection::btree_map(1_u32..32, prop::option::of(0_usize..3), 0..4);
    let days = prop::collection::btree_map(1_u32..32, 0..most, 0..8);
    (
        prop::collection::vec(version(), 0..6),
        prop::collection::vec(plan, keys..=keys),
        prop::collection::vec(days, keys..=keys),
    )
        .prop_map(|(mut versions, plans, usage)| {
            // One version of a plan a day.
            versions.sort_by_key(|v| (v.plan, v.from_day));
            versions.dedup_by_key(|v| (v.plan, v.from_day));
            Case {
                versions,
                plans,
                usage,
            }
        })
}

/// That day of the month.
#[must_use]
pub fn date(day: u32) -> NaiveDate {
    MONTH.parse::<NaiveDate>().unwrap().with_day(day).unwrap()
}

/// What all requests of a key cost, one after the other: by currency, in hundred-thousand-millionths.
#[must_use]
pub fn by_hand(case: &Case, key: usize) -> BTreeMap<&'static str, u128> {
    let mut sums = BTreeMap::new();
    let mut position = 0;
    for (day, requests) in &case.usage[key] {
        let plan = case.plans[key]
            .range(..=*day)
            .next_back()
            .and_then(|(_, plan)| *plan);
        let version = plan.and_then(|plan| {
            let mut best: Option<&Version> = None;
            for version in &case.versions {
                if version.plan == plan && version.from_day <= *day {
                    best = match best {
                        Some(b) if b.from_day > version.from_day => Some(b),
                        _ => Some(version),
                    };
                }
            }
            best
        });
        for _ in 0..*requests {
            let (currency, price) = match version {
                None => ("USD", DEFAULT_PRICE),
                Some(version) if position < version.free => (version.currency, 0),
                Some(version) => {
                    let mut price = 0;
                    for (from, tier) in &version.tiers {
                        if position >= *from {
                            price = *tier;
                        }
                    }
                    (version.currency, price)
                }
            };
            *sums.entry(currency).or_default() += u128::from(price);
            position += 1;
        }
    }
    sums
}

/// A decimal in hundred-thousand-millionths.
#[must_use]
pub fn units(amount: Decimal) -> u128 {
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<11}").parse().unwrap()
}

/// A price of a [`Version`] as a decimal.
#[must_use]
pub fn price_of(units: u64) -> Decimal {
    Decimal::from_i128_with_scale(units.into(), 8)
}
