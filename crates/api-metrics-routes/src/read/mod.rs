//! The way from a route to the store: bounded reads, long answers window by window, the numbers of
//! a viewer's keys, and what the host says about its background work.
//!
//! Nothing outside of this module calls the store without [`StoreClient`], which bounds every call
//! in time and in number.

mod client;
#[cfg(feature = "control")]
mod control;
mod health;
mod key_cache;
mod probe;
mod times;
mod unattributed;
mod windowed;

pub(crate) use client::StoreClient;
pub use health::{Health, HealthSource, TaskHealth};
pub(crate) use key_cache::{KeyCache, KeyIds};
pub(crate) use probe::StoreProbe;
pub(crate) use times::{BOUNDS_MS, QueryTimes, QueryTimesNow};
pub(crate) use unattributed::{Unattributed, UnattributedServices};
pub(crate) use windowed::WindowedReader;
