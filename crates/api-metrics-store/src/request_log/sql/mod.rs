//! SQL of the request log: a function a statement, shared by both databases.

pub(super) mod country;
pub(super) mod groups;
pub(super) mod marks;
pub(super) mod read;
pub(super) mod remove;
pub(super) mod search;
pub(super) mod snapshot;
pub(super) mod tail;
mod word_filter;
pub(super) mod write;

use crate::{engine::sql::Param, query::Scope};

/// The milliseconds of a day. Days are those of UTC, counted from 1970.
pub(super) const DAY_MS: i64 = 86_400_000;

/// Counts never reach the sign bit.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A stored count; a negative one, which nothing writes, is 0.
pub(super) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

/// Conditions and the parameters that they name.
#[derive(Debug, Default)]
pub(super) struct Conditions<'a> {
    texts: Vec<String>,
    pub(super) params: Vec<Param<'a>>,
}

impl<'a> Conditions<'a> {
    /// Adds a parameter, and gives the name under which statements have it.
    pub(super) fn param(&mut self, value: impl Into<Param<'a>>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    pub(super) fn and(&mut self, condition: String) {
        self.texts.push(condition);
    }

    /// `column = value`, where there is a value.
    pub(super) fn equals(&mut self, column: &str, value: Option<impl Into<Param<'a>>>) {
        if let Some(value) = value {
            let value = self.param(value);
            self.and(format!("{column} = {value}"));
        }
    }

    /// All of them, as one text.
    pub(super) fn text(&self) -> String {
        match self.texts.as_slice() {
            [] => "1 = 1".to_owned(),
            texts => texts.join(" AND "),
        }
    }

    /// Takes all of them as one text. Their parameters stay, as the first of the statement.
    fn cut(&mut self) -> String {
        let text = self.text();
        self.texts.clear();
        text
    }

    /// What a caller may see of the rows called `of`, beside what the database itself hides.
    pub(super) fn scope(&mut self, of: &str, d: crate::engine::sql::Dialect, scope: &'a Scope) {
        match scope {
            Scope::All => {}
            Scope::Tenant(tenant) => {
                let tenant = self.param(tenant.as_str());
                let keys = d.table("api_keys");
                self.and(format!(
                    "{of}.api_key_id IN (SELECT id FROM {keys} WHERE tenant_id = {tenant})"
                ));
            }
            Scope::Keys(ids) => {
                // 0 is no key: what has none belongs to nobody.
                let ids = ids.iter().filter(|id| **id != 0);
                let ids: Vec<_> = ids.map(i64::to_string).collect();
                let ids = self.param(format!("[{}]", ids.join(",")));
                self.and(format!("{of}.api_key_id IN {}", d.numbers(&ids)));
            }
        }
    }
}
