//! A call of a tool: who asks, of what, and with which arguments.
//!
//! A tool has no access to the store but by the handlers of the routes. They take what a request would have brought:
//!
//! | a handler takes | from |
//! |---|---|
//! | `State` | the admin's own, with its client, clock and cache |
//! | `Caller` | the request, narrowed to `tenantId` where the arguments name a tenant |
//! | `Validated` | the arguments, read by the parser of the route's query string |
//! | headers | none: an answer is never "not modified" |
//!
//! The tenant is applied to the caller before any handler sees it, as the query string's is elsewhere, so that no tool
//! can forget to.

use api_metrics_store::query::TimeRange;
use axum::{body::to_bytes, extract::State, response::Response};
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::Value;

use super::arguments::Arguments;
use crate::{
    auth::{Caller, within},
    request::{Context, Params, QueryParams, TENANT, Validated, is_tenant},
    response::{Kind, Problem, time},
    router::App,
};

/// The largest answer of a route that a tool reads. A page of a list is a few hundred kilobytes at most.
const MAX_ANSWER_BYTES: usize = 8 << 20;
/// The parameters that say which time is asked about.
pub(super) const RANGE: [&str; 3] = ["period", "from", "to"];

/// Pairs of a query string.
pub(super) type Pairs = Vec<(String, String)>;

/// A call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The state of all routes.
    pub(super) app: &'a App,
    /// Who asks.
    caller: Caller,
    /// The arguments that were not taken yet.
    pub(super) arguments: Arguments,
}

impl<'a> Call<'a> {
    /// A call by this caller, narrowed to a tenant where the arguments name one.
    ///
    /// # Errors
    /// 400 that names `tenantId`, where it is no name of a tenant.
    pub(super) fn new(
        app: &'a App,
        mut caller: Caller,
        arguments: Arguments,
    ) -> Result<Self, Problem> {
        if let Some(tenant) = arguments.peek(TENANT.name)? {
            if !is_tenant(&tenant) {
                return Err(Problem::parameter(TENANT.name, "is no name of a tenant"));
            }
            caller.scope = within(caller.scope, tenant, caller.principal.tenant());
        }
        Ok(Self {
            app,
            caller,
            arguments,
        })
    }

    /// The state, as a handler takes it.
    pub(super) fn state(&self) -> State<App> {
        State(self.app.clone())
    }

    /// Who asks, as a handler takes it.
    pub(super) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Takes the arguments that are left.
    ///
    /// # Errors
    /// 400 that names an argument that is a list or an object.
    pub(super) fn pairs(&mut self) -> Result<Pairs, Problem> {
        self.arguments.pairs()
    }

    /// Parameters of a route, as a handler takes them.
    ///
    /// # Errors
    /// 400 that names the argument that is wrong.
    pub(super) fn params<P: QueryParams>(&self, pairs: Pairs) -> Result<Validated<P>, Problem> {
        Validated::of(self.app.clock.unix_seconds(), pairs)
    }

    /// The range that these pairs name, and the pairs without it.
    ///
    /// # Errors
    /// 400 that names the argument that is wrong.
    pub(super) fn range(&self, pairs: Pairs) -> Result<(TimeRange, Pairs), Problem> {
        let (range, rest) = pairs
            .into_iter()
            .partition(|(name, _)| RANGE.contains(&name.as_str()));
        let now = self.app.clock.unix_seconds();
        let range = TimeRange::take(&mut Params::from_pairs(range)?, &Context::at(now))?;
        Ok((range, rest))
    }
}

/// Pairs about a fixed range.
pub(super) fn over(range: TimeRange, others: &Pairs) -> Pairs {
    let text = |at| time(at).to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut pairs = others.clone();
    pairs.push(("from".to_owned(), text(range.from)));
    pairs.push(("to".to_owned(), text(range.to)));
    pairs
}

/// The same pairs and one more.
pub(super) fn and(pairs: &Pairs, name: &str, value: impl ToString) -> Pairs {
    let mut pairs = pairs.clone();
    pairs.push((name.to_owned(), value.to_string()));
    pairs
}

/// The JSON of a handler's response.
///
/// # Errors
/// 500 where it is none, which no handler gives.
pub(super) async fn body_of(response: Response) -> Result<Value, Problem> {
    let broken = |_| Problem::new(Kind::Internal, "an answer could not be read");
    let bytes = to_bytes(response.into_body(), MAX_ANSWER_BYTES).await;
    serde_json::from_slice(&bytes.map_err(broken)?)
        .map_err(|_| Problem::new(Kind::Internal, "an answer could not be read"))
}

/// The JSON of a handler's answer.
///
/// # Errors
/// 500 where it has none, which no view is.
pub(super) fn json_of(view: impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(view)
        .map_err(|_| Problem::new(Kind::Internal, "an answer could not be read"))
}
