//! A store that knows how often it was read.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use api_metrics_store::{
    control::ControlStore,
    query::{Answer, Query},
    recorder::OwnDeltas,
    sketch::SketchKind,
    store::{
        ApiKeyInfo, FlushError, Flushed, Folded, Maintained, SharedSecret, Store, StoreError,
        StoreStatus, Writer,
    },
};
use async_trait::async_trait;

/// Counts how often it is read.
#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) inner: Arc<dyn ControlStore>,
    pub(crate) reads: AtomicU64,
}

#[async_trait]
impl Store for Counting {
    async fn prepare(&self) -> Result<(), StoreError> {
        self.inner.prepare().await
    }

    fn sketch_kind(&self) -> SketchKind {
        self.inner.sketch_kind()
    }

    async fn flush(&self, writer: &Writer) -> Result<Flushed, FlushError> {
        self.inner.flush(writer).await
    }

    async fn fold(&self) -> Result<Folded, StoreError> {
        self.inner.fold().await
    }

    async fn roll_up(&self) -> Result<Maintained, StoreError> {
        self.inner.roll_up().await
    }

    async fn retain(&self) -> Result<Maintained, StoreError> {
        self.inner.retain().await
    }

    async fn read_all(
        &self,
        queries: &[Query],
        own: Option<(&Writer, OwnDeltas)>,
    ) -> Result<Vec<Answer>, StoreError> {
        if !queries.is_empty() {
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.read_all(queries, own).await
    }

    async fn api_keys(&self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>, StoreError> {
        self.inner.api_keys(ids).await
    }

    async fn api_keys_named(&self, names: &[String]) -> Result<Vec<ApiKeyInfo>, StoreError> {
        self.inner.api_keys_named(names).await
    }

    async fn shared_secret(&self, name: &str, value: &[u8]) -> Result<SharedSecret, StoreError> {
        self.inner.shared_secret(name, value).await
    }

    async fn end_session(&self, id: &str) -> Result<(), StoreError> {
        self.inner.end_session(id).await
    }

    async fn session_ended(&self, id: &str) -> Result<bool, StoreError> {
        self.inner.session_ended(id).await
    }

    async fn status(&self) -> Result<StoreStatus, StoreError> {
        self.inner.status().await
    }
}
