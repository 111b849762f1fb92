//! Which records an answer may count, where no statement decides it.
//!
//! Stored series are chosen by SQL. Two sources are not: series in the inbox that no fold has seen yet,
//! and what the caller's process holds in memory. Both are checked here against the same list of
//! conditions that SQL is rendered from, so that the two can't disagree.

use super::{
    backend::{Result, SeriesLabels, Tx},
    condition::{Column, Condition},
};
use crate::query::{Query, Scope};

/// What a query admits of the base series. An empty list admits everything.
pub(super) struct Admission<'a>(Vec<Condition<'a>>);

impl<'a> Admission<'a> {
    /// The conditions of a query's filter and scope. Looks up the keys of a tenant where the scope is
    /// one, by one statement; all other scopes need none. A key that was interned after the snapshot
    /// belongs to no tenant in it and is left out.
    pub(super) async fn of(tx: &mut dyn Tx, query: &'a Query) -> Result<Self> {
        let mut conditions = Condition::of_filter(&query.filter);
        conditions.extend(match &query.scope {
            Scope::Tenant(tenant) => {
                let keys = tx.api_keys(None).await?.into_iter();
                let keys = keys.filter(|key| key.tenant_id.as_ref() == Some(tenant));
                Some(Condition::numbers(Column::ApiKeyId, keys.map(|key| key.id)))
            }
            scope => Condition::of_scope(scope),
        });
        Ok(Self(conditions))
    }

    /// Whether records of this series count.
    pub(super) fn admits(&self, labels: &SeriesLabels) -> bool {
        self.0.iter().all(|condition| condition.is_met(labels))
    }
}
