//! Which requests are asked for: the filters that all routes of the log take.
//!
//! | parameter | compared with | has an index |
//! |---|---|---|
//! | `service`, `environment`, `version`, `protocol`, `method`, `endpoint` | the labels of a series | yes |
//! | `apiKeyId`, `user`, `traceId`, `group` | the request's own | yes |
//! | `text` | the words of path, error and agent, each as a whole | yes |
//! | `kind=event`, `source` | what an event is, and where it comes from | yes |
//! | `status`, `statusClass`, `outcome`, `minLatencyMs`, `level`, `country`, `kind=request` | the entry's own | no: tried on 20,000 entries a page |
//!
//! `source` is that of an event, because a request has lines of many; words find those. `level` is that of an event, or
//! of one of a request's lines. Both find nothing for tenants and consumers, who see neither lines nor events.
//!
//! All that are given must hold. A filter that nothing can match is refused by name, or finds nothing; it is never
//! ignored.

use api_metrics_layer::{Country, LogLevel, MAX_API_KEY_BYTES, MAX_SERVICE_BYTES};
use api_metrics_store::{
    query::{Filter, Scope, TimeRange},
    request_log::{EntryKind, RequestFilter, RequestQuery},
};
use uuid::Uuid;

use crate::{
    request::{Context, Form, OneOf, ParamDocs, Params, Parsed, QueryParams, Text},
    response::Problem,
};

/// Stands for a country that is not known.
const UNKNOWN_COUNTRY: &str = "unknown";
/// `version`, exactly.
const VERSION: Text = Text {
    name: "version",
    description: "Only this version of the service's code.",
    example: "1.9.1",
    max_bytes: MAX_SERVICE_BYTES,
};
/// `status`: that under which a request is counted, so that each has one.
const STATUS: Parsed<u16> = Parsed {
    name: "status",
    description: "Only this status, as it is counted: 499 where the client left before there was one, 500 where \
                  the service failed without one.",
    example: Some("503"),
    form: Form::Number(100),
    read: |text| {
        text.parse()
            .ok()
            .filter(|status| (100..1_000).contains(status))
    },
    wrong: "no status from 100 to 999",
};
/// `statusClass`: the hundreds of that status.
const STATUS_CLASS: OneOf<Option<u16>> = OneOf {
    name: "statusClass",
    description: "Only statuses of this class: 2xx, 3xx, 4xx or 5xx.",
    options: &[
        ("1xx", Some(1)),
        ("2xx", Some(2)),
        ("3xx", Some(3)),
        ("4xx", Some(4)),
        ("5xx", Some(5)),
    ],
    default: None,
};
/// `outcome`, independent of the status.
const OUTCOME: OneOf<Option<&str>> = OneOf {
    name: "outcome",
    description: "Only requests that ended so: completed, aborted by the client, failed, or panicked.",
    options: &[
        ("completed", Some("completed")),
        ("aborted", Some("aborted")),
        ("failed", Some("failed")),
        ("panicked", Some("panicked")),
    ],
    default: None,
};
/// `user`, exactly: ids are no words to search in.
const USER: Text = Text {
    name: "user",
    description: "Only this user, exactly.",
    example: "u-17",
    max_bytes: MAX_API_KEY_BYTES,
};
/// `minLatencyMs`. Requests without a latency are never slow.
const MIN_LATENCY: Parsed<u64> = Parsed {
    name: "minLatencyMs",
    description: "Only requests that took this many milliseconds or more.",
    example: Some("1000"),
    form: Form::Number(0),
    read: |text| text.parse().ok().filter(|ms| *ms <= 86_400_000),
    wrong: "no number of milliseconds up to a day",
};
/// `traceId`, as `traceparent` writes it.
const TRACE: Parsed<Uuid> = Parsed {
    name: "traceId",
    description: "Only this trace, as 32 hexadecimal digits.",
    example: Some("0af7651916cd43dd8448eb211c80319c"),
    form: Form::Text,
    read: |text| (text.len() == 32).then(|| text.parse().ok())?,
    wrong: "no trace of 32 hexadecimal digits",
};
/// `group`: an id of the groups.
const GROUP: Parsed<i64> = Parsed {
    name: "group",
    description: "Only the group of errors of this id.",
    example: Some("8f3a61c20b7d4e95"),
    form: Form::Text,
    read: group_of,
    wrong: "no group of 16 hexadecimal digits",
};
/// `text`: words, in any order and case. Nothing in it has another meaning.
const TEXT: Text = Text {
    name: "text",
    description: "Only requests that hold all of these words in their path, error, user agent or lines; events in \
                  source, message or fields.",
    example: "ledger locked",
    max_bytes: 200,
};
/// `kind`: requests and events lie in one log.
const KIND: OneOf<Option<EntryKind>> = OneOf {
    name: "kind",
    description: "Only requests, or only events: what the service has logged outside of all requests. Events are for \
                  admins.",
    options: &[
        ("request", Some(EntryKind::Request)),
        ("event", Some(EntryKind::Event)),
    ],
    default: None,
};
/// `source`, exactly.
const SOURCE: Text = Text {
    name: "source",
    description: "Only events of this source, which is the target under which they were logged.",
    example: "shop::ledger",
    max_bytes: 128,
};
/// `level`, exactly.
const LEVEL: OneOf<Option<LogLevel>> = OneOf {
    name: "level",
    description: "Only events of this level, and requests with a line of it: error, warn, info, debug or trace. Lines \
                  and events are for admins.",
    options: &[
        ("error", Some(LogLevel::Error)),
        ("warn", Some(LogLevel::Warn)),
        ("info", Some(LogLevel::Info)),
        ("debug", Some(LogLevel::Debug)),
        ("trace", Some(LogLevel::Trace)),
    ],
    default: None,
};
/// `country`.
const COUNTRY: Parsed<String> = Parsed {
    name: "country",
    description: "Only requests from this country, by its two letters of ISO 3166; `unknown` for those from a country \
                  that is not known.",
    example: Some("DE"),
    form: Form::Text,
    read: country_of,
    wrong: "no country of two letters, and not `unknown`",
};
/// `after`.
pub(super) const AFTER: Parsed<Uuid> = Parsed {
    name: "after",
    description: "Only requests newer than the one of this id, oldest first: for those who fetch step by step. Not \
                  together with `cursor`.",
    example: None,
    form: Form::Text,
    read: |text| text.parse().ok(),
    wrong: "no id of a request",
};

/// A group's id as callers have it: 16 hexadecimal digits, because numbers in JSON are not that exact.
pub(super) fn group_id(group: i64) -> String {
    format!("{:016x}", group.cast_unsigned())
}

/// The country of a code as the store compares it: an unknown one is empty.
fn country_of(text: &str) -> Option<String> {
    if text == UNKNOWN_COUNTRY {
        return Some(String::new());
    }
    Country::of(text).map(|country| country.to_string())
}

/// The group of such an id. Signs and other lengths are none, so that each group has one id.
fn group_of(text: &str) -> Option<i64> {
    let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let group = u64::from_str_radix(text, 16).ok().filter(|_| digits)?;
    Some(group.cast_signed())
}

/// Which requests, of which range.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// The range.
    pub(super) range: TimeRange,
    /// The filter.
    pub(super) filter: RequestFilter,
}

impl QueryParams for Selection {
    fn describe(docs: &mut ParamDocs) {
        TimeRange::describe(docs);
        Matching::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            range: QueryParams::take(params, context)?,
            filter: Matching::take(params, context)?.0,
        })
    }
}

impl Selection {
    /// The question of a caller for a page.
    pub(super) fn query(&self, scope: &Scope, limit: u32) -> RequestQuery {
        self.query_of(self.range, scope, limit)
    }

    /// The same for another range.
    pub(super) fn query_of(&self, range: TimeRange, scope: &Scope, limit: u32) -> RequestQuery {
        let ms = |seconds: i64| seconds.saturating_mul(1_000);
        let mut query = RequestQuery::over(ms(range.from), ms(range.to));
        query.filter = self.filter.clone();
        query.scope = scope.clone();
        query.limit = limit;
        query
    }
}

/// Which requests, whenever they were.
#[derive(Debug, Clone)]
pub(super) struct Matching(pub(super) RequestFilter);

impl QueryParams for Matching {
    fn describe(docs: &mut ParamDocs) {
        Labelled::describe(docs);
        TEXT.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let Labelled(mut filter) = QueryParams::take(params, context)?;
        filter.text = TEXT.take(params)?;
        Ok(Self(filter))
    }
}

/// The same without words.
#[derive(Debug, Clone)]
pub(super) struct Labelled(pub(super) RequestFilter);

impl QueryParams for Labelled {
    fn describe(docs: &mut ParamDocs) {
        Filter::describe(docs);
        VERSION.describe(docs);
        STATUS.describe(docs);
        STATUS_CLASS.describe(docs);
        OUTCOME.describe(docs);
        USER.describe(docs);
        MIN_LATENCY.describe(docs);
        TRACE.describe(docs);
        GROUP.describe(docs);
        KIND.describe(docs);
        SOURCE.describe(docs);
        LEVEL.describe(docs);
        COUNTRY.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let series = Filter::take(params, context)?;
        let mut filter = RequestFilter::default();
        filter.service = series.service;
        filter.environment = series.environment;
        filter.protocol = series.protocol;
        filter.method = series.method;
        filter.endpoint = series.endpoint;
        filter.api_key_id = series.api_key_id;
        filter.user_id = series.user_id;
        filter.team_id = series.team_id;
        filter.version = VERSION.take(params)?;
        filter.status = STATUS.take(params)?;
        filter.status_class = STATUS_CLASS.take(params)?;
        filter.outcome = OUTCOME.take(params)?.map(str::to_owned);
        filter.user = USER.take(params)?;
        filter.min_latency_us = MIN_LATENCY.take(params)?.map(|ms| ms * 1_000);
        filter.trace_id = TRACE.take(params)?;
        filter.group = GROUP.take(params)?;
        filter.kind = KIND.take(params)?;
        filter.source = SOURCE.take(params)?;
        filter.level = LEVEL.take(params)?;
        filter.country = COUNTRY.take(params)?;
        Ok(Self(filter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_of_iso_3166_or_unknown() {
        let found = ["DE", "de", "unknown"].map(country_of);
        assert_eq!(found, ["DE", "DE", ""].map(|code| Some(code.to_owned())));
        for wrong in ["", "XX", "DEU", "Germany", "Unknown"] {
            assert_eq!(country_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_groups_id_is_read_as_it_is_written() {
        for group in [0, 1, -1, i64::MIN, i64::MAX] {
            assert_eq!(group_of(&group_id(group)), Some(group));
        }
        for text in [
            "",
            "1",
            "+123456789abcdef",
            "8f3a61c20b7d4e950",
            "8f3a61c20b7d4e9g",
        ] {
            assert_eq!(group_of(text), None, "{text}");
        }
    }
}
