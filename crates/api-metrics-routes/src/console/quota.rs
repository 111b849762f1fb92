//! `GET quota`: what is left of a consumer's quota.
//!
//! Counted at the moment of the question and never kept, so that a consumer sees its last request.

use api_metrics_store::{
    control::quotas::{QuotaPeriod, period_at},
    query::{Detail, Filter, Query, TimeRange},
    time::Granularity,
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    auth::Caller,
    control::{keys_with_quota, used},
    request::{ApiKeyId, Validated},
    response::{Problem, rounded, time},
    router::{App, AppState},
};

/// What is left of a quota.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsoleQuota {
    /// The unit that the quota is of; left out where it is of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    unit: Option<String>,
    /// Requests that counted in the period so far, or how much of the unit was used.
    used: u64,
    /// Requests that may be sent, or how much may be used, in it; 0 where there is no quota.
    limit: u64,
    /// What is left; 0 where there is no quota.
    remaining: u64,
    /// When the next period begins.
    reset_date: DateTime<Utc>,
    /// Whether there is no quota at all, so that `limit` and `remaining` say nothing.
    unlimited: bool,
    /// What was used in percent of the limit; 0 where there is no quota.
    usage_percentage: f64,
    /// Which key's quota it is, where the caller has several with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    api_key_id: Option<i64>,
}

/// What is left of a consumer's quota
///
/// Of several keys with a quota, the one of which the most is used up, unless `apiKeyId` picks one.
/// Never kept.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/quota",
    tag = "console",
    params(Validated<ApiKeyId>),
    responses((status = 200, description = "The quota", body = ConsoleQuota,
        example = json!({"used": 45_230, "limit": 100_000, "remaining": 54_770,
            "resetDate": "2026-06-01T00:00:00Z", "unlimited": false, "usagePercentage": 45.23}))),
))]
pub(super) async fn get_quota(
    State(app): State<App>,
    caller: Caller,
    Validated {
        params: ApiKeyId(only),
        now,
    }: Validated<ApiKeyId>,
) -> Result<Json<ConsoleQuota>, Problem> {
    let keys = keys_with_quota(&app, &caller, only).await?;
    let several = keys.len() > 1;
    let usage = used(&app, &keys, now).await?;
    let fullest = usage.iter().max_by(|a, b| {
        a.percentage
            .total_cmp(&b.percentage)
            .then(b.key.id.cmp(&a.key.id))
    });
    if let Some(usage) = fullest {
        return Ok(Json(ConsoleQuota {
            unit: usage.key.spec.quota_unit.clone(),
            used: usage.used,
            limit: usage.limit,
            remaining: usage.remaining,
            reset_date: time(usage.period.to),
            unlimited: false,
            usage_percentage: rounded(usage.percentage),
            api_key_id: several.then_some(usage.key.id),
        }));
    }
    let (used, reset) = month_so_far(&app, &caller, only, now).await?;
    Ok(Json(ConsoleQuota {
        unit: None,
        used,
        limit: 0,
        remaining: 0,
        reset_date: time(reset),
        unlimited: true,
        usage_percentage: 0.0,
        api_key_id: None,
    }))
}

/// Without a quota there is still a month in which requests count.
async fn month_so_far(
    app: &AppState,
    caller: &Caller,
    only: Option<i64>,
    now: i64,
) -> Result<(u64, i64), Problem> {
    let settings = &app.control.quotas;
    let month = period_at(QuotaPeriod::Month, None, settings.tz, now);
    let mut query = Query::over(TimeRange::new(
        month.from,
        month.to.min(Granularity::Minute.floor(now) + 60),
    ));
    query.filter = Filter::billed();
    query.filter.api_key_id = only;
    query.scope = caller.scope.clone();
    query.detail = Detail::Counts;
    let answer = app.client.read(&query).await?;
    let used = answer
        .total()
        .map_or(0, |all| settings.status_counts.of(all));
    Ok((used, month.to))
}
