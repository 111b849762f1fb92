//! Questions to a store and their answers.

mod answer;
mod question;

pub use answer::{Answer, Group, Row};
pub use question::{Busiest, Detail, Filter, GroupBy, Query, Rank, Scope, TimeRange, TimeStep};
