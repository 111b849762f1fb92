//! Where samples are kept, and the marks of rules that were ready-made.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{HealthSample, ready_made};
use crate::{
    control::{alerts, sql},
    engine::{backend::Mode, fold::lead, sql::BeginTx},
    query::TimeRange,
    store::StoreError,
    time::UnixSeconds,
};

/// A sample, and of which process it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredSample {
    /// The process.
    pub(crate) id: Uuid,
    /// What people know it by.
    pub(crate) instance: Arc<str>,
    /// When it ended in order.
    pub(crate) ended_at: Option<UnixSeconds>,
    /// What it said.
    pub(crate) sample: HealthSample,
}

/// Reads and writes our own health.
#[async_trait]
pub(crate) trait HealthStore: Send + Sync {
    /// Writes samples of a process, replacing those of the same minutes.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit; nothing was written then.
    async fn put_health_samples(
        &self,
        instance: Uuid,
        samples: &[HealthSample],
    ) -> Result<(), StoreError>;

    /// The samples of all processes in `range`.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit, `StoreError::Corrupt` where one can't be read.
    async fn health_samples(&self, range: TimeRange) -> Result<Vec<StoredSample>, StoreError>;

    /// Removes a bounded number of samples of minutes before `before`. Answers whether more may be left.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn forget_health_samples(&self, before: UnixSeconds) -> Result<bool, StoreError>;

    /// Makes the ready-made rules that were never made, or removes those that nobody has changed. Answers whether this
    /// process leads; another one does nothing.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit; nothing was changed then.
    async fn put_ready_made_rules(&self, wanted: bool) -> Result<bool, StoreError>;
}

#[async_trait]
impl<T: BeginTx> HealthStore for T {
    async fn put_health_samples(
        &self,
        instance: Uuid,
        samples: &[HealthSample],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        for sample in samples {
            sql::health::put_sample(&mut *tx, instance, sample).await?;
        }
        tx.commit().await
    }

    async fn health_samples(&self, range: TimeRange) -> Result<Vec<StoredSample>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let samples = sql::health::samples(&mut *tx, range).await?;
        tx.commit().await?;
        Ok(samples)
    }

    async fn forget_health_samples(&self, before: UnixSeconds) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let removed = sql::health::remove_samples(&mut *tx, before).await?;
        tx.commit().await?;
        Ok(removed >= sql::health::MAX_REMOVED)
    }

    async fn put_ready_made_rules(&self, wanted: bool) -> Result<bool, StoreError> {
        let mut tx = self.begin(Mode::Lead).await?;
        let Some(meta) = lead(&mut *tx).await? else {
            return Ok(false);
        };
        let made = sql::health::ready_made(&mut *tx).await?;
        for (name, spec) in ready_made::rules() {
            let mark = made.iter().find(|mark| mark.name == name);
            match mark {
                None if wanted => {
                    let rule =
                        alerts::store::create_in(&mut *tx, &spec, Some(ready_made::BY), meta.now());
                    // Where there are as many rules as there can be, these are the ones to do without.
                    let rule = match rule.await {
                        Err(StoreError::Conflict(_)) => continue,
                        rule => rule?,
                    };
                    sql::health::mark_ready_made(&mut *tx, name, rule.id, rule.revision).await?;
                }
                Some(mark) if !wanted => {
                    let rule = sql::alerts::lock_rule(&mut *tx, mark.rule_id).await?;
                    // One that somebody has changed is theirs, and one that was deleted stays so.
                    if let Some(rule) = rule.filter(|rule| rule.revision == mark.revision) {
                        let why = "the rules over our own health were switched off";
                        let by = Some(ready_made::BY);
                        alerts::store::delete_in(&mut *tx, &rule, why, by, meta.now()).await?;
                        sql::health::forget_ready_made(&mut *tx, name).await?;
                    }
                }
                _ => {}
            }
        }
        tx.commit().await?;
        Ok(true)
    }
}
