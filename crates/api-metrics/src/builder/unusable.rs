//! The place of a store whose URL can't be used.

use std::sync::Arc;

use api_metrics_store::{
    query::{Answer, Query},
    recorder::OwnDeltas,
    sketch::SketchKind,
    store::{
        ApiKeyInfo, FlushError, Flushed, Folded, Maintained, SharedSecret, Store, StoreError,
        StoreStatus, Writer, async_trait,
    },
};

use super::open::Opened;

/// Answers everything with what is wrong about the URL, so that the host serves and the operator reads
/// it where every other misconfiguration stands.
#[derive(Debug)]
pub(super) struct Unusable {
    /// The URL, without its password.
    url: String,
    reason: String,
    sketch_kind: SketchKind,
}

impl Unusable {
    /// A store that says so.
    pub(super) fn open(
        name: String,
        url: String,
        reason: String,
        sketch_kind: SketchKind,
    ) -> Opened {
        Opened {
            store: Arc::new(Self {
                url,
                reason,
                sketch_kind,
            }),
            #[cfg(feature = "control")]
            control: None,
            requests: None,
            #[cfg(feature = "ingest")]
            ingest: None,
            name,
            replica_error: None,
        }
    }

    fn error(&self) -> StoreError {
        StoreError::Url {
            url: self.url.clone(),
            reason: self.reason.clone(),
        }
    }
}

#[async_trait]
impl Store for Unusable {
    async fn prepare(&self) -> Result<(), StoreError> {
        Err(self.error())
    }

    fn sketch_kind(&self) -> SketchKind {
        self.sketch_kind
    }

    async fn flush(&self, _: &Writer) -> Result<Flushed, FlushError> {
        Err(FlushError::NotSent(self.error()))
    }

    async fn fold(&self) -> Result<Folded, StoreError> {
        Err(self.error())
    }

    async fn roll_up(&self) -> Result<Maintained, StoreError> {
        Err(self.error())
    }

    async fn retain(&self) -> Result<Maintained, StoreError> {
        Err(self.error())
    }

    async fn read_all(
        &self,
        _: &[Query],
        _: Option<(&Writer, OwnDeltas)>,
    ) -> Result<Vec<Answer>, StoreError> {
        Err(self.error())
    }

    async fn api_keys(&self, _: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>, StoreError> {
        Err(self.error())
    }

    async fn api_keys_named(&self, _: &[String]) -> Result<Vec<ApiKeyInfo>, StoreError> {
        Err(self.error())
    }

    async fn end_session(&self, _: &str) -> Result<(), StoreError> {
        Err(self.error())
    }

    async fn session_ended(&self, _: &str) -> Result<bool, StoreError> {
        Err(self.error())
    }

    async fn shared_secret(&self, _: &str, _: &[u8]) -> Result<SharedSecret, StoreError> {
        Err(self.error())
    }

    async fn status(&self) -> Result<StoreStatus, StoreError> {
        Err(self.error())
    }
}
