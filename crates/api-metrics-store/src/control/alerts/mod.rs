//! Alerts: rules over the metrics, evaluated once a minute.
//!
//! A rule looks at a window of whole minutes. At the end of every minute the leader compares the
//! window's value with the threshold. A breach fires once, is resolved when it ends, and fires again
//! only after the cooldown. The state of each rule and its events are written in the transaction that
//! decided them: after a restart or a change of leader, evaluation continues where it stopped and
//! catches up on the minutes in between.
//!
//! ```
//! use api_metrics_store::control::alerts::{AlertSpec, AlertType, Comparison, Severity};
//!
//! let mut spec = AlertSpec::new("Checkout errors", AlertType::ErrorRate, Comparison::Gt, 5.0);
//! spec.endpoint = Some("POST /checkout".to_owned());
//! spec.window_minutes = 10;
//! spec.severity = Severity::High;
//! assert_eq!(spec.endpoint.as_deref(), Some("POST /checkout"));
//! ```

mod baseline;
mod causes;
mod dry_run;
mod evaluate;
mod event;
mod fair_scheduler;
pub mod incident;
mod kinds;
mod limited_keys;
mod machine;
mod measure;
mod message;
mod notes;
mod own_health;
mod query;
mod releases;
mod sliding;
mod spec;
pub(super) mod store;
mod target;
pub(super) mod window;

pub use causes::{AlertCauses, CauseConsumer, CauseGroup};
pub use dry_run::{DryBin, DryEvent, DryRun, dry_run};
pub(super) use dry_run::{held, steps};
pub use evaluate::Evaluated;
pub(super) use evaluate::Evaluator;
pub(crate) use event::KEEP_NOTICES_SECONDS;
pub use event::{AlertEvent, EventHandling, EventQuery, Silence};
pub use kinds::{AlertType, Comparison, Phase, Severity};
pub use limited_keys::RuleSettings;
pub(crate) use machine::CLOCK_WAS_AHEAD;
use machine::{Evaluation, Transition};
pub(super) use measure::WindowSum;
pub(super) use query::{query_for, target as target_of};
pub use spec::{AlertRule, AlertSpec, AlertState};
pub(crate) use store::AlertStore;
use store::EvaluatedAlert;
pub(super) use target::Target;
use window::Silences;
pub use window::{NewSilence, PlannedSilence};
