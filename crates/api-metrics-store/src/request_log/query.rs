//! What is asked of the log, and what it answers.

use api_metrics_layer::LogLevel;
use uuid::Uuid;

use crate::query::Scope;

/// What an entry of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A request.
    Request,
    /// An event of the host's log that happened outside of all requests.
    Event,
}

impl From<EntryKind> for &'static str {
    /// `request` or `event`.
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Request => "request",
            EntryKind::Event => "event",
        }
    }
}

/// Which requests are wanted. A `None` filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestFilter {
    /// The service.
    pub service: Option<String>,
    /// Its environment.
    pub environment: Option<String>,
    /// The version of its code.
    pub version: Option<String>,
    /// As [`Filter::protocol`](crate::query::Filter::protocol) has it: `None` means requests to the server, and the
    /// events that its own log has, which have no protocol.
    pub protocol: Option<String>,
    /// The method, in capitals.
    pub method: Option<String>,
    /// The route template, exactly.
    pub endpoint: Option<String>,
    /// The status under which it is counted: 499 and 500 where none was sent.
    pub status: Option<u16>,
    /// Its hundreds: 5 for 500 to 599.
    pub status_class: Option<u16>,
    /// How it ended: `completed`, `aborted`, `failed` or `panicked`.
    pub outcome: Option<String>,
    /// One API key by its number in `api_keys`; 0 stands for requests without a key.
    pub api_key_id: Option<i64>,
    /// The keys of one user, by their `user_id`, whatever user a request names itself.
    pub user_id: Option<String>,
    /// The keys of one team, by their `team_id`.
    pub team_id: Option<String>,
    /// The user that the request names, exactly.
    pub user: Option<String>,
    /// The least latency, in microseconds.
    pub min_latency_us: Option<u64>,
    /// The trace.
    pub trace_id: Option<Uuid>,
    /// The group of errors.
    pub group: Option<i64>,
    /// Words that the path, the message, the error's type, the agent, the lines or the source hold, all of them.
    /// Whoever does not see everything finds by what is shown: not by lines.
    pub text: Option<String>,
    /// What an entry is.
    pub kind: Option<EntryKind>,
    /// Where an event comes from, exactly. Finds no request.
    pub source: Option<String>,
    /// The level of an event, or of one of a request's lines. Whoever does not see everything finds nothing by it.
    pub level: Option<LogLevel>,
    /// The country by its two letters; empty: one that is not known.
    pub country: Option<String>,
}

/// A question for a page of the list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestQuery {
    /// The first millisecond, since 1970.
    pub from_ms: i64,
    /// The first millisecond after the range.
    pub to_ms: i64,
    /// Which requests are wanted.
    pub filter: RequestFilter,
    /// What the caller may see.
    pub scope: Scope,
    /// Only requests older than this one: where a page goes on, see [`RequestPage::next`].
    pub before: Option<Uuid>,
    /// Only requests newer than this one; they then come oldest first.
    pub after: Option<Uuid>,
    /// Requests on a page, 1 to 1,000.
    pub limit: u32,
}

impl RequestQuery {
    /// All requests of a range, 100 to a page.
    #[must_use]
    pub fn over(from_ms: i64, to_ms: i64) -> Self {
        Self {
            from_ms,
            to_ms,
            limit: 100,
            ..Self::default()
        }
    }
}

/// A request as it is stored, or an event: that has a message, a source, a level and fields, and no method, no
/// endpoint, no path and the status 0.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoredRequest {
    /// Its id; ids sort by time.
    pub id: Uuid,
    /// What it is.
    pub kind: EntryKind,
    /// When it finished, in milliseconds since 1970.
    pub at_ms: i64,
    /// The service.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// The version of its code.
    pub version: String,
    /// The process.
    pub instance: Uuid,
    /// `http` or `grpc`.
    pub protocol: String,
    /// The method.
    pub method: String,
    /// The route template.
    pub endpoint: String,
    /// The path, masked.
    pub path: String,
    /// The status that was sent.
    pub status: Option<u16>,
    /// The status under which it is counted.
    pub counted_status: u16,
    /// How it ended.
    pub outcome: String,
    /// Its latency in microseconds.
    pub latency_us: Option<u64>,
    /// The time to its headers in microseconds.
    pub time_to_headers_us: Option<u64>,
    /// How long it waited before it was seen, in microseconds.
    pub queue_wait_us: Option<u64>,
    /// Bytes of its body.
    pub request_bytes: u64,
    /// Bytes of its response's body.
    pub response_bytes: u64,
    /// The number of its API key; 0 is none.
    pub api_key_id: i64,
    /// The text of its API key.
    pub api_key: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The hash of the client's address, by which requests of a day are linked.
    pub address: Option<Uuid>,
    /// The client's agent.
    pub user_agent: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// The trace.
    pub trace_id: Option<Uuid>,
    /// The caller's span, 16 hexadecimal digits.
    pub span_id: Option<String>,
    /// The kind of error.
    pub error_type: Option<String>,
    /// What the error said.
    pub message: Option<String>,
    /// The group of errors that it belongs to.
    pub group: Option<i64>,
    /// For how many requests it stands, itself included.
    pub weight: u64,
    /// Why it was kept: `everything`, `error`, `client_error`, `slow` or `sample`; of an event `event`.
    pub reason: String,
    /// Where an event comes from.
    pub source: Option<String>,
    /// The level of an event; of a request the most severe among its lines.
    pub level: Option<LogLevel>,
    /// The fields of an event, as `name=value`.
    pub fields: Option<String>,
    /// What was logged while it ran.
    pub lines: Vec<StoredLine>,
    /// Lines for which there was no room.
    pub lines_left_out: u64,
    /// The country of the client, by its two letters.
    pub country: Option<String>,
    /// The region of the client.
    pub region: Option<String>,
    /// The city of the client.
    pub city: Option<String>,
    /// About where the client is: tenths of a degree north and east.
    pub coordinates_tenths: Option<(i64, i64)>,
}

/// A line of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredLine {
    /// When it was logged, in milliseconds since 1970.
    pub at_ms: i64,
    /// How severe it is.
    pub level: LogLevel,
    /// Where it comes from.
    pub source: String,
    /// What it says.
    pub message: String,
    /// Its fields, as `name=value`.
    pub fields: String,
}

/// A question for how many requests came from which country.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountryQuery {
    /// A millisecond of the first hour, since 1970.
    pub from_ms: i64,
    /// The first millisecond after the last hour.
    pub to_ms: i64,
    /// The service.
    pub service: Option<String>,
    /// Its environment.
    pub environment: Option<String>,
}

/// Requests of a country: all that were counted while geography was on, not only those that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountryCount {
    /// Its two letters; `None` is a country that is not known.
    pub country: Option<String>,
    /// Its requests.
    pub requests: u64,
}

/// A page of the list.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RequestPage {
    /// The requests, newest first; oldest first where the question was for newer ones.
    pub requests: Vec<StoredRequest>,
    /// Where the next page goes on: its [`before`](RequestQuery::before), or its
    /// [`after`](RequestQuery::after). `None` where the range has been searched to its end.
    pub next: Option<Uuid>,
    /// How far the range was searched, in milliseconds since 1970. A page may be short, or empty, and not the
    /// last: filters that have no index look at a bounded number of requests.
    pub searched_to_ms: i64,
}

/// Errors that are one, over a range.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestGroup {
    /// Its number: the same for the same kind of error everywhere.
    pub id: i64,
    /// What its entries are.
    pub kind: EntryKind,
    /// Where its events come from.
    pub source: Option<String>,
    /// The level of its events.
    pub level: Option<LogLevel>,
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
    /// Its latest request in the range.
    pub latest: Uuid,
    /// Requests kept of it in the range.
    pub kept: u64,
    /// Requests that they stand for.
    pub weight: u64,
    /// Different API keys among them.
    pub api_keys: u64,
    /// Versions of the service that had it in the range, in the order of their names, at most 20.
    pub versions: Vec<String>,
    /// Its first request in the range, in milliseconds since 1970.
    pub first_ms: i64,
    /// Its last one.
    pub last_ms: i64,
    /// When it was first seen at all. `None` where the caller does not see everything.
    pub first_seen_ms: Option<i64>,
    /// The version that had it first. `None` where the caller does not see everything.
    pub first_version: Option<String>,
    /// The weight in 24 equal parts of the range.
    pub series: Vec<u64>,
}

/// Whose requests are to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Erasure {
    /// Those of an API key, by its number in `api_keys`.
    ApiKey(i64),
    /// Those of a user.
    User(String),
    /// Those of a client's address, as far as the keys of their days exist: of today and of yesterday.
    Address(std::net::IpAddr),
}

/// What an erasure has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erased {
    /// Requests deleted.
    pub requests: u64,
}

/// What the log says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLogStatus {
    /// What became of the requests that all processes have chosen and told of. None of them waits.
    pub counts: super::RequestLogCounts,
    /// The oldest request, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    /// The newest request, in milliseconds since 1970.
    pub newest_ms: Option<i64>,
    /// The bytes that the log takes in the database; roughly on SQLite.
    pub bytes: u64,
}
