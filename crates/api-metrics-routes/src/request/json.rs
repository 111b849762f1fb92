//! Bodies that have to be a JSON object.

use axum::{Json, extract::rejection::JsonRejection};
use http::StatusCode;
use serde_json::{Map, Value};

use crate::response::Problem;

/// The members of a body that has to be an object.
///
/// # Errors
/// 400 where the body is no JSON object, 413 where it is larger than 64 KiB.
pub(crate) fn json_object(
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Map<String, Value>, Problem> {
    let status = match body {
        Ok(Json(Value::Object(members))) => return Ok(members),
        Ok(_) => StatusCode::BAD_REQUEST,
        Err(rejection) => rejection.status(),
    };
    Err(Problem::body(
        status,
        "the body must be a JSON object, with Content-Type: application/json",
    ))
}
