//! The control plane of the shop: limits and prices of its consumers, and the alert rules that watch it.

use api_metrics_store::{
    calendar::{Tz, local_date},
    control::{
        ControlStore,
        alerts::{AlertSpec, AlertType, Comparison, Severity},
        billing::{NewPlan, PriceTier},
        keys::KeyChange,
        quotas::QuotaPeriod,
    },
};
use rust_decimal::Decimal;

use crate::Failure;

/// A consumer: requests a minute, requests a quota period, that period.
type Consumer = (
    &'static str,
    Option<f64>,
    Option<(f64, QuotaPeriod)>,
    &'static str,
);

const MONTH: QuotaPeriod = QuotaPeriod::Month;

/// At the shop's full traffic. The farm is meant to be near both of its bounds.
const CONSUMERS: [Consumer; 7] = [
    ("mobile-app", Some(240.0), Some((2e6, MONTH)), "standard"),
    ("web-shop", Some(90.0), None, "standard"),
    (
        "partner-sync",
        Some(60.0),
        Some((150e3, QuotaPeriod::Days(7))),
        "partner",
    ),
    ("render-farm", Some(12.0), Some((200e3, MONTH)), "standard"),
    ("warehouse", Some(40.0), Some((500e3, MONTH)), "standard"),
    ("nightly-reports", Some(10.0), None, "partner"),
    ("price-watch", Some(9.0), Some((80e3, MONTH)), "standard"),
];

/// Makes the plans, and the consumers with their bounds, `load` times those of the whole shop.
pub(crate) async fn consumers(
    store: &dyn ControlStore,
    start: i64,
    load: f64,
) -> Result<(), Failure> {
    let tier = |from_requests, cents| PriceTier::new(from_requests, Decimal::new(cents, 2));
    let plan = |name: &str, currency: &str, free_requests, tiers| {
        let mut plan = NewPlan::new(name, currency, local_date(Tz::UTC, start), tiers);
        plan.free_requests = free_requests;
        plan
    };
    let scaled = |n: f64| bound(n, load);
    let standard = plan(
        "standard",
        "USD",
        scaled(10e3),
        vec![tier(0, 12), tier(scaled(250e3), 8)],
    );
    let partner = plan("partner", "EUR", 0, vec![tier(0, 5)]);
    let standard = store.create_plan(&standard, None).await?.id;
    let partner = store.create_plan(&partner, None).await?.id;
    for (name, limit, quota, plan) in CONSUMERS {
        let change = {
            let mut change = KeyChange::default();
            change.rate_limit_per_minute = limit.map(|limit| Some(scaled(limit)));
            change.quota_limit = quota.map(|(limit, _)| Some(scaled(limit)));
            change.quota_period = quota.map(|(_, period)| Some(period));
            change.price_plan_id = Some(Some(if plan == "partner" { partner } else { standard }));
            change.price_plan_from = Some(local_date(Tz::UTC, start));
            let (user, team) = owner(name);
            change.user_id = user.map(|user| Some(user.to_owned()));
            change.team_id = team.map(|team| Some(team.to_owned()));
            change
        };
        store.create_key(name, &change, None).await?;
    }
    Ok(())
}

/// The limit of the consumer that hits it at noon.
pub(crate) fn price_watch_limit(load: f64) -> u64 {
    let limit = CONSUMERS.iter().find(|(name, ..)| *name == "price-watch");
    limit
        .and_then(|(_, limit, ..)| *limit)
        .map_or(1, |limit| bound(limit, load))
}

/// The user and the team whose a consumer is.
fn owner(name: &str) -> (Option<&'static str>, Option<&'static str>) {
    match name {
        "mobile-app" | "web-shop" => (None, Some("storefront")),
        "warehouse" | "nightly-reports" => (Some("u-17"), Some("operations")),
        "render-farm" => (Some("u-17"), None),
        _ => (None, None),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn bound(n: f64, load: f64) -> u64 {
    (n * load).round().max(1.0) as u64
}

/// Makes the rules: some that the incident fires, one that fires all the time, one that is off.
pub(crate) async fn alerts(store: &dyn ControlStore) -> Result<(), Failure> {
    let rule = |name: &str, alert_type, comparison, threshold| {
        AlertSpec::new(name, alert_type, comparison, threshold)
    };
    let rules = [
        {
            let mut spec = rule("Orders fail", AlertType::ErrorRate, Comparison::Gt, 15.0);
            spec.endpoint = Some("POST /api/orders".into());
            spec.severity = Severity::Critical;
            spec.window_minutes = 10;
            spec.min_requests = 5;
            spec
        },
        {
            let mut spec = rule(
                "Slow answers",
                AlertType::ResponseTime,
                Comparison::Gt,
                600.0,
            );
            spec.quantile = Some(0.95);
            spec.severity = Severity::High;
            spec.window_minutes = 10;
            spec
        },
        {
            let mut spec = rule(
                "Nobody calls",
                AlertType::RequestVolume,
                Comparison::Lt,
                1.0,
            );
            spec.severity = Severity::High;
            spec.window_minutes = 10;
            spec
        },
        {
            let mut spec = rule("Callers err", AlertType::ErrorRate, Comparison::Gt, 0.5);
            spec.service = Some("shop".into());
            spec.severity = Severity::Low;
            spec.window_minutes = 60;
            spec
        },
        {
            let mut spec = rule("Unusual traffic", AlertType::Anomaly, Comparison::Gte, 12.0);
            spec.window_minutes = 15;
            spec
        },
        {
            let mut spec = rule("Much to send", AlertType::Bandwidth, Comparison::Gt, 5e9);
            spec.enabled = false;
            spec.severity = Severity::Low;
            spec.window_minutes = 60;
            spec
        },
    ];
    for spec in &rules {
        store.create_alert(spec, Some("seed")).await?;
    }
    Ok(())
}
