//! What the store says about itself: clock, lag, instances, what could not be read.

use api_metrics::store::store::{BucketsStatus, StoreStatus};

use super::{Check, Verdict};

/// Seconds that the database's clock may be off before records land in other minutes.
const CLOCK_SECONDS: f64 = 5.0;
/// Seconds for which flushed batches may wait for a leader: a fold is due every ten.
const LAG_SECONDS: i64 = 60;

/// Looks at all of it.
pub(super) fn look(status: &StoreStatus, checks: &mut Vec<Check>) {
    checks.push(Check::good(
        "schema",
        format!(
            "version {}, {} sketches, {} series",
            status.schema_version, status.sketch_kind, status.series
        ),
    ));
    checks.push(clock(status));
    checks.push(lag(status));
    checks.extend(status.buckets.as_ref().map(buckets));
    checks.push(instances(status));
    let quarantined = status.quarantined + status.quarantined_row_count;
    checks.push(if quarantined == 0 {
        Check::good("quarantined", "nothing")
    } else {
        Check::new(
            "quarantined",
            Verdict::Odd,
            format!(
                "{} flush batches and {} columns could not be read",
                status.quarantined, status.quarantined_row_count
            ),
        )
        .advise("see the status page for what they are; restore a backup if the disk is damaged")
    });
}

fn clock(status: &StoreStatus) -> Check {
    let here = chrono::Utc::now().timestamp_micros();
    let ahead = (status.now_us - here) as f64 / 1e6;
    let found = format!("the database is {ahead:+.1} s ahead of this machine");
    if ahead.abs() <= CLOCK_SECONDS {
        return Check::good("clock", found);
    }
    Check::new("clock", Verdict::Odd, found)
        .advise("let both machines take their time from the same source (NTP)")
}

/// Whether somebody leads: moves flushed batches into buckets.
fn lag(status: &StoreStatus) -> Check {
    let now = status.now_us / 1_000_000;
    let waits = status.instances.iter().filter(|one| one.seq > one.folded);
    let oldest = waits
        .filter_map(|one| one.acknowledged_at)
        .map(|at| now - at)
        .max();
    let found = format!(
        "{} flush batches with {} requests wait to be folded",
        status.inbox.batches, status.inbox.records
    );
    let dirty: u64 = status.dirty.values().sum();
    match oldest {
        Some(seconds) if seconds > LAG_SECONDS => Check::new(
            "leader",
            Verdict::Odd,
            format!("{found}, for {seconds} s at least: nobody folds"),
        )
        .advise(
            "run one service with Maintenance::Background, or `api-metrics serve`, on this database; \
             the numbers are right meanwhile, but reading them gets slower",
        ),
        _ => Check::good("leader", format!("{found}; {dirty} periods wait for their rollup")),
    }
}

/// Whether the database that keeps the buckets answers.
fn buckets(buckets: &BucketsStatus) -> Check {
    match (&buckets.version, &buckets.error) {
        (Some(version), None) => Check::good("buckets", format!("in {version}, which answers")),
        (_, error) => {
            let error = error.as_deref().unwrap_or("it does not answer");
            Check::new("buckets", Verdict::Bad, error).advise(
                "look whether ClickHouse runs, and whether this machine may reach it; nothing is lost meanwhile, \
                 what is flushed waits in Postgres",
            )
        }
    }
}

fn instances(status: &StoreStatus) -> Check {
    let now = status.now_us / 1_000_000;
    let live: Vec<String> = status
        .instances
        .iter()
        .filter(|one| one.live)
        .map(|one| {
            let age = one.acknowledged_at.map_or(0, |at| now - at);
            format!("{} on {} ({age} s ago)", one.service, one.host)
        })
        .collect();
    if live.is_empty() {
        return Check::new(
            "instances",
            Verdict::Odd,
            "none has flushed within the last hour",
        )
        .advise("start a service with the layer on this database, or import a log");
    }
    Check::good("instances", live.join(", "))
}
