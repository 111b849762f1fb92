//! The control plane's worker for tests.

use std::sync::Arc;

use api_metrics_store::control::{ControlSettings, ControlWorker, notify::Notifier};

/// A worker that delivers to these notifiers and to no log.
#[must_use]
pub fn worker_for(notifiers: Vec<Arc<dyn Notifier>>) -> ControlWorker {
    let mut settings = ControlSettings::default();
    settings.log_notices = false;
    settings.notifiers = notifiers;
    ControlWorker::new(settings)
}
