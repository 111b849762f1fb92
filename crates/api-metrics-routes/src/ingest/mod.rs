//! The router to which other services report their requests.
//!
//! Writers have tokens of their own, each for one service: they may report and read nothing. What is
//! answered with a 2xx is in the database.
//!
//! | file | what it does |
//! |---|---|
//! | `writer` | who may report: tokens, and how often |
//! | `payload` | bodies: compressed or not, JSON or a line an item |
//! | `item` | one request, member by member |
//! | `members` | what requests and events have in common |
//! | `event` | one event, member by member |
//! | `report` | `POST /v1/requests` and `POST /v1/events` |
//! | `collected` | what comes in shapes of the collector, and by whose token |
//! | `shape` | one such item, member by member |
//! | `browser` | pages: tokens that are bound to origins |
//! | `otlp` | `POST /v1/metrics` and `POST /v1/traces`: what OpenTelemetry's libraries send |
//! | `templates` | `GET` and `PUT /v1/templates` |
//!
//! The admin's routes, where tokens are made and refused items are looked at, are in the control plane.
//!
//! # A report's way
//!
//! 1. The token is looked up, or remembered for ten seconds.
//! 2. The body is read within its bounds, decompressed within them, and split into items.
//! 3. The request is counted against its organisation's limit: only now is it known whether it is a batch.
//! 4. Each item is read by itself. What is wrong with one refuses that one.
//! 5. The store commits what is left, together with what arrived at the same time, and answers.

mod browser;
mod collected;
mod event;
mod item;
mod members;
#[cfg(feature = "otlp")]
mod otlp;
mod payload;
mod report;
mod shape;
mod templates;
mod writer;

use std::{fmt, sync::Arc};

use api_metrics_layer::Unrecorded;
use api_metrics_store::{
    ingest::{DeadLetter, IngestLog, IngestQueue, IngestStore, IngestToken},
    time::Clock,
};
#[cfg(feature = "otlp")]
use axum::routing::post;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler as _,
    middleware::{from_fn_with_state, map_response},
    response::Response,
    routing::{get, options},
};
use http::Method;

use crate::{
    openapi::{Api, Document, Route, route},
    response::{Kind, Problem, secure},
    timing::{RouteTimer, RouteTimes},
};
use browser::Origins;
use writer::Writers;

pub(crate) use collected::{Answered, Collected, session_id};
pub(crate) use members::instant;
pub(crate) use payload::{MAX_BYTES, MAX_ITEMS, read_as};
pub(crate) use shape::{Shape, outcome, user_id};
pub(crate) use templates::read as read_templates;
pub(crate) use writer::Writer;

/// The router to which other services report. Cheap to clone; clones share everything.
///
/// ```
/// # async fn example(store: std::sync::Arc<dyn api_metrics_routes::store::ingest::IngestStore>) {
/// use std::sync::Arc;
/// use api_metrics_routes::{Ingest, store::time::SystemClock};
///
/// let ingest = Ingest::new(store, Arc::new(SystemClock::default()), "web-1");
/// let app: axum::Router = axum::Router::new().nest_service("/ingest", ingest.router());
/// # }
/// ```
///
/// Give it to [`AdminBuilder::ingest`](crate::AdminBuilder::ingest) too, where tokens are made.
#[derive(Clone)]
pub struct Ingest(Arc<Shared>);

/// What all clones share: the state, and the router that was made of it once.
struct Shared {
    state: IngestState,
    router: Router,
}

/// The state behind the routes of writers.
#[derive(Debug, Clone)]
struct IngestState(Arc<IngestParts>);

#[derive(Debug)]
struct IngestParts {
    /// Tokens, templates and dead letters.
    store: Arc<dyn IngestStore>,
    /// Where batches are committed.
    queue: IngestQueue,
    /// Who reports, and how often.
    writers: Writers,
    /// Whose pages may report.
    origins: Origins,
    /// What decides `now`.
    clock: Arc<dyn Clock>,
    /// By which tokens organisations report to the collector, and their users' keys.
    collected: collected::Organisations,
    /// How often the routes are asked.
    times: RouteTimes,
}

impl Ingest {
    /// A router into this store. `host` is the machine's name, for people who read the status.
    pub fn new(
        store: Arc<dyn IngestStore>,
        clock: Arc<dyn Clock>,
        host: impl Into<String>,
    ) -> Self {
        let queue = IngestQueue::new(Arc::clone(&store), host);
        Self::assemble(store, clock, queue)
    }

    /// The same, where single requests are kept too, chosen by the policy of `log`. Whoever gives it flushes its
    /// [`buffers`](IngestLog::buffers).
    pub fn with_log(
        store: Arc<dyn IngestStore>,
        clock: Arc<dyn Clock>,
        host: impl Into<String>,
        log: IngestLog,
    ) -> Self {
        let queue = IngestQueue::with_log(Arc::clone(&store), host, log);
        Self::assemble(store, clock, queue)
    }

    fn assemble(store: Arc<dyn IngestStore>, clock: Arc<dyn Clock>, queue: IngestQueue) -> Self {
        let state = IngestState(Arc::new(IngestParts {
            queue,
            writers: Writers::new(Arc::clone(&store), &clock),
            collected: collected::Organisations::new(Arc::clone(&store)),
            origins: Origins::new(Arc::clone(&store)),
            store,
            clock,
            times: RouteTimes::default(),
        }));
        let times = &state.0.times;
        let timed = |path: &str, methods: &[Method]| {
            let timer = times.route("ingest", path, methods.iter().cloned());
            from_fn_with_state(timer, RouteTimer::time)
        };
        let unmatched = from_fn_with_state(times.unmatched("ingest"), RouteTimer::time);
        let mut router = Router::new();
        for Route {
            method,
            path,
            handler,
            ..
        } in documented()
        {
            router = router.route(path, handler.layer(timed(path, &[method])));
        }
        let router = router
            .route(
                "/v1/events",
                options(browser::preflight).layer(timed("/v1/events", &[Method::OPTIONS])),
            )
            .route(
                "/v1/webrtc.js",
                get(browser::snippet).layer(timed("/v1/webrtc.js", &[Method::GET])),
            );
        let operations = documented().map(|of| (of.method, of.path.to_owned()));
        let document = Document::new(Api::Ingest, operations.into());
        #[cfg(feature = "otlp")]
        let router = router
            .route(
                "/v1/metrics",
                post(otlp::report_metrics).layer(timed("/v1/metrics", &[Method::POST])),
            )
            .route(
                "/v1/traces",
                post(otlp::report_traces).layer(timed("/v1/traces", &[Method::POST])),
            );
        let router = router
            .route(
                "/openapi.json",
                get(move |headers| async move { document.response(&headers) })
                    .layer(timed("/openapi.json", &[Method::GET])),
            )
            .fallback(not_found.layer(unmatched.clone()))
            .method_not_allowed_fallback(method_not_allowed.layer(unmatched))
            .layer(DefaultBodyLimit::max(payload::MAX_BYTES))
            .layer(map_response(secure))
            .layer(map_response(unrecorded))
            .with_state(state.clone());
        Self(Arc::new(Shared { state, router }))
    }

    /// The routes, to be mounted by [`Router::nest_service`]: `v1/requests`, `v1/events`, `v1/templates`, `v1/webrtc.js` and
    /// `openapi.json`; with the feature `otlp` also `v1/metrics` and `v1/traces`, for OpenTelemetry's exporters.
    pub fn router(&self) -> Router {
        self.0.router.clone()
    }

    /// The store of tokens and dead letters, for the admin.
    pub(crate) fn store(&self) -> &dyn IngestStore {
        &*self.0.state.0.store
    }

    /// How often the routes are asked.
    pub(crate) fn times(&self) -> &RouteTimes {
        &self.0.state.0.times
    }

    /// Forgets the tokens that are remembered: one was revoked in this process. Others forget it by
    /// themselves within ten seconds.
    pub(crate) fn forget_tokens(&self) {
        self.0.state.0.writers.forget();
        self.0.state.0.origins.forget();
        self.0.state.0.collected.forget();
    }

    /// Counts the item of a dead letter, by the token that it came by as it is now.
    ///
    /// # Errors
    /// What is still wrong with it; the letter stays as it is.
    pub(crate) async fn retry(
        &self,
        token: IngestToken,
        letter: &DeadLetter,
    ) -> Result<(), Problem> {
        let writer = Writer::of(token);
        report::again(&self.0.state.0, &writer, letter).await
    }
}

/// The operations that stand in the document.
fn documented() -> [Route<IngestState>; 4] {
    [
        route!(POST "/v1/requests" => report::report),
        route!(POST "/v1/events" => report::report_events),
        route!(GET "/v1/templates" => templates::get_templates),
        route!(PUT "/v1/templates" => templates::put_templates),
    ]
}

/// The document as the handlers describe it, for tests.
#[cfg(test)]
pub(crate) fn described() -> utoipa::openapi::OpenApi {
    let mut document = crate::openapi::head(Api::Ingest);
    for route in documented() {
        crate::openapi::describe(&mut document, &route, None);
    }
    document
}

#[allow(clippy::unused_async, reason = "a handler")]
async fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "there is no such route")
}

#[allow(clippy::unused_async, reason = "a handler")]
async fn method_not_allowed() -> Problem {
    let detail = "this route does not take this method";
    Problem::new(Kind::MethodNotAllowed, detail)
}

/// Whoever reports uses no service: inside the layer, too, it is left out of the numbers.
async fn unrecorded(mut response: Response) -> Response {
    response.extensions_mut().insert(Unrecorded);
    response
}

impl fmt::Debug for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ingest")
            .field(&self.0.state.0.store)
            .finish()
    }
}

/// Reads a body of an exporter, whose first byte says of which form it is, and checks what comes out.
#[cfg(all(feature = "fuzzing", feature = "otlp"))]
pub(crate) fn fuzz_otlp(data: &[u8], now: i64) {
    otlp::fuzz(
        data,
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(now.unsigned_abs()),
    );
}

/// Reads a body whose first byte says how it is encoded, and checks what comes out.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(data: &[u8], now: i64) {
    let Some((kind, body)) = data.split_first() else {
        return;
    };
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(now.unsigned_abs());
    let templates = writer::Templates::new(&["/users/{id}".to_owned()]).unwrap_or_default();
    match payload::fuzz(*kind, body) {
        Ok(items) => {
            assert!(items.len() <= payload::MAX_ITEMS);
            let token = api_metrics_store::ingest::NewIngestToken::new("ci", "shop", "test");
            let writer = Writer::of(token.into_token(1));
            for item in items.into_iter().flatten() {
                for shape in Shape::ALL {
                    match shape::read(shape, item.clone(), None, now, now) {
                        Ok(read) => assert!((1..=1_024).contains(&read.endpoint.len())),
                        Err(problem) => assert_eq!(problem.status().as_u16(), 400),
                    }
                }
                match event::read(item.clone(), &writer, now) {
                    Ok(read) => assert!(!read.endpoint.is_empty() && read.endpoint.len() <= 1_024),
                    Err(problem) => assert_eq!(problem.status().as_u16(), 400),
                }
                match item::read(item, &templates, now) {
                    Ok(read) => {
                        assert!(!read.endpoint.is_empty() && read.endpoint.len() <= 1_024);
                        assert!(
                            read.status
                                .is_none_or(|status| (100..=999).contains(&status))
                        );
                    }
                    Err(problem) => assert_eq!(problem.status().as_u16(), 400),
                }
            }
        }
        Err(problem) => assert!(problem.status().is_client_error(), "{}", problem.detail()),
    }
}
