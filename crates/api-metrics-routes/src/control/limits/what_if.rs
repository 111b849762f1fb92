//! `GET /api-metrics/limits/{keyId}/what-if`: what another limit or quota would have done to the last 24 hours.
//!
//! Asked before a bound is changed, and also of keys that have none. What is set today is counted beside it.

use api_metrics_store::control::headroom::{Exceeded, what_if as count};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::headroom::BusiestMinute;
use crate::{
    auth::Caller,
    control::KeyLabel,
    request::{Context, Form, Id, ParamDocs, Params, Parsed, QueryParams, Validated, nothing},
    response::{Problem, time},
    router::App,
};

/// The most that a bound can be, as where it is set.
const MOST: u64 = 1_000_000_000_000_000;

/// A bound as a parameter.
const fn bound(
    name: &'static str,
    description: &'static str,
    example: &'static str,
) -> Parsed<u64> {
    Parsed {
        name,
        description,
        example: Some(example),
        form: Form::Number(0),
        read: |text| text.parse().ok().filter(|n| *n <= MOST),
        wrong: "no number from 0 to 1,000,000,000,000,000",
    }
}

/// `rateLimitPerMinute`.
const LIMIT: Parsed<u64> = bound(
    "rateLimitPerMinute",
    "The limit that is tried: requests a minute.",
    "100",
);
/// `quotaLimit`.
const QUOTA: Parsed<u64> = bound(
    "quotaLimit",
    "The quota that is tried, of the key's unit and period.",
    "100000",
);

/// The parameters of [`what_if`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct WhatIfParams {
    /// The limit that is tried.
    limit: Option<u64>,
    /// The quota that is tried.
    quota: Option<u64>,
}

impl QueryParams for WhatIfParams {
    fn describe(docs: &mut ParamDocs) {
        LIMIT.describe(docs);
        QUOTA.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self {
            limit: LIMIT.take(params)?,
            quota: QUOTA.take(params)?,
        })
    }
}

/// What was over a bound.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverBound {
    /// The bound.
    limit: u64,
    /// Requests above it, or how much of the quota's unit.
    requests: u64,
    /// Minutes in which there were any.
    minutes: u64,
}

/// What is tried, and what is set today.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TriedBound {
    /// What was asked about; null where nothing was.
    tried: Option<OverBound>,
    /// What is set today; null where nothing is.
    today: Option<OverBound>,
}

impl TriedBound {
    /// Of counts by these bounds.
    fn new([tried, today]: [(Option<u64>, Option<Exceeded>); 2]) -> Self {
        let over = |(limit, over): (Option<u64>, Option<Exceeded>)| {
            let (limit, over) = limit.zip(over)?;
            Some(OverBound {
                limit,
                requests: over.requests,
                minutes: over.minutes,
            })
        };
        Self {
            tried: over(tried),
            today: over(today),
        }
    }
}

/// What bounds would have done to the last 24 hours of a key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhatIfAnswer {
    #[serde(flatten)]
    key: KeyLabel,
    /// The start of the 24 hours.
    from: DateTime<Utc>,
    /// Their end, the running minute included.
    to: DateTime<Utc>,
    /// Requests in them.
    requests: u64,
    /// The busiest minute; null without requests.
    busiest: Option<BusiestMinute>,
    /// The rate limit.
    rate: TriedBound,
    /// The quota.
    quota: TriedBound,
    /// Whether a part of the 24 hours is not known by minute.
    approximate: bool,
}

/// What another limit or quota would have done to the last 24 hours
///
/// Counted by minute, whatever the key has today: requests over the bound, and the minutes in which there were any.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-metrics/limits/{keyId}/what-if",
    tag = "limits",
    params(("keyId" = i64, Path, description = "The key's number"), Validated<WhatIfParams>),
    responses(
        (status = 200, description = "What would have been over it", body = WhatIfAnswer,
            example = json!(crate::control::examples::what_if())),
        (status = 404, description = "There is no such key", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn what_if(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Validated { params, now }: Validated<WhatIfParams>,
) -> Result<Json<WhatIfAnswer>, Problem> {
    let control = app.client.control()?;
    let found = control.keys(&caller.scope, id - 1, 1);
    let key = app
        .client
        .bounded("api keys", found)
        .await?
        .into_iter()
        .find(|key| key.id == id)
        .ok_or_else(nothing)?;
    let own = app.client.writer().map(|writer| &**writer);
    let quotas = &app.control.quotas;
    let bounds = (app.control.limits.limit_of(&key), quotas.quota_of(&key));
    let counted = async |bounds| {
        let counted = count(&**app.client.store(), quotas, &key, bounds, now, own);
        app.client.bounded("limits", counted).await
    };
    let tried = counted((params.limit, params.quota)).await?;
    let today = counted(bounds).await?;
    Ok(Json(WhatIfAnswer {
        key: KeyLabel::from(&key),
        from: time(tried.range.from),
        to: time(tried.range.to),
        requests: tried.requests,
        busiest: tried.busiest.map(BusiestMinute::new),
        rate: TriedBound::new([(params.limit, tried.limit), (bounds.0, today.limit)]),
        quota: TriedBound::new([(params.quota, tried.quota), (bounds.1, today.quota)]),
        approximate: tried.approximate || today.approximate,
    }))
}
