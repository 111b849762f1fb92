//! Charges against a computation that shares nothing with theirs: one request after the other, in whole
//! numbers. The suite of the control plane does the same with recorded requests on both databases.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use api_metrics_layer::UnitValue;
use api_metrics_priced_by_hand::{Case, Version, by_hand, case, date, price_of, units};
use chrono::Days;
use proptest::prelude::*;

use super::{
    Assignment, BillingSettings, PlanVersion, PriceTier, Tariff, UnitPrice, invoices,
    report::report,
};
use crate::{
    bucket::Bucket,
    control::keys::KeyRecord,
    query::{Answer, Group, Row, TimeRange},
    sketch::SketchKind,
    time::utc_midnight,
};

/// What a database would answer about the usage of a case.
fn answer(case: &Case) -> Answer {
    let mut rows = Vec::new();
    for (key, usage) in case.usage.iter().enumerate() {
        for (day, requests) in usage {
            let mut bucket = Bucket::new(SketchKind::Histogram);
            bucket.request_count = *requests;
            // As much of a unit, which costs what requests do.
            bucket.units = [("tokens", UnitValue::Sum(*requests))]
                .into_iter()
                .collect();
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

fn tiers(version: &Version) -> Vec<PriceTier> {
    let tiers = version.tiers.iter();
    tiers
        .map(|(from, price)| PriceTier::new(*from, price_of(*price)))
        .collect()
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
            tiers: tiers(version),
            units: vec![UnitPrice {
                free: version.free,
                ..UnitPrice::new("tokens", tiers(version))
            }],
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
    let mut default = PlanVersion::default();
    default.units = vec![UnitPrice::new("tokens", default.tiers.clone())];
    Tariff::new(versions, &assignments).with_default(default)
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
            // Once for requests and once for the unit.
            *expected.entry(currency.to_owned()).or_default() += 2 * sum;
        }
    }
    let mut found = BTreeMap::new();
    let (mut requests, mut tokens) = (0, 0);
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
            match line.unit.as_deref() {
                None => requests += line.quantity,
                Some(unit) => {
                    assert_eq!(unit, "tokens");
                    tokens += line.quantity;
                }
            }
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
    assert_eq!((requests, tokens), (sent, sent));
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
