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

#[cfg(test)]
pub(crate) use explain::__path_explain;
pub(crate) use explain::explain;
#[cfg(test)]
pub(crate) use invoice::__path_invoice;
pub(crate) use invoice::invoice;
#[cfg(test)]
pub(crate) use reconciliation::__path_reconciliation;
pub(crate) use reconciliation::reconciliation;
#[cfg(test)]
pub(crate) use report::__path_billing;
pub(crate) use report::{billing, read_report};
