//! A list that can be narrowed to one API key.

use super::{Context, ParamDocs, Params, Parsed, QueryParams, api_key_id};
use crate::response::Problem;

/// `apiKeyId`.
const API_KEY: Parsed<i64> = api_key_id("Only the API key of this number.", "3");

/// `apiKeyId`; all keys that the caller may see where it is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApiKeyId(pub(crate) Option<i64>);

impl QueryParams for ApiKeyId {
    fn describe(docs: &mut ParamDocs) {
        API_KEY.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        API_KEY.take(params).map(Self)
    }
}
