//! Charges against a computation that shares nothing with theirs: one request after the other, in whole
//! numbers. The suite of the control plane does the same with recorded requests on both databases.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    Assignment, BillingSettings, PlanVersion, PriceTier, Tariff, invoices, report::report,
};
use crate::{
    bucket::Bucket,
    control::keys::KeyRecord,
    query::{Answer, Group, Row, TimeRange},
    sketch::SketchKind,
    time::utc_midnight,
};

const MONTH: &str = "2026-03-01";

/// A version of a plan in plain numbers: prices are in hundred-millionths for 1,000 requests.
#[derive(Debug, Clone)]
struct Version {
    plan: usize,
    from_day: u32,
    free: u64,
    tiers: Vec<(u64, u64)>,
    currency: &'static str,
}

#[derive(Debug, Clone)]
struct Case {
    versions: Vec<Version>,
    /// By key: from which day on which plan; no plan is the default.
    plans: Vec<BTreeMap<u32, Option<usize>>>,
    /// By key: requests by day of the month.
    usage: Vec<BTreeMap<u32, u64>>,
}

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

fn case(keys: usize, most: u64) -> impl Strategy<Value = Case> {
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

fn date(day: u32) -> NaiveDate {
    MONTH.parse::<NaiveDate>().unwrap().with_day(day).unwrap()
}

/// What all requests of a key cost: by currency, in hundred-thousand-millionths.
fn by_hand(case: &Case, key: usize) -> BTreeMap<&'static str, u128> {
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
fn units(amount: Decimal) -> u128 {
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<11}").parse().unwrap()
}

fn price_of(units: u64) -> Decimal {
    Decimal::from_i128_with_scale(units.into(), 8)
}

/// What a database would answer about the usage of a case.
fn answer(case: &Case) -> Answer {
    let mut rows = Vec::new();
    for (key, usage) in case.usage.iter().enumerate() {
        for (day, requests) in usage {
            let mut bucket = Bucket::new(SketchKind::Histogram);
            bucket.request_count = *requests;
            let group = Group {
                api_key_id: Some(key as i64 + 1),
                period_start: Some(utc_midnight(date(*day))),
                ..Group::default()
            };
            rows.push(Row::new(group, bucket));
        }
    }
    let (start, end) = (utc_midnight(date(1)), utc_midnight(date(31)) + 86_400);
    Answer::new(TimeRange::new(start, end), end * 1_000_000, rows)
}

/// The plans of a case, each version under a number of its own.
fn versions(case: &Case) -> Vec<PlanVersion> {
    let numbered = (1..).zip(&case.versions);
    numbered
        .map(|(id, version)| PlanVersion {
            id,
            tenant_id: None,
            name: format!("plan {}", version.plan),
            currency: version.currency.parse().unwrap(),
            effective_from: date(version.from_day),
            free_requests: version.free,
            tiers: version
                .tiers
                .iter()
                .map(|(from_requests, price)| PriceTier::new(*from_requests, price_of(*price)))
                .collect(),
        })
        .collect()
}

fn tariff(case: &Case) -> Tariff {
    let versions = versions(case);
    let mut assignments = Vec::new();
    for (key, plans) in case.plans.iter().enumerate() {
        for (day, plan) in plans {
            let name = plan.map(|plan| format!("plan {plan}"));
            let any_version = versions.iter().find(|v| Some(&v.name) == name.as_ref());
            assignments.push(Assignment {
                api_key_id: key as i64 + 1,
                from: date(*day),
                plan_id: any_version.map(|version| version.id),
            });
        }
    }
    Tariff::new(versions, &assignments)
}

fn check(case: &Case) {
    let keys: Vec<KeyRecord> = (1..=case.usage.len() as i64)
        .map(|id| KeyRecord::new(id, format!("k{id}")))
        .collect();
    let (from, to) = (date(1), date(31) + Days::new(1));
    let settings = BillingSettings::default();
    let report = report(&settings, tariff(case), &keys, &answer(case), from, to);

    let mut expected: BTreeMap<String, u128> = BTreeMap::new();
    for key in 0..case.usage.len() {
        for (currency, sum) in by_hand(case, key) {
            *expected.entry(currency.to_owned()).or_default() += sum;
        }
    }
    let mut found = BTreeMap::new();
    let mut requests = 0;
    for invoice in invoices(&report, from) {
        let code = invoice.currency.to_string();
        let smallest: u128 = if code == "JPY" {
            100_000_000_000
        } else {
            1_000_000_000
        };
        let mut exact = 0;
        let mut rounded = 0;
        for line in &invoice.lines {
            exact += units(line.exact);
            rounded += units(line.amount);
            requests += line.quantity;
            // Half up, to the currency's smallest unit.
            let unit = (units(line.exact) * 2 + smallest) / (2 * smallest);
            assert_eq!(units(line.amount), unit * smallest, "{line:?}");
            let each = units(line.per_thousand) / 1_000;
            let all = each * u128::from(line.quantity);
            assert_eq!(units(line.exact), all, "{line:?}");
        }
        assert_eq!(units(invoice.exact), exact);
        assert_eq!(units(invoice.total), rounded);
        found.insert(code, exact);
    }
    let nothing = |sums: &mut BTreeMap<String, u128>| sums.retain(|_, sum| *sum > 0);
    nothing(&mut expected);
    nothing(&mut found);
    assert_eq!(found, expected);
    let sent: u64 = case.usage.iter().flat_map(BTreeMap::values).sum();
    assert_eq!(requests, sent);
    // And the days add up to the same, as do the sums of each key.
    let (mut daily, mut of_keys) = (BTreeMap::new(), BTreeMap::new());
    for bill in &report.keys {
        for day in &bill.days {
            *daily.entry(day.currency.to_string()).or_default() += units(day.cost.decimal());
        }
        for (currency, cost) in &bill.costs {
            *of_keys.entry(currency.to_string()).or_default() += units(cost.decimal());
        }
        let days: u64 = bill.days.iter().map(|day| day.requests).sum();
        assert_eq!(bill.requests, days);
    }
    nothing(&mut daily);
    nothing(&mut of_keys);
    assert_eq!(daily, found);
    assert_eq!(of_keys, found);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn lines_add_up_to_the_price_of_every_request(case in case(3, 300)) {
        check(&case);
    }
}
