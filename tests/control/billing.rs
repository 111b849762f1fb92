//! What keys cost, through months, new keys and changes of plans.

use api_metrics_store::{
    control::{
        billing::{
            BillingReport, BillingSettings, Decimal, NewPlan, PriceTier, billing_report, invoices,
        },
        keys::KeyChange,
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
    days_are_billed_by_the_default_plan_through_a_leap_day
    a_plan_that_a_key_takes_within_a_month_prices_from_that_day_on
    a_later_version_of_a_plan_prices_from_its_day_on
    a_key_made_within_a_month_has_the_whole_allowance
    a_tenant_sees_its_own_bill_and_nobody_pays_for_the_nameless
    a_projection_follows_the_pace_and_the_tiers_that_it_reaches
    answers_that_do_not_count_cost_nothing
    a_version_is_never_changed
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn send(writer: &Writer, key: &str, when: &str, n: u64) {
    Traffic {
        key: Some(key),
        ..Traffic::default()
    }
    .send(writer, at(when), n);
}

/// Goes there, sends, flushes, folds.
async fn live(h: &Harness, writer: &Writer, key: &str, when: &str, n: u64) {
    h.clock.step_to(at(when));
    send(writer, key, when, n);
    h.store.flush(writer).await.unwrap();
    h.settle().await;
}

async fn bill(h: &Harness, from: &str, to: &str) -> BillingReport {
    bill_of(h, &Scope::All, from, to).await
}

async fn bill_of(h: &Harness, scope: &Scope, from: &str, to: &str) -> BillingReport {
    let settings = BillingSettings::default();
    billing_report(&*h.store, &settings, scope, day(from), day(to), None)
        .await
        .unwrap()
}

fn costs(report: &BillingReport, key: usize) -> Vec<(String, u64, String)> {
    report.keys[key]
        .days
        .iter()
        .map(|day| {
            (
                day.date.to_string(),
                day.requests,
                Decimal::from(day.cost).to_string(),
            )
        })
        .collect()
}

fn row(day: &str, n: u64, cost: &str) -> (String, u64, String) {
    (day.into(), n, cost.into())
}

fn plan(name: &str, from: &str, free: u64, tiers: &[(u64, &str)]) -> NewPlan {
    {
        let mut plan = NewPlan::new(
            name,
            "EUR",
            day(from),
            tiers
                .iter()
                .map(|(from_requests, price)| {
                    PriceTier::new(*from_requests, price.parse().unwrap())
                })
                .collect(),
        );
        plan.free_requests = free;
        plan
    }
}

fn on_plan(id: i64) -> KeyChange {
    {
        let mut change = KeyChange::default();
        change.price_plan_id = Some(Some(id));
        change
    }
}

async fn days_are_billed_by_the_default_plan_through_a_leap_day(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    for (when, n) in [
        ("2028-02-28T23:59:59Z", 1_000),
        ("2028-02-29T00:00:00Z", 500),
        ("2028-02-29T23:59:59Z", 250),
        ("2028-03-01T00:00:00Z", 3),
    ] {
        live(&h, &writer, "k", when, n).await;
    }
    let report = bill(&h, "2028-02-01", "2028-04-01").await;
    assert_eq!(
        costs(&report, 0),
        [
            row("2028-02-28", 1_000, "0.02"),
            row("2028-02-29", 750, "0.015"),
            row("2028-03-01", 3, "0.00006"),
        ]
    );
    let february = invoices(&report, day("2028-02-01")).remove(0);
    assert_eq!((february.quantity, february.closed), (1_750, true));
    assert_eq!(february.period_end, day("2028-03-01"));
    // 0.035 rounds up, once, on the line.
    assert_eq!(february.exact.to_string(), "0.035");
    assert_eq!(february.total.to_string(), "0.04");
    let march = invoices(&report, day("2028-03-15")).remove(0);
    assert_eq!((march.quantity, march.closed), (3, false));
    // A range that begins within a month shows its days only, at the same prices.
    let report = bill(&h, "2028-02-29", "2028-03-01").await;
    assert_eq!(costs(&report, 0), [row("2028-02-29", 750, "0.015")]);
}

pub(crate) async fn a_plan_that_a_key_takes_within_a_month_prices_from_that_day_on(
    database: Database,
) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let control = &*h.store;
    let tiers = [(0, "1"), (1_500, "0.5")];
    let pro = control
        .create_plan(&plan("pro", "2026-01-01", 100, &tiers), None)
        .await
        .unwrap();
    live(&h, &writer, "k", "2026-03-12T10:00:00Z", 1_000).await;
    let key = control.keys(&Scope::All, 0, 1).await.unwrap()[0].id;
    h.clock.step_to(at("2026-03-20T15:00:00Z"));
    control
        .update_key(key, &Scope::All, &on_plan(pro.id), None)
        .await
        .unwrap();
    live(&h, &writer, "k", "2026-03-20T16:00:00Z", 1_000).await;
    // And back to the default.
    let back = {
        let mut change = KeyChange::default();
        change.price_plan_id = Some(None);
        change
    };
    h.clock.step_to(at("2026-03-25T00:00:00Z"));
    control
        .update_key(key, &Scope::All, &back, None)
        .await
        .unwrap();
    live(&h, &writer, "k", "2026-03-25T01:00:00Z", 1_000).await;
    let report = bill(&h, "2026-03-01", "2026-04-01").await;
    assert_eq!(
        costs(&report, 0),
        [
            row("2026-03-12", 1_000, "0.02"),
            // Positions go on counting: 1,000 to 1,500 at 1, to 2,000 at 0.5; the allowance of 100
            // was over at the 100th request of the month.
            row("2026-03-20", 1_000, "0.75"),
            row("2026-03-25", 1_000, "0.02"),
        ]
    );
    let all = invoices(&report, day("2026-03-01"));
    let totals: Vec<_> = all
        .iter()
        .map(|i| (i.currency.to_string(), i.quantity, i.total.to_string()))
        .collect();
    assert_eq!(
        totals,
        [
            ("EUR".into(), 1_000, "0.75".into()),
            ("USD".into(), 2_000, "0.04".into())
        ]
    );
    // What was billed before the change is explained for ever: a new plan, set for a day that is
    // over, says so from that day on and takes back what was said of later ones.
    let corrected = {
        let mut change = on_plan(pro.id);
        change.price_plan_from = Some(day("2026-03-12"));
        change
    };
    control
        .update_key(key, &Scope::All, &corrected, None)
        .await
        .unwrap();
    let report = bill(&h, "2026-03-01", "2026-04-01").await;
    assert_eq!(
        costs(&report, 0),
        [
            row("2026-03-12", 1_000, "0.9"),
            row("2026-03-20", 1_000, "0.75"),
            row("2026-03-25", 1_000, "0.5"),
        ]
    );
}

async fn a_later_version_of_a_plan_prices_from_its_day_on(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let control = &*h.store;
    let old = control
        .create_plan(&plan("pro", "2026-01-01", 0, &[(0, "1")]), None)
        .await
        .unwrap();
    control
        .create_plan(&plan("pro", "2026-03-15", 0, &[(0, "2")]), None)
        .await
        .unwrap();
    // Another tenant's plan of that name is another plan.
    let foreign = {
        let mut plan = plan("pro", "2026-03-13", 0, &[(0, "99")]);
        plan.tenant_id = Some("other".into());
        plan
    };
    control.create_plan(&foreign, None).await.unwrap();
    control
        .create_key("k", &on_plan(old.id), None)
        .await
        .unwrap();
    for when in [
        "2026-03-10T13:00:00Z",
        "2026-03-14T23:59:59Z",
        "2026-03-15T00:00:00Z",
    ] {
        live(&h, &writer, "k", when, 1_000).await;
    }
    let report = bill(&h, "2026-03-01", "2026-04-01").await;
    assert_eq!(
        costs(&report, 0),
        [
            row("2026-03-10", 1_000, "1"),
            row("2026-03-14", 1_000, "1"),
            row("2026-03-15", 1_000, "2"),
        ]
    );
    let lines: Vec<_> = invoices(&report, day("2026-03-01"))
        .remove(0)
        .lines
        .into_iter()
        .map(|line| {
            (
                line.plan_from.to_string(),
                line.quantity,
                line.amount.to_string(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("2026-01-01".into(), 2_000, "2.00".into()),
            ("2026-03-15".into(), 1_000, "2.00".into())
        ]
    );
}

async fn a_key_made_within_a_month_has_the_whole_allowance(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let control = &*h.store;
    let pro = control
        .create_plan(&plan("pro", "2026-01-01", 1_000, &[(0, "1")]), None)
        .await
        .unwrap();
    h.clock.step_to(at("2026-03-30T10:00:00Z"));
    control
        .create_key("k", &on_plan(pro.id), None)
        .await
        .unwrap();
    live(&h, &writer, "k", "2026-03-31T23:59:59Z", 1_100).await;
    live(&h, &writer, "k", "2026-04-01T00:00:00Z", 900).await;
    let report = bill(&h, "2026-03-01", "2026-05-01").await;
    assert_eq!(
        costs(&report, 0),
        [row("2026-03-31", 1_100, "0.1"), row("2026-04-01", 900, "0")]
    );
    let april = invoices(&report, day("2026-04-01")).remove(0);
    assert_eq!(
        april.lines[0].description,
        "Free allowance of 1,000 requests"
    );
    assert_eq!(april.total.to_string(), "0.00");
}

pub(crate) async fn a_tenant_sees_its_own_bill_and_nobody_pays_for_the_nameless(
    database: Database,
) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let tenant = {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some("acme".into()));
        change
    };
    h.store.create_key("mine", &tenant, None).await.unwrap();
    for (key, n) in [("mine", 10), ("theirs", 20), ("<other key>", 40)] {
        send(&writer, key, "2026-03-10T12:00:00Z", n);
    }
    Traffic::default().send(&writer, at("2026-03-10T12:00:00Z"), 80);
    h.store.flush(&writer).await.unwrap();
    let all = bill(&h, "2026-03-01", "2026-04-01").await;
    let billed: u64 = all.keys.iter().map(|bill| bill.requests).sum();
    assert_eq!(billed, 30);
    assert_eq!(all.unbilled.values().sum::<u64>(), 120);
    let acme = Scope::Tenant("acme".into());
    let own = bill_of(&h, &acme, "2026-03-01", "2026-04-01").await;
    assert_eq!((own.keys.len(), own.keys[0].requests), (1, 10));
    assert!(own.unbilled.is_empty());
}

async fn a_projection_follows_the_pace_and_the_tiers_that_it_reaches(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    let control = &*h.store;
    let pro = control
        .create_plan(
            &plan("pro", "2026-01-01", 0, &[(0, "1"), (2_000, "0.5")]),
            None,
        )
        .await
        .unwrap();
    control
        .create_key("k", &on_plan(pro.id), None)
        .await
        .unwrap();
    // Ten of April's thirty days.
    for day in 1..=10 {
        let when = format!("2026-04-{day:02}T12:00:00Z");
        live(&h, &writer, "k", &when, 100).await;
    }
    h.clock.step_to(at("2026-04-11T00:00:00Z"));
    let projection = bill(&h, "2026-04-01", "2026-05-01").await.projection();
    assert_eq!(projection.len(), 1);
    let so_far = &projection[0];
    assert_eq!(so_far.currency, "EUR".parse().unwrap());
    assert_eq!(
        (so_far.requests, Decimal::from(so_far.cost).to_string()),
        (1_000, "1".into())
    );
    // 3,000 in all: 2,000 at 1, 1,000 at 0.5.
    assert_eq!(
        (
            so_far.projected_requests,
            Decimal::from(so_far.projected_cost).to_string()
        ),
        (3_000, "2.5".into())
    );
}

async fn answers_that_do_not_count_cost_nothing(database: Database) {
    let h = Harness::on(database).await;
    let writer = h.writer();
    for (status, n) in [(200, 100), (404, 10), (503, 1)] {
        Traffic {
            key: Some("k"),
            status,
            ..Traffic::default()
        }
        .send(&writer, at("2026-03-10T12:00:00Z"), n);
    }
    h.store.flush(&writer).await.unwrap();
    let mut settings = BillingSettings::default();
    settings.status_counts = "2xx,4xx".parse().unwrap();
    let (from, to) = (day("2026-03-01"), day("2026-04-01"));
    let report = billing_report(&*h.store, &settings, &Scope::All, from, to, None)
        .await
        .unwrap();
    let day = &report.keys[0].days[0];
    assert_eq!((day.requests, day.not_counted), (110, 1));
    assert_eq!(Decimal::from(day.cost).to_string(), "0.0022");
}

async fn a_version_is_never_changed(database: Database) {
    let h = Harness::on(database).await;
    let control = &*h.store;
    let first = plan("pro", "2026-01-01", 0, &[(0, "0.12345678")]);
    let made = control.create_plan(&first, None).await.unwrap();
    let dearer = plan("pro", "2026-01-01", 0, &[(0, "9")]);
    assert!(control.create_plan(&dearer, None).await.is_err());
    assert_eq!(control.plans(&Scope::All).await.unwrap(), [made]);
}
