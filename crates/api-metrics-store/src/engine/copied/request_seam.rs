//! What the request log needs of a database that keeps single requests.
//!
//! As with `backend`, an implementation only carries out statements: it never decides which rows count or who may see them.

use std::fmt::Debug;

use async_trait::async_trait;
use uuid::Uuid;

use crate::store::StoreError;

/// A request, or an event, as it is kept. Two rows are one if their ids are equal, and are the same then but for the mark
/// and the address. It names everything by its text, so that it means the same whatever becomes of numbers elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as `StoredRequest` has them")]
#[non_exhaustive]
pub struct RequestRow {
    pub at_ms: i64,
    /// Ids sort by time.
    pub id: Uuid,
    /// Of its batch, see [`RequestView`].
    pub mark: i64,
    pub service: String,
    pub environment: String,
    pub version: String,
    pub protocol: String,
    pub method: String,
    pub endpoint: String,
    /// Empty but for an event.
    pub source: String,
    /// The text of its API key.
    pub api_key: Option<String>,
    pub status: Option<i64>,
    pub counted: i64,
    pub outcome: String,
    pub latency_us: Option<i64>,
    pub weight: i64,
    pub reason: String,
    pub group: Option<i64>,
    pub trace_id: Option<Uuid>,
    pub user: Option<String>,
    /// A bit for each level.
    pub levels: i64,
    pub country: Option<String>,
    pub address: Option<Uuid>,
    /// The words by which it is found, with blanks between. Written and never read.
    pub words: String,
    /// The same without those of lines, where there are lines.
    pub shown_words: Option<String>,
    /// What is read of some rows alone.
    pub detail: RequestDetail,
    /// Written and never read with the others.
    pub snapshot: Option<String>,
}

/// What is shown of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as `StoredRequest` has them")]
#[non_exhaustive]
pub struct RequestDetail {
    pub instance: Uuid,
    pub path: String,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    pub span_id: Option<String>,
    pub error_type: Option<String>,
    pub message: Option<String>,
    pub ttfb_us: Option<i64>,
    pub queue_wait_us: Option<i64>,
    pub request_bytes: i64,
    pub response_bytes: i64,
    pub fields: Option<String>,
    /// As JSON.
    pub lines: Option<String>,
    pub lines_left_out: i64,
    pub region: Option<String>,
    pub city: Option<String>,
    pub latitude: Option<i64>,
    pub longitude: Option<i64>,
}

/// Which rows count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestView {
    /// Rows with a greater mark don't.
    pub mark: i64,
    /// Nor do those with one in these ranges, both ends included.
    pub excluded: Vec<(i64, i64)>,
}

/// What all requests of a kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "as `RequestRow` has them")]
pub enum RequestLabel {
    Service,
    Environment,
    Version,
    Method,
    Endpoint,
    Source,
    Outcome,
    User,
}

/// Which requests are wanted: those for which all of it holds. What is `None` or empty holds for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestsWanted {
    /// Which rows count.
    pub view: RequestView,
    /// From a millisecond to before another.
    pub times: (i64, i64),
    /// Older than this one.
    pub before: Option<Uuid>,
    /// Newer than this one.
    pub after: Option<Uuid>,
    /// One of these.
    pub ids: Option<Vec<Uuid>>,
    /// With one of these marks.
    pub marks: Option<Vec<i64>>,
    /// With exactly these texts.
    pub labels: Vec<(RequestLabel, String)>,
    /// Of one of these protocols.
    pub protocols: Option<Vec<String>>,
    /// Of none of these protocols.
    pub other_protocols: Vec<String>,
    /// With one of these API keys; `Some` of none is for requests without one.
    pub api_keys: Option<Vec<Option<String>>>,
    /// Of this trace.
    pub trace_id: Option<Uuid>,
    /// Of these groups.
    pub groups: Option<Vec<i64>>,
    /// Of any group.
    pub is_grouped: bool,
    /// Events alone, or requests alone.
    pub is_event: Option<bool>,
    /// With one of these bits among its levels.
    pub levels: Option<i64>,
    /// From this country, or with `Some(None)` from none that is known; no event.
    pub country: Option<Option<String>>,
    /// Counted with a status from one to before another.
    pub statuses: Vec<(i64, i64)>,
    /// At least so many microseconds.
    pub min_latency_us: Option<i64>,
    /// With all of these words.
    pub words: Vec<String>,
    /// Whether words of lines count, too.
    pub sees_lines: bool,
}

/// Which of the wanted come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOrder {
    /// The newest.
    NewestFirst,
    /// The oldest.
    OldestFirst,
}

/// The first of the wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundRequests {
    /// Their rows.
    pub rows: Vec<RequestRow>,
    /// The last of them, whose row may be gone already.
    pub last: Option<Uuid>,
    /// Whether there are others.
    pub has_more: bool,
}

/// Which groups come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupOrder {
    /// Those that stand for most requests.
    HeaviestFirst,
    /// Those that were seen last.
    LatestFirst,
}

/// The requests of a group among the wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupSum {
    /// The group.
    pub group: i64,
    /// How many they are.
    pub kept: u64,
    /// How many they stand for.
    pub weight: u64,
    /// Different API keys among them.
    pub api_keys: u64,
    /// The first one's time.
    pub first_ms: i64,
    /// The last one's.
    pub last_ms: i64,
    /// The last one.
    pub latest: Uuid,
}

/// The weight of a group's requests of a version in a part of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupPart {
    /// The group.
    pub group: i64,
    /// The version.
    pub version: String,
    /// Which part.
    pub part: i64,
    /// The weight.
    pub weight: u64,
}

/// Whose requests are erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestsOf {
    /// Those of an API key, by its text.
    ApiKey(String),
    /// Those of a user.
    User(String),
    /// Those of addresses, by their hashes.
    Addresses(Vec<Uuid>),
}

/// What an erasure would take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erasable {
    /// Requests that count.
    pub requests: u64,
    /// Whether there are rows at all.
    pub any: bool,
    /// Groups with no request of anybody else.
    pub groups: Vec<i64>,
}

/// A database that keeps single requests, while everything else of the log stays in Postgres.
///
/// # Errors
/// As `BucketDatabase`. After an error of a write nobody knows what of it has been written; the caller writes the same
/// again.
#[async_trait]
pub trait RequestDatabase: Send + Sync + Debug + 'static {
    /// Writes rows. Writing them twice is as good as once.
    async fn put_requests(&self, rows: &[RequestRow]) -> Result<(), StoreError>;
    /// The first of the wanted, at most so many, each once; with their details, or with empty ones.
    async fn find_requests(
        &self,
        wanted: &RequestsWanted,
        order: RequestOrder,
        limit: u32,
        with_details: bool,
    ) -> Result<FoundRequests, StoreError>;
    /// How many are wanted.
    async fn count_requests(&self, wanted: &RequestsWanted) -> Result<u64, StoreError>;
    /// The groups of the wanted, at most so many.
    async fn sum_groups(
        &self,
        wanted: &RequestsWanted,
        order: GroupOrder,
        limit: u32,
    ) -> Result<Vec<GroupSum>, StoreError>;
    /// The weights of the wanted by group, version and part of `part_ms` since the beginning of their times, in the order of
    /// versions.
    async fn sum_group_parts(
        &self,
        wanted: &RequestsWanted,
        part_ms: i64,
    ) -> Result<Vec<GroupPart>, StoreError>;
    /// The snapshot of the only one that is wanted, by its id alone.
    async fn request_snapshot(&self, wanted: &RequestsWanted)
    -> Result<Option<String>, StoreError>;
    /// The times of the oldest and of the newest.
    async fn request_span(&self, view: &RequestView) -> Result<Option<(i64, i64)>, StoreError>;
    /// The greatest mark of any row.
    async fn last_mark(&self) -> Result<i64, StoreError>;
    /// What an erasure would take.
    async fn erasable(
        &self,
        whose: &RequestsOf,
        view: &RequestView,
    ) -> Result<Erasable, StoreError>;
    /// Erases rows, whether they count or not. They are gone when this returns.
    async fn erase_requests(&self, whose: &RequestsOf) -> Result<(), StoreError>;
    /// Days since 1970 that have rows, and their bytes, the oldest first.
    async fn request_days(&self) -> Result<Vec<(i64, u64)>, StoreError>;
    /// Removes a day.
    async fn remove_request_day(&self, day: i64) -> Result<(), StoreError>;
}
