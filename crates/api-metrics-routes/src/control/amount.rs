//! Money, and whom it is about.
//!
//! Money is a decimal in text with its currency: a binary fraction could not say 0.02.

use std::collections::BTreeMap;

use api_metrics_store::{
    control::billing::{Currency, Decimal, Money},
    control::keys::KeyRecord,
};
use serde::Serialize;

/// An exact amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Amount {
    /// A decimal.
    #[cfg_attr(test, schema(example = "0.02466"))]
    amount: String,
    /// The currency's ISO 4217 code.
    #[cfg_attr(test, schema(example = "USD"))]
    currency: String,
}

impl Amount {
    /// An amount of one currency.
    pub(crate) fn new(amount: Money, currency: Currency) -> Self {
        Self {
            amount: Decimal::from(amount).to_string(),
            currency: currency.to_string(),
        }
    }

    /// One for each currency.
    pub(crate) fn each(amounts: &BTreeMap<Currency, Money>) -> Vec<Self> {
        amounts
            .iter()
            .map(|(currency, amount)| Self::new(*amount, *currency))
            .collect()
    }
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyLabel {
    /// Its number.
    api_key_id: i64,
    /// The host's own name for it.
    external_id: String,
    /// A name for people.
    name: Option<String>,
    /// The tenant that it belongs to.
    tenant_id: Option<String>,
}

impl From<&KeyRecord> for KeyLabel {
    fn from(key: &KeyRecord) -> Self {
        Self {
            api_key_id: key.id,
            external_id: key.external_id.clone(),
            name: key.spec.name.clone(),
            tenant_id: key.spec.tenant_id.clone(),
        }
    }
}
