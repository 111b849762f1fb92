//! The contract of a store.
//!
//! [`Store`] can be implemented outside of this crate: every type in it has a constructor. A wrapper
//! that counts reads:
//!
//! ```
//! use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
//! use api_metrics_store::{query::*, recorder::OwnDeltas, sketch::SketchKind, store::*};
//!
//! #[derive(Debug)]
//! struct Counted { inner: Arc<dyn Store>, reads: AtomicU64 }
//!
//! #[async_trait]
//! impl Store for Counted {
//!     async fn prepare(&self) -> Result<(), StoreError> { self.inner.prepare().await }
//!     fn sketch_kind(&self) -> SketchKind { self.inner.sketch_kind() }
//!     async fn flush(&self, writer: &Writer) -> Result<Flushed, FlushError> {
//!         self.inner.flush(writer).await
//!     }
//!     async fn end(&self, writer: &Writer) -> Result<(), StoreError> { self.inner.end(writer).await }
//!     async fn fold(&self) -> Result<Folded, StoreError> { self.inner.fold().await }
//!     async fn roll_up(&self) -> Result<Maintained, StoreError> { self.inner.roll_up().await }
//!     async fn retain(&self) -> Result<Maintained, StoreError> { self.inner.retain().await }
//!     async fn read_all(
//!         &self, queries: &[Query], own: Option<(&Writer, OwnDeltas)>,
//!     ) -> Result<Vec<Answer>, StoreError> {
//!         self.reads.fetch_add(1, Ordering::Relaxed);
//!         self.inner.read_all(queries, own).await
//!     }
//!     async fn api_keys(&self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>, StoreError> {
//!         self.inner.api_keys(ids).await
//!     }
//!     async fn api_keys_named(&self, names: &[String]) -> Result<Vec<ApiKeyInfo>, StoreError> {
//!         self.inner.api_keys_named(names).await
//!     }
//!     async fn shared_secret(&self, name: &str, value: &[u8]) -> Result<SharedSecret, StoreError> {
//!         self.inner.shared_secret(name, value).await
//!     }
//!     async fn end_session(&self, id: &str) -> Result<(), StoreError> {
//!         self.inner.end_session(id).await
//!     }
//!     async fn session_ended(&self, id: &str) -> Result<bool, StoreError> {
//!         self.inner.session_ended(id).await
//!     }
//!     async fn status(&self) -> Result<StoreStatus, StoreError> { self.inner.status().await }
//! }
//! ```

mod contract;
mod error;
mod instance;
mod misconfiguration;
mod status;

pub use crate::options::{Retention, StoreOptions, Synchronous};
/// For implementations of [`Store`].
pub use async_trait::async_trait;
pub use contract::{ApiKeyInfo, Flushed, Folded, KeyOwner, Maintained, SharedSecret, Store};
pub(crate) use error::invalid;
pub use error::{Cause, FlushError, StoreError};
pub use instance::{Instance, Writer};
pub use misconfiguration::Misconfiguration;
pub use status::{
    BucketsStatus, InboxStatus, InstanceStatus, QuarantinedRow, StandbyState, StandbyStatus,
    StoreStatus,
};

/// Implements [`Store`] for a newtype around one, so that the protocol's types stay private.
macro_rules! delegate_store {
    ($store:ty) => {
        #[async_trait::async_trait]
        impl $crate::store::Store for $store {
            async fn prepare(&self) -> Result<(), $crate::store::StoreError> {
                self.0.prepare().await
            }
            fn sketch_kind(&self) -> $crate::sketch::SketchKind {
                self.0.sketch_kind()
            }
            async fn flush(
                &self,
                writer: &$crate::store::Writer,
            ) -> Result<$crate::store::Flushed, $crate::store::FlushError> {
                self.0.flush(writer).await
            }
            async fn end(
                &self,
                writer: &$crate::store::Writer,
            ) -> Result<(), $crate::store::StoreError> {
                self.0.end(writer).await
            }
            async fn fold(&self) -> Result<$crate::store::Folded, $crate::store::StoreError> {
                self.0.fold().await
            }
            async fn roll_up(
                &self,
            ) -> Result<$crate::store::Maintained, $crate::store::StoreError> {
                self.0.roll_up().await
            }
            async fn retain(&self) -> Result<$crate::store::Maintained, $crate::store::StoreError> {
                self.0.retain().await
            }
            async fn read_all(
                &self,
                queries: &[$crate::query::Query],
                own: Option<(&$crate::store::Writer, $crate::recorder::OwnDeltas)>,
            ) -> Result<Vec<$crate::query::Answer>, $crate::store::StoreError> {
                self.0.read_all(queries, own).await
            }
            async fn api_keys(
                &self,
                ids: Option<&[i64]>,
            ) -> Result<Vec<$crate::store::ApiKeyInfo>, $crate::store::StoreError> {
                self.0.api_keys(ids).await
            }
            async fn api_keys_named(
                &self,
                external_ids: &[String],
            ) -> Result<Vec<$crate::store::ApiKeyInfo>, $crate::store::StoreError> {
                self.0.api_keys_named(external_ids).await
            }
            async fn api_keys_of(
                &self,
                owner: &$crate::store::KeyOwner,
            ) -> Result<Vec<$crate::store::ApiKeyInfo>, $crate::store::StoreError> {
                self.0.api_keys_of(owner).await
            }
            async fn shared_secret(
                &self,
                name: &str,
                proposal: &[u8],
            ) -> Result<$crate::store::SharedSecret, $crate::store::StoreError> {
                self.0.shared_secret(name, proposal).await
            }
            async fn end_session(&self, id: &str) -> Result<(), $crate::store::StoreError> {
                self.0.end_session(id).await
            }
            async fn session_ended(&self, id: &str) -> Result<bool, $crate::store::StoreError> {
                self.0.session_ended(id).await
            }
            async fn status(
                &self,
            ) -> Result<$crate::store::StoreStatus, $crate::store::StoreError> {
                self.0.status().await
            }
        }
    };
}
pub(crate) use delegate_store;
