//! Which series a query counts: one list of conditions. Each database renders it as SQL; where no
//! statement decides, the same list is checked in memory.

use super::backend::SeriesLabels;
use crate::{
    query::{Filter, Scope},
    series::SeriesKind,
};

/// A column of the table of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Kind,
    Service,
    Environment,
    Protocol,
    Method,
    Endpoint,
    ApiKeyId,
}

impl Column {
    /// Its name in both databases.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Service => "service",
            Self::Environment => "environment",
            Self::Protocol => "protocol",
            Self::Method => "http_method",
            Self::Endpoint => "endpoint",
            Self::ApiKeyId => "api_key_id",
        }
    }
}

/// The values that a column may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values<'a> {
    /// This text.
    Text(&'a str),
    /// One of these numbers, ascending.
    Numbers(Vec<i64>),
    /// The number of a key of this tenant. Only a database knows which these are: in memory nothing
    /// meets this condition.
    KeysOfTenant(&'a str),
}

/// One condition; a series counts where it meets all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition<'a> {
    pub column: Column,
    pub values: Values<'a>,
}

impl<'a> Condition<'a> {
    /// Only series whose number in `column` is one of `numbers`.
    pub(crate) fn numbers(column: Column, numbers: impl IntoIterator<Item = i64>) -> Self {
        let mut numbers: Vec<i64> = numbers.into_iter().collect();
        numbers.sort_unstable();
        Self {
            column,
            values: Values::Numbers(numbers),
        }
    }

    /// What a filter asks for.
    pub(crate) fn of_filter(filter: &'a Filter) -> Vec<Self> {
        let texts = [
            (Column::Service, &filter.service),
            (Column::Environment, &filter.environment),
            (Column::Protocol, &filter.protocol),
            (Column::Method, &filter.method),
            (Column::Endpoint, &filter.endpoint),
        ];
        let texts = texts.into_iter().filter_map(|(column, text)| {
            let values = Values::Text(text.as_deref()?);
            Some(Self { column, values })
        });
        let key = filter.api_key_id;
        texts
            .chain(key.map(|id| Self::numbers(Column::ApiKeyId, [id])))
            .collect()
    }

    /// What a scope lets its caller see; `None` where that is everything.
    pub(crate) fn of_scope(scope: &'a Scope) -> Option<Self> {
        match scope {
            Scope::All => None,
            Scope::Keys(ids) => Some(Self::numbers(Column::ApiKeyId, ids.iter().copied())),
            Scope::Tenant(tenant) => Some(Self {
                column: Column::ApiKeyId,
                values: Values::KeysOfTenant(tenant),
            }),
        }
    }

    /// Only series of these kinds.
    pub(crate) fn of_kinds(kinds: &[SeriesKind]) -> Self {
        Self::numbers(
            Column::Kind,
            kinds.iter().map(|kind| i64::from(kind.code())),
        )
    }

    /// Whether a series meets it.
    pub(crate) fn is_met(&self, labels: &SeriesLabels) -> bool {
        let label = match self.column {
            Column::Service => &labels.service,
            Column::Environment => &labels.environment,
            Column::Protocol => &labels.protocol,
            Column::Method => &labels.method,
            Column::Endpoint => &labels.endpoint,
            Column::Kind => return self.admits(i64::from(labels.kind.code())),
            Column::ApiKeyId => return self.admits(labels.api_key_id),
        };
        self.values == Values::Text(label)
    }

    fn admits(&self, number: i64) -> bool {
        match &self.values {
            Values::Numbers(numbers) => numbers.binary_search(&number).is_ok(),
            Values::Text(_) | Values::KeysOfTenant(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> SeriesLabels {
        SeriesLabels {
            service: "shop".into(),
            environment: "test".into(),
            protocol: "http".into(),
            method: "GET".into(),
            endpoint: "/a".into(),
            api_key_id: 7,
            kind: SeriesKind::Base,
        }
    }

    fn passes(filter: &Filter) -> bool {
        let conditions = Condition::of_filter(filter);
        conditions.iter().all(|one| one.is_met(&labels()))
    }

    #[test]
    fn every_member_of_a_filter_is_a_condition_of_its_own() {
        let all = Filter::default()
            .service("shop".to_owned())
            .environment("test".to_owned())
            .protocol("http".to_owned())
            .method("GET".to_owned())
            .endpoint("/a".to_owned())
            .api_key_id(7);
        assert!(passes(&Filter::default()) && passes(&all));
        assert_eq!(Condition::of_filter(&all).len(), 6);
        for other in [
            all.clone().service("blog".to_owned()),
            all.clone().environment("live".to_owned()),
            all.clone().protocol("grpc".to_owned()),
            all.clone().method("PUT".to_owned()),
            all.clone().endpoint("/b".to_owned()),
            all.clone().api_key_id(8),
        ] {
            assert!(!passes(&other), "{other:?}");
        }
    }

    #[test]
    fn a_scope_of_no_keys_admits_nothing_and_a_tenant_is_for_a_database_to_tell() {
        let is_met = |scope: &Scope| Condition::of_scope(scope).map(|one| one.is_met(&labels()));
        assert_eq!(is_met(&Scope::All), None);
        assert_eq!(is_met(&Scope::Keys(vec![9, 7, 8])), Some(true));
        assert_eq!(is_met(&Scope::Keys(vec![])), Some(false));
        assert_eq!(is_met(&Scope::Tenant("acme".into())), Some(false));
    }
}
