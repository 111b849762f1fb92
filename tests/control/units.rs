//! Rules, quotas and prices of units: exact, on both databases.

use api_metrics_layer::{ApiKey, MetricSink as _, RequestRecord, Units};
use api_metrics_store::{
    control::{
        alerts::{AlertSpec, AlertType, Comparison},
        billing::{
            BillingSettings, Decimal, NewPlan, PriceTier, UnitPrice, billing_report, invoices,
        },
        keys::KeyChange,
        quotas::{QuotaSettings, quota_usage},
    },
    query::Scope,
    store::{StoreError, Writer},
    time::{Clock as _, UnixSeconds},
};
use chrono::NaiveDate;

use crate::{
    alerts::{AlertStage, rule},
    harness::{Database, Harness, NOON},
    quotas::at,
};

on_both! {
    a_rule_judges_the_sum_of_a_unit
    a_quota_of_a_unit_is_used_by_what_requests_use
    a_plan_prices_a_unit_beside_requests_on_lines_of_its_own
    what_can_not_be_a_unit_is_refused_by_name
}

/// A request that used so many tokens.
fn use_tokens(writer: &Writer, key: &str, when: UnixSeconds, tokens: u64) {
    let key = ApiKey::from(key);
    let finished_at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(when.cast_unsigned());
    let units = Units::new().add("tokens", tokens).gauge("score", 0.5);
    let mut record = RequestRecord::new("POST", "/chat", finished_at);
    record.api_key = Some(&key);
    record.units = Some(&units);
    writer.recorder.record(&record);
}

fn of_tokens(threshold: f64) -> AlertSpec {
    let mut spec = AlertSpec::new("tokens", AlertType::Unit, Comparison::Gte, threshold);
    spec.window_minutes = 1;
    spec.unit = Some("tokens".to_owned());
    spec
}

async fn a_rule_judges_the_sum_of_a_unit(database: Database) {
    let w = AlertStage::on(database).await;
    let mut spec = of_tokens(1_000.0);
    let made = w.create(&spec).await;
    assert_eq!(made.spec, spec);
    assert_eq!(rule(&*w.h.store).await.spec, spec);
    use_tokens(&w.writer, "k", NOON, 400);
    use_tokens(&w.writer, "k", NOON + 1, 599);
    assert_eq!(w.judge(0).await, Vec::<String>::new());
    use_tokens(&w.writer, "k", NOON + 60, 400);
    use_tokens(&w.writer, "l", NOON + 61, 600);
    assert_eq!(
        w.judge(1).await,
        ["Sum of tokens jumped from 999 to 1,000 (threshold 1,000) over 1 min, 2 requests"]
    );
    assert_eq!(
        w.judge(2).await,
        ["Resolved: Sum of tokens is back at 0 (threshold 1,000) after 1 min"]
    );
    spec.unit = Some("credits".to_owned());
    let edited =
        w.h.store
            .update_alert(made.id, &Scope::All, None, &spec, None);
    assert_eq!(edited.await.unwrap().unwrap().spec, spec);
    assert_eq!(rule(&*w.h.store).await.spec.unit, spec.unit);
}

async fn a_quota_of_a_unit_is_used_by_what_requests_use(database: Database) {
    let h = Harness::on(database).await;
    h.clock.step_to(at("2028-02-10T00:00:00Z"));
    let mut change = KeyChange::default();
    change.quota_limit = Some(Some(1_000_000));
    change.quota_unit = Some(Some("tokens".to_owned()));
    let made = h.store.create_key("k", &change, None).await.unwrap();
    assert_eq!(made.spec.quota_unit.as_deref(), Some("tokens"));
    let writer = h.writer();
    // The last second of the month before, and three requests of this one.
    use_tokens(&writer, "k", at("2028-01-31T23:59:59Z"), 7);
    for (when, tokens) in [
        ("2028-02-01T00:00:00Z", 250_000),
        ("2028-02-09T12:00:00Z", 249_999),
        ("2028-02-10T00:00:00Z", 1),
    ] {
        use_tokens(&writer, "k", at(when), tokens);
    }
    let settings = QuotaSettings::default();
    let used = async |own: Option<&Writer>| {
        let keys = h.store.all_keys(&Scope::All).await.unwrap();
        let now = h.clock.unix_seconds();
        let usage = quota_usage(&*h.store, &settings, &keys, now, own).await;
        let usage = usage.unwrap().remove(0);
        (usage.used, usage.remaining, usage.percentage)
    };
    let half = (500_000, 500_000, 50.0);
    assert_eq!(used(Some(&writer)).await, half, "not flushed");
    h.store.flush(&writer).await.unwrap();
    assert_eq!(used(None).await, half, "flushed");
    h.settle().await;
    assert_eq!(used(None).await, half, "folded");
    // Of requests once more: three of them.
    let mut change = KeyChange::default();
    change.quota_unit = Some(None);
    let changed = h.store.update_key(made.id, &Scope::All, &change, None);
    assert_eq!(changed.await.unwrap().unwrap().spec.quota_unit, None);
    assert_eq!(used(None).await.0, 3);
}

async fn a_plan_prices_a_unit_beside_requests_on_lines_of_its_own(database: Database) {
    let h = Harness::on(database).await;
    let price = |text: &str| text.parse::<Decimal>().unwrap();
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let mut plan = NewPlan::new(
        "llm",
        "USD",
        day("2028-01-01"),
        vec![PriceTier::new(0, price("1"))],
    );
    let mut tokens = UnitPrice::new(
        "tokens",
        vec![
            PriceTier::new(0, price("0.002")),
            PriceTier::new(1_000_000, price("0.001")),
        ],
    );
    tokens.free = 100_000;
    plan.units = vec![
        tokens,
        UnitPrice::new("credits", vec![PriceTier::new(0, price("5"))]),
    ];
    let made = h.store.create_plan(&plan, None).await.unwrap();
    assert_eq!(made.units, plan.units);
    let kept = h.store.plans(&Scope::All).await.unwrap().remove(0);
    let mut units = kept.units.clone();
    units.sort_by_key(|price| std::cmp::Reverse(price.unit.clone()));
    assert_eq!(units, plan.units);
    let mut change = KeyChange::default();
    change.price_plan_id = Some(Some(made.id));
    change.price_plan_from = Some(day("2028-02-01"));
    h.clock.step_to(at("2028-02-20T00:00:00Z"));
    h.store.create_key("k", &change, None).await.unwrap();
    let writer = h.writer();
    for (when, tokens) in [
        ("2028-02-01T00:00:00Z", 600_000),
        ("2028-02-02T23:59:59Z", 600_000),
        ("2028-02-03T00:00:00Z", 300_000),
    ] {
        use_tokens(&writer, "k", at(when), tokens);
    }
    h.store.flush(&writer).await.unwrap();
    h.settle().await;
    let settings = BillingSettings::default();
    let (from, to) = (day("2028-02-01"), day("2028-03-01"));
    let report = billing_report(&*h.store, &settings, &Scope::All, from, to, None);
    let report = report.await.unwrap();
    let days = report.keys[0].days.iter();
    let costs = days.map(|day| (day.units["tokens"], Decimal::from(day.cost).to_string()));
    assert_eq!(
        costs.collect::<Vec<_>>(),
        [
            (600_000, "1.001".to_owned()),
            // 400,000 up to a million, 200,000 beyond.
            (600_000, "1.001".to_owned()),
            (300_000, "0.301".to_owned()),
        ]
    );
    let invoice = invoices(&report, from).remove(0);
    let lines = invoice.lines.iter().map(|line| {
        (
            line.unit.as_deref(),
            line.description.as_str(),
            line.quantity,
            line.exact.normalize().to_string(),
        )
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            (None, "Requests", 3, "0.003".to_owned()),
            (
                Some("tokens"),
                "Free allowance of 100,000 tokens",
                100_000,
                "0".to_owned()
            ),
            (Some("tokens"), "tokens", 900_000, "1.8".to_owned()),
            (
                Some("tokens"),
                "tokens above 1,000,000",
                500_000,
                "0.5".to_owned()
            ),
        ]
    );
    assert_eq!(invoice.quantity, 3);
    assert_eq!(invoice.exact.normalize().to_string(), "2.303");
    assert_eq!(invoice.total.to_string(), "2.30");
}

async fn what_can_not_be_a_unit_is_refused_by_name(database: Database) {
    let h = Harness::on(database).await;
    let field = |error: StoreError| match error {
        StoreError::Invalid { field, .. } => field,
        other => panic!("{other}"),
    };
    let mut volume = of_tokens(1.0);
    volume.alert_type = AlertType::RequestVolume;
    let mut none = of_tokens(1.0);
    none.unit = None;
    let mut odd = of_tokens(1.0);
    odd.unit = Some("my tokens".to_owned());
    for spec in [volume, none, odd] {
        let error = h.store.create_alert(&spec, None).await.unwrap_err();
        assert_eq!(field(error), "unit");
    }
    let mut change = KeyChange::default();
    change.quota_unit = Some(Some(String::new()));
    let error = h.store.create_key("k", &change, None).await.unwrap_err();
    assert_eq!(field(error), "quotaUnit");
    let tier = |from| PriceTier::new(from, Decimal::ONE);
    let twice = UnitPrice::new("tokens", vec![tier(0)]);
    for units in [
        vec![UnitPrice::new("my tokens", vec![tier(0)])],
        vec![UnitPrice::new("tokens", vec![])],
        vec![UnitPrice::new("tokens", vec![tier(1)])],
        vec![twice.clone(), twice],
    ] {
        let from = "2028-01-01".parse().unwrap();
        let mut plan = NewPlan::new("pro", "USD", from, vec![tier(0)]);
        plan.units = units;
        let error = h.store.create_plan(&plan, None).await.unwrap_err();
        assert_eq!(field(error), "units");
    }
}
