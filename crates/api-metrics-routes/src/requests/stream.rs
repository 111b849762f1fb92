//! `GET /api-requests/stream`: the log as it arrives, as server-sent events.
//!
//! Each stream has its own place in the order of arrival, which is its events' id: a client that comes back goes on
//! exactly there, whichever instance it meets. One task of the process asks how far the log has come, four times a
//! second, and each stream reads on from its own place when there is something new.
//!
//! # Places
//!
//! A place is the number of a batch, and the time at which somebody looked. Numbers are given to batches as they are
//! committed, while somebody follows, so that nothing arrives before a number that was seen. The time serves where
//! nobody followed for a while, and nothing was numbered: the stream then goes on with what has finished since.
//!
//! # Bounds
//!
//! A stream is one of the streams of its principal and of all, as those of the figures are. It reads at most
//! `perSecond` requests at a time, through the same bound on concurrent questions as all routes.
//!
//! Beyond `perSecond` requests are left out and counted, the newest are shown: whoever watches is to see what happens
//! now. A stream that shows nothing says so every few seconds, so that its client can tell silence from death.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use api_metrics_store::{
    query::Scope,
    request_log::{
        RequestFilter, TailContinuation, TailCursor, TailPage, TailPosition, TailQuery, TailStart,
    },
    store::StoreError,
};
use axum::{
    extract::State,
    response::{Response, sse::Event},
};
use futures_util::{Stream, stream};
use http::HeaderMap;
use serde::Serialize;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};
use uuid::Uuid;

use super::{
    selection::{AFTER, Matching},
    view::RequestView,
};
use crate::{
    auth::Caller,
    live::{self, Progress},
    request::{Context, Form, ParamDocs, Params, Parsed, QueryParams, Validated},
    response::Problem,
    router::{App, AppState},
};

/// Requests a second where the caller names no number.
const DEFAULT_PER_SECOND: u32 = 50;
/// The most of them.
const MAX_PER_SECOND: u32 = 500;
/// Within this time no more are shown than the caller has asked for.
const SECOND: Duration = Duration::from_secs(1);

/// `perSecond`.
const PER_SECOND: Parsed<u32> = Parsed {
    name: "perSecond",
    description: "The most requests to show in a second; what is left out is counted.",
    example: Some("50"),
    form: Form::Small {
        minimum: 1,
        maximum: MAX_PER_SECOND,
        default: DEFAULT_PER_SECOND,
    },
    read: |text| {
        text.parse()
            .ok()
            .filter(|n| (1..=MAX_PER_SECOND).contains(n))
    },
    wrong: "no number from 1 to 500",
};

/// The parameters of [`stream`].
#[derive(Debug, Clone)]
pub(crate) struct StreamParams {
    /// Which requests.
    filter: RequestFilter,
    /// The most requests a second.
    per_second: u32,
    /// The request that was seen last.
    after: Option<Uuid>,
}

impl QueryParams for StreamParams {
    fn describe(docs: &mut ParamDocs) {
        Matching::describe(docs);
        PER_SECOND.describe(docs);
        AFTER.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            filter: Matching::take(params, context)?.0,
            per_second: PER_SECOND.take(params)?.unwrap_or(DEFAULT_PER_SECOND),
            after: AFTER.take(params)?,
        })
    }
}

/// The data of the first event, `requests-stream`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Hello {
    /// An event comes at least this often.
    update_seconds: f64,
    /// The most requests in a second.
    per_second: u32,
    /// How the stream goes on from what the client has seen.
    continues: &'static str,
}

/// The data of an event `requests`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ArrivedRequests))]
pub(crate) struct ArrivedView {
    /// What has arrived, oldest first.
    data: Vec<RequestView>,
    /// Requests that have arrived beyond `perSecond`.
    left_out: u64,
}

/// Requests as they arrive, as server-sent events
///
/// The first event is `requests-stream` with `updateSeconds`, how often an event comes at least, and `continues`:
/// `now` begins with what arrives from now on, `arrival` goes on exactly after `Last-Event-ID`, `time` with what has
/// finished after `after`, or after the last event of a stream that was away for more than a minute. Events
/// `requests` have what has arrived, `requests-unavailable` a problem while the store does not answer. What is kept
/// at once arrives within two seconds, from all instances; samples when their minute is over. The stream ends after
/// an hour, with the caller's token or session, and when the service stops: clients come back by themselves.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/stream",
    operation_id = "stream_requests",
    tag = "requests",
    params(Validated<StreamParams>,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses((status = 200, description = "The events", content_type = "text/event-stream",
        body = ArrivedView, example = "event: requests\nid: 17-1779000000000\ndata: {\"data\":[],\"leftOut\":0}\n\n")),
))]
pub(crate) async fn stream(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Validated { params, .. }: Validated<StreamParams>,
) -> Result<Response, Problem> {
    let start = match (headers.get("last-event-id"), params.after) {
        (Some(id), _) => {
            let cursor = id.to_str().ok().and_then(|id| id.parse().ok());
            let cursor = cursor.ok_or_else(|| {
                Problem::parameter(
                    "Last-Event-ID",
                    "the header is no id of an event of this stream",
                )
            })?;
            TailStart::At(cursor)
        }
        (None, Some(request)) => TailStart::After(request),
        (None, None) => TailStart::Now,
    };
    let place = app.hub.place(&caller)?;
    // Before the first look, so that nothing arrives unnoted from there on.
    let begun = position(Arc::clone(&app), true).await?;
    let mut query = TailQuery::default();
    query.filter = params.filter;
    query.scope = caller.scope.clone();
    query.start = start;
    query.limit = params.per_second;
    let first = arrived(&app, &query).await?;
    let progress = app.hub.follow(&app, begun.number, |app, renew| async move {
        Ok(position(app, renew).await?.number)
    });
    let update_interval = app.hub.update_interval();
    let hello = Hello {
        update_seconds: update_interval.as_secs_f64(),
        per_second: params.per_second,
        continues: match first.continuation {
            TailContinuation::Arrival => "arrival",
            TailContinuation::Time => "time",
            _ => "now",
        },
    };
    let mut hello = live::hello("requests-stream", &line(&hello));
    if first.requests.is_empty() && first.left_out == 0 {
        // Who is cut off before anything arrives goes on here.
        hello = hello.id(first.cursor.to_string());
    }
    let tail = Tail {
        state: Arc::downgrade(&app),
        query,
        per_second: params.per_second,
        cursor: first.cursor,
        looked_after: None,
        progress,
        update_interval,
        due_at: Instant::now() + update_interval,
        shown: VecDeque::new(),
        failing: false,
        waiting: Some(first),
    };
    let events = live::while_allowed(&app.hub, &caller, tail.into_stream());
    Ok(live::respond(&app.hub, place, hello, events))
}

/// How far the log has come. Renews the lease where it is due, or has run out.
async fn position(app: App, renew: bool) -> Result<TailPosition, Problem> {
    let store = app.client.requests()?;
    let work = async {
        if renew {
            store.follow_requests().await?;
        }
        let position = store.request_tail().await?;
        if position.followed {
            return Ok::<_, StoreError>(position);
        }
        store.follow_requests().await?;
        store.request_tail().await
    };
    app.client.bounded("request tail", work).await
}

/// What has arrived since the last step.
async fn arrived(app: &AppState, query: &TailQuery) -> Result<TailPage, Problem> {
    let store = app.client.requests()?;
    app.client
        .bounded("arrived requests", store.requests_arrived(query))
        .await
}

/// JSON in one line.
fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// One client's place in the log.
struct Tail {
    /// Held weakly: a stream must not keep the admin alive.
    state: std::sync::Weak<AppState>,
    /// What is asked for; its start is the place.
    query: TailQuery,
    /// The most requests a second.
    per_second: u32,
    /// The place, as the client has it.
    cursor: TailCursor,
    /// The number that was looked after last.
    looked_after: Option<u64>,
    /// How far the log has come.
    progress: watch::Receiver<Progress>,
    /// How often the client hears something.
    update_interval: Duration,
    /// When it hears something next.
    due_at: Instant,
    /// What was shown within the last second.
    shown: VecDeque<(Instant, u32)>,
    /// Whether the client was told that the store does not answer.
    failing: bool,
    /// What was read and not sent yet.
    waiting: Option<TailPage>,
}

impl Tail {
    /// The events, one after the other.
    fn into_stream(self) -> impl Stream<Item = Event> + Send {
        stream::unfold(self, |mut tail| async move {
            let event = tail.next().await?;
            Some((event, tail))
        })
    }

    /// The next event; `None` once the admin is gone.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.waiting.take()
            && (!first.requests.is_empty() || first.left_out > 0)
        {
            return Some(self.tell(first));
        }
        loop {
            let limit = self.allowance().await;
            let due = match &*self.progress.borrow_and_update() {
                // A place may be ahead of what is known of the log, which is read four times a second: each
                // number is looked after once.
                Progress::At(number) => {
                    let news = *number != self.cursor.number && self.looked_after != Some(*number);
                    self.looked_after = Some(*number);
                    news || self.failing
                }
                Progress::Unknown(problem) if !self.failing => {
                    self.failing = true;
                    return Some(unavailable(problem));
                }
                Progress::Unknown(_) => false,
            };
            if !due {
                match timeout_at(self.due_at, self.progress.changed()).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(_)) => return None,
                    Err(_) if self.failing => {
                        self.due_at = Instant::now() + self.update_interval;
                        continue;
                    }
                    Err(_) => {}
                }
            }
            let app = self.state.upgrade()?;
            self.query.start = TailStart::At(self.cursor);
            self.query.limit = limit;
            match arrived(&app, &self.query).await {
                Ok(page) => {
                    let news = !page.requests.is_empty() || page.left_out > 0;
                    self.cursor = page.cursor;
                    if news || self.failing || Instant::now() >= self.due_at {
                        return Some(self.tell(page));
                    }
                }
                Err(problem) if !self.failing => {
                    self.failing = true;
                    return Some(unavailable(&problem));
                }
                Err(_) => {
                    // The next try is as far away as the next look at the log.
                    let _ = timeout_at(Instant::now() + SECOND, self.progress.changed()).await;
                }
            }
        }
    }

    /// How many requests may be shown now; waits until there is one at least.
    async fn allowance(&mut self) -> u32 {
        loop {
            let now = Instant::now();
            while self
                .shown
                .front()
                .is_some_and(|(at, _)| now - *at >= SECOND)
            {
                self.shown.pop_front();
            }
            let shown: u32 = self.shown.iter().map(|(_, count)| count).sum();
            let left = self.per_second.saturating_sub(shown);
            match self.shown.front() {
                Some((at, _)) if left == 0 => sleep_until(*at + SECOND).await,
                _ => return left,
            }
        }
    }

    /// The event of what has arrived.
    fn tell(&mut self, page: TailPage) -> Event {
        self.failing = false;
        let now = Instant::now();
        self.due_at = now + self.update_interval;
        let count = u32::try_from(page.requests.len()).unwrap_or(u32::MAX);
        if count > 0 {
            self.shown.push_back((now, count));
        }
        let scope: &Scope = &self.query.scope;
        let view = |request| RequestView::seen_by(request, scope);
        let arrived = ArrivedView {
            data: page.requests.into_iter().map(view).collect(),
            left_out: page.left_out,
        };
        Event::default()
            .event("requests")
            .id(page.cursor.to_string())
            .data(line(&arrived))
    }
}

/// The event that the store does not answer.
fn unavailable(problem: &Problem) -> Event {
    Event::default()
        .event("requests-unavailable")
        .data(line(problem))
}
