//! The lines of an invoice over recorded requests against a computation that shares nothing with theirs:
//! one request after the other, in whole numbers. The store's own tests do the same without a database,
//! over thousands of cases.

use std::collections::BTreeMap;

use api_metrics_priced_by_hand::{Case, MONTH, Version, by_hand, case, date, price_of, units};
use api_metrics_store::{
    control::{
        billing::{BillingReport, BillingSettings, NewPlan, PriceTier, billing_report, invoices},
        keys::KeyChange,
    },
    query::Scope,
};
use chrono::{Days, NaiveDate};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRng, TestRunner},
};
use rust_decimal::Decimal;

use crate::{
    harness::{Database, Harness},
    help::Traffic,
    quotas::at,
};

on_both! {
    invoices_of_recorded_requests_equal_an_independent_computation
}

fn check(case: &Case, report: &BillingReport) {
    let month: NaiveDate = MONTH.parse().unwrap();
    let mut expected: BTreeMap<String, u128> = BTreeMap::new();
    for key in 0..case.usage.len() {
        for (currency, sum) in by_hand(case, key) {
            *expected.entry(currency.to_owned()).or_default() += sum;
        }
    }
    let mut found = BTreeMap::new();
    let mut requests = 0;
    for invoice in invoices(report, month) {
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
            assert_eq!(
                units(line.exact),
                each * u128::from(line.quantity),
                "{line:?}"
            );
        }
        assert_eq!(units(invoice.exact), exact);
        assert_eq!(units(invoice.total), rounded);
        found.insert(code, exact);
    }
    expected.retain(|currency, _| {
        found.contains_key(currency)
            || panic!("nothing in {currency}: {expected:?}", expected = found)
    });
    assert_eq!(found, expected);
    let sent: u64 = case.usage.iter().flat_map(BTreeMap::values).sum();
    assert_eq!(requests, sent);
    // And the days add up to the same.
    let mut daily: BTreeMap<String, u128> = BTreeMap::new();
    for day in report.keys.iter().flat_map(|bill| &bill.days) {
        *daily.entry(day.currency.to_string()).or_default() += units(Decimal::from(day.cost));
    }
    daily.retain(|_, sum| *sum > 0);
    found.retain(|_, sum| *sum > 0);
    assert_eq!(daily, found);
}

fn plan_name(plan: usize) -> String {
    format!("plan {plan}")
}

fn tiers(version: &Version) -> Vec<PriceTier> {
    version
        .tiers
        .iter()
        .map(|(from_requests, price)| PriceTier::new(*from_requests, price_of(*price)))
        .collect()
}

async fn invoices_of_recorded_requests_equal_an_independent_computation(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    // Everything is of March, so one database holds one case; keys are many instead.
    let mut case = case(12, 60).new_tree(&mut runner).unwrap().current();
    while case.versions.len() < 4 {
        case = api_metrics_priced_by_hand::case(12, 60)
            .new_tree(&mut runner)
            .unwrap()
            .current();
    }
    let mut first_version = BTreeMap::new();
    for version in &case.versions {
        let made = control
            .create_plan(
                &{
                    let mut plan = NewPlan::new(
                        plan_name(version.plan),
                        version.currency.to_owned(),
                        date(version.from_day),
                        tiers(version),
                    );
                    plan.free_requests = version.free;
                    plan
                },
                None,
            )
            .await
            .unwrap();
        first_version.entry(version.plan).or_insert(made.id);
    }
    let mut ids = Vec::new();
    for n in 0..case.usage.len() {
        let key = control
            .create_key(&format!("k{n}"), &KeyChange::default(), None)
            .await;
        ids.push(key.unwrap().id);
    }
    let writer = h.writer();
    for day in 1..=31 {
        h.clock.step_to(at(&format!("2026-03-{day:02}T08:00:00Z")));
        for (n, id) in ids.iter().enumerate() {
            if let Some(plan) = case.plans[n].get(&day) {
                let change = {
                    let mut change = KeyChange::default();
                    change.price_plan_id =
                        Some(plan.and_then(|plan| first_version.get(&plan).copied()));
                    change.price_plan_from = Some(date(day));
                    change
                };
                control
                    .update_key(*id, &Scope::All, &change, None)
                    .await
                    .unwrap();
            }
            if let Some(requests) = case.usage[n].get(&day) {
                let name = format!("k{n}");
                let traffic = Traffic {
                    key: Some(&name),
                    ..Traffic::default()
                };
                let when = at(&format!("2026-03-{day:02}T08:00:00Z"));
                traffic.send(&writer, when - 8 * 3_600, requests / 2);
                traffic.send(&writer, when + 16 * 3_600 - 1, requests - requests / 2);
            }
        }
        // The day's last second lies ahead until then.
        h.clock.step_to(at(&format!("2026-03-{day:02}T23:59:59Z")));
        h.store.flush(&writer).await.unwrap();
        if day % 3 == 0 {
            h.settle().await;
        }
    }
    h.clock.step_to(at("2026-04-02T00:00:00Z"));
    let settings = BillingSettings::default();
    let report = billing_report(
        &*h.store,
        &settings,
        &Scope::All,
        date(1),
        date(31) + Days::new(1),
        None,
    )
    .await
    .unwrap();
    check(&case, &report);
    let sent: u64 = case.usage.iter().flat_map(BTreeMap::values).sum();
    assert!(sent > 300, "{sent} requests are too few to say much");
}
