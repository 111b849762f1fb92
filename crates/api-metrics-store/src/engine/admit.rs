//! Which records an answer may count, where no statement decides it.

use super::{
    backend::{Result, SeriesLabels, Tx},
    condition::{Column, Condition},
};
use crate::query::{Query, Scope};

/// What a query admits of the base series.
pub(super) struct Admission<'a>(Vec<Condition<'a>>);

impl<'a> Admission<'a> {
    /// Looks up the keys of a tenant, where the scope is one.
    pub(super) async fn of<T: Tx>(tx: &mut T, query: &'a Query) -> Result<Self> {
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

    pub(super) fn admits(&self, labels: &SeriesLabels) -> bool {
        self.0.iter().all(|condition| condition.is_met(labels))
    }
}
