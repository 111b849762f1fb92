//! What all routers of one admin share: their state, the table that their routes are declared in,
//! and what wraps every answer.

#[cfg(feature = "control")]
mod control;
mod cors;
mod drain;
mod state;
mod table;

#[cfg(feature = "control")]
pub(crate) use control::ControlSettings;
pub(crate) use cors::Cors;
pub(crate) use state::{App, AppState};
#[cfg(test)]
pub(crate) use table::Declared;
pub(crate) use table::{RouteTable, Routes};
