//! How much of a list is answered at once.

use utoipa::IntoParams;

use super::{Params, shown};
use crate::response::Problem;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// `limit` and `cursor`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes for the document what is read")]
pub(crate) struct PageParams {
    /// At most so many rows.
    #[param(example = 100, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `nextCursor` of the page before, with all other parameters as they were.
    #[param(max_length = 4096, min_length = 1)]
    cursor: Option<String>,
}

pub(crate) fn take_limit(params: &mut Params) -> Result<usize, Problem> {
    take_limit_or(params, DEFAULT_LIMIT)
}

pub(crate) fn take_limit_or(params: &mut Params, default: usize) -> Result<usize, Problem> {
    let Some(text) = params.take("limit")? else {
        return Ok(default);
    };
    match text.parse::<usize>() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(Problem::parameter(
            "limit",
            format!("`{}` is no number from 1 to {MAX_LIMIT}", shown(&text)),
        )),
    }
}
