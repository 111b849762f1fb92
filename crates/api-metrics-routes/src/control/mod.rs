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
#[cfg(test)]
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

pub(crate) use billing::read_report;
pub(crate) use quotas::{keys_with_quota, used};

use self::{
    amount::{Amount, KeyLabel},
    tenant::own_tenant,
};
use crate::{
    auth::Access::{Operate, Read, Write},
    openapi::route,
    router::RouteTable,
};

/// Declares the routes of this module.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    let table = table
        .documented(
            Read,
            route!(GET "/api-metrics/rate-limits" => limits::rate_limits),
        )
        .documented(
            Read,
            route!(GET "/api-metrics/rate-limits/{keyId}/history" => limits::history),
        )
        .documented(Read, route!(GET "/api-metrics/limits" => limits::limits))
        .documented(
            Read,
            route!(GET "/api-metrics/limits/{keyId}/what-if" => limits::what_if),
        )
        .documented(Read, route!(GET "/api-metrics/quotas" => quotas::quotas))
        .documented(Read, route!(GET "/api-metrics/billing" => billing::billing))
        .documented(
            Read,
            route!(GET "/api-metrics/billing/invoice" => billing::invoice),
        )
        .documented(
            Read,
            route!(GET "/api-metrics/billing/keys/{keyId}" => billing::explain),
        )
        .documented(
            Operate,
            route!(GET "/api-metrics/billing/reconciliation" => billing::reconciliation),
        );
    releases::routes(objectives::routes(alerts::routes(table)))
        .documented(Read, route!(GET "/api-keys" => keys::list))
        .documented(Operate, route!(POST "/api-keys" => keys::create))
        .documented(Write, route!(PATCH "/api-keys/{id}" => keys::change))
        .documented(Read, route!(GET "/api-price-plans" => plans::list))
        .documented(Write, route!(POST "/api-price-plans" => plans::create))
        .documented(Operate, route!(GET "/api-audit" => audit::list))
        .documented(Operate, route!(GET "/api-jobs" => jobs::list))
        .documented(Operate, route!(GET "/api-jobs/{id}/runs" => jobs::runs))
        .documented(Operate, route!(POST "/api-jobs/{id}/run" => jobs::run))
}
