//! The contract of a store, carried out over any database that speaks the protocol's statements.
//!
//! This is where the steps of this folder meet the public `Store` trait. It holds no state of its own
//! but two things that are safe to lose: which floors the last run of retention wanted, and which
//! aggregate series the last reads have found.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    backend::{Backend, ENDED_SESSION, Mode},
    flush, fold, read,
    retention::{self, Wanted},
    rollup,
};
use crate::{
    options::StoreOptions,
    query::{Answer, Query},
    recorder::OwnDeltas,
    store::{
        ApiKeyInfo, FlushError, Flushed, Folded, KeyOwner, Maintained, SharedSecret, Store,
        StoreError, StoreStatus, Writer,
    },
    time::Clock,
};

/// A store over one database.
#[derive(Debug)]
pub(crate) struct SqlStore<B> {
    /// Opens transactions.
    backend: B,
    options: StoreOptions,
    /// Measures the time between two runs of retention.
    local: Arc<dyn Clock>,
    /// What earlier runs of retention wanted.
    wanted: Wanted,
    /// Aggregate series, kept from read to read.
    known: read::SharedSeriesCache,
    /// The same for reads on a standby, which knows some of them later.
    known_by_standby: read::SharedSeriesCache,
}

impl<B: Backend> SqlStore<B> {
    /// A store over `backend`. Connects nowhere yet.
    pub(crate) fn new(backend: B, options: StoreOptions) -> Self {
        Self {
            backend,
            local: options.local_clock(),
            options,
            wanted: Wanted::default(),
            known: read::SharedSeriesCache::default(),
            known_by_standby: read::SharedSeriesCache::default(),
        }
    }

    /// The database, for the public types to set something on it.
    #[cfg(feature = "postgres")]
    pub(crate) fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// The database, for the public types to hand out its pool.
    pub(crate) fn backend(&self) -> &B {
        &self.backend
    }
}

#[async_trait]
impl<B: Backend> Store for SqlStore<B> {
    fn sketch_kind(&self) -> crate::sketch::SketchKind {
        self.options.sketch_kind
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        self.backend.prepare().await
    }

    async fn flush(&self, writer: &Writer) -> Result<Flushed, FlushError> {
        flush::flush(&self.backend, writer).await
    }

    async fn end(&self, writer: &Writer) -> Result<(), StoreError> {
        let _one_at_a_time = writer.flushing.lock().await;
        let mut tx = self.backend.begin(Mode::Write).await?;
        let id = writer.instance.id;
        // A database that was replaced or restored lacks what it has acknowledged.
        let fence = tx.fence(id).await?.unwrap_or_default();
        if fence < writer.recorder.acknowledged() {
            return Err(StoreError::Unavailable(
                "it has lost flushes that it had acknowledged".into(),
            ));
        }
        let now = tx.meta().await?.now();
        tx.end(id, now).await?;
        tx.commit().await?;
        self.backend.settle().await
    }

    async fn fold(&self) -> Result<Folded, StoreError> {
        fold::fold(&self.backend).await
    }

    async fn roll_up(&self) -> Result<Maintained, StoreError> {
        rollup::roll_up(&self.backend).await
    }

    async fn retain(&self) -> Result<Maintained, StoreError> {
        retention::retain(
            &self.backend,
            &self.options.retention,
            &self.wanted,
            &*self.local,
        )
        .await
    }

    async fn read_all(
        &self,
        queries: &[Query],
        own: Option<(&Writer, OwnDeltas)>,
    ) -> Result<Vec<Answer>, StoreError> {
        let known = [&self.known, &self.known_by_standby];
        read::read(&self.backend, known, queries, own).await
    }

    async fn api_keys(&self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>, StoreError> {
        let mut tx = self.backend.begin(Mode::Read).await?;
        let keys = tx.api_keys(ids).await?;
        tx.commit().await?;
        Ok(keys)
    }

    async fn api_keys_named(&self, external_ids: &[String]) -> Result<Vec<ApiKeyInfo>, StoreError> {
        let mut tx = self.backend.begin(Mode::Read).await?;
        let keys = tx.api_keys_by_external_id(external_ids).await?;
        tx.commit().await?;
        Ok(keys)
    }

    async fn api_keys_of(&self, owner: &KeyOwner) -> Result<Vec<ApiKeyInfo>, StoreError> {
        let mut tx = self.backend.begin(Mode::Read).await?;
        let keys = tx.api_keys_of(owner).await?;
        tx.commit().await?;
        Ok(keys)
    }

    async fn shared_secret(&self, name: &str, proposal: &[u8]) -> Result<SharedSecret, StoreError> {
        let mut tx = self.backend.begin(Mode::Write).await?;
        let secret = tx.shared_secret(name, proposal).await?;
        tx.commit().await?;
        Ok(secret)
    }

    async fn end_session(&self, id: &str) -> Result<(), StoreError> {
        let mut tx = self.backend.begin(Mode::Write).await?;
        tx.end_session(&ended_session(id)).await?;
        tx.commit().await
    }

    async fn session_ended(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.backend.begin(Mode::Read).await?;
        let ended = tx.session_ended(&ended_session(id)).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn status(&self) -> Result<StoreStatus, StoreError> {
        let mut tx = self.backend.begin(Mode::Read).await?;
        let mut status = tx.status().await?;
        let copied = match self.backend.copied() {
            Some(copied) => Some((copied, tx.last_copy().await?)),
            None => None,
        };
        tx.commit().await?;
        if let Some((copied, last)) = copied {
            status.buckets = Some(copied.status(last).await);
        }
        status.standby = self.backend.standby().await;
        Ok(status)
    }
}

/// The name of an ended session beside what else instances share.
fn ended_session(id: &str) -> String {
    format!("{ENDED_SESSION}{id}")
}
