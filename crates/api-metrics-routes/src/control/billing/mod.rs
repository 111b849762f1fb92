//! What keys and tenants cost, as an invoice too, and whether all counts agree.
//!
//! All views of billing are made from one report, which the store computes from the buckets and the
//! plans. Only the lines of an invoice are rounded.

mod csv;
mod explain;
mod invoice;
mod narrow;
mod reconciliation;
mod report;
mod usage;

pub(crate) use explain::{__path_explain, explain};
pub(crate) use invoice::{__path_invoice, invoice};
pub(crate) use reconciliation::{__path_reconciliation, reconciliation};
pub(crate) use report::{__path_billing, billing, read_report};
