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

use utoipa_axum::routes;

use crate::{
    auth::Access::{Operate, Read, Write},
    router::RouteTable,
};

/// Declares the routes of this module.
pub(super) fn routes(table: RouteTable) -> RouteTable {
    table
        .documented(Read, routes!(rules::list))
        .documented(Write, routes!(rules::create))
        .documented(Read, routes!(rules::one))
        .documented(Write, routes!(rules::replace, rules::change, rules::remove))
        .documented(Read, routes!(silences::list))
        .documented(Write, routes!(silences::create))
        .documented(Write, routes!(silences::end))
        .documented(Read, routes!(events::events))
        .documented(Read, routes!(incident::incident))
        .documented(Write, routes!(incident::acknowledge))
        .documented(Write, routes!(incident::silence))
        .documented(Write, routes!(dry_run::dry_run))
        .documented(Operate, routes!(channels::channels, channels::mute))
        .documented(Operate, routes!(channels::test))
        .documented(Operate, routes!(deliveries::deliveries))
        .documented(Operate, routes!(deliveries::redeliver))
}
