//! What services say that they offer, as the host hands it over.

use super::AdminBuilder;
use crate::contract::OpenApiDocument;

impl AdminBuilder {
    /// An OpenAPI document of a service, such as the one that `utoipa` makes: the API then has a coverage, at
    /// `/api-metrics/coverage` and on the page *Coverage*. Call it once a service.
    ///
    /// ```
    /// # use api_metrics_routes::{AdminBuilder, OpenApiDocument, OpenApiError};
    /// # fn with_document(admin: AdminBuilder, text: &str) -> Result<AdminBuilder, OpenApiError> {
    /// let admin = admin.openapi(OpenApiDocument::from_json("shop", text)?);
    /// # Ok(admin)
    /// # }
    /// ```
    pub fn openapi(mut self, document: OpenApiDocument) -> Self {
        self.documents.push(document);
        self
    }
}
