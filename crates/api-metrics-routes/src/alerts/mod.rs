//! Rules, their history, and the notices that could not be delivered.

mod deliveries;
mod dry_run;
mod events;
mod rules;
mod shape;

pub(crate) use deliveries::{__path_deliveries, __path_redeliver, deliveries, redeliver};
pub(crate) use dry_run::{__path_dry_run, dry_run};
pub(crate) use events::{__path_events, events};
pub(crate) use rules::{
    __path_change, __path_create, __path_list, __path_one, __path_remove, __path_replace, change,
    create, list, one, remove, replace,
};
pub(crate) use shape::own_tenant;
