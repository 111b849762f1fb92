//! An event of an alert, explained: what broke, since when, after which release, and whose requests it is about.
//!
//! Worked out when it is asked for, from the counts that are still kept, over the rule as it is now. Nothing is written.
//!
//! | part | over |
//! |---|---|
//! | curve | from an hour before the event's first window to an hour after its end, by the code that evaluates the rule |
//! | breakdowns | from the start of the first window to the event's end, at most a day; against the hour before, or the day before where that hour has fewer than 30 requests |
//! | release | the hour before and the hour after the first process of the last version that started before the event |
//! | groups, requests | the same span as the breakdowns, from the request log |
//!
//! What a breakdown counts depends on the rule, see [`Measure`].

mod breakdown;
mod curve;
mod release;
mod verdict;

use std::{collections::HashMap, time::Duration};

use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

pub use breakdown::{Breakdown, Measure, Part};
pub use curve::{Curve, CurvePoint};
pub use release::{Release, Totals};
pub use verdict::Verdict;

use super::{
    AlertEvent, AlertRule, AlertSpec, CauseGroup, EventQuery, Target,
    causes::{cause_group_id, groups},
    limited_keys::RuleSettings,
    query,
};
use crate::{
    bucket::Bucket,
    control::{ControlStore, keys::KeyRecord},
    query::{Detail, Query, Row, Scope, TimeRange},
    request_log::{EntryKind, RequestLogStore, RequestQuery, StoredRequest},
    store::{StoreError, Writer},
    time::UnixSeconds,
};

/// The longest span that is broken down.
const LONGEST: i64 = 86_400;
/// How long the log of requests may take, for each of two questions.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many requests are shown.
const SAMPLES: u32 = 5;
/// Of how many a pattern picks them, as the log knows no patterns.
const PATTERN_SAMPLES: u32 = 200;
/// A release counts as close before an event within this time.
const CLOSE: i64 = 3_600;

/// An event and what is behind it. What is not known is `None`: parts that need the rule once that was removed, those
/// that need the request log without one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Incident {
    /// The event.
    pub event: AlertEvent,
    /// Its rule as it is now.
    pub rule: Option<AlertRule>,
    /// All of it in one sentence.
    pub verdict: Option<String>,
    /// What the breakdowns count.
    pub measure: Option<Measure>,
    /// The span that is broken down.
    pub range: TimeRange,
    /// The span that it is held against.
    pub usual: TimeRange,
    /// The rule's values around the event.
    pub curve: Option<Curve>,
    /// The last release before it. For those who see everything.
    pub release: Option<Release>,
    /// By consumer.
    pub consumers: Option<Breakdown>,
    /// By endpoint.
    pub endpoints: Option<Breakdown>,
    /// By status code.
    pub statuses: Option<Breakdown>,
    /// The three largest groups of errors.
    pub groups: Option<Vec<CauseGroup>>,
    /// Some of the requests, the latest first.
    pub requests: Option<Vec<StoredRequest>>,
}

/// Explains an event that `scope` may see; `None` where there is none. With this process's writer as `own`, requests
/// that it has not flushed yet count too. `settings` are those that rules
/// are evaluated with. A log of requests that fails or is slow leaves its parts out.
///
/// # Errors
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement limit.
pub async fn incident(
    store: &dyn ControlStore,
    log: Option<&dyn RequestLogStore>,
    own: Option<&Writer>,
    id: Uuid,
    scope: &Scope,
    now: UnixSeconds,
    settings: impl Into<RuleSettings>,
) -> Result<Option<Incident>, StoreError> {
    let settings = settings.into();
    let mut asked = EventQuery::default();
    (asked.id, asked.limit) = (Some(id), 1);
    let Some(event) = store.alert_events(scope, &asked).await?.pop() else {
        return Ok(None);
    };
    let rule = match event.rule_id {
        Some(id) => store.alert(id, scope).await?,
        None => None,
    };
    let minutes = rule.as_ref().map_or(5, |rule| rule.spec.window_minutes);
    let start = event.fired_at - i64::from(minutes) * 60;
    let end = event.resolved_at.unwrap_or(now - now.rem_euclid(60) + 60);
    let range = TimeRange::new(start, end.clamp(event.fired_at, start + LONGEST));
    let mut found = Incident {
        event,
        verdict: None,
        measure: None,
        range,
        usual: TimeRange::new(start - 3_600, start),
        curve: None,
        release: None,
        consumers: None,
        endpoints: None,
        statuses: None,
        groups: None,
        requests: None,
        rule: None,
    };
    let Some(rule) = rule else {
        return Ok(Some(found));
    };
    if rule.spec.alert_type.is_health() {
        // It is not about requests: there is nothing to break down.
        let keys = HashMap::new();
        found.curve =
            curve::read(store, &rule.spec, &found.event, &keys, now, &settings, own).await?;
        found.rule = Some(rule);
        return Ok(Some(found));
    }
    let keys: HashMap<i64, KeyRecord> = store
        .all_keys(scope)
        .await?
        .into_iter()
        .map(|key| (key.id, key))
        .collect();
    let reader = Reader {
        store,
        own,
        spec: &rule.spec,
        target: query::target(&rule.spec),
    };
    let measure = Measure::of(&rule.spec);
    let detail = measure.detail();
    let mut before = reader.total(found.usual, detail).await?;
    if before.as_ref().map_or(0, |sum| sum.request_count) < verdict::FEWEST {
        found.usual = TimeRange::new(start - 86_400, start);
        before = reader.total(found.usual, detail).await?;
    }
    let total = reader.total(range, detail).await?;
    let spans = breakdown::Spans {
        measure,
        spec: &rule.spec,
        ratio: ratio(range, found.usual),
    };
    let by = |by| reader.pairs(range, found.usual, detail, by);
    let consumers = by(By::Key).await?;
    let consumers = spans.consumers(consumers, &keys);
    let endpoints = spans.endpoints(by(By::Endpoint).await?);
    let statuses = spans.statuses(total.as_ref(), before.as_ref());
    found.curve = curve::read(store, &rule.spec, &found.event, &keys, now, &settings, own).await?;
    if *scope == Scope::All {
        found.release = release::read(store, &reader, found.event.fired_at, now).await?;
    }
    if let Some(log) = log {
        (found.groups, found.requests) = from_log(log, &rule, range).await;
    }
    let close = found
        .release
        .as_ref()
        .filter(|release| release.at >= start - CLOSE);
    found.verdict = Some(breakdown::sentence(
        &consumers, &endpoints, &statuses, close, start,
    ));
    found.measure = Some(measure);
    found.consumers = Some(consumers);
    found.endpoints = Some(endpoints);
    found.statuses = Some(statuses);
    found.rule = Some(rule);
    Ok(Some(found))
}

/// How often the usual span goes into the other.
fn ratio(range: TimeRange, usual: TimeRange) -> f64 {
    (range.to - range.from) as f64 / (usual.to - usual.from).max(1) as f64
}

/// The dimension of a breakdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Key,
    Endpoint,
}

/// A part's name in a breakdown, and its sums: in the incident, and usually.
type Pairs<K> = HashMap<K, (Option<Bucket>, Option<Bucket>)>;

/// Reads what a rule looks at.
struct Reader<'a> {
    store: &'a dyn ControlStore,
    own: Option<&'a Writer>,
    spec: &'a AlertSpec,
    target: Option<Target>,
}

impl Reader<'_> {
    /// Carries out a query, with what this process has not flushed yet.
    async fn ask(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let range = query.range;
        let own = self.own.map(|writer| {
            let held = writer
                .recorder
                .capture(&|_, minute| range.from - 60 < minute && minute < range.to + 60);
            (writer, held)
        });
        let rows = self.store.read(query, own).await?.rows;
        let matches = |row: &Row| match (&self.target, row.group.endpoint.as_deref()) {
            (Some(target), Some(endpoint)) => {
                target.matches(row.group.method.as_deref().unwrap_or_default(), endpoint)
            }
            _ => true,
        };
        Ok(rows.into_iter().filter(matches).collect())
    }

    fn query(&self, range: TimeRange, detail: Detail) -> Query {
        let mut query = query::query_for(self.spec, range, None);
        (query.detail, query.group_by.time) = (detail, None);
        query.group_by.api_key = false;
        query
    }

    /// All of a range.
    async fn total(&self, range: TimeRange, detail: Detail) -> Result<Option<Bucket>, StoreError> {
        let mut sum = None;
        for row in self.ask(&self.query(range, detail)).await? {
            add(&mut sum, row.bucket)?;
        }
        Ok(sum)
    }

    /// Two ranges by a dimension. Keys are texts: the number of a key, or a method and an endpoint.
    async fn pairs(
        &self,
        range: TimeRange,
        usual: TimeRange,
        detail: Detail,
        by: By,
    ) -> Result<Pairs<(i64, String, String)>, StoreError> {
        let mut pairs = Pairs::new();
        for (usually, range) in [(false, range), (true, usual)] {
            let mut query = self.query(range, detail);
            match by {
                By::Key => query.group_by.api_key = true,
                By::Endpoint => {
                    query.group_by.method = true;
                    query.group_by.endpoint = true;
                }
            }
            for row in self.ask(&query).await? {
                let text = |text: &Option<std::sync::Arc<str>>| {
                    text.as_deref().unwrap_or_default().to_owned()
                };
                let name = match by {
                    By::Key => (
                        row.group.api_key_id.unwrap_or_default(),
                        String::new(),
                        String::new(),
                    ),
                    By::Endpoint => (0, text(&row.group.method), text(&row.group.endpoint)),
                };
                let pair = pairs.entry(name).or_default();
                add(if usually { &mut pair.1 } else { &mut pair.0 }, row.bucket)?;
            }
        }
        Ok(pairs)
    }
}

/// Adds a bucket to a sum.
fn add(sum: &mut Option<Bucket>, bucket: Bucket) -> Result<(), StoreError> {
    match sum {
        Some(sum) => Ok(sum.merge(&bucket)?),
        None => {
            *sum = Some(bucket);
            Ok(())
        }
    }
}

/// The largest groups of errors, and some requests: of the largest group, else those that the rule is about. A log that
/// fails or is slow is logged and left out.
async fn from_log(
    log: &dyn RequestLogStore,
    rule: &AlertRule,
    range: TimeRange,
) -> (Option<Vec<CauseGroup>>, Option<Vec<StoredRequest>>) {
    let Some(groups) = patient(rule.id, groups(log, rule, range)).await else {
        return (None, None);
    };
    let counts = query::query_for(&rule.spec, range, None);
    let mut query = RequestQuery::over(
        range.from.saturating_mul(1_000),
        range.to.saturating_mul(1_000),
    );
    query.limit = SAMPLES;
    query.scope = counts.scope;
    query.filter.kind = Some(EntryKind::Request);
    query.filter.service = counts.filter.service;
    query.filter.environment = counts.filter.environment;
    query.filter.protocol = counts.filter.protocol;
    query.filter.method = counts.filter.method;
    query.filter.endpoint = counts.filter.endpoint;
    query.filter.api_key_id = counts.filter.api_key_id;
    match Measure::of(&rule.spec) {
        Measure::SlowRequests => {
            query.filter.min_latency_us = Some((rule.spec.slow_ms().max(0.0) * 1_000.0) as u64);
        }
        Measure::Errors | Measure::ServerErrors => {
            query.filter.group = groups.first().and_then(cause_group_id);
            if query.filter.group.is_none() {
                // The log has none of the errors, and the other requests are none.
                return (Some(groups), Some(Vec::new()));
            }
        }
        _ => {}
    }
    let pattern = query::target(&rule.spec).filter(Target::is_glob);
    if pattern.is_some() && query.filter.group.is_none() {
        query.limit = PATTERN_SAMPLES;
    }
    let page = patient(rule.id, log.requests(&query)).await;
    let requests = page.map(|page| {
        let watched = page.requests.into_iter().filter(|request| {
            let matches = |target: &Target| target.matches(&request.method, &request.endpoint);
            pattern.as_ref().is_none_or(matches)
        });
        watched.take(SAMPLES as usize).collect()
    });
    (Some(groups), requests)
}

/// What a question to the log answers in time.
async fn patient<T>(rule: i64, work: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match timeout(PATIENCE, work).await {
        Ok(Ok(found)) => Some(found),
        Ok(Err(error)) => {
            warn!(rule, "an incident is shown without its requests: {error}");
            None
        }
        Err(_) => {
            warn!(
                rule,
                "an incident is shown without its requests: no answer within {PATIENCE:?}"
            );
            None
        }
    }
}
