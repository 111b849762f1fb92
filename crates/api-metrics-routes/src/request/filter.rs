//! Which series count.
//!
//! A filter that can't match anything, because no label can have that text, is refused instead of
//! answered empty.

use api_metrics_layer::{MAX_ENDPOINT_BYTES, MAX_SERVICE_BYTES};
use api_metrics_store::{query::Filter, text::is_plain};

use super::{Context, Form, ParamDocs, Params, Parsed, QueryParams, Text, key::api_key_id};
use crate::response::Problem;

/// The longest name of a tenant that the store takes.
pub(crate) const MAX_TENANT_BYTES: usize = 200;

/// `service`.
pub(crate) const SERVICE: Text = Text {
    name: "service",
    description: "Only this recording service.",
    example: "shop",
    max_bytes: MAX_SERVICE_BYTES,
};

/// `environment`.
pub(crate) const ENVIRONMENT: Text = Text {
    name: "environment",
    description: "Only this environment.",
    example: "production",
    max_bytes: MAX_SERVICE_BYTES,
};

/// `protocol`.
const PROTOCOL: Parsed<String> = Parsed {
    name: "protocol",
    description: "Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for \
                  what quotas and bills count. Without it, requests to the server: `http` and `grpc`.",
    example: Some("http"),
    form: Form::Text,
    read: |text| Filter::is_protocol(text).then(|| text.to_owned()),
    wrong: "no protocol, nor a kind of events: lower-case letters, digits and `-`",
};

/// `method`, which is compared in capitals.
const METHOD: Text = Text {
    name: "method",
    description: "Only this method, in any case; `_OTHER` for methods outside the standard set.",
    example: "GET",
    max_bytes: 32,
};

/// `endpoint`.
const ENDPOINT: Text = Text {
    name: "endpoint",
    description: "Only this route template, exactly; `<unmatched>` for requests that no route matched.",
    example: "/users/{id}",
    max_bytes: MAX_ENDPOINT_BYTES,
};

/// `apiKeyId`, where 0 stands for requests without a key.
const API_KEY: Parsed<i64> = api_key_id(
    "Only the API key of this number; 0 for requests without a key.",
    "0",
);

/// `userId`.
const USER: Text = Text {
    name: "userId",
    description: "Only the API keys of this user: those with this `userId`.",
    example: "u-17",
    max_bytes: MAX_TENANT_BYTES,
};

/// `teamId`.
const TEAM: Text = Text {
    name: "teamId",
    description: "Only the API keys of this team: those with this `teamId`.",
    example: "platform",
    max_bytes: MAX_TENANT_BYTES,
};

/// `tenantId`, which narrows the scope of the caller: [`Caller`](crate::auth::Caller) does, before any handler.
pub(crate) const TENANT: Text = Text {
    name: "tenantId",
    description: "Only the API keys of this tenant. Never more than the caller may see.",
    example: "acme",
    max_bytes: MAX_TENANT_BYTES,
};

/// `service`, `environment`, `protocol`, `method`, `endpoint`, `apiKeyId`, `userId`, `teamId`, `tenantId`: which series
/// count.
impl QueryParams for Filter {
    fn describe(docs: &mut ParamDocs) {
        SERVICE.describe(docs);
        ENVIRONMENT.describe(docs);
        PROTOCOL.describe(docs);
        METHOD.describe(docs);
        ENDPOINT.describe(docs);
        API_KEY.describe(docs);
        USER.describe(docs);
        TEAM.describe(docs);
        TENANT.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        let mut filter = Self::default();
        filter.protocol = PROTOCOL.take(params)?;
        filter.service = SERVICE.take(params)?;
        filter.environment = ENVIRONMENT.take(params)?;
        filter.method = METHOD
            .take(params)?
            .map(|method| method.to_ascii_uppercase());
        filter.endpoint = ENDPOINT.take(params)?;
        filter.api_key_id = API_KEY.take(params)?;
        filter.user_id = USER.take(params)?;
        filter.team_id = TEAM.take(params)?;
        // Checked here, and applied to the caller's scope.
        TENANT.take(params)?;
        Ok(filter)
    }
}

/// Refuses text that no label can be: it is too long, or Postgres can't hold it.
///
/// # Errors
/// 400 that names the parameter.
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
    !text.trim().is_empty() && is_plain(text) && text.len() <= MAX_TENANT_BYTES
}
