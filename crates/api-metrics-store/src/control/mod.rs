//! The control plane.

pub mod alerts;
pub mod billing;
pub mod keys;
pub mod limits;
pub mod notify;
pub mod quotas;
mod worker;

mod csv;
mod sql;
mod text;

pub use self::worker::{ControlWorker, Tick};
use self::{
    alerts::AlertStore, billing::PlanStore, keys::KeyStore, limits::LimitStore, notify::NoticeStore,
};
use crate::store::Store;

/// A store that also keeps the control plane: API keys, alerts, notices, rate limits and price plans.
///
/// Implemented by every store that has all of its parts, such as `PostgresStore` and `SqliteStore`.
/// An `Arc<dyn ControlStore>` coerces to an `Arc<dyn Store>`.
pub trait ControlStore:
    Store + KeyStore + AlertStore + NoticeStore + LimitStore + PlanStore
{
}

impl<T: Store + KeyStore + AlertStore + NoticeStore + LimitStore + PlanStore> ControlStore for T {}
