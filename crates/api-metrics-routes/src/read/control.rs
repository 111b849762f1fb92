//! The one way to the control plane: alerts, notices, API keys, limits, quotas and plans.

use std::sync::Arc;

use api_metrics_store::control::ControlStore;

use super::StoreClient;
use crate::response::{Kind, Problem};

impl StoreClient {
    /// Adds the store that keeps the control plane, where there is one.
    pub(crate) fn with_control(mut self, control: Option<Arc<dyn ControlStore>>) -> Self {
        self.control = control;
        self
    }

    /// Whether there is a control plane. Its routes are mounted only then.
    pub(crate) const fn has_control(&self) -> bool {
        self.control.is_some()
    }

    /// The store of the control plane.
    ///
    /// # Errors
    /// 404 where the admin was built without one.
    pub(crate) fn control(&self) -> Result<&dyn ControlStore, Problem> {
        self.control
            .as_deref()
            .ok_or_else(|| Problem::new(Kind::NotFound, "there is no such route"))
    }
}
