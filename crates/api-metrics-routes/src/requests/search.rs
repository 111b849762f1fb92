//! `GET /api-requests/search`: requests and groups of errors by words, by likeness, or by both.
//!
//! Errors of one group are one hit, because whoever searches wants to know what happened, and then how often. A hit
//! is answered with its latest request, so that one answer is enough to see what it is about.
//!
//! # What a score is
//!
//! By words each hit is found alike well, and the newest come first. By likeness the score is the cosine of two
//! vectors, less what is chance. By both it is the mean of likeness and of the share of words that a group holds,
//! where rare words count for more, and holding all of them counts 1. So what holds all words is rarely below what
//! only looks like the question.
//!
//! Likeness is that of spelling, unless the host brings an embedder that knows meanings: words, parts of words and
//! misspelt words are found. It is computed in this process, for groups alone, of which there are few.

use api_metrics_store::{
    query::TimeRange,
    request_log::{RequestFilter, RequestSearch, SearchHit, SearchMode},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    selection::{Labelled, group_id},
    view::{RequestView, time_ms},
};
use crate::{
    auth::Caller,
    request::{Context, Form, OneOf, ParamDocs, Params, Parsed, QueryParams, Text, Validated},
    response::{Problem, rounded, time},
    router::App,
};

/// Hits where the caller names no number.
const DEFAULT_LIMIT: u32 = 10;
/// The most hits: each is read by itself.
const MAX_LIMIT: u32 = 100;

/// `q`. Nothing in it but words has a meaning.
const Q: Text = Text {
    name: "q",
    description: "What is looked for: words, in any order and case. Required.",
    example: "ledger locked",
    max_bytes: 200,
};
/// `mode`.
const MODE: OneOf<SearchMode> = OneOf {
    name: "mode",
    description: "By words: requests that hold all of them. By likeness: groups of errors whose text is similar. Or \
                  by both.",
    options: &[
        ("words", SearchMode::Words),
        ("similar", SearchMode::Similar),
        ("hybrid", SearchMode::Hybrid),
    ],
    default: SearchMode::Hybrid,
};
/// `limit`.
const LIMIT: Parsed<u32> = Parsed {
    name: "limit",
    description: "The most hits to answer.",
    example: Some("10"),
    form: Form::Small {
        minimum: 1,
        maximum: MAX_LIMIT,
        default: DEFAULT_LIMIT,
    },
    read: |text| text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n)),
    wrong: "no number from 1 to 100",
};

/// The parameters of [`search`].
#[derive(Debug, Clone)]
pub(crate) struct SearchParams {
    /// What is looked for.
    text: String,
    /// How.
    mode: SearchMode,
    /// The most hits.
    limit: u32,
    /// Of which range.
    range: TimeRange,
    /// Among which requests.
    filter: RequestFilter,
}

impl QueryParams for SearchParams {
    fn describe(docs: &mut ParamDocs) {
        Q.describe(docs);
        MODE.describe(docs);
        LIMIT.describe(docs);
        TimeRange::describe(docs);
        Labelled::describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        let text = Q.take(params)?;
        Ok(Self {
            text: text.ok_or_else(|| Problem::parameter(Q.name, "is missing"))?,
            mode: MODE.take(params)?,
            limit: LIMIT.take(params)?.unwrap_or(DEFAULT_LIMIT),
            range: QueryParams::take(params, context)?,
            filter: Labelled::take(params, context)?.0,
        })
    }
}

/// A group of errors, or a request that belongs to none.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = RequestHit))]
pub(crate) struct HitView {
    /// How good it is, 0 to 1: to be compared within this answer.
    score: f64,
    /// `words`: a request of it holds all words. `similar`: its text is like the question. `both`.
    matched: &'static str,
    /// Its latest request; where it was found by words, the latest that holds them.
    request: RequestView,
    /// The group; null: the request is no error, and stands for itself.
    group: Option<String>,
    /// Requests kept of it in the range.
    kept: u64,
    /// Requests that they stand for.
    requests: u64,
    /// Its first request in the range.
    first_at: DateTime<Utc>,
    /// Its last one.
    last_at: DateTime<Utc>,
}

impl HitView {
    /// What a caller may see of a hit.
    fn of(hit: SearchHit, caller: &Caller) -> Self {
        Self {
            score: rounded(hit.score),
            matched: match (hit.by_words, hit.by_likeness) {
                (true, true) => "both",
                (true, false) => "words",
                (false, _) => "similar",
            },
            group: hit.request.group.map(group_id),
            kept: hit.kept,
            requests: hit.weight,
            first_at: time_ms(hit.first_ms),
            last_at: time_ms(hit.last_ms),
            request: RequestView::of(hit.request, caller),
        }
    }
}

/// What was found.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = RequestHits))]
pub(crate) struct SearchView {
    /// The hits, the best first.
    data: Vec<HitView>,
    /// How they were found.
    mode: &'static str,
    /// Groups that were not compared, because they have no vector yet. 0 but where the host's own embedder is slow.
    pending: u64,
    /// The start of the range.
    from: DateTime<Utc>,
    /// The end of the range.
    to: DateTime<Utc>,
}

/// Requests and groups of errors, the best first
///
/// By words: those that hold all of them in path, error or user agent. By likeness: groups of errors whose text
/// shares words and parts of words with the question, misspelt ones too. By both: what holds all words first, then
/// what holds some and is similar. Errors of one group are one hit.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/search",
    operation_id = "search_requests",
    tag = "requests",
    params(Validated<SearchParams>),
    responses((status = 200, description = "What was found", body = SearchView,
        example = json!(crate::requests::examples::search()))),
))]
pub(crate) async fn search(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<SearchParams>,
) -> Result<Json<SearchView>, Problem> {
    let SearchParams {
        text,
        mode,
        limit,
        range,
        filter,
    } = params;
    let ms = |seconds: i64| seconds.saturating_mul(1_000);
    let mut search = RequestSearch::default();
    search.from_ms = ms(range.from);
    search.to_ms = ms(range.to);
    search.filter = filter;
    search.scope = caller.scope.clone();
    search.text = text;
    search.mode = mode;
    search.limit = limit;
    let store = app.client.requests()?;
    let work = store.search_requests(&search, app.client.embedder());
    let found = app.client.bounded("search requests", work).await?;
    let mode = MODE.options.iter().find(|(_, option)| *option == mode);
    Ok(Json(SearchView {
        data: found
            .hits
            .into_iter()
            .map(|hit| HitView::of(hit, &caller))
            .collect(),
        mode: mode.map_or("hybrid", |(name, _)| name),
        pending: found.pending,
        from: time(range.from),
        to: time(range.to),
    }))
}
