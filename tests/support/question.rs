//! A query in one expression, for tests that ask many.

use api_metrics_store::query::{Query, TimeRange};

/// [`Query::over`] a range, with the fields that `change` sets.
#[must_use]
pub fn question(range: TimeRange, change: impl FnOnce(&mut Query)) -> Query {
    let mut query = Query::over(range);
    change(&mut query);
    query
}
