//! `DELETE /api-requests`: whose requests are to be forgotten.
//!
//! One of a key, a user and an address is named; naming none would erase everything, naming two leaves open whether
//! either or both is meant, so that both are refused. The store deletes in steps, each in a transaction: where the
//! route's limit of time ends it, some are gone already, and asking again erases the rest.
//!
//! Counts, quotas and bills are sums and stay as they are.

use std::net::IpAddr;

use api_metrics_layer::MAX_API_KEY_BYTES;
use api_metrics_store::request_log::Erasure;
use axum::{Json, extract::State};
use serde::Serialize;

use crate::{
    auth::Caller,
    request::{Context, Form, ParamDocs, Params, Parsed, QueryParams, Text, Validated, api_key_id},
    response::Problem,
    router::App,
};

/// `apiKeyId`; 0, which stands for requests without a key elsewhere, is refused.
const API_KEY: Parsed<i64> = api_key_id("Erases the requests of the API key of this number.", "17");
/// `user`, exactly as it was recorded.
const USER: Text = Text {
    name: "user",
    description: "Erases the requests of this user.",
    example: "u-17",
    max_bytes: MAX_API_KEY_BYTES,
};
/// `address`: it is hashed by the keys that exist, and the hashes are looked for.
const ADDRESS: Parsed<IpAddr> = Parsed {
    name: "address",
    description: "Erases the requests of this address' hash, as far as the keys of their days exist: those of today \
                  and of yesterday. Where networks are kept, all requests of its network.",
    example: Some("192.0.2.7"),
    form: Form::Text,
    read: |text| text.parse().ok(),
    wrong: "no IP address",
};

/// What was erased.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErasedView {
    /// Requests deleted.
    requests: u64,
}

/// The parameters of [`erase`]: exactly one of the three.
#[derive(Debug, Clone)]
pub(crate) struct EraseParams(Erasure);

impl QueryParams for EraseParams {
    fn describe(docs: &mut ParamDocs) {
        API_KEY.describe(docs);
        USER.describe(docs);
        ADDRESS.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        let key = API_KEY.take(params)?;
        let user = USER.take(params)?;
        let address = ADDRESS.take(params)?;
        let erasure = match (key, user, address) {
            // Requests without a key are nobody's in particular.
            (Some(0), None, None) => {
                return Err(Problem::parameter(API_KEY.name, "names no API key"));
            }
            (Some(key), None, None) => Erasure::ApiKey(key),
            (None, Some(user), None) => Erasure::User(user),
            (None, None, Some(address)) => Erasure::Address(address),
            _ => {
                let detail = "give one of `apiKeyId`, `user` and `address`";
                return Err(Problem::parameter(USER.name, detail));
            }
        };
        Ok(Self(erasure))
    }
}

/// Erases all requests of a key, a user or an address
///
/// For admins. Counts and bills stay as they are. What errors said goes out of the causes of all alerts, because
/// these don't say whose it was; their figures stay. The audit trail keeps who has done it.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/api-requests",
    operation_id = "erase_requests",
    tag = "requests",
    params(Validated<EraseParams>),
    responses((status = 200, description = "What was erased", body = ErasedView,
        example = json!({"requests": 412}))),
))]
pub(crate) async fn erase(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<EraseParams>,
) -> Result<Json<ErasedView>, Problem> {
    let EraseParams(erasure) = params;
    let store = app.client.requests()?;
    let actor = &caller.principal.subject;
    let erased = app
        .client
        .bounded("erase requests", store.erase_requests(&erasure, actor))
        .await?;
    // A cause names no request, so that nobody can tell whose message it holds.
    #[cfg(feature = "control")]
    if let Ok(control) = app.client.control() {
        let forgotten = control.forget_alert_messages();
        app.client
            .bounded("forget messages of alerts", forgotten)
            .await?;
    }
    Ok(Json(ErasedView {
        requests: erased.requests,
    }))
}
