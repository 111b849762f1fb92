//! Rules over releases: what fires, what does not, and what is said of it.

use api_metrics_store::{
    calendar::Tz,
    control::alerts::{AlertSpec, AlertType, Comparison, dry_run},
    query::TimeRange,
    store::{StoreError, Writer},
};

use crate::{
    alerts::{AlertStage, events},
    harness::{Database, NOON, writer_of},
    help::Traffic,
};

on_both! {
    a_release_that_fails_more_fires_once_it_is_certain_and_is_named
    a_slower_release_fires_by_its_quantile_and_a_good_one_does_not
    a_dry_run_over_releases_tells_what_was_really_told
    a_rule_over_releases_that_can_not_be_measured_is_refused
}

fn regression(threshold: f64) -> AlertSpec {
    let mut spec = AlertSpec::new(
        "Bad release",
        AlertType::ReleaseRegression,
        Comparison::Gte,
        threshold,
    );
    spec.window_minutes = 30;
    spec
}

/// A process of another version of the stage's service.
fn version(w: &AlertStage, version: &str) -> Writer {
    let mut writer = writer_of("shop", &w.h.clock);
    version.clone_into(&mut writer.instance.version);
    writer
}

/// A minute of 100 requests, `failed` of them failed, `ms` long.
fn serve(writer: &Writer, minute: i64, failed: u64, ms: u64) {
    let traffic = Traffic {
        latency_ms: ms,
        ..Traffic::default()
    };
    let at = NOON + minute * 60;
    traffic.send(writer, at, 100 - failed);
    traffic.status(500).send(writer, at, failed);
}

/// Judges the end of a minute, with all that was recorded before it folded.
async fn judge(w: &AlertStage, writer: &Writer, minute: i64) -> Vec<String> {
    w.h.store.flush(writer).await.unwrap();
    w.h.store.flush(&w.writer).await.unwrap();
    while w.h.store.fold().await.unwrap().more {}
    w.judge(minute).await
}

async fn a_release_that_fails_more_fires_once_it_is_certain_and_is_named(database: Database) {
    let w = AlertStage::on(database).await;
    let second = version(&w, "2.0.0");
    w.create(&regression(1.0)).await;
    for minute in -60..0 {
        serve(&w.writer, minute, 0, 20);
    }
    for minute in 0..34 {
        serve(&second, minute, 10, 20);
        let told = judge(&w, &second, minute).await;
        if minute == 4 {
            let said = "Release 2.0.0 of shop in test: 5xx are 10 points above 1.0.0 (threshold 1 point) within \
                30 min of its first request, 500 requests";
            assert_eq!(told, [said]);
        } else {
            assert_eq!(told, [""; 0], "minute {minute}");
        }
    }
    // Half an hour after its first request it is a release no more.
    serve(&second, 34, 10, 20);
    let told = judge(&w, &second, 34).await;
    let said = "Resolved: 5xx after a release can't be judged with 0 requests in 30 min (threshold 1 point) after 30 min";
    assert_eq!(told, [said]);
}

async fn a_slower_release_fires_by_its_quantile_and_a_good_one_does_not(database: Database) {
    let w = AlertStage::on(database).await;
    let second = version(&w, "2.0.0");
    let slower = {
        let mut spec = regression(20.0);
        spec.quantile = Some(0.95);
        spec
    };
    let elsewhere = {
        let mut spec = slower.clone();
        spec.service = Some("mail".into());
        spec
    };
    for spec in [&regression(1.0), &slower, &elsewhere] {
        w.create(spec).await;
    }
    // Side by side: both fail as often, and the new one takes twice as long.
    for minute in -60..30 {
        serve(&w.writer, minute, 1, 20);
        if minute >= 0 {
            serve(&second, minute, 1, 40);
        }
    }
    let told = judge(&w, &second, 29).await;
    let [only] = told.as_slice() else {
        panic!("{told:?}")
    };
    let (before, after) = only.split_once(" is ").unwrap();
    assert_eq!(before, "Release 2.0.0 of shop in test: p95 response time");
    let value: f64 = after.split_once('%').unwrap().0.parse().unwrap();
    assert!((value - 100.0).abs() < 2.0, "{only}");
    let fired = &events(&*w.h.store).await[0];
    assert_eq!(fired.fired_at, NOON + 300, "as soon as it is certain");
}

async fn a_dry_run_over_releases_tells_what_was_really_told(database: Database) {
    let w = AlertStage::on(database).await;
    let second = version(&w, "2.0.0");
    let spec = regression(1.0);
    w.create(&spec).await;
    for minute in -60..0 {
        serve(&w.writer, minute, 0, 20);
    }
    for minute in 0..40 {
        serve(&second, minute, 10, 20);
    }
    judge(&w, &second, 39).await;
    let real = events(&*w.h.store).await;
    let range = TimeRange::new(NOON - 1_800, NOON + 2_400);
    let run = dry_run(&*w.h.store, &spec, range, Tz::UTC).await.unwrap();
    let dry: Vec<_> = run
        .events
        .iter()
        .map(|of| (of.fired_at, of.resolved_at, of.value, of.message.clone()))
        .collect();
    let real: Vec<_> = real
        .iter()
        .map(|of| (of.fired_at, of.resolved_at, of.value, of.message.clone()))
        .collect();
    assert_eq!(dry, real);
    assert_eq!(dry.len(), 1);
    // Before the release, and once it is none any more, there is nothing to judge.
    assert_eq!((run.windows, run.breaches, run.too_few), (70, 30, 40));
}

async fn a_rule_over_releases_that_can_not_be_measured_is_refused(database: Database) {
    let w = AlertStage::on(database).await;
    let refused = async |change: fn(&mut AlertSpec)| {
        let mut spec = regression(1.0);
        change(&mut spec);
        match w.h.store.create_alert(&spec, None).await {
            Err(StoreError::Invalid { field, .. }) => Some(field),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refused(|of| of.threshold = 0.0).await,
        Some("thresholdValue")
    );
    assert_eq!(
        refused(|of| of.threshold = 100.0).await,
        Some("thresholdValue")
    );
    assert_eq!(
        refused(|of| of.comparison = Comparison::Lt).await,
        Some("thresholdValue")
    );
    assert_eq!(
        refused(|of| of.window_minutes = 14).await,
        Some("windowMinutes")
    );
    assert_eq!(
        refused(|of| of.tenant_id = Some("acme".into())).await,
        Some("tenantId")
    );
    assert_eq!(
        refused(|of| of.endpoint = Some("/a".into())).await,
        Some("endpointFilter")
    );
    assert_eq!(
        refused(|of| of.api_key_id = Some(3)).await,
        Some("apiKeyFilter")
    );
    assert_eq!(
        refused(|of| of.protocol = Some("http".into())).await,
        Some("protocolFilter")
    );
    assert_eq!(
        refused(|of| of.quantile = Some(1.0)).await,
        Some("quantile")
    );
}
