//! The table of routes: none can be added without saying who may use it.
//!
//! A route is declared with its access, documented or hidden, and only then reachable. Around all
//! routes stand the bound on bodies, security headers, compression and the end of streams with the
//! service.
//!
//! | around | stands | for |
//! |---|---|---|
//! | each route | its timer | `GET /metrics`, refusals of the authentication among its answers |
//! | | the authentication | its access, and how often a principal asks |
//! | what matches none | a timer of all of them | a path that somebody tries is no label |
//! | all of it | CORS, outside of authentication | pages of other origins |

use std::sync::Arc;

use api_metrics_layer::Unrecorded;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler as _,
    middleware::{from_fn_with_state, map_response, map_response_with_state},
    response::Response,
    routing::{MethodRouter, get},
};
use http::Method;
use tower_http::compression::CompressionLayer;

use super::{App, cors, drain};
use crate::{
    auth::{Access, AuthMiddleware, Throttle},
    openapi::{Api, Document, Route},
    response::{Kind, Problem, secure},
    timing::RouteTimer,
};

/// The largest body that any route reads.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// One operation and who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The HTTP method.
    pub(crate) method: Method,
    /// The path below the mount point, with `{}` for captures.
    pub(crate) path: String,
    /// Who may use it.
    pub(crate) access: Access,
    /// Whether it stands in the OpenAPI document.
    pub(crate) documented: bool,
}

/// Collects routes. The router inside is not reachable: every route passes through
/// [`documented`](Self::documented) or [`hidden`](Self::hidden) and is guarded there.
pub(crate) struct RouteTable {
    /// The state of all routes.
    app: App,
    /// Which router it is, for its times and its document.
    api: Api,
    /// Bounds how often each principal asks.
    throttle: Arc<Throttle>,
    /// The routes so far.
    router: Router<App>,
    /// What was declared so far.
    declared: Vec<Declared>,
    /// What the handlers say of themselves.
    #[cfg(test)]
    described: utoipa::openapi::OpenApi,
}

/// The routes of a table.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    /// The router.
    pub(crate) router: Router,
    /// Every operation with who may use it.
    #[cfg(test)]
    pub(crate) declared: Arc<[Declared]>,
    /// What the handlers say of themselves.
    #[cfg(test)]
    #[cfg_attr(
        not(feature = "ingest"),
        expect(dead_code, reason = "documents are compared with all features")
    )]
    pub(crate) described: serde_json::Value,
}

impl RouteTable {
    /// An empty table of this router.
    pub(crate) fn new(app: App, api: Api, throttle: Arc<Throttle>) -> Self {
        Self {
            app,
            api,
            throttle,
            router: Router::new(),
            declared: Vec::new(),
            #[cfg(test)]
            described: crate::openapi::head(api),
        }
    }

    /// The same, where the routes that are added from now on are limited by another throttle.
    #[cfg(feature = "ingest")]
    pub(crate) fn limited_by(mut self, throttle: Throttle) -> Self {
        self.throttle = Arc::new(throttle);
        self
    }

    /// Adds an operation that stands in the document.
    pub(crate) fn documented(mut self, access: Access, route: Route<App>) -> Self {
        #[cfg(test)]
        crate::openapi::describe(&mut self.described, &route, Some(access));
        let before = self.declared.len();
        self.declared.push(Declared {
            method: route.method,
            path: route.path.to_owned(),
            access,
            documented: true,
        });
        let handler = self.guarded(access, route.handler, before);
        self.router = self.router.route(route.path, handler);
        self
    }

    /// Adds a handler that does not stand in the document: pages, assets, sign-in.
    pub(crate) fn hidden(
        mut self,
        access: Access,
        methods: &[Method],
        path: &str,
        handlers: MethodRouter<App>,
    ) -> Self {
        let before = self.declared.len();
        self.declared.extend(methods.iter().map(|method| Declared {
            method: method.clone(),
            path: path.to_owned(),
            access,
            documented: false,
        }));
        let handlers = self.guarded(access, handlers, before);
        self.router = self.router.route(path, handlers);
        self
    }

    /// Puts the authentication in front of handlers, which were declared from `first` on, and takes their times
    /// with it.
    fn guarded(
        &self,
        access: Access,
        handlers: MethodRouter<App>,
        first: usize,
    ) -> MethodRouter<App> {
        let middleware = AuthMiddleware::new(self.app.auth.clone(), self.throttle.clone(), access);
        let handlers = handlers.layer(from_fn_with_state(middleware, AuthMiddleware::check));
        let Some([one, ..]) = self.declared.get(first..) else {
            return handlers;
        };
        let methods = self.declared[first..].iter().map(|one| one.method.clone());
        let timer = self.app.times.route(self.api.name(), &one.path, methods);
        handlers.layer(from_fn_with_state(timer, RouteTimer::time))
    }

    /// The router, with the document of what was declared.
    pub(crate) fn build(self) -> Routes {
        let documented = self.declared.iter().filter(|one| one.documented);
        let operations = documented.map(|one| (one.method.clone(), one.path.clone()));
        let document = Document::new(self.api, operations.collect());
        let table = self.hidden(
            Access::Open,
            &[Method::GET],
            "/openapi.json",
            get(move |headers| async move { document.response(&headers) }),
        );
        let Self {
            app,
            api,
            router,
            #[cfg(test)]
            declared,
            #[cfg(test)]
            described,
            ..
        } = table;
        let cors = app.cors.clone();
        let unmatched = from_fn_with_state(app.times.unmatched(api.name()), RouteTimer::time);
        let mut router = router
            .fallback(not_found.layer(unmatched.clone()))
            .method_not_allowed_fallback(method_not_allowed.layer(unmatched))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(map_response(secure))
            // Streams are left as they are, and so is what is too small to gain.
            .layer(CompressionLayer::new())
            // Outside of that, or pieces would seem to have left that were only compressed.
            .layer(map_response_with_state(
                app.shutdown.clone(),
                drain::end_with_service,
            ))
            .with_state(app);
        if let Some(cors) = cors {
            // Outside of authentication: a preflight request carries no credentials.
            router = router.layer(from_fn_with_state(cors, cors::allow));
        }
        Routes {
            router: router.layer(map_response(unrecorded)),
            #[cfg(test)]
            declared: declared.into(),
            #[cfg(test)]
            described: serde_json::to_value(described).unwrap_or_default(),
        }
    }
}

/// Whoever is not signed in does not learn which routes exist.
async fn not_found(State(app): State<App>, request: Request) -> Problem {
    refuse(&app, request, Kind::NotFound, "there is no such route").await
}

/// 405, for callers that are signed in.
async fn method_not_allowed(State(app): State<App>, request: Request) -> Problem {
    let detail = "this route does not take this method";
    refuse(&app, request, Kind::MethodNotAllowed, detail).await
}

/// A problem for callers that are signed in; 401 for others.
async fn refuse(app: &App, request: Request, kind: Kind, detail: &'static str) -> Problem {
    let (parts, _) = request.into_parts();
    let authenticated = app
        .auth
        .authenticate(&parts.method, &parts.headers, &parts.extensions);
    match authenticated.await {
        Ok(_) => Problem::new(kind, detail),
        Err(problem) => problem,
    }
}

/// Whoever reads the numbers does not use the service: inside the layer, too, it is left out of them.
async fn unrecorded(mut response: Response) -> Response {
    response.extensions_mut().insert(Unrecorded);
    response
}
