//! Why a bill is what it is.

use std::collections::BTreeMap;

use api_metrics_store::{
    control::{
        billing::{
            BillExplanation, BillingSettings, Currency, Decimal, Money, NewPlan, PriceTier,
            explain_bill,
        },
        keys::{KeyChange, KeyRecord},
    },
    query::Scope,
    store::Writer,
};
use chrono::NaiveDate;

use crate::{
    harness::{Database, Harness},
    help::Traffic,
    quotas::at,
};

on_both! {
    a_bill_that_rose_says_how_much_by_usage_and_how_much_by_prices
    the_projection_has_the_range_of_the_last_weeks
    other_plans_price_the_same_counts
    amounts_of_two_currencies_are_not_compared
    a_key_that_sent_nothing_has_an_empty_bill
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A plan of EUR for everybody, unless another currency is named.
fn plan(name: &str, currency: &str, free: u64, tiers: &[(u64, &str)]) -> NewPlan {
    let tiers = tiers
        .iter()
        .map(|(from, price)| PriceTier::new(*from, price.parse().unwrap()));
    let mut plan = NewPlan::new(name, currency, day("2026-01-01"), tiers.collect());
    plan.free_requests = free;
    plan
}

async fn live(h: &Harness, writer: &Writer, key: &str, when: &str, n: u64) {
    h.clock.step_to(at(when));
    let traffic = Traffic {
        key: Some(key),
        ..Traffic::default()
    };
    traffic.send(writer, at(when), n);
    h.store.flush(writer).await.unwrap();
    h.settle().await;
}

async fn key_on(h: &Harness, plan: Option<i64>) -> KeyRecord {
    let mut change = KeyChange::default();
    change.price_plan_id = plan.map(Some);
    h.store.create_key("k", &change, None).await.unwrap()
}

async fn switch(h: &Harness, key: &KeyRecord, plan: i64, from: &str) {
    let mut change = KeyChange::default();
    change.price_plan_id = Some(Some(plan));
    change.price_plan_from = Some(day(from));
    h.store
        .update_key(key.id, &Scope::All, &change, None)
        .await
        .unwrap();
}

async fn explained(h: &Harness, key: &KeyRecord, month: &str) -> BillExplanation {
    let plans = h.store.plans(&Scope::All).await.unwrap();
    let settings = BillingSettings::default();
    explain_bill(&*h.store, &settings, key, &plans, day(month), None)
        .await
        .unwrap()
}

fn text(money: Money) -> String {
    Decimal::from(money).to_string()
}

fn each(costs: &BTreeMap<Currency, Money>) -> Vec<(String, String)> {
    costs
        .iter()
        .map(|(currency, cost)| (currency.to_string(), text(*cost)))
        .collect()
}

fn eur(amount: &str) -> (String, String) {
    ("EUR".to_owned(), amount.to_owned())
}

async fn a_bill_that_rose_says_how_much_by_usage_and_how_much_by_prices(database: Database) {
    let h = Harness::on(database).await;
    let cheap = plan("cheap", "EUR", 0, &[(0, "1")]);
    let cheap = h.store.create_plan(&cheap, None).await.unwrap().id;
    let dear = plan("dear", "EUR", 100, &[(0, "2"), (2_000, "1.5")]);
    let dear = h.store.create_plan(&dear, None).await.unwrap().id;
    let key = key_on(&h, Some(cheap)).await;
    let writer = h.writer();
    live(&h, &writer, "k", "2026-03-10T12:00:00Z", 1_000).await;
    // After the days that are compared.
    live(&h, &writer, "k", "2026-03-20T12:00:00Z", 7_000).await;
    h.clock.step_to(at("2026-04-01T00:00:00Z"));
    switch(&h, &key, dear, "2026-04-01").await;
    live(&h, &writer, "k", "2026-04-02T12:00:00Z", 600).await;
    live(&h, &writer, "k", "2026-04-10T12:00:00Z", 2_400).await;
    h.clock.step_to(at("2026-04-15T06:00:00Z"));
    let bill = explained(&h, &key, "2026-04-01").await;
    assert!(!bill.closed);
    let days: Vec<_> = bill
        .days
        .iter()
        .map(|of| (of.day.date.to_string(), of.position, text(of.day.cost)))
        .collect();
    assert_eq!(
        days,
        [
            // 500 at 2; 1,400 at 2 and 1,000 at 1.5.
            ("2026-04-02".to_owned(), 600, "1".to_owned()),
            ("2026-04-10".to_owned(), 3_000, "4.3".to_owned()),
        ]
    );
    let plans: Vec<_> = bill
        .plans
        .iter()
        .map(|(from, plan)| (from.to_string(), plan.name.as_str()))
        .collect();
    assert_eq!(plans, [("2026-04-01".to_owned(), "dear")]);
    let before = bill.before.as_ref().unwrap();
    assert_eq!((before.month, before.days), (day("2026-03-01"), 14));
    assert_eq!((before.requests, before.requests_before), (3_000, 1_000));
    assert_eq!(each(&before.costs), [eur("5.3")]);
    assert_eq!(each(&before.costs_before), [eur("1")]);
    let (usage, prices) = before.parts.unwrap();
    // 3,000 at 1 are 3; the rest is the dearer plan.
    assert_eq!(
        (usage.to_string(), prices.to_string()),
        ("2".into(), "2.3".into())
    );
    let lines: Vec<_> = bill.invoices[0]
        .lines
        .iter()
        .map(|line| (line.quantity, line.exact.to_string()))
        .collect();
    assert_eq!(
        lines,
        [
            (100, "0".to_owned()),
            (1_900, "3.8".to_owned()),
            (1_000, "1.5".to_owned())
        ]
    );
    // Once the month is over all of its days are compared, and nothing is projected.
    h.clock.step_to(at("2026-05-02T00:00:00Z"));
    let closed = explained(&h, &key, "2026-04-30").await;
    assert!(closed.closed && closed.projection.is_empty());
    let before = closed.before.unwrap();
    assert_eq!((before.days, before.requests_before), (30, 8_000));
    assert_eq!(
        before.parts.map(|(usage, _)| usage.to_string()),
        Some("-5".into())
    );
}

async fn the_projection_has_the_range_of_the_last_weeks(database: Database) {
    let h = Harness::on(database).await;
    let flat = plan("flat", "EUR", 0, &[(0, "1")]);
    let flat = h.store.create_plan(&flat, None).await.unwrap().id;
    let key = key_on(&h, Some(flat)).await;
    let writer = h.writer();
    // 2026-04-16 is a Thursday: the last weeks end on the 15th, the 8th, the 1st, and March 25.
    for (when, n) in [
        ("2026-03-19T12:00:00Z", 1_400),
        ("2026-03-28T12:00:00Z", 700),
        ("2026-04-05T12:00:00Z", 2_800),
        ("2026-04-12T12:00:00Z", 2_000),
    ] {
        live(&h, &writer, "k", when, n).await;
    }
    h.clock.step_to(at("2026-04-16T00:00:00Z"));
    let bill = explained(&h, &key, "2026-04-01").await;
    assert_eq!(bill.weeks, 4);
    let projected = &bill.projection[0];
    // 4,800 in 15 days of 30; the rest like 700 in 7 days, or like 2,800.
    assert_eq!(bill.projected_requests, Some(9_600));
    assert_eq!(
        (
            text(projected.cost),
            text(projected.low),
            text(projected.high)
        ),
        ("9.6".into(), "6.3".into(), "10.8".into())
    );
    assert_eq!(projected.currency.to_string(), "EUR");
}

async fn other_plans_price_the_same_counts(database: Database) {
    let h = Harness::on(database).await;
    let flat = plan("flat", "EUR", 0, &[(0, "1")]);
    let flat = h.store.create_plan(&flat, None).await.unwrap().id;
    let tiered = plan("tiered", "EUR", 1_000, &[(0, "2"), (2_000, "0.5")]);
    h.store.create_plan(&tiered, None).await.unwrap();
    let mut later = plan("tiered", "EUR", 0, &[(0, "9")]);
    later.effective_from = day("2026-05-01");
    h.store.create_plan(&later, None).await.unwrap();
    let mut foreign = plan("foreign", "EUR", 0, &[(0, "9")]);
    foreign.tenant_id = Some("acme".into());
    h.store.create_plan(&foreign, None).await.unwrap();
    let key = key_on(&h, Some(flat)).await;
    let writer = h.writer();
    live(&h, &writer, "k", "2026-04-03T12:00:00Z", 3_000).await;
    h.clock.step_to(at("2026-04-16T00:00:00Z"));
    let bill = explained(&h, &key, "2026-04-01").await;
    let found: Vec<_> = bill
        .alternatives
        .iter()
        .map(|of| {
            (
                of.plan.name.as_str(),
                of.is_current,
                text(of.cost),
                of.difference.map(|difference| difference.to_string()),
                of.projected.map(text),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            // Of dollars: nothing is said of a difference.
            ("default", false, "0.06".into(), None, Some("0.12".into())),
            ("flat", true, "3".into(), Some("0".into()), Some("6".into())),
            // 1,000 at 2 and 1,000 at 0.5; 6,000 at the month's end.
            (
                "tiered",
                false,
                "2.5".into(),
                Some("-0.5".into()),
                Some("4".into())
            ),
        ]
    );
}

async fn amounts_of_two_currencies_are_not_compared(database: Database) {
    let h = Harness::on(database).await;
    let euros = plan("euros", "EUR", 0, &[(0, "1")]);
    let euros = h.store.create_plan(&euros, None).await.unwrap().id;
    let yen = plan("yen", "JPY", 0, &[(0, "100")]);
    let yen = h.store.create_plan(&yen, None).await.unwrap().id;
    let key = key_on(&h, Some(euros)).await;
    let writer = h.writer();
    live(&h, &writer, "k", "2026-03-10T12:00:00Z", 1_000).await;
    h.clock.step_to(at("2026-04-05T00:00:00Z"));
    live(&h, &writer, "k", "2026-04-05T00:00:00Z", 1_000).await;
    switch(&h, &key, yen, "2026-04-05").await;
    h.clock.step_to(at("2026-04-20T00:00:00Z"));
    let bill = explained(&h, &key, "2026-04-01").await;
    let before = bill.before.unwrap();
    assert_eq!(before.parts, None);
    assert_eq!(each(&before.costs_before), [eur("1")]);
    assert_eq!(each(&before.costs), [("JPY".to_owned(), "100".to_owned())]);
    let plans: Vec<_> = bill
        .plans
        .iter()
        .map(|(from, _)| from.to_string())
        .collect();
    assert_eq!(plans, ["2026-04-01", "2026-04-05"]);
    assert_eq!(bill.invoices.len(), 1);
}

async fn a_key_that_sent_nothing_has_an_empty_bill(database: Database) {
    let h = Harness::on(database).await;
    let key = key_on(&h, None).await;
    h.clock.step_to(at("2026-04-01T00:00:10Z"));
    let bill = explained(&h, &key, "2026-04-01").await;
    assert!(bill.days.is_empty() && bill.invoices.is_empty() && bill.projection.is_empty());
    assert_eq!((bill.projected_requests, bill.weeks), (Some(0), 0));
    assert_eq!(bill.before, None, "no day of the month is over");
    assert_eq!(bill.alternatives.len(), 1);
}
