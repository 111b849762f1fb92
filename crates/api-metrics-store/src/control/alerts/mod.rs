//! Alerts: rules over the numbers, judged once a minute.
//!
//! A rule looks at a window of whole minutes. At the end of every minute the leader holds the
//! window's value against the threshold; a breach fires once, is told when it is over, and fires
//! again only after the cooldown. What was told, and where each rule stands, is kept in the store,
//! in the transaction that decided it: a restart, or another leader, goes on from there and judges
//! the minutes in between.

mod baseline;
mod dry_run;
mod evaluate;
mod event;
mod fair_scheduler;
mod machine;
mod measure;
mod message;
mod query;
mod sliding;
mod spec;
mod store;
mod target;

pub use dry_run::{DryEvent, DryRun, dry_run};
pub use evaluate::{Evaluated, Evaluator};
pub use event::{AlertEvent, EventQuery};
pub(crate) use machine::CLOCK_WAS_AHEAD;
pub use machine::{Evaluation, Transition, event_id, step};
pub use spec::{AlertRule, AlertSpec, AlertState, AlertType, Comparison, Phase, Severity};
pub use store::{AlertStore, DueAlerts, EvaluatedAlert};
pub use target::Target;
