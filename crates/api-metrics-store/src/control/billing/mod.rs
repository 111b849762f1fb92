//! Billing: what keys cost, from the ledger, in exact decimals.
//!
//! - Requests are counted by UTC days; a billing period is a calendar month in UTC.
//! - The n-th request of a key in a month costs what the plan in effect on its day says of position
//!   n: nothing within the free allowance, else the price of the tier that holds n. A plan that
//!   changes within a month prices the requests from its day on, and positions go on counting.
//!   Allowances and tiers are not cut for keys or plans that begin within a month.
//! - Amounts are exact to the last digit. Only the amount of an invoice line is rounded, half up to
//!   the currency's smallest unit; the total is the sum of the rounded lines.
//! - Requests without a key, and those of keys beyond the recorder's bound, are never billed.
//!
//! ```
//! use api_metrics_store::control::billing::{Decimal, PriceTier};
//!
//! // From the first request on, 0.02 for a thousand.
//! let tier = PriceTier::new(0, Decimal::new(2, 2));
//! assert_eq!(tier.per_thousand.to_string(), "0.02");
//! ```

mod charge;
mod currency;
mod explain;
mod invoice;
mod money;
mod plan;
mod reconcile;
mod report;
pub(super) mod store;
#[cfg(test)]
mod tests;

pub(super) use charge::Assignment;
use charge::{Charge, Tariff, charge_month};
pub use chrono::NaiveDate;
pub use currency::Currency;
pub use explain::{
    Alternative, BillExplanation, ExplainedDay, MonthBefore, ProjectedBill, explain_bill,
};
pub use invoice::{Invoice, InvoiceLine, ROUNDING_RULE, invoices};
pub use money::Money;
pub use plan::{NewPlan, PlanVersion, PriceTier, UnitPrice};
pub use reconcile::{ReconciledDay, ReconciledMonth, Reconciliation, reconcile};
pub use report::{BillingReport, BillingSettings, DayCost, KeyBill, Projection, billing_report};
pub use rust_decimal::Decimal;
pub(crate) use store::PlanStore;
