//! The contract of a store that other services report to.

use std::fmt::Debug;

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    collector::{self, CollectorSession},
    commit::{self, Group, GroupOutcomes, Service},
    sql,
    token::{self, IngestToken, NewIngestToken, check_templates},
};
use crate::{
    engine::{audit, backend::Mode, sql::BeginTx},
    store::{FlushError, StoreError},
    time::UnixSeconds,
};

/// An item that was refused, kept so that somebody can look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// The token that it came by.
    pub token_id: i64,
    /// When it came.
    pub at: UnixSeconds,
    /// The member that is wrong; `None`: the item as a whole.
    pub member: Option<String>,
    /// What is wrong with it.
    pub reason: String,
    /// The item as it came, cut to 4 KiB.
    pub item: String,
    /// Whether it came as an event.
    pub is_event: bool,
    /// In which shape of the collector it came; `None`: as ingest has it.
    pub shape: Option<String>,
}

/// What the queue alone needs of a store.
#[async_trait]
pub(crate) trait CommitGroup: Send + Sync + Debug + 'static {
    /// Commits batches of one service together.
    async fn commit_group(
        &self,
        service: &Service,
        group: &mut Group,
    ) -> Result<GroupOutcomes, FlushError>;

    /// Forgets what no repetition can ask for any more, and dead letters beyond their bound.
    async fn forget_ingested(&self) -> Result<(), StoreError>;
}

/// A store that other services report their requests to.
///
/// `PostgresStore` and `SqliteStore` implement it. It is sealed: an [`IngestQueue`](super::IngestQueue)
/// also needs what is not public. All methods may be called from any number of tasks and processes at once.
#[expect(private_bounds, reason = "seals the trait")]
#[async_trait]
pub trait IngestStore: CommitGroup {
    /// Makes a token; gives it together with its secret, which is kept nowhere and can't be asked for
    /// again. The audit trail says who has made it.
    ///
    /// # Errors
    /// `StoreError::Invalid` that names the field, `StoreError::Unavailable` when the database cannot be
    /// reached, `StoreError::Timeout` past the statement limit.
    async fn create_ingest_token(
        &self,
        new: &NewIngestToken,
        actor: &str,
    ) -> Result<(IngestToken, String), StoreError>;

    /// All tokens, the newest first, revoked ones included; at most 10,000.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn ingest_tokens(&self) -> Result<Vec<IngestToken>, StoreError>;

    /// The token of a secret; `None` where there is none, or where it is revoked.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn ingest_token(&self, secret: &str) -> Result<Option<IngestToken>, StoreError>;

    /// Refuses a token from now on, for good. `None` where there is none. The audit trail says who has
    /// done it.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn revoke_ingest_token(
        &self,
        id: i64,
        actor: &str,
    ) -> Result<Option<IngestToken>, StoreError>;

    /// Replaces the route templates of a token's service; `false` where there is no such token.
    ///
    /// # Errors
    /// `StoreError::Invalid` that names a wrong one, `StoreError::Unavailable` when the database cannot be
    /// reached, `StoreError::Timeout` past the statement limit.
    async fn put_ingest_templates(&self, id: i64, templates: &[String])
    -> Result<bool, StoreError>;

    /// Up to `limit` dead letters below `before`, the newest first.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn dead_letters(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError>;

    /// One dead letter.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>, StoreError>;

    /// Users of an organisation, each with the text of the API key that its events count for: the one of the lowest
    /// number among the keys with its `user_id`, made where there is none. Without a tenant keys of all tenants are
    /// looked at, and new ones belong to none. A user whose key can't be made is left out.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn keys_of_users(
        &self,
        tenant: Option<&str>,
        users: &[String],
    ) -> Result<Vec<(String, String)>, StoreError>;

    /// The token by which an organisation reports to the collector, made where there is none. Nobody holds its secret.
    /// It may be revoked.
    ///
    /// # Errors
    /// `StoreError::Invalid` for an organisation whose name is too long, `StoreError::Unavailable` when the database
    /// cannot be reached, `StoreError::Timeout` past the statement limit.
    async fn collector_token(
        &self,
        service: &str,
        environment: &str,
        tenant: Option<&str>,
    ) -> Result<IngestToken, StoreError>;

    /// Keeps a session of the collector for a month; one that is there stays as it is.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn start_collector_session(&self, session: &CollectorSession) -> Result<(), StoreError>;

    /// A session of the collector.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn collector_session(&self, id: Uuid) -> Result<Option<CollectorSession>, StoreError>;

    /// Notes that a session's end is counted; `false` where that was noted before.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn end_collector_session(&self, id: Uuid) -> Result<bool, StoreError>;

    /// Deletes a dead letter; `false` where there is none.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn delete_dead_letter(&self, id: i64) -> Result<bool, StoreError>;
}

/// How long a batch is known, in seconds.
const BATCHES_KEPT_SECONDS: i64 = 86_400;

/// How long delta points are known again: collectors try for minutes.
const DELTAS_KEPT_SECONDS: i64 = 6 * 3_600;
/// How long a stream of metrics is known after its last point, in seconds.
const STREAMS_KEPT_SECONDS: i64 = 7 * 86_400;

#[async_trait]
impl<T: BeginTx> CommitGroup for T {
    async fn commit_group(
        &self,
        service: &Service,
        group: &mut Group,
    ) -> Result<GroupOutcomes, FlushError> {
        commit::commit(self, service, group).await
    }

    async fn forget_ingested(&self) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now = tx.meta().await?.now();
        sql::forget_batches(&mut *tx, now - BATCHES_KEPT_SECONDS).await?;
        sql::forget_streams(&mut *tx, now - STREAMS_KEPT_SECONDS).await?;
        sql::trim_dead_letters(&mut *tx).await?;
        collector::forget_sessions(&mut *tx, now).await?;
        tx.commit().await?;
        // As many as have come since the last time, in transactions that stay short.
        loop {
            let mut tx = self.begin(Mode::Write).await?;
            let forgotten = sql::forget_deltas(&mut *tx, now - DELTAS_KEPT_SECONDS).await?;
            tx.commit().await?;
            if forgotten < sql::MAX_DELTAS {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl<T: BeginTx> IngestStore for T {
    async fn create_ingest_token(
        &self,
        new: &NewIngestToken,
        actor: &str,
    ) -> Result<(IngestToken, String), StoreError> {
        new.validate()?;
        let secret = token::secret();
        let mut tx = self.begin(Mode::Write).await?;
        let now = tx.meta().await?.now();
        let hash = token::hash(&secret);
        let (made, _) = sql::insert_token(&mut *tx, new, &hash, actor, now).await?;
        let subject = format!(
            "ingest token {} ({}) of {}",
            made.id, made.name, made.service
        );
        audit::note(&mut *tx, now, actor, "create ingest token", &subject).await?;
        tx.commit().await?;
        Ok((made, secret))
    }

    async fn ingest_tokens(&self) -> Result<Vec<IngestToken>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let tokens = sql::list_tokens(&mut *tx).await?;
        tx.commit().await?;
        Ok(tokens)
    }

    async fn ingest_token(&self, secret: &str) -> Result<Option<IngestToken>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let found = sql::find_token(&mut *tx, &token::hash(secret)).await?;
        tx.commit().await?;
        Ok(found.filter(|token| token.revoked_at.is_none()))
    }

    async fn revoke_ingest_token(
        &self,
        id: i64,
        actor: &str,
    ) -> Result<Option<IngestToken>, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now = tx.meta().await?.now();
        if sql::revoke_token(&mut *tx, id, now).await? {
            let subject = format!("ingest token {id}");
            audit::note(&mut *tx, now, actor, "revoke ingest token", &subject).await?;
        }
        let token = sql::lock_token(&mut *tx, id).await?;
        tx.commit().await?;
        Ok(token)
    }

    async fn put_ingest_templates(
        &self,
        id: i64,
        templates: &[String],
    ) -> Result<bool, StoreError> {
        check_templates(templates)?;
        let mut tx = self.begin(Mode::Write).await?;
        let put = sql::put_templates(&mut *tx, id, templates).await?;
        tx.commit().await?;
        Ok(put)
    }

    async fn dead_letters(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let letters = sql::list_dead_letters(&mut *tx, before, i64::from(limit)).await?;
        tx.commit().await?;
        Ok(letters)
    }

    async fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let letter = sql::find_dead_letter(&mut *tx, id).await?;
        tx.commit().await?;
        Ok(letter)
    }

    async fn keys_of_users(
        &self,
        tenant: Option<&str>,
        users: &[String],
    ) -> Result<Vec<(String, String)>, StoreError> {
        collector::keys_of_users(self, tenant, users).await
    }

    async fn collector_token(
        &self,
        service: &str,
        environment: &str,
        tenant: Option<&str>,
    ) -> Result<IngestToken, StoreError> {
        collector::token(self, service, environment, tenant).await
    }

    async fn start_collector_session(&self, session: &CollectorSession) -> Result<(), StoreError> {
        collector::start_session(self, session).await
    }

    async fn collector_session(&self, id: Uuid) -> Result<Option<CollectorSession>, StoreError> {
        collector::session(self, id).await
    }

    async fn end_collector_session(&self, id: Uuid) -> Result<bool, StoreError> {
        collector::end_session(self, id).await
    }

    async fn delete_dead_letter(&self, id: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let deleted = sql::delete_dead_letter(&mut *tx, id).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
