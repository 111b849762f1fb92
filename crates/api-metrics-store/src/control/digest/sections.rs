//! What a digest says, from buckets, quotas and bills.

use std::collections::BTreeMap;

use chrono::Months;

use super::schedule::Week;
use crate::{
    bucket::Bucket,
    calendar::{Tz, local_date},
    control::{
        ControlStore,
        billing::{BillingSettings, billing_report},
        notify::DigestSection,
        quotas::{QuotaSettings, quota_usage},
        releases::{ComparedRelease, ReleaseQuery, ReleaseVerdict},
        text::count,
    },
    query::{Answer, Detail, GroupBy, Query, Scope, TimeRange, TopK},
    store::{StoreError, Writer},
    text::escaped,
    time::UnixSeconds,
};

/// Lines of a section at most.
const LINES: usize = 5;
/// Endpoints that are looked at, those with the most requests.
const ENDPOINTS: usize = 1_000;
/// An endpoint with fewer requests says little about how slow it is, and how it has changed.
const LEAST_REQUESTS: u64 = 100;
/// From which share of its quota on a key is told of, in percent.
const NEAR: f64 = 80.0;

/// Versions that are looked at, those that came last.
const RELEASES: usize = 50;

/// An endpoint's requests in a week.
type Endpoints = BTreeMap<[String; 3], Bucket>;

/// What buckets say of a week.
pub(super) struct Traffic {
    /// All of it in one sentence.
    pub(super) sentence: String,
    pub(super) sections: Vec<DigestSection>,
}

/// Reads both weeks, in one snapshot.
pub(super) async fn traffic(
    store: &dyn ControlStore,
    week: &Week,
    own: Option<&Writer>,
) -> Result<Traffic, StoreError> {
    let by_endpoint = |range| {
        let mut query = Query::over(range);
        query.group_by = GroupBy::default();
        query.group_by.service = true;
        query.group_by.method = true;
        query.group_by.endpoint = true;
        query.top = Some(TopK::first(ENDPOINTS));
        query.detail = Detail::Quantiles;
        query
    };
    let queries = [
        Query::over(week.range),
        Query::over(week.before),
        by_endpoint(week.range),
        by_endpoint(week.before),
    ];
    let both = TimeRange::new(week.before.from, week.range.to);
    let own = own.map(|writer| {
        let held = writer.recorder.capture(&|_, minute| both.contains(minute));
        (writer, held)
    });
    let answers = store.read_all(&queries, own).await?;
    let [now, before, endpoints, endpoints_before] = &answers[..] else {
        return Err(StoreError::Corrupt("questions without an answer".into()));
    };
    let (now, before) = (now.total(), before.total());
    let empty = Bucket::new(store.sketch_kind());
    let (now, before) = (now.unwrap_or(&empty), before.unwrap_or(&empty));
    let (of, of_before) = (endpoints_of(endpoints), endpoints_of(endpoints_before));
    let mut sections = vec![DigestSection::new("Traffic", totals(now, before))];
    sections.push(DigestSection::new("Most errors", most_errors(&of)));
    sections.push(DigestSection::new("Slowest", slowest(&of)));
    sections.push(DigestSection::new("Changed most", changes(&of, &of_before)));
    let sentence = format!(
        "{} requests{}, {} errors, p95 {}",
        count(now.request_count),
        change(now.request_count, before.request_count),
        percent(now.error_rate()),
        ms(now.quantile_ms(0.95))
    );
    Ok(Traffic { sentence, sections })
}

/// Versions that came in the week, the worst first.
pub(super) async fn releases(
    store: &dyn ControlStore,
    week: &Week,
) -> Result<DigestSection, StoreError> {
    let query = ReleaseQuery {
        limit: RELEASES,
        ..ReleaseQuery::default()
    };
    let mut came = store.releases(&query).await?;
    came.retain(|of| week.range.contains(of.version.first_at) && of.comparison.is_some());
    let rank = |of: &ComparedRelease| match of.comparison.as_ref().map(|found| found.verdict) {
        Some(ReleaseVerdict::Worse) => 0,
        Some(ReleaseVerdict::Better) => 1,
        _ => 2,
    };
    came.sort_by_key(rank);
    let lines = came
        .iter()
        .take(LINES)
        .map(|of| format!("{} ({})", of.text(), escaped(&of.version.service)));
    Ok(DigestSection::new("Releases", lines.collect()))
}

/// Keys that have used most of their quota.
pub(super) async fn quotas(
    store: &dyn ControlStore,
    settings: &QuotaSettings,
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<DigestSection, StoreError> {
    let mut keys = store.all_keys(&Scope::All).await?;
    keys.retain(|key| key.spec.enabled && key.spec.quota_limit.is_some());
    let mut near = quota_usage(store, settings, &keys, now, own).await?;
    near.retain(|usage| usage.percentage >= NEAR && usage.used > 0);
    near.sort_by(|a, b| b.percentage.total_cmp(&a.percentage));
    let lines = near.iter().take(LINES).map(|usage| {
        format!(
            "{}: {:.1}% of {} {}",
            usage.key.label(),
            usage.percentage,
            count(usage.limit),
            usage.key.spec.quota_unit.as_deref().unwrap_or("requests")
        )
    });
    Ok(DigestSection::new("Quotas", lines.collect()))
}

/// What the running month costs so far, and where it is going.
pub(super) async fn bill(
    store: &dyn ControlStore,
    settings: &BillingSettings,
    now: UnixSeconds,
    own: Option<&Writer>,
) -> Result<DigestSection, StoreError> {
    use chrono::Datelike as _;
    let today = local_date(Tz::UTC, now);
    let month = today.with_day(1).unwrap_or(today);
    let end = month.checked_add_months(Months::new(1)).unwrap_or(today);
    let report = billing_report(store, settings, &Scope::All, month, end, own).await?;
    let lines = report.projection().into_iter().map(|of| {
        format!(
            "{:.2} {} for {} requests since {}, about {:.2} {} by the end of the month",
            of.cost.rounded(2),
            of.currency,
            count(of.requests),
            month.format("%-d %B"),
            of.projected_cost.rounded(2),
            of.currency
        )
    });
    Ok(DigestSection::new("Bill so far", lines.collect()))
}

fn endpoints_of(answer: &Answer) -> Endpoints {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = answer.rows.iter().map(|row| {
        let group = &row.group;
        let name = [&group.service, &group.method, &group.endpoint]
            .map(|of| of.as_deref().map(str::to_owned));
        (name.each_ref().map(text), row.bucket.clone())
    });
    rows.collect()
}

fn totals(now: &Bucket, before: &Bucket) -> Vec<String> {
    vec![
        format!(
            "{} requests{}",
            count(now.request_count),
            change(now.request_count, before.request_count)
        ),
        format!(
            "{} errors: {} of the client, {} of the server; {} the week before",
            percent(now.error_rate()),
            count(now.error_count_4xx),
            count(now.error_count_5xx),
            percent(before.error_rate())
        ),
        format!(
            "p95 {}, {} the week before",
            ms(now.quantile_ms(0.95)),
            ms(before.quantile_ms(0.95))
        ),
    ]
}

fn most_errors(of: &Endpoints) -> Vec<String> {
    let mut with: Vec<_> = of.iter().filter(|(_, b)| b.error_count_5xx > 0).collect();
    with.sort_by_key(|(name, bucket)| (std::cmp::Reverse(bucket.error_count_5xx), *name));
    let lines = with.into_iter().take(LINES).map(|(name, bucket)| {
        format!(
            "{}: {} of {} requests",
            shown(name),
            count(bucket.error_count_5xx),
            count(bucket.request_count)
        )
    });
    lines.collect()
}

fn slowest(of: &Endpoints) -> Vec<String> {
    let timed = |bucket: &Bucket| {
        let many = bucket.request_count >= LEAST_REQUESTS;
        bucket.quantile_ms(0.95).filter(|_| many)
    };
    let mut slow: Vec<_> = of
        .iter()
        .filter_map(|(name, bucket)| Some((timed(bucket)?, name, bucket)))
        .collect();
    slow.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let lines = slow.into_iter().take(LINES).map(|(p95, name, bucket)| {
        format!(
            "{}: p95 {}, {} requests",
            shown(name),
            ms(Some(p95)),
            count(bucket.request_count)
        )
    });
    lines.collect()
}

/// Endpoints that have gone silent, are new, fail more or are slower: the gravest of each kind first, and so on by turns.
fn changes(now: &Endpoints, before: &Endpoints) -> Vec<String> {
    let mut kinds: [Vec<(f64, String)>; 4] = Default::default();
    let [silent, new, failing, slower] = &mut kinds;
    let weight = |bucket: &Bucket| bucket.request_count as f64;
    for (name, was) in before {
        if was.request_count >= LEAST_REQUESTS && !now.contains_key(name) {
            let line = format!(
                "{}: silent, {} requests before",
                shown(name),
                count(was.request_count)
            );
            silent.push((weight(was), line));
        }
    }
    for (name, is) in now
        .iter()
        .filter(|(_, is)| is.request_count >= LEAST_REQUESTS)
    {
        let Some(was) = before.get(name) else {
            new.push((
                weight(is),
                format!("{}: new, {} requests", shown(name), count(is.request_count)),
            ));
            continue;
        };
        if was.request_count < LEAST_REQUESTS {
            continue;
        }
        let (rate, rate_before) = (
            is.error_rate().unwrap_or(0.0),
            was.error_rate().unwrap_or(0.0),
        );
        if rate >= rate_before + 1.0 {
            let line = format!(
                "{}: {} errors, {} before",
                shown(name),
                percent(Some(rate)),
                percent(Some(rate_before))
            );
            failing.push((rate - rate_before, line));
        }
        if let (Some(p95), Some(p95_before)) = (is.quantile_ms(0.95), was.quantile_ms(0.95))
            && p95 >= p95_before * 1.5
        {
            let line = format!(
                "{}: p95 {}, {} before",
                shown(name),
                ms(Some(p95)),
                ms(Some(p95_before))
            );
            slower.push((p95 / p95_before.max(0.001), line));
        }
    }
    for kind in &mut kinds {
        kind.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    }
    let longest = kinds.iter().map(Vec::len).max().unwrap_or_default();
    let turns = (0..longest).flat_map(|turn| kinds.iter().filter_map(move |kind| kind.get(turn)));
    turns.take(LINES).map(|(_, line)| line.clone()).collect()
}

fn shown([service, method, endpoint]: &[String; 3]) -> String {
    format!("{method} {endpoint} ({service})")
}

/// `, +12.3% against the week before`; nothing where there was none.
fn change(now: u64, before: u64) -> String {
    if before == 0 {
        return String::new();
    }
    let percent = (now as f64 / before as f64 - 1.0) * 100.0;
    format!(" ({percent:+.1}% against the week before)")
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| "no".to_owned(), |rate| format!("{rate:.1}%"))
}

fn ms(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |ms| format!("{ms:.0} ms"))
}
