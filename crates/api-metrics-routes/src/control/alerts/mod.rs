//! Rules, their history, silences, and where notices go.
//!
//! Rules are evaluated by the control worker of the store; the routes here only read and write what
//! it works from. A dry run evaluates a rule over the past, by the worker's own code.

mod causes;
mod channels;
mod deliveries;
pub(crate) mod dry_run;
pub(crate) mod events;
pub(crate) mod incident;
pub(crate) mod rules;
mod shape;
mod silences;

use crate::{
    auth::Access::{Operate, Read, Write},
    openapi::route,
    router::RouteTable,
};

/// Declares the routes of this module.
pub(super) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Read, route!(GET "/api-alerts" => rules::list))
        .documented(Write, route!(POST "/api-alerts" => rules::create))
        .documented(Read, route!(GET "/api-alerts/{id}" => rules::one))
        .documented(Write, route!(PUT "/api-alerts/{id}" => rules::replace))
        .documented(Write, route!(PATCH "/api-alerts/{id}" => rules::change))
        .documented(Write, route!(DELETE "/api-alerts/{id}" => rules::remove))
        .documented(Read, route!(GET "/api-alerts/silences" => silences::list))
        .documented(
            Write,
            route!(POST "/api-alerts/silences" => silences::create),
        )
        .documented(
            Write,
            route!(DELETE "/api-alerts/silences/{id}" => silences::end),
        )
        .documented(Read, route!(GET "/api-alerts/events" => events::events))
        .documented(
            Read,
            route!(GET "/api-alerts/events/{id}/incident" => incident::incident),
        )
        .documented(
            Write,
            route!(POST "/api-alerts/events/{id}/acknowledge" => incident::acknowledge),
        )
        .documented(
            Write,
            route!(POST "/api-alerts/events/{id}/silence" => incident::silence),
        )
        .documented(
            Write,
            route!(POST "/api-alerts/dry-run" => dry_run::dry_run),
        )
        .documented(
            Operate,
            route!(GET "/api-alerts/channels" => channels::channels),
        )
        .documented(
            Operate,
            route!(PATCH "/api-alerts/channels" => channels::mute),
        )
        .documented(
            Operate,
            route!(POST "/api-alerts/channels/test" => channels::test),
        )
        .documented(
            Operate,
            route!(GET "/api-alerts/deliveries" => deliveries::deliveries),
        )
        .documented(
            Operate,
            route!(POST "/api-alerts/deliveries/redeliver" => deliveries::redeliver),
        )
}
