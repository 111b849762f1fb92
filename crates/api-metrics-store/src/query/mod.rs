//! Questions to a store and their answers.
//!
//! A [`Query`] begins as all requests in a range, as one row; its fields narrow and divide it.
//!
//! ```
//! use api_metrics_store::{
//!     query::{Detail, Query, TimeRange, TimeStep, TopK},
//!     time::Granularity,
//! };
//!
//! // The ten busiest endpoints of a day, hour by hour, without latencies.
//! let mut query = Query::over(TimeRange::new(1_767_571_200, 1_767_657_600));
//! query.group_by.endpoint = true;
//! query.group_by.time = Some(TimeStep::Fixed(Granularity::Hour));
//! query.detail = Detail::Counts;
//! query.top = Some(TopK::first(10));
//! assert_eq!(query.filter.service, None, "of all services");
//! ```

mod answer;
mod question;

pub use answer::{Answer, Group, Row};
pub(crate) use question::Protocols;
pub use question::{
    AxisWindow, Detail, Filter, GroupBy, Query, RankCursor, Scope, TimeRange, TimeStep, TopK,
};
