//! Invoices, as a preview: line items with exact and rounded amounts.
//!
//! # Rounding
//!
//! Each line has the exact cost of its charge, with up to eleven decimals, and the amount: the exact
//! cost rounded half up to the currency's smallest unit. The total is the sum of the amounts. Rounding
//! the sum instead could give a total that the printed lines don't add up to.
//!
//! | line | exact | amount |
//! |---|---|---|
//! | 250 requests at 0.02 a thousand | 0.005 | 0.01 |
//! | 249 requests at 0.02 a thousand | 0.00498 | 0.00 |
//! | total | 0.00998 | 0.01 |
//!
//! The total differs from the exact sum by at most half a unit for each line. Both are on the invoice.
//!
//! # Closed
//!
//! A month is closed once it is over, by the time of the report. Requests that are flushed or imported
//! late still change its counts, so that this is a preview and no document: issue the invoice from a
//! copy that you keep.
//!
//! # CSV
//!
//! One row a line, then a row whose description is `Total`; rows end with CR LF. Columns:
//! `period_start`, `period_end` (exclusive), `tenant`, `api_key_id`, `key`, `name`, `description`,
//! `plan`, `plan_from`, `tier_from` (empty for free requests), `first_day`, `last_day` (inclusive),
//! `quantity`, `per_thousand`, `exact`, `amount`, `currency`, `unit` (empty for requests).

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;

use super::{BillingReport, Charge, Currency, Money};
use crate::{control::text::count, time::UnixSeconds};

/// How amounts are rounded, in words; it stands on every invoice.
pub const ROUNDING_RULE: &str = "Each line is rounded half up to the currency's smallest unit; the total is the sum of the \
     rounded lines.";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvoiceLine {
    /// The key, by its number.
    pub api_key_id: i64,
    /// The host's text of the key.
    pub external_id: String,
    /// Its name, or the host's text.
    pub key_name: String,
    /// The tenant that it belongs to.
    pub tenant_id: Option<String>,
    /// What is charged, in words.
    pub description: String,
    /// The unit that is charged; `None` for requests.
    pub unit: Option<String>,
    /// The plan.
    pub plan: String,
    /// The plan's version: the day from which it counts.
    pub plan_from: NaiveDate,
    /// From how many requests, or how much of the unit, on the tier counts; `None` for the free allowance.
    pub tier_from: Option<u64>,
    /// The first day with such a request.
    pub first_day: NaiveDate,
    /// The last one.
    pub last_day: NaiveDate,
    /// Requests, or how much of the unit.
    pub quantity: u64,
    /// The price of 1,000 of them.
    pub per_thousand: Decimal,
    /// What they cost, exactly.
    pub exact: Decimal,
    /// What they cost, rounded.
    pub amount: Decimal,
}

/// A month of one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invoice {
    /// The month's first day.
    pub period_start: NaiveDate,
    /// The first day after it.
    pub period_end: NaiveDate,
    /// Whether the month is over: what comes late may still change a line.
    pub closed: bool,
    /// The moment of the count.
    pub at: UnixSeconds,
    /// The currency.
    pub currency: Currency,
    /// By key, then in the order in which they came up.
    pub lines: Vec<InvoiceLine>,
    /// Requests on all lines; units are not among them.
    pub quantity: u64,
    /// The sum of the exact amounts.
    pub exact: Decimal,
    /// The sum of the rounded lines: what is due.
    pub total: Decimal,
}

/// The invoices of a month, one a currency; none where nothing was used. The report must touch the
/// month, and reach to its end or to the present.
#[must_use]
pub fn invoices(report: &BillingReport, month: NaiveDate) -> Vec<Invoice> {
    let month = super::report::first_of_month(month);
    let period_end = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let mut lines: BTreeMap<Currency, Vec<(InvoiceLine, Money)>> = BTreeMap::new();
    for bill in &report.keys {
        for charge in bill.months.get(&month).into_iter().flatten() {
            let line = InvoiceLine {
                api_key_id: bill.key.id,
                external_id: bill.key.external_id.clone(),
                key_name: bill.key.label().to_owned(),
                tenant_id: bill.key.spec.tenant_id.clone(),
                description: describe(charge),
                unit: charge.unit.clone(),
                plan: charge.plan.name.clone(),
                plan_from: charge.plan.effective_from,
                tier_from: charge.tier.map(|tier| tier.from_requests),
                first_day: charge.first_day,
                last_day: charge.last_day,
                quantity: charge.quantity,
                per_thousand: charge
                    .tier
                    .map_or(Decimal::ZERO, |t| t.per_thousand.normalize()),
                exact: charge.cost.decimal(),
                amount: charge.cost.rounded(charge.plan.currency.decimals()),
            };
            lines
                .entry(charge.plan.currency)
                .or_default()
                .push((line, charge.cost));
        }
    }
    lines
        .into_iter()
        .map(|(currency, lines)| Invoice {
            period_start: month,
            period_end,
            closed: crate::time::utc_midnight(period_end) <= report.at,
            at: report.at,
            currency,
            quantity: lines
                .iter()
                .filter(|(line, _)| line.unit.is_none())
                .map(|(line, _)| line.quantity)
                .sum(),
            exact: lines.iter().map(|(_, cost)| *cost).sum::<Money>().decimal(),
            total: lines.iter().fold(
                Money::ZERO.rounded(currency.decimals()),
                |sum, (line, _)| sum.saturating_add(line.amount),
            ),
            lines: lines.into_iter().map(|(line, _)| line).collect(),
        })
        .collect()
}

/// What a line is for, in words: `Free allowance of 100 requests`, `Requests`, `Requests above 1,000`, `tokens`.
fn describe(charge: &Charge) -> String {
    let unit = charge.unit.as_deref();
    let title = unit.unwrap_or("Requests");
    match charge.tier {
        None => format!(
            "Free allowance of {} {}",
            count(charge.plan.free_of(unit)),
            unit.unwrap_or("requests")
        ),
        Some(tier) if tier.from_requests == 0 => title.to_owned(),
        Some(tier) => format!("{title} above {}", count(tier.from_requests)),
    }
}
