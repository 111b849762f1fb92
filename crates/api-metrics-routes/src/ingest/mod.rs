//! The router to which other services report their requests, and the admin's view of it.
//!
//! Writers have tokens of their own, each for one service: they may report and read nothing. What is
//! answered with a 2xx is in the database.
//!
//! | file | what it does |
//! |---|---|
//! | `writer` | who may report: tokens, and how often |
//! | `payload` | bodies: compressed or not, JSON or a line an item |
//! | `item` | one request, member by member |
//! | `report` | `POST /v1/requests` |
//! | `templates` | `GET` and `PUT /v1/templates` |
//! | `tokens` | `/ingest-tokens` of the admin |
//! | `dead_letters` | `/ingest-dead-letters` of the admin |

mod dead_letters;
mod item;
mod payload;
mod report;
mod templates;
mod tokens;
mod writer;

use std::{fmt, sync::Arc};

use api_metrics_layer::Unrecorded;
use api_metrics_store::{
    ingest::{IngestQueue, IngestStore},
    time::Clock,
};
use axum::{
    Router, extract::DefaultBodyLimit, middleware::map_response, response::Response, routing::get,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::Access::Operate,
    openapi,
    response::{Kind, Problem},
    router::{RouteTable, secure},
};
use writer::Writers;

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

struct Shared {
    state: IngestState,
    router: Router,
}

/// The state behind the routes of writers.
#[derive(Debug, Clone)]
struct IngestState(Arc<IngestParts>);

#[derive(Debug)]
struct IngestParts {
    store: Arc<dyn IngestStore>,
    queue: IngestQueue,
    writers: Writers,
    clock: Arc<dyn Clock>,
}

impl Ingest {
    /// A router into this store. `host` is the machine's name, for people who read the status.
    pub fn new(
        store: Arc<dyn IngestStore>,
        clock: Arc<dyn Clock>,
        host: impl Into<String>,
    ) -> Self {
        let state = IngestState(Arc::new(IngestParts {
            queue: IngestQueue::new(Arc::clone(&store), host),
            writers: Writers::new(Arc::clone(&store), &clock),
            store,
            clock,
        }));
        let document = openapi::Document::default();
        let slot = document.clone();
        let (router, written) = OpenApiRouter::with_openapi(openapi::ingest())
            .routes(routes!(report::report))
            .routes(routes!(templates::get_templates, templates::put_templates))
            .split_for_parts();
        document.set(&written);
        let router = router
            .route(
                "/openapi.json",
                get(move |headers| async move { slot.response(&headers) }),
            )
            .fallback(async || Problem::new(Kind::NotFound, "there is no such route"))
            .method_not_allowed_fallback(async || {
                let detail = "this route does not take this method";
                Problem::new(Kind::MethodNotAllowed, detail)
            })
            .layer(DefaultBodyLimit::max(payload::MAX_BYTES))
            .layer(map_response(secure))
            .layer(map_response(unrecorded))
            .with_state(state.clone());
        Self(Arc::new(Shared { state, router }))
    }

    /// The routes, to be mounted by [`Router::nest_service`]: `v1/requests`, `v1/templates` and
    /// `openapi.json`.
    pub fn router(&self) -> Router {
        self.0.router.clone()
    }

    /// The store of tokens and dead letters.
    pub(crate) fn store(&self) -> &dyn IngestStore {
        &*self.0.state.0.store
    }

    /// Where items go.
    fn parts(&self) -> &IngestParts {
        &self.0.state.0
    }
}

/// Declares the admin's routes. They are for admins: a service's numbers are no tenant's own.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Operate, routes!(tokens::list, tokens::create))
        .documented(Operate, routes!(tokens::revoke))
        .documented(Operate, routes!(dead_letters::list))
        .documented(Operate, routes!(dead_letters::delete))
        .documented(Operate, routes!(dead_letters::retry))
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
            for item in items.into_iter().flatten() {
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
