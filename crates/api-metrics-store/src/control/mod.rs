//! The control plane.

pub mod alerts;
pub mod billing;
pub mod csv;
pub mod keys;
pub mod limits;
pub mod notify;
pub mod quotas;
pub mod worker;

mod sql;
mod text;

pub(crate) use sql::ActTx;
