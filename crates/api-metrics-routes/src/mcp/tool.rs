//! The tools: what each is for, who may call it, and what it takes.
//!
//! A tool of the control plane or of the request log is there only where its routes are.
//!
//! | tool | the routes that it asks |
//! |---|---|
//! | `overview` | `/api-metrics/summary`, `/api-alerts/events`, and for admins `/api-status` |
//! | `triage_incident` | `/api-alerts/events`, `/api-alerts/events/{id}/incident` |
//! | `compare_periods` | `/api-metrics/summary`, `/api-metrics/endpoints`, `/api-metrics/top-consumers`, each twice |
//! | `top_endpoints` | `/api-metrics/endpoints` |
//! | `consumer_report` | `/api-metrics/summary`, `/api-metrics/endpoint-consumers`, `/api-metrics/top-consumers`, `/api-metrics/rate-limits`, `/api-metrics/quotas` |
//! | `explain_alert` | `/api-alerts`, `/api-alerts/{id}`, `/api-alerts/events` |
//! | `dry_run_rule` | `/api-alerts/dry-run` |
//! | `search_errors` | `/api-requests/groups`, `/api-requests/search` |
//!
//! Eight are enough: a tool's description and schema are read by the assistant before every conversation, whether it
//! calls the tool or not, so a tool for each route would cost more than it tells. A tool answers a question that people
//! ask, and takes as many routes as that needs.

use api_metrics_store::query::{Filter, TimeRange};
use rmcp::model::{JsonObject, Tool as Described, ToolAnnotations};
use serde_json::Value;

use super::{
    arguments::{Arguments, Schema},
    call::{Call, RANGE},
    tools,
};
use crate::{
    auth::{Access, Caller},
    request::QueryParams as _,
    response::Problem,
    router::App,
};

/// The filters that tools take. Others of the routes would only make the schemas longer.
const FILTER: [&str; 7] = [
    "service",
    "environment",
    "protocol",
    "method",
    "endpoint",
    "apiKeyId",
    "tenantId",
];

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// How the API is doing now.
    Overview,
    /// An alert event explained.
    #[cfg(feature = "control")]
    Triage,
    /// One range against another.
    Compare,
    /// The endpoints with the most of something.
    TopEndpoints,
    /// A consumer, or the largest ones.
    Consumer,
    /// Why a rule fires or not.
    #[cfg(feature = "control")]
    Explain,
    /// What a rule would have done.
    #[cfg(feature = "control")]
    DryRun,
    /// Errors of the request log.
    SearchErrors,
}

impl Tool {
    /// All of them, in the order in which they are listed.
    pub(super) const ALL: &[Self] = &[
        Self::Overview,
        #[cfg(feature = "control")]
        Self::Triage,
        Self::Compare,
        Self::TopEndpoints,
        Self::Consumer,
        #[cfg(feature = "control")]
        Self::Explain,
        #[cfg(feature = "control")]
        Self::DryRun,
        Self::SearchErrors,
    ];

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            #[cfg(feature = "control")]
            Self::Triage => "triage_incident",
            Self::Compare => "compare_periods",
            Self::TopEndpoints => "top_endpoints",
            Self::Consumer => "consumer_report",
            #[cfg(feature = "control")]
            Self::Explain => "explain_alert",
            #[cfg(feature = "control")]
            Self::DryRun => "dry_run_rule",
            Self::SearchErrors => "search_errors",
        }
    }

    /// What it is for, for assistants.
    const fn description(self) -> &'static str {
        match self {
            Self::Overview => {
                "How the API is doing: requests, error rate and latencies of a range against the range before, the \
                 busiest endpoints, alerts that fire, and for admins the state of the metrics' own store."
            }
            #[cfg(feature = "control")]
            Self::Triage => {
                "Explains an alert event: what broke, since when, whether it is the service or one client, the last \
                 release before, endpoints, status codes and error groups with their usual shares. Without `eventId` \
                 the latest event that still fires."
            }
            Self::Compare => {
                "Compares a range with an earlier one of the same length: totals, and the endpoints and consumers that \
                 changed most (new, gone, more errors, slower, more or less traffic)."
            }
            Self::TopEndpoints => {
                "The endpoints with the most requests, errors, the highest error rate or the highest 95th percentile."
            }
            Self::Consumer => {
                "One consumer (API key): traffic, errors and latencies, its endpoints beside everybody else's, its rate \
                 limit and quota. Without `apiKeyId` the consumers with the most requests, with their numbers."
            }
            #[cfg(feature = "control")]
            Self::Explain => {
                "Why an alert rule fires or does not: the rule, its current value against its threshold, its state and \
                 its latest events. Without `alertId` the rules with their numbers and states."
            }
            #[cfg(feature = "control")]
            Self::DryRun => {
                "When a rule that does not exist yet would have fired in a past range. Nothing is written and no notice \
                 is sent. For admins and managers."
            }
            Self::SearchErrors => {
                "Groups of errors in the request log: those of the most requests, or with `q` those whose text holds or \
                 resembles these words. Also reachable by filters such as status or endpoint."
            }
        }
    }

    /// Which roles may call it: as the routes that it asks.
    pub(super) const fn access(self) -> Access {
        match self {
            #[cfg(feature = "control")]
            Self::DryRun => Access::Write,
            _ => Access::Read,
        }
    }

    /// Whether the admin has the routes that it asks.
    pub(super) fn is_mounted(self, app: &App) -> bool {
        match self {
            #[cfg(feature = "control")]
            Self::Triage | Self::Explain | Self::DryRun => app.client.has_control(),
            Self::SearchErrors => app.client.has_requests(),
            _ => true,
        }
    }

    /// Whether a caller is shown it.
    pub(super) fn is_for(self, app: &App, caller: &Caller) -> bool {
        self.is_mounted(app) && self.access().admits(caller.principal.role)
    }

    /// It as the protocol lists it.
    pub(super) fn described(self) -> Described {
        let hints = ToolAnnotations::new()
            .read_only(true)
            .destructive(false)
            .idempotent(true)
            .open_world(false);
        Described::new(self.name(), self.description(), self.schema()).with_annotations(hints)
    }

    /// The schema of its arguments.
    fn schema(self) -> JsonObject {
        let range = || Schema::default().of(TimeRange::describe, &RANGE);
        let filtered = || range().of(Filter::describe, &FILTER);
        match self {
            Self::Overview => filtered(),
            #[cfg(feature = "control")]
            Self::Triage => tools::incident::schema(),
            Self::Compare => tools::compare::schema(filtered()),
            Self::TopEndpoints => tools::endpoints::schema(filtered()),
            Self::Consumer => filtered(),
            #[cfg(feature = "control")]
            Self::Explain => tools::rules::schema(),
            #[cfg(feature = "control")]
            Self::DryRun => tools::rules::dry_run_schema(range()),
            Self::SearchErrors => tools::errors::schema(filtered()),
        }
        .build()
    }

    /// The arguments of a call.
    ///
    /// # Errors
    /// 400 that names the argument that it does not have.
    pub(super) fn arguments(self, members: JsonObject) -> Result<Arguments, Problem> {
        Arguments::of(members, &self.schema())
    }

    /// Answers a call.
    ///
    /// # Errors
    /// Those of the routes that it asks.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Value, Problem> {
        match self {
            Self::Overview => tools::overview::overview(call).await,
            #[cfg(feature = "control")]
            Self::Triage => tools::incident::triage(call).await,
            Self::Compare => tools::compare::compare(call).await,
            Self::TopEndpoints => tools::endpoints::top(call).await,
            Self::Consumer => tools::consumers::report(call).await,
            #[cfg(feature = "control")]
            Self::Explain => tools::rules::explain(call).await,
            #[cfg(feature = "control")]
            Self::DryRun => tools::rules::dry_run(call).await,
            Self::SearchErrors => tools::errors::search(call).await,
        }
    }
}
