//! Which records an answer may count, where no statement decides it.

use std::{collections::BTreeSet, sync::Arc};

use super::backend::{Result, SeriesLabels, Tx};
use crate::query::{Filter, Query, Scope};

/// What a query admits of the base series.
pub(super) struct Admission<'a> {
    filter: &'a Filter,
    keys: KeyScope,
}

impl<'a> Admission<'a> {
    pub(super) async fn of<T: Tx>(tx: &mut T, query: &'a Query) -> Result<Self> {
        Ok(Self {
            filter: &query.filter,
            keys: KeyScope::load(tx, &query.scope).await?,
        })
    }

    pub(super) fn admits(&self, labels: &SeriesLabels) -> bool {
        passes(self.filter, labels) && self.keys.admits(labels.api_key_id)
    }
}

/// Whether a series passes the filter; the same in words as the stores' statements.
pub(super) fn passes(filter: &Filter, labels: &SeriesLabels) -> bool {
    let is =
        |wanted: &Option<String>, label: &Arc<str>| wanted.as_deref().is_none_or(|w| w == &**label);
    is(&filter.service, &labels.service)
        && is(&filter.environment, &labels.environment)
        && is(&filter.protocol, &labels.protocol)
        && is(&filter.method, &labels.method)
        && is(&filter.endpoint, &labels.endpoint)
        && filter.api_key_id.is_none_or(|id| id == labels.api_key_id)
}

/// A scope as the set of keys that it admits.
enum KeyScope {
    All,
    Keys(BTreeSet<i64>),
}

impl KeyScope {
    async fn load<T: Tx>(tx: &mut T, scope: &Scope) -> Result<Self> {
        Ok(match scope {
            Scope::All => Self::All,
            Scope::Keys(ids) => Self::Keys(ids.iter().copied().collect()),
            Scope::Tenant(tenant) => Self::Keys(
                tx.api_keys(None)
                    .await?
                    .into_iter()
                    .filter(|key| key.tenant_id.as_ref() == Some(tenant))
                    .map(|key| key.id)
                    .collect(),
            ),
        })
    }

    fn admits(&self, api_key_id: i64) -> bool {
        match self {
            Self::All => true,
            Self::Keys(ids) => ids.contains(&api_key_id),
        }
    }
}
