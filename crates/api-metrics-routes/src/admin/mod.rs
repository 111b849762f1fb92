//! The admin router: every view of the metrics, for operators and tenants.
//!
//! The admin is the operator's router: all views of the metrics, the control plane, the state of
//! api-metrics itself and the page. [`AdminBuilder`] takes the settings; `table` composes the
//! routes that the other modules declare.
//!
//! Everything that the routes share is built once, in [`AdminBuilder::build`]: the client of the
//! store, the authentication, the cache of answers and the hub of streams. The console shares all
//! of it.

mod builder;
mod documents;
mod table;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use axum::Router;

pub use builder::{AdminBuilder, MIN_TOKEN_CHARS};

use crate::{
    auth::{SignIn, Throttle},
    console::Console,
    router::{App, Routes},
};
#[cfg(feature = "control")]
use api_metrics_store::control::health::HealthSample;
use api_metrics_store::store::Store;

/// The admin of one store: its routes, its sign-in and its caches. Cheap to clone; clones share
/// everything.
///
/// ```
/// # async fn example(store: std::sync::Arc<dyn api_metrics_store::store::Store>) {
/// use api_metrics_routes::Admin;
///
/// let admin = Admin::builder(store).token("32 or more random characters, as from `openssl rand -hex 32`").build();
/// let app: axum::Router = axum::Router::new().nest_service("/admin", admin.router());
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Admin {
    /// The state of all routes.
    app: App,
    /// The routes.
    routes: Routes,
    /// The consumers' routes.
    console: Console,
}

impl Admin {
    /// Starts to build the admin of `store`. Alerts, keys, limits, quotas and bills need
    /// `AdminBuilder::control` too.
    pub fn builder(store: Arc<dyn Store>) -> AdminBuilder {
        AdminBuilder::new(store)
    }

    fn new(app: App, [throttle, console]: [Throttle; 2], page: bool) -> Self {
        Self {
            routes: table::build(&app, Arc::new(throttle), page),
            console: Console::new(&app, console),
            app,
        }
    }

    /// The routes for consumers, with this admin's store, sign-in and caches.
    #[must_use]
    pub fn console(&self) -> Console {
        self.console.clone()
    }

    /// The collector's routes, with this admin's store, sign-in and caches, to be mounted by
    /// [`Router::nest_service`] where the host wants them. `None` where the admin was built without
    /// [`AdminBuilder::ingest`].
    ///
    /// ```
    /// # fn example(admin: api_metrics_routes::Admin) {
    /// if let Some(collector) = admin.collector() {
    ///     let app: axum::Router = axum::Router::new().nest_service("/api/metrics", collector);
    /// }
    /// # }
    /// ```
    #[cfg(feature = "ingest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ingest")))]
    #[must_use]
    pub fn collector(&self) -> Option<Router> {
        let ingest = self.app.ingest.as_ref()?;
        Some(crate::collector::build(&self.app, ingest).router)
    }

    /// The routes, to be mounted by [`Router::nest_service`], which answers at the mount point with
    /// and without a trailing slash; [`Router::nest`] answers 404 with one.
    ///
    /// ```
    /// # fn example(admin: api_metrics_routes::Admin) {
    /// let app: axum::Router = axum::Router::new().nest_service("/admin", admin.router());
    /// # }
    /// ```
    pub fn router(&self) -> Router {
        self.routes.router.clone()
    }

    /// Makes sure that there is an admin token that all instances agree on, and prints it if this
    /// process is the one that made it.
    ///
    /// It happens by itself when somebody first signs in; called at the start, the operator sees the
    /// token there. Does nothing where a token was given, or where nobody has to sign in.
    ///
    /// # Errors
    /// [`SignInError`] when the store did not answer within 3 s, or when the operating system gave no
    /// random bytes. Call it again later.
    pub async fn prepare_sign_in(&self) -> Result<(), SignInError> {
        match self.app.auth.sign_in.keys().await {
            Ok(_) => Ok(()),
            Err(problem) => Err(SignInError(problem.detail().to_owned())),
        }
    }

    /// Adds what this admin's routes did since the last call to a sample of this process's health: their answers, their
    /// queries, and the lookups of their cache; and the streams that are open now, if they are more than the sample
    /// says. One caller a process: what it was told is not told again.
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn sample_health(&self, sample: &mut HealthSample) {
        let app = &self.app;
        sample.answers.merge(&app.times.take_recent());
        sample.queries.merge(&app.client.times().recent.take());
        let (hits, misses) = app.cache.take_counts();
        sample.cache_hits += hits;
        sample.cache_lookups += hits + misses;
        sample.open_streams = sample.open_streams.max(app.hub.connections() as u64);
    }

    /// Whether nobody has to sign in: [`AdminBuilder::no_auth`] was set.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.app.auth.sign_in, SignIn::NoAuth)
    }

    /// The routes with who may use them, for tests.
    #[cfg(test)]
    pub(crate) const fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Those of the collector.
    #[cfg(all(test, feature = "ingest"))]
    pub(crate) fn collector_routes(&self) -> Option<Routes> {
        let ingest = self.app.ingest.as_ref()?;
        Some(crate::collector::build(&self.app, ingest))
    }
}

/// Instances could not agree on an admin token yet.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the admin token is not ready: {0}")]
pub struct SignInError(String);
