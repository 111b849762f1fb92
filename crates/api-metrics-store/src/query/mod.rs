//! Questions to a store and their answers.

mod answer;
mod question;

pub use answer::{Answer, Group, Row};
pub use question::{
    AxisWindow, Detail, Filter, GroupBy, Query, RankCursor, Scope, TimeRange, TimeStep, TopK,
};
