//! What acts on the numbers.

use crate::control::{
    alerts::AlertStore, billing::PlanStore, keys::KeyStore, limits::LimitStore, notify::NoticeStore,
};

/// Everything that a store keeps besides buckets, in one trait. Reached by
/// [`Store::acts`](super::Store::acts).
pub trait Acts: KeyStore + AlertStore + NoticeStore + LimitStore + PlanStore {}

impl<T: KeyStore + AlertStore + NoticeStore + LimitStore + PlanStore> Acts for T {}
