//! Requests and what they cost, by day.
//!
//! Sums of the report's days, by currency.

use std::collections::BTreeMap;

use api_metrics_store::control::billing::{Currency, DayCost, Money};
use chrono::NaiveDate;
use serde::Serialize;

use crate::{control::Amount, response::UtcDay};

/// A day of usage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageDay {
    #[serde(flatten)]
    day: UtcDay,
    /// Requests that are billed.
    requests: u64,
    /// Requests whose status does not count.
    not_counted: u64,
    /// What they cost, exactly; one amount a currency.
    cost: Vec<Amount>,
}

/// Requests and what they cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    /// Requests that are billed.
    requests: u64,
    /// Requests whose status does not count.
    not_counted: u64,
    /// What they cost, exactly; one amount a currency.
    cost: Vec<Amount>,
    /// The days with requests.
    days: Vec<UsageDay>,
}

/// Requests and costs as they are added up.
#[derive(Debug, Default)]
struct Sum {
    /// Requests that are billed.
    requests: u64,
    /// Requests whose status does not count.
    not_counted: u64,
    /// By currency.
    cost: BTreeMap<Currency, Money>,
}

impl Sum {
    /// Adds a day.
    fn add(&mut self, day: &DayCost) {
        self.requests = self.requests.saturating_add(day.requests);
        self.not_counted = self.not_counted.saturating_add(day.not_counted);
        *self.cost.entry(day.currency).or_insert(Money::ZERO) += day.cost;
    }
}

impl Usage {
    /// Of these days, which may be those of several keys.
    pub(super) fn of<'a>(days: impl Iterator<Item = &'a DayCost>) -> Self {
        let mut total = Sum::default();
        let mut by_day: BTreeMap<NaiveDate, Sum> = BTreeMap::new();
        for day in days {
            total.add(day);
            by_day.entry(day.date).or_default().add(day);
        }
        Self {
            requests: total.requests,
            not_counted: total.not_counted,
            cost: Amount::each(&total.cost),
            days: by_day
                .into_iter()
                .map(|(date, sum)| UsageDay {
                    day: date.into(),
                    requests: sum.requests,
                    not_counted: sum.not_counted,
                    cost: Amount::each(&sum.cost),
                })
                .collect(),
        }
    }
}
