//! Raw counts, rollups and invoices are of one ledger.

use api_metrics_store::control::{
    ControlStore,
    billing::{BillingSettings, Reconciliation, reconcile},
};
use chrono::NaiveDate;

use crate::{
    harness::{Database, Harness, writer_of},
    help::{Traffic, by_hand},
    quotas::at,
};

on_both! {
    all_counts_agree_at_every_step_from_the_inbox_to_days
    a_row_that_somebody_changed_is_found_wherever_it_is
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn counted(store: &dyn ControlStore) -> Reconciliation {
    let settings = BillingSettings::default();
    reconcile(store, &settings, day("2026-03-08"), day("2026-03-12"))
        .await
        .unwrap()
}

/// 100 requests of a key on each of two days, 10 of another, 1 without any; a part of them late.
async fn fill(h: &Harness) {
    let (writer, late) = (h.writer(), writer_of("late", &h.clock));
    for when in ["2026-03-08T23:59:59Z", "2026-03-09T00:00:00Z"] {
        for (key, n) in [(Some("a"), 60), (Some("b"), 10), (None, 1)] {
            Traffic {
                key,
                ..Traffic::default()
            }
            .send(&writer, at(when), n);
        }
        Traffic {
            key: Some("a"),
            ..Traffic::default()
        }
        .status(500)
        .send(&late, at(when), 40);
    }
    h.store.flush(&writer).await.unwrap();
    h.store.flush(&late).await.unwrap();
}

pub(crate) async fn all_counts_agree_at_every_step_from_the_inbox_to_days(database: Database) {
    let h = Harness::on(database).await;
    fill(&h).await;
    let agrees = async |what: &str| {
        let all = counted(&*h.store).await;
        assert!(all.agrees, "{what}: {all:#?}");
        for day in &all.days[..2] {
            assert_eq!(
                (day.ledger, day.billed, day.unbilled),
                (111, 110, 1),
                "{what}"
            );
        }
        for day in &all.days[2..] {
            assert_eq!((day.ledger, day.billed), (0, 0), "{what}");
        }
        assert_eq!(
            (all.months[0].usage, all.months[0].invoiced),
            (220, 220),
            "{what}"
        );
        all
    };
    let all = agrees("all in the inbox").await;
    assert_eq!(all.days[0].inbox, 111);
    h.store.fold().await.unwrap();
    let all = agrees("folded").await;
    assert_eq!(all.days[0].inbox, 0);
    while h.store.roll_up().await.unwrap().steps > 0 {
        agrees("a step of rollup").await;
    }
    h.clock.step_to(at("2026-03-12T00:00:00Z"));
    h.settle().await;
    let all = agrees("rolled up").await;
    let compared = all.days[0]
        .stored
        .values()
        .filter(|(_, _, waiting)| !waiting);
    assert!(compared.count() >= 3, "{:#?}", all.days[0]);
    // A day later in another process.
    let other = h.database.store(&h.clock);
    assert_eq!(counted(&*other).await.days, all.days);
}

async fn a_row_that_somebody_changed_is_found_wherever_it_is(database: Database) {
    let h = Harness::on(database).await;
    fill(&h).await;
    // Minutes are kept of the last day only.
    let writer = h.writer();
    Traffic::default().send(&writer, at("2026-03-10T11:00:00Z"), 7);
    h.store.flush(&writer).await.unwrap();
    // Days that are over wait a while for more late data before they are computed anew.
    for when in ["2026-03-11T23:40:00Z", "2026-03-12T00:00:00Z"] {
        h.clock.step_to(at(when));
        h.settle().await;
    }
    assert!(counted(&*h.store).await.agrees);
    for (granularity, day) in [("1m", 2), ("5m", 0), ("1h", 0), ("1d", 0)] {
        change(&h.database, granularity, "+ 1").await;
        let all = counted(&*h.store).await;
        assert!(!all.agrees, "{granularity}");
        let said = all.days[day].differences.join("; ");
        assert!(
            said.contains(&format!("{granularity} rows")),
            "{granularity}: {said}"
        );
        change(&h.database, granularity, "- 1").await;
        assert!(counted(&*h.store).await.agrees, "{granularity}");
    }
}

/// Changes the first row of a granularity.
async fn change(database: &Database, granularity: &str, by: &str) {
    let first_row = |table: &str| {
        format!(
            "UPDATE {table} SET request_count = request_count {by} WHERE (period_start, series_id) = \
             (SELECT period_start, series_id FROM {table} ORDER BY period_start, series_id LIMIT 1)"
        )
    };
    let postgres = first_row(&format!("api_metrics.metrics_{granularity}"));
    let sqlite = first_row(&format!("api_metrics_{granularity}"));
    by_hand(database, &postgres, &sqlite).await;
}
