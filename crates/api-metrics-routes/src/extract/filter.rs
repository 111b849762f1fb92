//! Which series count.

use api_metrics_layer::{MAX_ENDPOINT_BYTES, MAX_SERVICE_BYTES};
use api_metrics_store::query::Filter;
use utoipa::IntoParams;

use super::{Params, shown};
use crate::problem::Problem;

/// The longest name of a tenant that the store takes.
pub(crate) const MAX_TENANT_BYTES: usize = 200;

/// `service`, `environment`, `protocol`, `method`, `endpoint`, `apiKeyId`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "describes for the document what `take_filter` reads"
)]
pub(crate) struct FilterParams {
    /// Only this recording service.
    #[param(example = "shop", max_length = 128, min_length = 1)]
    service: Option<String>,
    /// Only this environment.
    #[param(example = "production", max_length = 128, min_length = 1)]
    environment: Option<String>,
    /// Only this protocol: http or grpc.
    #[param(inline, schema_with = protocol_schema)]
    protocol: Option<String>,
    /// Only this method, in any case; `_OTHER` for methods outside the standard set.
    #[param(example = "GET", max_length = 32, min_length = 1)]
    method: Option<String>,
    /// Only this route template, exactly; `<unmatched>` for requests that no route matched.
    #[param(example = "/users/{id}", max_length = 1024, min_length = 1)]
    endpoint: Option<String>,
    /// Only the API key of this number; 0 for requests without a key.
    #[param(example = 0, minimum = 0)]
    api_key_id: Option<i64>,
}

fn protocol_schema() -> utoipa::openapi::schema::Object {
    crate::openapi::choice("Only this protocol: http or grpc.", &["http", "grpc"], None)
}

pub(crate) fn take_filter(params: &mut Params) -> Result<Filter, Problem> {
    let protocol = params.choice(
        "protocol",
        &[("http", Some("http")), ("grpc", Some("grpc"))],
        None,
    )?;
    Ok(Filter::default()
        .service(label(params, "service", MAX_SERVICE_BYTES)?)
        .environment(label(params, "environment", MAX_SERVICE_BYTES)?)
        .protocol(protocol.map(str::to_owned))
        .method(label(params, "method", 32)?.map(|method| method.to_ascii_uppercase()))
        .endpoint(label(params, "endpoint", MAX_ENDPOINT_BYTES)?)
        .api_key_id(take_api_key_id(params)?))
}

/// Text of at most `max` bytes that a database can hold.
pub(crate) fn label(
    params: &mut Params,
    name: &'static str,
    max: usize,
) -> Result<Option<String>, Problem> {
    let value = params.take(name)?;
    if let Some(value) = &value {
        storable(name, value, max)?;
    }
    Ok(value)
}

/// Refuses text that no label can be: it is too long, or Postgres can't hold it.
pub(crate) fn storable(name: &'static str, text: &str, max: usize) -> Result<(), Problem> {
    if text.len() > max {
        return Err(Problem::parameter(name, format!("longer than {max} bytes")));
    }
    if text.contains('\0') {
        return Err(Problem::parameter(name, "holds a NUL character"));
    }
    Ok(())
}

/// Whether a tenant can have this name; what names nobody would stand for everybody.
pub(crate) fn is_tenant(text: &str) -> bool {
    !text.trim().is_empty() && storable("tenantId", text, MAX_TENANT_BYTES).is_ok()
}

pub(crate) fn take_api_key_id(params: &mut Params) -> Result<Option<i64>, Problem> {
    let Some(text) = params.take("apiKeyId")? else {
        return Ok(None);
    };
    match text.parse::<i64>() {
        Ok(id) if id >= 0 => Ok(Some(id)),
        _ => Err(Problem::parameter(
            "apiKeyId",
            format!("`{}` is no number from 0 up", shown(&text)),
        )),
    }
}
