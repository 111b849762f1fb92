//! What is behind an alert: its largest groups of errors and its largest consumers.
//!
//! Worked out once, when a rule fires, over the window and the filters of the rule, and kept with the event, so that
//! looking at it later costs nothing and shows what was true then.
//!
//! | cause | from | where it is not known |
//! |---|---|---|
//! | groups | the log of requests | without a log, or where the log did not answer in time |
//! | consumers | the buckets | where the buckets did not answer in time |
//!
//! An alert never waits for them for long, and fires without them: each has [`LONGEST`], and a log that failed once is
//! not asked again in the same round.
//!
//! All texts are cut to [`LONGEST_TEXT`] characters, with control characters and marks of direction written out.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tracing::warn;

use super::{AlertRule, Target, query};
use crate::{
    control::keys::KeyRecord,
    query::{Detail, Query, Row, TimeRange},
    request_log::{EntryKind, RequestGroup, RequestLogStore, RequestQuery},
    store::StoreError,
    text::escaped,
};

/// How many groups and consumers are named at most.
const NAMED: usize = 3;
/// How long an alert waits for its groups at most, and again for its consumers.
pub(super) const LONGEST: Duration = Duration::from_secs(2);
/// The longest text of a cause, in characters.
const LONGEST_TEXT: usize = 200;
/// How many groups are read where a pattern leaves some of them out: first a few, then as many as there can be.
const PATTERN_PAGES: [u32; 2] = [50, 1_000];

/// The largest groups of errors and the largest consumers behind an alert, in the rule's window and filters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AlertCauses {
    /// At most three groups of errors, those of most requests first. `None` without a log of requests, or where it did
    /// not answer in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<CauseGroup>>,
    /// At most three consumers, those with most errors first, equals by their requests. `None` where the counts did not
    /// answer in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Vec<CauseConsumer>>,
}

/// A group of errors behind an alert. Texts have at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CauseGroup {
    /// Its id in 16 hexadecimal digits, as the list of requests takes it.
    pub id: String,
    /// The method.
    pub method: String,
    /// The route template.
    pub endpoint: String,
    /// The status under which its requests are counted.
    pub status: u16,
    /// The kind of error.
    pub error_type: Option<String>,
    /// What its latest request said.
    pub message: Option<String>,
    /// Requests that it stands for.
    pub requests: u64,
}

/// A consumer behind an alert. Texts have at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CauseConsumer {
    /// The number of its API key; 0 stands for requests without a key.
    pub api_key_id: i64,
    /// The host's text for the key; `None` for requests without one.
    pub external_id: Option<String>,
    /// The key's name, if it has one.
    pub name: Option<String>,
    /// Its errors: 4xx and 5xx.
    pub errors: u64,
    /// All of its requests.
    pub requests: u64,
}

impl AlertCauses {
    /// Whether nothing is known.
    pub(super) const fn is_unknown(&self) -> bool {
        self.groups.is_none() && self.consumers.is_none()
    }

    /// Drops what requests said; `false` where nothing was said.
    pub(super) fn forget_messages(&mut self) -> bool {
        let groups = self.groups.iter_mut().flatten();
        // Each of them, so not `any`, which stops at the first.
        groups.filter_map(|group| group.message.take()).count() > 0
    }
}

impl CauseGroup {
    /// In one line, for people.
    pub(crate) fn line(&self) -> String {
        let Self {
            method,
            endpoint,
            status,
            requests,
            ..
        } = self;
        let what = self.message.as_deref().or(self.error_type.as_deref());
        let what = what.map(|what| format!(": {what}")).unwrap_or_default();
        format!("{requests} x {status} {method} {endpoint}{what}")
    }
}

impl CauseConsumer {
    /// In one line, for people.
    pub(crate) fn line(&self) -> String {
        let who = match (&self.name, &self.external_id) {
            (Some(who), _) | (None, Some(who)) => who.clone(),
            (None, None) if self.api_key_id == 0 => "without a key".to_owned(),
            (None, None) => format!("key {}", self.api_key_id),
        };
        format!(
            "{who}: {} errors of {} requests",
            self.errors, self.requests
        )
    }
}

/// The log of requests in one round of evaluations: once it failed it is left alone.
pub(super) struct LogInRound<'a> {
    log: Option<&'a dyn RequestLogStore>,
}

impl<'a> LogInRound<'a> {
    pub(super) const fn new(log: Option<&'a dyn RequestLogStore>) -> Self {
        Self { log }
    }

    /// The largest groups of a rule's window. `None` without a log, and where it fails or is slow, which is logged.
    pub(super) async fn groups(
        &mut self,
        rule: &AlertRule,
        window: TimeRange,
    ) -> Option<Vec<CauseGroup>> {
        let log = self.log?;
        match timeout(LONGEST, groups(log, rule, window)).await {
            Ok(Ok(groups)) => Some(groups),
            Ok(Err(error)) => {
                warn!(
                    rule = rule.id,
                    "an alert fires without its groups of errors: {error}"
                );
                self.log = None;
                None
            }
            Err(_) => {
                warn!(
                    rule = rule.id,
                    "an alert fires without its groups of errors: the log of requests took longer than {LONGEST:?}"
                );
                self.log = None;
                None
            }
        }
    }
}

/// Reads the groups of a window, in the scope of the rule.
pub(super) async fn groups(
    log: &dyn RequestLogStore,
    rule: &AlertRule,
    window: TimeRange,
) -> Result<Vec<CauseGroup>, StoreError> {
    let counts = query::query_for(&rule.spec, window, None);
    let pattern = query::target(&rule.spec).filter(Target::is_glob);
    let mut query = RequestQuery::over(
        window.from.saturating_mul(1_000),
        window.to.saturating_mul(1_000),
    );
    query.scope = counts.scope;
    query.filter.kind = Some(EntryKind::Request);
    query.filter.service = counts.filter.service;
    query.filter.environment = counts.filter.environment;
    query.filter.protocol = counts.filter.protocol;
    query.filter.method = counts.filter.method;
    query.filter.endpoint = counts.filter.endpoint;
    query.filter.api_key_id = counts.filter.api_key_id;
    let Some(pattern) = pattern else {
        query.limit = NAMED as u32;
        let found = log.request_groups(&query).await?;
        return Ok(found.into_iter().map(cause_group).collect());
    };
    let mut named = Vec::new();
    for limit in PATTERN_PAGES {
        query.limit = limit;
        let found = log.request_groups(&query).await?;
        let last = found.len() < limit as usize;
        named = found
            .into_iter()
            .filter(|group| pattern.matches(&group.method, &group.endpoint))
            .take(NAMED)
            .map(cause_group)
            .collect();
        if last || named.len() == NAMED {
            break;
        }
    }
    Ok(named)
}

/// The number of a group, as the log has it.
pub(super) fn cause_group_id(group: &CauseGroup) -> Option<i64> {
    let id = u64::from_str_radix(&group.id, 16).ok()?;
    Some(id.cast_signed())
}

/// A group as it is kept.
fn cause_group(group: RequestGroup) -> CauseGroup {
    CauseGroup {
        id: format!("{:016x}", group.id.cast_unsigned()),
        method: bounded(&group.method),
        endpoint: bounded(&group.endpoint),
        status: group.status,
        error_type: group.error_type.as_deref().map(bounded),
        message: group.message.as_deref().map(bounded),
        requests: group.weight,
    }
}

/// The query for a rule's consumers in its window.
pub(super) fn consumers_query(rule: &AlertRule, window: TimeRange) -> Query {
    let mut query = query::query_for(&rule.spec, window, None);
    query.group_by.api_key = true;
    query.group_by.time = None;
    query.detail = Detail::Counts;
    query
}

/// The consumers of rows of [`consumers_query`].
pub(super) fn consumers(
    rule: &AlertRule,
    rows: &[Row],
    keys: &HashMap<i64, KeyRecord>,
) -> Vec<CauseConsumer> {
    let target = query::target(&rule.spec);
    let mut sums: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let method = row.group.method.as_deref().unwrap_or_default();
        let mine = match (&target, row.group.endpoint.as_deref()) {
            (Some(target), Some(endpoint)) => target.matches(method, endpoint),
            _ => true,
        };
        if mine && let Some(key) = row.group.api_key_id {
            let (errors, requests) = sums.entry(key).or_default();
            *errors += row.bucket.error_count_4xx + row.bucket.error_count_5xx;
            *requests += row.bucket.request_count;
        }
    }
    let mut sums: Vec<_> = sums.into_iter().filter(|(_, (_, n))| *n > 0).collect();
    // Stable: equals stay in the order of their numbers.
    sums.sort_by(|(_, a), (_, b)| b.cmp(a));
    sums.into_iter()
        .take(NAMED)
        .map(|(id, (errors, requests))| {
            let key = keys.get(&id);
            CauseConsumer {
                api_key_id: id,
                external_id: key.map(|key| bounded(&key.external_id)),
                name: key.and_then(|key| key.spec.name.as_deref()).map(bounded),
                errors,
                requests,
            }
        })
        .collect()
}

/// A text without control characters and marks of direction, cut to what a notice takes.
fn bounded(text: &str) -> String {
    let text = escaped(text);
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text.into_owned(),
        Some(_) => text.chars().take(LONGEST_TEXT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_out_and_cut() {
        assert_eq!(bounded("a\nb\u{202e}"), r"a\nb\u{202e}");
        let cut = bounded(&"ü".repeat(1_000));
        assert_eq!(cut.chars().count(), LONGEST_TEXT);
        assert!(cut.ends_with("ü…"));
        assert_eq!(bounded(&"ü".repeat(LONGEST_TEXT)), "ü".repeat(LONGEST_TEXT));
    }
}
