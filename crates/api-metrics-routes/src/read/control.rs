//! The one way to the store's control plane: alerts, notices, API keys, limits, quotas and plans.

use api_metrics_store::store::Acts;

use super::StoreClient;
use crate::response::Problem;

impl StoreClient {
    /// Whether there is a control plane at all.
    #[expect(clippy::unused_self, reason = "a store may be without one")]
    pub(crate) fn has_control(&self) -> bool {
        true
    }

    /// The control plane of the store.
    ///
    /// # Errors
    /// 404 where the admin was built without one: its routes are not mounted then.
    #[expect(clippy::unnecessary_wraps, reason = "a store may be without one")]
    pub(crate) fn control(&self) -> Result<&dyn Acts, Problem> {
        Ok(self.store().acts())
    }
}
