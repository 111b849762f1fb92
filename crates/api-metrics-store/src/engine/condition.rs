//! Which series a query counts: one list of conditions. Each database renders it as SQL; where no
//! statement decides, the same list is checked in memory.
//!
//! All conditions of a list must be met. The text of a statement depends only on the columns and the
//! sort of values; the values themselves always travel as parameters, never as text.

use super::backend::SeriesLabels;
use crate::{
    query::{Filter, Protocols, Scope},
    series::SeriesKind,
};

/// A column of the table of series. The names are fixed, which makes it safe to paste them into
/// statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Base or aggregate, as the kind's code: 0 is base.
    Kind,
    /// The recording service.
    Service,
    /// The deployment environment.
    Environment,
    /// The protocol's name.
    Protocol,
    /// The HTTP method.
    Method,
    /// The route template.
    Endpoint,
    /// The number of the key, 0 for none.
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
    /// One of these texts.
    Texts(&'static [&'static str]),
    /// None of these texts.
    NoneOf(&'static [&'static str]),
    /// One of these numbers, ascending.
    Numbers(Vec<i64>),
    /// The number of a key of this tenant. Only a database knows which these are: in memory nothing
    /// meets this condition.
    KeysOfTenant(&'a str),
}

/// One condition; a series counts where it meets all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition<'a> {
    /// What is compared.
    pub column: Column,
    /// What it may be.
    pub values: Values<'a>,
}

impl<'a> Condition<'a> {
    /// Only series whose number in `column` is one of `numbers`. They may come in any order, and
    /// without any nothing is admitted.
    pub(crate) fn numbers(column: Column, numbers: impl IntoIterator<Item = i64>) -> Self {
        let mut numbers: Vec<i64> = numbers.into_iter().collect();
        numbers.sort_unstable();
        Self {
            column,
            values: Values::Numbers(numbers),
        }
    }

    /// What a filter asks for: one condition for each member that is set, and one for the protocol unless all
    /// count. Users and teams are none: a read has narrowed the scope to their keys.
    pub(crate) fn of_filter(filter: &'a Filter) -> Vec<Self> {
        let texts = [
            (Column::Service, &filter.service),
            (Column::Environment, &filter.environment),
            (Column::Method, &filter.method),
            (Column::Endpoint, &filter.endpoint),
        ];
        let texts = texts.into_iter().filter_map(|(column, text)| {
            let values = Values::Text(text.as_deref()?);
            Some(Self { column, values })
        });
        let protocol = match filter.protocols() {
            Protocols::Any => None,
            Protocols::One(name) => Some(Values::Text(name)),
            Protocols::Among(names) => Some(Values::Texts(names)),
            Protocols::AllBut(names) => Some(Values::NoneOf(names)),
        };
        let protocol = protocol.map(|values| Self {
            column: Column::Protocol,
            values,
        });
        let key = filter.api_key_id;
        texts
            .chain(protocol)
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

    /// Whether a series meets it. Texts are compared exactly, as the databases compare them.
    /// `Values::KeysOfTenant` is never met here: `Admission` turns it into numbers first.
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
        match &self.values {
            Values::Text(text) => **text == **label,
            Values::Texts(texts) => texts.contains(&&**label),
            Values::NoneOf(texts) => !texts.contains(&&**label),
            Values::Numbers(_) | Values::KeysOfTenant(_) => false,
        }
    }

    /// Whether this number is among the values. O(log n) in their count.
    fn admits(&self, number: i64) -> bool {
        match &self.values {
            Values::Numbers(numbers) => numbers.binary_search(&number).is_ok(),
            _ => false,
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
        let all = Filter {
            service: Some("shop".to_owned()),
            environment: Some("test".to_owned()),
            protocol: Some("http".to_owned()),
            method: Some("GET".to_owned()),
            endpoint: Some("/a".to_owned()),
            api_key_id: Some(7),
            ..Filter::default()
        };
        assert!(passes(&Filter::default()) && passes(&all));
        assert_eq!(Condition::of_filter(&all).len(), 6);
        let others: [fn(&mut Filter); 6] = [
            |filter| filter.service = Some("blog".to_owned()),
            |filter| filter.environment = Some("live".to_owned()),
            |filter| filter.protocol = Some("grpc".to_owned()),
            |filter| filter.method = Some("PUT".to_owned()),
            |filter| filter.endpoint = Some("/b".to_owned()),
            |filter| filter.api_key_id = Some(8),
        ];
        for change in others {
            let mut other = all.clone();
            change(&mut other);
            assert!(!passes(&other), "{other:?}");
        }
    }

    #[test]
    fn without_a_protocol_the_servers_own_count_and_any_means_all() {
        let counts = |filter: &Filter, protocol: &str| {
            let mut labels = labels();
            labels.protocol = protocol.into();
            let conditions = Condition::of_filter(filter);
            let is_met = conditions.iter().all(|one| one.is_met(&labels));
            // One meaning, wherever it is asked.
            assert_eq!(is_met, filter.admits_protocol(protocol), "{filter:?}");
            is_met
        };
        let of = |filter: &Filter| {
            ["http", "grpc", "agent", "webrtc", "http-client"].map(|name| counts(filter, name))
        };
        let own = [true, true, false, false, false];
        assert_eq!(of(&Filter::default()), own);
        assert_eq!(of(&Filter::everything()), [true; 5]);
        assert_eq!(of(&Filter::billed()), [true, true, true, false, false]);
        let agent = Filter {
            protocol: Some("agent".to_owned()),
            ..Filter::default()
        };
        assert_eq!(of(&agent), [false, false, true, false, false]);
        assert!(Condition::of_filter(&Filter::everything()).is_empty());
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
