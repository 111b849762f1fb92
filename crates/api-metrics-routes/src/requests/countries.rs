//! `GET /api-requests/countries`: where requests come from.
//!
//! All requests that were counted while the service tells countries apart, and not only those that are kept: exact, in
//! whole hours. A country that is not known is a row of its own. Sums over tenants, so for admins alone.
//!
//! # Why whole hours
//!
//! Countries are summed by hour when they are stored, so that their table stays small: at most 251 rows an hour, a
//! service and an environment. A range that begins or ends within an hour has all of that hour, and the answer says
//! by `from` where it really begins. Ranges that follow each other at full hours add up.
//!
//! # What is not in it
//!
//! What instances have counted and not stored yet, which is two seconds' worth, and requests from before geography was
//! turned on. Requests without a key count like all others; which key or tenant sent them is not kept here, so that
//! the table says nothing of anybody.

use api_metrics_store::{
    query::TimeRange,
    request_log::{CountryCount, CountryQuery},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::view::time_ms;
use crate::{
    auth::Caller,
    request::{Context, ENVIRONMENT, ParamDocs, Params, QueryParams, SERVICE, Validated},
    response::{Problem, time},
    router::App,
};

/// The milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// The parameters of [`countries`]: which hours, of which service. There are none of the other filters, because the
/// table knows nothing else of a request.
#[derive(Debug, Clone)]
pub(crate) struct CountryParams {
    /// The hours, from the one in which it begins.
    range: TimeRange,
    /// The service that recorded them; `None` sums over all.
    service: Option<String>,
    /// Its environment; `None` sums over all.
    environment: Option<String>,
}

impl QueryParams for CountryParams {
    fn describe(docs: &mut ParamDocs) {
        TimeRange::describe(docs);
        SERVICE.describe(docs);
        ENVIRONMENT.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            range: QueryParams::take(params, context)?,
            service: SERVICE.take(params)?,
            environment: ENVIRONMENT.take(params)?,
        })
    }
}

/// Requests of a country.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = RequestCountry))]
pub(crate) struct CountryView {
    /// Its two letters of ISO 3166; null: it is not known.
    country: Option<String>,
    /// Its requests, all of them and not only those that are kept.
    requests: u64,
}

impl From<CountryCount> for CountryView {
    fn from(count: CountryCount) -> Self {
        Self {
            country: count.country,
            requests: count.requests,
        }
    }
}

/// Requests by country.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = RequestCountries))]
pub(crate) struct CountriesView {
    /// The countries, those of most requests first. Empty where the service does not tell countries apart.
    data: Vec<CountryView>,
    /// The start of the first hour.
    from: DateTime<Utc>,
    /// The end of the range. Its hour counts as a whole.
    to: DateTime<Utc>,
}

/// Requests by country
///
/// Exact: all requests that were counted while geography is on, in whole hours, of countries by their two letters.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/countries",
    operation_id = "request_countries",
    tag = "requests",
    params(Validated<CountryParams>),
    responses((status = 200, description = "The countries", body = CountriesView,
        example = json!(crate::requests::examples::countries()))),
))]
pub(crate) async fn countries(
    State(app): State<App>,
    _: Caller,
    Validated { params, .. }: Validated<CountryParams>,
) -> Result<Json<CountriesView>, Problem> {
    let ms = |seconds: i64| seconds.saturating_mul(1_000);
    let CountryParams {
        range,
        service,
        environment,
    } = params;
    let mut query = CountryQuery::default();
    query.from_ms = ms(range.from).div_euclid(HOUR_MS).saturating_mul(HOUR_MS);
    query.to_ms = ms(range.to);
    query.service = service;
    query.environment = environment;
    let store = app.client.requests()?;
    let work = store.request_countries(&query);
    let found = app.client.bounded("request countries", work).await?;
    Ok(Json(CountriesView {
        data: found.into_iter().map(CountryView::from).collect(),
        from: time_ms(query.from_ms),
        to: time(range.to),
    }))
}
