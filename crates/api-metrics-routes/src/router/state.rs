//! The state behind the routes of one admin and its consoles.
//!
//! Built once by the admin's builder; the console's routes have the same.

use std::{
    fmt::{Debug, Write as _},
    sync::Arc,
};

use api_metrics_store::{
    query::{Filter, Scope, TimeRange},
    time::Clock,
};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "control")]
use super::ControlSettings;
use super::Cors;
use crate::{
    auth::Authenticator,
    live::Hub,
    read::{HealthSource, StoreClient, StoreProbe, UnattributedServices},
    request::HasClock,
    response::{AnswerCache, Cached, ComputeJson, Lifetimes, Problem, json_of},
    timing::RouteTimes,
};

/// By which part of itself a quantile of our own sketches may be off.
#[cfg(feature = "ingest")]
const OWN_ERROR: f64 = 0.01;

/// AppState by reference: cloning it is cheap.
pub(crate) type App = Arc<AppState>;

/// The state behind the routes.
#[derive(Debug)]
pub(crate) struct AppState {
    /// The way to the store.
    pub(crate) client: Arc<StoreClient>,
    /// What decides `now`.
    pub(crate) clock: Arc<dyn Clock>,
    /// Who may ask.
    pub(crate) auth: Arc<Authenticator>,
    /// Answers that are kept.
    pub(crate) cache: AnswerCache,
    /// Live feeds.
    pub(crate) hub: Arc<Hub>,
    /// Whether the store answers, for probes.
    pub(crate) probe: StoreProbe,
    /// Services whose consumers are all anonymous though they refuse some.
    pub(crate) unattributed: UnattributedServices,
    /// What the host's background work reports.
    pub(crate) health: Option<Arc<dyn HealthSource>>,
    /// How often our own routes are asked.
    pub(crate) times: RouteTimes,
    /// Ends streams and exports.
    pub(crate) shutdown: CancellationToken,
    /// How long answers are kept.
    pub(crate) lifetimes: Lifetimes,
    /// Origins whose pages may ask.
    pub(crate) cors: Option<Cors>,
    /// What services say that they offer.
    pub(crate) documents: Vec<crate::contract::OpenApiDocument>,
    /// Replays requests, where the host lets it.
    pub(crate) replay: Option<crate::replay::Replay>,
    /// What replayed responses are masked by.
    pub(crate) snapshots: api_metrics_layer::Snapshots,
    /// Where the page leads from a request to its trace.
    #[cfg(feature = "dashboard")]
    pub(crate) trace_url: Option<String>,
    /// How limits, quotas and bills are counted.
    #[cfg(feature = "control")]
    pub(crate) control: ControlSettings,
    /// Where other services report.
    #[cfg(feature = "ingest")]
    pub(crate) ingest: Option<crate::ingest::Ingest>,
}

impl AppState {
    /// By which part of itself a quantile over this filter may be off, because of what services report by
    /// OpenTelemetry. `None`: by no more than our own sketches.
    ///
    /// # Errors
    /// 503 and 504 where the store does not answer.
    pub(crate) async fn quantile_error(&self, filter: &Filter) -> Result<Option<f64>, Problem> {
        let errors = self.quantile_errors(std::slice::from_ref(filter)).await?;
        Ok(errors.into_iter().next().flatten())
    }

    /// The same of several filters, in their order, by one question.
    ///
    /// # Errors
    /// As [`quantile_error`](Self::quantile_error).
    pub(crate) async fn quantile_errors(
        &self,
        filters: &[Filter],
    ) -> Result<Vec<Option<f64>>, Problem> {
        #[cfg(feature = "ingest")]
        if let Some(ingest) = self.ingest.as_ref().filter(|_| !filters.is_empty()) {
            let tokens = ingest.store().ingest_tokens();
            let tokens = self.client.bounded("ingest tokens", tokens).await?;
            let within = |wanted: &Option<String>, name: &str| {
                wanted.as_deref().is_none_or(|wanted| wanted == name)
            };
            let error = |filter: &Filter| {
                tokens
                    .iter()
                    .filter(|token| within(&filter.service, &token.service))
                    .filter(|token| within(&filter.environment, &token.environment))
                    .filter_map(|token| token.quantile_error)
                    .filter(|error| *error > OWN_ERROR)
                    .max_by(f64::total_cmp)
            };
            return Ok(filters.iter().map(error).collect());
        }
        Ok(vec![None; filters.len()])
    }

    /// Where other services report.
    ///
    /// # Errors
    /// 404 where the admin was built without it.
    #[cfg(feature = "ingest")]
    pub(crate) fn ingest(&self) -> Result<&crate::ingest::Ingest, Problem> {
        self.ingest
            .as_ref()
            .ok_or_else(|| Problem::new(crate::response::Kind::NotFound, "there is no such route"))
    }

    /// The answer to a question about `range`, computed by `compute` unless it is at hand. An answer about a
    /// range that is over is kept under what the store holds of the range, so that a late record changes all
    /// views of it at once. `asked` must tell apart every two questions that may have different answers.
    ///
    /// # Errors
    /// Those of `compute` and of the store.
    pub(crate) async fn answer<T: Serialize>(
        &self,
        route: &'static str,
        scope: &Scope,
        asked: &impl Debug,
        range: TimeRange,
        compute: impl Future<Output = Result<T, Problem>> + Send,
    ) -> Result<(Cached, bool), Problem> {
        let compute = Box::pin(json_of(route, compute));
        self.answer_json(route, scope, format!("{asked:?}"), range, compute)
            .await
    }

    /// The same of a computation that gives JSON.
    ///
    /// # Errors
    /// Those of `compute` and of the store.
    async fn answer_json(
        &self,
        route: &'static str,
        scope: &Scope,
        mut asked: String,
        range: TimeRange,
        compute: ComputeJson<'_>,
    ) -> Result<(Cached, bool), Problem> {
        let lifetimes = &self.lifetimes;
        if !lifetimes.is_closed(range, self.clock.unix_seconds()) {
            let open = lifetimes.open;
            return self
                .cache
                .answer_json(route, scope, asked, open, compute)
                .await;
        }
        let depends_on = self.client.state_of(scope, range).await?;
        let _ = write!(asked, " {depends_on:?}");
        let closed = lifetimes.closed;
        self.cache
            .answer_json(route, scope, asked, closed, compute)
            .await
    }
}

impl HasClock for App {
    /// What decides `now`.
    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}
