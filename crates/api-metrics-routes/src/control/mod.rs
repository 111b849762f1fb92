//! The control plane: alerts and their notices, API keys, rate limits, quotas, billing and plans.
//!
//! Compiled with the feature `control`, and mounted where
//! [`AdminBuilder::control`](crate::AdminBuilder::control) was given a store. All of it goes
//! through [`StoreClient::control`](crate::read::StoreClient::control).
//!
//! What is written here takes effect in every instance: the control worker of the leading instance
//! reads it from the store.

pub(crate) mod alerts;
mod amount;
mod audit;
mod billing;
mod examples;
#[cfg(feature = "ingest")]
pub(crate) mod ingest;
mod jobs;
mod keys;
pub(crate) mod limits;
mod objectives;
mod plans;
pub(crate) mod quotas;
mod releases;
mod tenant;

use utoipa_axum::routes;

pub(crate) use billing::read_report;
pub(crate) use quotas::{keys_with_quota, used};

use self::{
    amount::{Amount, KeyLabel},
    tenant::own_tenant,
};
use crate::{
    auth::Access::{Operate, Read, Write},
    router::RouteTable,
};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    let table = table
        .documented(Read, routes!(limits::rate_limits))
        .documented(Read, routes!(limits::history))
        .documented(Read, routes!(limits::limits))
        .documented(Read, routes!(limits::what_if))
        .documented(Read, routes!(quotas::quotas))
        .documented(Read, routes!(billing::billing))
        .documented(Read, routes!(billing::invoice))
        .documented(Read, routes!(billing::explain))
        .documented(Operate, routes!(billing::reconciliation));
    releases::routes(objectives::routes(alerts::routes(table)))
        .documented(Read, routes!(keys::list))
        .documented(Operate, routes!(keys::create))
        .documented(Write, routes!(keys::change))
        .documented(Read, routes!(plans::list))
        .documented(Write, routes!(plans::create))
        .documented(Operate, routes!(audit::list))
        .documented(Operate, routes!(jobs::list))
        .documented(Operate, routes!(jobs::runs))
        .documented(Operate, routes!(jobs::run))
}
