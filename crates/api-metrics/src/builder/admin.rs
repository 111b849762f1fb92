//! What can be set on the admin and the console.

use std::sync::Arc;

use api_metrics_routes::AdminBuilder;

use super::Builder;

type Change = Arc<dyn Fn(AdminBuilder) -> AdminBuilder + Send + Sync>;

/// Changes to the admin's builder, in the order in which they were asked for.
#[derive(Clone, Default)]
pub(super) struct Admins(Vec<Change>);

impl Admins {
    pub(super) fn apply(&self, builder: AdminBuilder) -> AdminBuilder {
        self.0
            .iter()
            .fold(builder, |builder, change| change(builder))
    }
}

impl Builder {
    /// Sets what [`AdminBuilder`] has beyond this builder: JSON Web Tokens, other origins, limits of
    /// requests, queries and streams. Called after this builder's own settings, so that it may also replace those;
    /// the writer, health and shutdown stay as they are.
    ///
    /// ```
    /// let builder = api_metrics::ApiMetrics::builder().configure_admin(|admin| {
    ///     admin
    ///         .allow_origins(["https://ops.example.com"])
    ///         .console_requests_per_minute(120)
    /// });
    /// ```
    pub fn configure_admin(
        mut self,
        change: impl Fn(AdminBuilder) -> AdminBuilder + Send + Sync + 'static,
    ) -> Self {
        self.admin.0.push(Arc::new(change));
        self
    }
}
