//! The trait that every store implements, its contract in words.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{
    query::{Answer, Query},
    recorder::OwnDeltas,
    sketch::SketchKind,
    store::{FlushError, StoreError, StoreStatus, Writer},
};

/// A flush that was acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flushed {
    /// Its number.
    pub number: u64,
    /// Rows that it carried: one a series and period.
    pub rows: u64,
    /// Records in them.
    pub records: u64,
    /// Numbers of earlier flushes that the database has lost, by a restore or a failover, and that
    /// were no longer held: `first..=last`.
    pub lost: Option<(u64, u64)>,
}

/// What one fold moved from the inbox into buckets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folded {
    /// Whether this process was the leader; if not, nothing was done.
    pub led: bool,
    /// Flush batches moved.
    pub batches: u64,
    /// Bucket rows written.
    pub rows: u64,
    /// Whether more is waiting.
    pub more: bool,
    /// Transactions that folded something: several where services were folded side by side.
    pub transactions: u64,
}

/// What one step of rollup or retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Maintained {
    /// Whether this process was the leader; if not, nothing was done.
    pub led: bool,
    /// Periods recomputed, or floors moved and pieces dropped.
    pub steps: u64,
    /// Whether more could be done at once.
    pub more: bool,
}

/// What the store knows about a consumer; never a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKeyInfo {
    /// The number used in series.
    pub id: i64,
    /// The text of the host's [`ApiKey`](api_metrics_layer::ApiKey).
    pub external_id: String,
    /// A name for people.
    pub name: Option<String>,
    /// The tenant that it belongs to.
    pub tenant_id: Option<String>,
    /// The user that it belongs to.
    pub user_id: Option<String>,
    /// The team that it belongs to.
    pub team_id: Option<String>,
}

/// Whose keys are meant. All that are given must hold; of an owner that names nothing there are no keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KeyOwner {
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The team.
    pub team_id: Option<String>,
}

impl KeyOwner {
    /// Whether a key is the owner's.
    #[must_use]
    pub(crate) fn has(&self, key: &ApiKeyInfo) -> bool {
        let parts = [
            (&self.tenant_id, &key.tenant_id),
            (&self.user_id, &key.user_id),
            (&self.team_id, &key.team_id),
        ];
        let named = parts.iter().any(|(wanted, _)| wanted.is_some());
        named
            && parts
                .iter()
                .all(|(wanted, its)| wanted.is_none() || wanted == its)
    }
}

/// A value that all instances on one database agree on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedSecret {
    /// The value that counts.
    pub value: Vec<u8>,
    /// Whether this call's proposal became the value.
    pub created: bool,
}

/// Where buckets are kept.
///
/// - **Exactly once.** A record that was handed over by [`flush`](Self::flush) is in every later
///   [`read`](Self::read) of its range once, through retries, lost acknowledgements, crashes and
///   several processes; the flush batch counts as done if and only if the instance's fence number
///   reached it.
/// - **One snapshot.** A read sees one state of the database, folded or not, plus what its own
///   process has not seen acknowledged.
/// - **One leader.** Fold, rollup and retention are done by one process at a time; any may lead,
///   and a call that finds another leader does nothing and says so.
/// - **Time is a parameter.** The clock is the database's, or the one given at construction.
///
/// All methods may be called from any number of tasks and processes at once and may be cancelled at
/// any await.
#[async_trait]
pub trait Store: Send + Sync + Debug + 'static {
    /// Connects, and creates or upgrades the schema. Safe to call from several processes at once.
    ///
    /// # Errors
    /// [`StoreError::TooNew`], [`StoreError::SketchKind`]: this process can't use this database.
    /// Others: worth another try.
    async fn prepare(&self) -> Result<(), StoreError>;

    /// The kind of sketch that its recorders must have; [`prepare`](Self::prepare) compares it with
    /// the database's.
    fn sketch_kind(&self) -> SketchKind;

    /// Hands over everything that the writer's recorder holds, in one transaction.
    ///
    /// # Errors
    /// See [`FlushError`]; whatever it is, nothing is lost.
    async fn flush(&self, writer: &Writer) -> Result<Flushed, FlushError>;

    /// The writer's process ends in order, and everything of it was flushed: its instance no longer
    /// counts as live, and a database that is a file is made whole. A later flush begins anew. Does
    /// nothing unless it is overridden.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, or lacks what it has
    /// acknowledged, because it was restored or its file was deleted: then flush once more, and end again. [`StoreError::Timeout`] past a time limit.
    async fn end(&self, _writer: &Writer) -> Result<(), StoreError> {
        Ok(())
    }

    /// Moves a bounded chunk from the inbox into buckets.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    /// Nothing was moved then.
    async fn fold(&self) -> Result<Folded, StoreError>;

    /// Recomputes a bounded number of coarser periods whose children have changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    /// Nothing was changed then.
    async fn roll_up(&self) -> Result<Maintained, StoreError>;

    /// Moves floors that are due and removes a bounded amount of what lies below them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn retain(&self) -> Result<Maintained, StoreError>;

    /// Answers questions of one scope from one snapshot, in their order. `own` is what the caller's process
    /// captured from its recorder *before* the call, with the instance that it flushes under.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where their scopes differ;
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn read_all(
        &self,
        queries: &[Query],
        own: Option<(&Writer, OwnDeltas)>,
    ) -> Result<Vec<Answer>, StoreError>;

    /// [`read_all`](Self::read_all) of one question.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn read(
        &self,
        query: &Query,
        own: Option<(&Writer, OwnDeltas)>,
    ) -> Result<Answer, StoreError> {
        let mut answers = self.read_all(std::slice::from_ref(query), own).await?;
        let answer = answers.pop();
        answer.ok_or_else(|| StoreError::Corrupt("a query without an answer".into()))
    }

    /// What the store knows about these keys; all of them where `ids` is `None`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn api_keys(&self, ids: Option<&[i64]>) -> Result<Vec<ApiKeyInfo>, StoreError>;

    /// What the store knows about the keys of these external ids; it leaves out those that it has not seen.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn api_keys_named(&self, external_ids: &[String]) -> Result<Vec<ApiKeyInfo>, StoreError>;

    /// What the store knows about the keys of an owner.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn api_keys_of(&self, owner: &KeyOwner) -> Result<Vec<ApiKeyInfo>, StoreError> {
        let mut keys = self.api_keys(None).await?;
        keys.retain(|key| owner.has(key));
        Ok(keys)
    }

    /// The value under `name` that all instances agree on: `proposal`, if none was there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn shared_secret(&self, name: &str, proposal: &[u8]) -> Result<SharedSecret, StoreError>;

    /// Remembers for a day, for all instances, that the browser session of this id is over. Ids are hashes
    /// and no secrets. Doing it twice is safe.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn end_session(&self, id: &str) -> Result<(), StoreError>;

    /// Whether [`end_session`](Self::end_session) was called with this id, by any instance.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn session_ended(&self, id: &str) -> Result<bool, StoreError>;

    /// What it says about itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Timeout`] past a time limit.
    async fn status(&self) -> Result<StoreStatus, StoreError>;
}
