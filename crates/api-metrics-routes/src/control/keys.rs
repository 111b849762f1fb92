//! `/api-keys`: names, owners, limits and plans of API keys. Never a secret.
//!
//! A key's secret is the host's alone: here are its name, its tenant, its limits and its plan. An
//! edit drops every kept answer, because some may name the key to those who may no longer see it.

use api_metrics_store::{
    control::keys::{KeyChange, KeyRecord},
    query::Scope,
};
use axum::{Json, extract::State};
use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use serde::Serialize;

use crate::{
    auth::Caller,
    control::own_tenant,
    request::{Body, Id, NO_RANGE, Page, Validated, nothing, present, query_params, required},
    response::{Problem, time},
    router::App,
};

/// An API key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = ApiKey))]
pub(crate) struct ApiKeyView {
    /// Its number, the `apiKeyId` of all other routes.
    id: i64,
    /// The host's own name for it.
    external_id: String,
    /// A name for people.
    name: Option<String>,
    /// The tenant that it belongs to.
    tenant_id: Option<String>,
    /// The user that it belongs to.
    user_id: Option<String>,
    /// The team that it belongs to.
    team_id: Option<String>,
    /// Requests that it may send in a minute; null: no limit is known.
    rate_limit_per_minute: Option<u64>,
    /// Requests that it may send in a quota period, or how much of `quotaUnit` it may use; null: it has no quota.
    quota_limit: Option<u64>,
    /// The unit that the quota is of; null is requests.
    quota_unit: Option<String>,
    /// `month`, or a number of days as in `30d`; null is a month.
    quota_period: Option<String>,
    /// Where periods start. Months begin on its day and at its time, or on the last day of a month that is too
    /// short; null is calendar months. Days count from it on; null is the key's creation.
    quota_anchor: Option<DateTime<Utc>>,
    /// A version of the plan that it is billed by; null is the default plan.
    price_plan_id: Option<i64>,
    /// Whether limits, quota and plan are watched.
    enabled: bool,
    /// When it was first seen, or made.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl From<KeyRecord> for ApiKeyView {
    fn from(key: KeyRecord) -> Self {
        let spec = key.spec;
        Self {
            id: key.id,
            external_id: key.external_id,
            name: spec.name,
            tenant_id: spec.tenant_id,
            user_id: spec.user_id,
            team_id: spec.team_id,
            rate_limit_per_minute: spec.rate_limit_per_minute,
            quota_limit: spec.quota_limit,
            quota_unit: spec.quota_unit,
            quota_period: spec.quota_period.map(|period| period.to_string()),
            quota_anchor: spec.quota_anchor.map(time),
            price_plan_id: spec.price_plan_id,
            enabled: spec.enabled,
            created_at: time(key.created_at),
            updated_at: time(key.updated_at),
        }
    }
}

/// A page of API keys.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeyPage {
    /// The keys, in the order of their numbers.
    data: Vec<ApiKeyView>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// What can be set of a key. What is left out stays as it is; a null clears it.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `read_change` reads")]
pub(crate) struct ApiKeyPatch {
    /// A name for people, 1 to 200 bytes.
    #[cfg_attr(test, schema(example = "render-farm"))]
    name: Option<String>,
    /// The tenant that it belongs to. Only an admin may name another one than its own.
    tenant_id: Option<String>,
    /// The user that it belongs to.
    user_id: Option<String>,
    /// The team that it belongs to.
    team_id: Option<String>,
    /// Requests that it may send in a minute. The service itself enforces it.
    #[cfg_attr(test, schema(example = 100))]
    rate_limit_per_minute: Option<u64>,
    /// Requests that it may send in a quota period, or how much of `quotaUnit` it may use.
    #[cfg_attr(test, schema(example = 100_000))]
    quota_limit: Option<u64>,
    /// The unit that the quota is of, such as `tokens`; null is requests.
    quota_unit: Option<String>,
    /// `month`, or a number of days from 1 to 366 as in `30d`.
    #[cfg_attr(test, schema(example = "month"))]
    quota_period: Option<String>,
    /// Where periods start, snapped down to a UTC hour: months on its day and at its time, days from it on.
    quota_anchor: Option<DateTime<Utc>>,
    /// Any version of the plan that it is billed by.
    price_plan_id: Option<i64>,
    /// The first UTC day on which the new plan counts, today or earlier; today by default. Goes with
    /// `pricePlanId`.
    price_plan_from: Option<NaiveDate>,
    /// Whether limits, quota and plan are watched.
    enabled: Option<bool>,
}

/// A key before its first request.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `create` reads")]
pub(crate) struct ApiKeyBody {
    /// The host's own name for it: the text of the `ApiKey` that its requests will carry.
    #[cfg_attr(test, schema(example = "k-2041"))]
    external_id: String,
    /// A name for people, 1 to 200 bytes.
    name: Option<String>,
    /// The tenant that it belongs to.
    tenant_id: Option<String>,
    /// The user that it belongs to.
    user_id: Option<String>,
    /// The team that it belongs to.
    team_id: Option<String>,
    /// Requests that it may send in a minute.
    rate_limit_per_minute: Option<u64>,
    /// Requests that it may send in a quota period, or how much of `quotaUnit` it may use.
    quota_limit: Option<u64>,
    /// The unit that the quota is of; requests by default.
    quota_unit: Option<String>,
    /// `month`, or a number of days from 1 to 366 as in `30d`.
    quota_period: Option<String>,
    /// Where periods start: months on its day and at its time, days from it on.
    quota_anchor: Option<DateTime<Utc>>,
    /// Any version of the plan that it is billed by.
    price_plan_id: Option<i64>,
    /// The first UTC day on which the plan counts.
    price_plan_from: Option<NaiveDate>,
    /// Whether limits, quota and plan are watched.
    enabled: Option<bool>,
}

query_params! {
    /// The parameters of [`list`].
    pub(super) struct KeyListParams of "api keys" {
        page: Page<i64>,
    }
}

/// The API keys
///
/// Those that were used, and those that were made before their first request.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-keys",
    operation_id = "list_keys",
    tag = "keys",
    params(Validated<KeyListParams>),
    responses((status = 200, description = "The keys", body = ApiKeyPage,
        example = json!(crate::control::examples::api_keys()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<KeyListParams>,
) -> Result<Json<ApiKeyPage>, Problem> {
    let (page, limit) = (&params.page, params.page.limit);
    let after = page.after().copied().unwrap_or_default();
    let control = app.client.control()?;
    let mut keys = app
        .client
        .bounded(
            "api keys",
            control.keys(&caller.scope, after, limit.and_one()),
        )
        .await?;
    let more = keys.len() > limit.rows();
    keys.truncate(limit.rows());
    let last = keys.last().filter(|_| more).map(|key| key.id);
    Ok(Json(ApiKeyPage {
        data: keys.into_iter().map(ApiKeyView::from).collect(),
        next_cursor: last.map(|id| page.next(NO_RANGE, id)),
    }))
}

/// Makes an API key before its first request
///
/// For admins: the text may be that of another tenant's key that has not been used yet.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-keys",
    operation_id = "create_key",
    tag = "keys",
    request_body(content = ApiKeyBody, example = json!({"externalId": "k-2041",
        "name": "render-farm", "rateLimitPerMinute": 100, "quotaLimit": 100_000})),
    responses(
        (status = 201, description = "The key", body = ApiKeyView,
            example = json!(crate::control::examples::api_key())),
        (status = 409, description = "There is a key of that text", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<(StatusCode, Json<ApiKeyView>), Problem> {
    let external_id = present("externalId", body.text("externalId")?)?;
    let mut change = read_change(&mut body)?;
    body.finish()?;
    let tenant = own_tenant(&caller, change.tenant_id.flatten())?;
    change.tenant_id = Some(tenant);
    let control = app.client.control()?;
    let made = app
        .client
        .bounded(
            "make a key",
            control.create_key(&external_id, &change, Some(caller.principal.subject())),
        )
        .await?;
    app.cache.edited();
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Changes an API key's name, owner, limits or plan
#[cfg_attr(test, utoipa::path(
    patch,
    path = "/api-keys/{id}",
    operation_id = "change_key",
    tag = "keys",
    params(("id" = i64, Path, description = "The key's number")),
    request_body(content = ApiKeyPatch, example = json!({"rateLimitPerMinute": 200})),
    responses(
        (status = 200, description = "The key", body = ApiKeyView,
            example = json!(crate::control::examples::api_key())),
        (status = 404, description = "There is no such key", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
    mut body: Body,
) -> Result<Json<ApiKeyView>, Problem> {
    let mut change = read_change(&mut body)?;
    body.finish()?;
    if caller.scope != Scope::All
        && let Some(tenant) = change.tenant_id.take()
    {
        // Clearing it would give the key away just as naming another tenant would.
        own_tenant(&caller, Some(tenant.unwrap_or_default()))?;
    }
    let control = app.client.control()?;
    let changed = app
        .client
        .bounded(
            "change a key",
            control.update_key(id, &caller.scope, &change, Some(caller.principal.subject())),
        )
        .await?;
    app.cache.edited();
    Ok(Json(changed.ok_or_else(nothing)?.into()))
}

/// Reads the members that a body may set; the quota's period first, whose error names all forms.
///
/// # Errors
/// 400 that names the member that is wrong.
fn read_change(body: &mut Body) -> Result<KeyChange, Problem> {
    let period = body.word(
        "quotaPeriod",
        "`month` or a number of days from 1 to 366 as in `30d`",
        |name| name.parse().ok(),
    )?;
    let mut change = KeyChange::default();
    change.name = body.text("name")?;
    change.tenant_id = body.text("tenantId")?;
    change.user_id = body.text("userId")?;
    change.team_id = body.text("teamId")?;
    change.rate_limit_per_minute = body.count("rateLimitPerMinute")?;
    change.quota_limit = body.count("quotaLimit")?;
    change.quota_unit = body.text("quotaUnit")?;
    change.quota_period = period;
    change.quota_anchor = body.instant("quotaAnchor")?;
    change.price_plan_id = body
        .id("pricePlanId")?
        .map(|plan| plan.filter(|id| *id != 0));
    change.price_plan_from = required("pricePlanFrom", body.date("pricePlanFrom")?)?;
    change.enabled = required("enabled", body.flag("enabled")?)?;
    Ok(change)
}
