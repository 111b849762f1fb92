//! One key of several.

use utoipa::IntoParams;

/// `apiKeyId`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "describes for the document what `take_api_key_id` reads"
)]
pub(crate) struct ApiKeyParams {
    /// Only the API key of this number.
    #[param(example = 3, minimum = 0)]
    api_key_id: Option<i64>,
}
