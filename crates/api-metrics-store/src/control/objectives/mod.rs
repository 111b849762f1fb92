//! Service level objectives: how many of a million requests have to be good, and how fast what may fail is used up.
//!
//! An objective looks at a service, an environment, an endpoint or a tenant over a rolling number of days. What is
//! good is an answer of the service's, or one within a latency:
//!
//! | indicator | counts | bad |
//! |---|---|---|
//! | availability | requests | those answered with 5xx, failed or panicked |
//! | latency | requests with a known latency | those slower than the threshold |
//!
//! Counts are those of the buckets: exact. A latency threshold is moved up to the next edge of the sketch, at most 1.6%,
//! so that what lies within it is counted exactly too. A t-digest has no edges: its counts are estimates, which
//! [`ObjectiveReport::exact`] tells.
//!
//! # Budget and burn rate
//!
//! ```text
//! allowed   = requests * (1 - target)
//! burn rate = (bad / requests) / (1 - target)      over any window; 1 uses the budget up at the window's end
//! left      = 1 - burn rate of the objective's window
//! ```
//!
//! A rule of the type `burn_rate` watches an objective over its window and over a twelfth of that, and takes the lesser
//! of the two: both have to burn. The long one says that it matters, the short one that it still goes on ("The Site
//! Reliability Workbook", chapter 5). A new objective gets two: 14.4 over 1 h and 5 min, which is 2% of a 30 days'
//! budget in an hour, and 6 over 6 h and 30 min, which is 5% in six.
//!
//! ```
//! use api_metrics_store::control::objectives::{Indicator, ObjectiveSpec};
//!
//! let mut spec = ObjectiveSpec::new("Checkout answers", Indicator::Availability, 999_000);
//! spec.endpoint = Some("POST /checkout".to_owned());
//! assert_eq!(spec.window_days, 30);
//! ```

mod budget;
mod contract;
mod report;
mod spec;
pub(super) mod store;

pub use budget::Outcomes;
pub use contract::ObjectiveStore;
pub use report::{BudgetDay, ObjectiveReport, report, reports};
pub(super) use spec::Aim;
pub use spec::{Indicator, Objective, ObjectiveSpec};
