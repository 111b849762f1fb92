//! What the store keeps of objectives: [`ObjectiveStore`].

use async_trait::async_trait;

use super::{Objective, ObjectiveSpec, store};
use crate::{engine::sql::BeginTx, query::Scope, store::StoreError};

/// Objectives, as every [`ControlStore`](crate::control::ControlStore) keeps them.
#[async_trait]
pub trait ObjectiveStore: Send + Sync {
    /// Up to `limit` objectives above `after`, in the order of their numbers. A tenant sees its own, a caller that is
    /// limited to keys sees none.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn objectives(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Objective>, StoreError>;

    /// One objective; `None` where there is none that `scope` may see.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn objective(&self, id: i64, scope: &Scope) -> Result<Option<Objective>, StoreError>;

    /// Adds an objective, and with `with_rules` two rules over its burn rate: 14.4 over an hour, and 6 over six.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where its tenant has 200 objectives or no room for rules, [`StoreError::Invalid`] where
    /// the input can't be used, `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout`
    /// past the statement limit.
    async fn create_objective(
        &self,
        spec: &ObjectiveSpec,
        with_rules: bool,
        created_by: Option<&str>,
    ) -> Result<Objective, StoreError>;

    /// Replaces an objective's settings; `None` where there is none that `scope` may see. Its rules look at what it looks
    /// at from then on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is no longer at `revision`, [`StoreError::Invalid`] where the input can't be
    /// used, `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn update_objective(
        &self,
        id: i64,
        scope: &Scope,
        revision: Option<i64>,
        spec: &ObjectiveSpec,
        actor: Option<&str>,
    ) -> Result<Option<Objective>, StoreError>;

    /// Removes an objective and the rules over its burn rate, whose events stay. Answers whether there was one that
    /// `scope` may see.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn delete_objective(
        &self,
        id: i64,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<bool, StoreError>;
}

#[async_trait]
impl<T: BeginTx> ObjectiveStore for T {
    async fn objectives(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Objective>, StoreError> {
        store::objectives(self, scope, after, limit).await
    }

    async fn objective(&self, id: i64, scope: &Scope) -> Result<Option<Objective>, StoreError> {
        store::objective(self, id, scope).await
    }

    async fn create_objective(
        &self,
        spec: &ObjectiveSpec,
        with_rules: bool,
        created_by: Option<&str>,
    ) -> Result<Objective, StoreError> {
        store::create(self, spec, with_rules, created_by).await
    }

    async fn update_objective(
        &self,
        id: i64,
        scope: &Scope,
        revision: Option<i64>,
        spec: &ObjectiveSpec,
        actor: Option<&str>,
    ) -> Result<Option<Objective>, StoreError> {
        store::update(self, id, scope, revision, spec, actor).await
    }

    async fn delete_objective(
        &self,
        id: i64,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<bool, StoreError> {
        store::delete(self, id, scope, actor).await
    }
}
