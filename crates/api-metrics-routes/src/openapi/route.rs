//! One documented operation: its method, its path and its handler.

#[cfg(feature = "ingest")]
use axum::extract::DefaultBodyLimit;
use axum::routing::MethodRouter;
use http::Method;
#[cfg(test)]
use utoipa_axum::router::UtoipaMethodRouter;

/// An operation that stands in the document. Made by [`route!`].
pub(crate) struct Route<S> {
    /// The HTTP method.
    pub(crate) method: Method,
    /// The path below the mount point, with `{}` for captures.
    pub(crate) path: &'static str,
    /// What answers it.
    pub(crate) handler: MethodRouter<S>,
    /// What the handler's attribute says of it.
    #[cfg(test)]
    pub(crate) described: UtoipaMethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// The same with another bound on bodies than the table's.
    #[cfg(feature = "ingest")]
    pub(crate) fn with_body_limit(mut self, bytes: usize) -> Self {
        self.handler = self.handler.layer(DefaultBodyLimit::max(bytes));
        self
    }
}

/// `route!(GET "/path" => module::handler)`: the operation of a handler.
///
/// The handler carries an attribute `utoipa::path` that repeats both, from which a test writes the document. A
/// program only has the document.
macro_rules! route {
    ($method:ident $path:literal => $($handler:ident)::+) => {
        $crate::openapi::Route {
            method: ::http::Method::$method,
            path: $path,
            handler: ::axum::routing::on(
                ::axum::routing::MethodFilter::$method,
                $($handler)::+,
            ),
            #[cfg(test)]
            described: ::utoipa_axum::routes!($($handler)::+),
        }
    };
}
pub(crate) use route;
