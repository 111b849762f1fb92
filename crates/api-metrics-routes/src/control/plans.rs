//! `/api-price-plans`: what requests cost.
//!
//! Plans are versioned: a version counts from a day on, until a later version of the same name.
//! Versions are never changed, so that a bill stays explained.

use api_metrics_store::{
    calendar::{Tz, local_date},
    control::billing::{NewPlan, PlanVersion, PriceTier, UnitPrice},
    time::UnixSeconds,
};
use axum::{Json, extract::State};
use chrono::NaiveDate;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::{
    auth::Caller,
    control::own_tenant,
    request::{Body, NO_RANGE, Page, Validated, present, query_params, required, wrong},
    response::{Problem, page_of},
    router::App,
};

/// From which request of the month on which price counts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = PriceTier))]
pub(crate) struct Tier {
    /// How many requests of the month come before it: 0 for the first tier.
    from_requests: u64,
    /// The price of 1,000 requests: a decimal with at most eight places.
    #[cfg_attr(test, schema(example = "0.02"))]
    per_thousand: String,
}

/// From how much of a unit in a month on which price counts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = UnitTier))]
pub(crate) struct UnitTierView {
    /// How much of the unit comes before it: 0 for the first tier.
    from: u64,
    /// The price of 1,000: a decimal with at most eight places.
    #[cfg_attr(test, schema(example = "0.002"))]
    per_thousand: String,
}

/// What a unit costs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = UnitPrice))]
pub(crate) struct UnitPriceView {
    /// The name of the unit.
    unit: String,
    /// How much of it costs nothing in a month: the first ones.
    free: u64,
    /// Ascending, the first from 0.
    tiers: Vec<UnitTierView>,
}

impl From<&UnitPrice> for UnitPriceView {
    fn from(price: &UnitPrice) -> Self {
        let tiers = price.tiers.iter();
        Self {
            unit: price.unit.clone(),
            free: price.free,
            tiers: tiers
                .map(|tier| UnitTierView {
                    from: tier.from_requests,
                    per_thousand: tier.per_thousand.normalize().to_string(),
                })
                .collect(),
        }
    }
}

/// A version of a plan: what counts from a day on, until a later version of that name.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PricePlan {
    /// Its number; 0 for the default plan of keys without one.
    id: i64,
    /// Whose plan it is; null for everybody.
    tenant_id: Option<String>,
    /// The plan's name.
    name: String,
    /// The currency's ISO 4217 code.
    currency: String,
    /// The first UTC day on which it counts.
    effective_from: NaiveDate,
    /// Requests of a month that cost nothing, from its first one on.
    free_requests: u64,
    /// Ascending, the first from 0.
    tiers: Vec<Tier>,
    /// What units cost beside the requests that use them.
    units: Vec<UnitPriceView>,
}

impl From<PlanVersion> for PricePlan {
    fn from(plan: PlanVersion) -> Self {
        Self {
            id: plan.id,
            tenant_id: plan.tenant_id,
            name: plan.name,
            currency: plan.currency.to_string(),
            effective_from: plan.effective_from,
            free_requests: plan.free_requests,
            units: plan.units.iter().map(UnitPriceView::from).collect(),
            tiers: plan
                .tiers
                .iter()
                .map(|tier| Tier {
                    from_requests: tier.from_requests,
                    per_thousand: tier.per_thousand.normalize().to_string(),
                })
                .collect(),
        }
    }
}

/// A page of plans.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PricePlanPage {
    /// Versions of plans, in the order of their numbers, the default first.
    data: Vec<PricePlan>,
    /// Asks for the next page; null on the last.
    next_cursor: Option<String>,
}

/// A plan, or a later version of one.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `create` reads")]
pub(crate) struct PricePlanBody {
    /// The plan's name. Versions of one name are one plan.
    #[cfg_attr(test, schema(example = "pro"))]
    name: String,
    /// Whose plan it is; null for everybody. A manager's plans are its tenant's.
    tenant_id: Option<String>,
    /// The currency's ISO 4217 code.
    #[cfg_attr(test, schema(default = "USD"))]
    currency: Option<String>,
    /// The first UTC day on which it counts; today by default.
    effective_from: Option<NaiveDate>,
    /// Requests of a month that cost nothing, from its first one on.
    #[cfg_attr(test, schema(default = 0))]
    free_requests: Option<u64>,
    /// The price of 1,000 requests: a decimal. In place of `tiers`.
    #[cfg_attr(test, schema(example = "0.02"))]
    per_thousand: Option<String>,
    /// Graduated prices, ascending, the first from 0; at most 100.
    tiers: Option<Vec<TierBody>>,
    /// What units cost beside the requests that use them; at most 20.
    units: Option<Vec<UnitPriceBody>>,
}

/// What a unit costs.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase", as = UnitPriceBody))]
#[expect(dead_code, reason = "the shape of what `unit_price` reads")]
pub(crate) struct UnitPriceBody {
    /// The name of the unit.
    #[cfg_attr(test, schema(example = "tokens"))]
    unit: String,
    /// How much of it costs nothing in a month: the first ones.
    #[cfg_attr(test, schema(default = 0))]
    free: Option<u64>,
    /// The price of 1,000: a decimal. In place of `tiers`.
    #[cfg_attr(test, schema(example = "0.002"))]
    per_thousand: Option<String>,
    /// Graduated prices, ascending, the first from 0; at most 100.
    tiers: Option<Vec<UnitTierBody>>,
}

/// From how much of a unit in a month on which price counts.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase", as = UnitTierBody))]
#[expect(dead_code, reason = "the shape of what `unit_price` reads")]
pub(crate) struct UnitTierBody {
    /// How much of the unit comes before it.
    from: u64,
    /// The price of 1,000: a decimal.
    #[cfg_attr(test, schema(example = "0.001"))]
    per_thousand: String,
}

/// From which request of the month on which price counts.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase", as = PriceTierBody))]
#[expect(dead_code, reason = "the shape of what `tiers` reads")]
pub(crate) struct TierBody {
    /// How many requests of the month come before it.
    from_requests: u64,
    /// The price of 1,000 requests: a decimal.
    #[cfg_attr(test, schema(example = "0.01"))]
    per_thousand: String,
}

query_params! {
    /// The parameters of [`list`].
    pub(super) struct PlanListParams of "price plans" {
        page: Page<i64>,
    }
}

/// The price plans
///
/// Everybody's, and those of the caller's tenant.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-price-plans",
    operation_id = "list_price_plans",
    tag = "billing",
    params(Validated<PlanListParams>),
    responses((status = 200, description = "Versions of plans", body = PricePlanPage,
        example = json!(crate::control::examples::plans()))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Validated { params, .. }: Validated<PlanListParams>,
) -> Result<Json<PricePlanPage>, Problem> {
    let control = app.client.control()?;
    let mut plans = app
        .client
        .bounded("price plans", control.plans(&caller.scope))
        .await?;
    plans.push(app.control.billing.default_plan.clone());
    let page = page_of(
        plans,
        |plan| plan.id,
        params.page.after(),
        params.page.limit.rows(),
    );
    let last = page.rows.last().filter(|_| page.more).map(|plan| plan.id);
    Ok(Json(PricePlanPage {
        data: page.rows.into_iter().map(PricePlan::from).collect(),
        next_cursor: last.map(|id| params.page.next(NO_RANGE, id)),
    }))
}

/// Makes a price plan, or a version of one
///
/// Versions are never changed: what was billed by one stays explained.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/api-price-plans",
    operation_id = "create_price_plan",
    tag = "billing",
    request_body(content = PricePlanBody, example = json!({"name": "pro", "currency": "USD",
        "effectiveFrom": "2026-06-01", "freeRequests": 10_000, "tiers": [
            {"fromRequests": 0, "perThousand": "0.02"},
            {"fromRequests": 1_000_000, "perThousand": "0.01"}],
        "units": [{"unit": "tokens", "free": 100_000, "perThousand": "0.002"}]})),
    responses(
        (status = 201, description = "The version", body = PricePlan,
            example = json!(crate::control::examples::plan())),
        (status = 409, description = "There is a version of that name and day", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<(StatusCode, Json<PricePlan>), Problem> {
    let plan = read_plan(&mut body, &caller, app.clock.unix_seconds())?;
    body.finish()?;
    let control = app.client.control()?;
    let made = app
        .client
        .bounded(
            "make a price plan",
            control.create_plan(&plan, Some(caller.principal.subject())),
        )
        .await?;
    app.cache.edited();
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Reads a plan from a body.
///
/// # Errors
/// 400 that names the member that is wrong, 403 where the tenant is not the caller's own.
fn read_plan(body: &mut Body, caller: &Caller, now: UnixSeconds) -> Result<NewPlan, Problem> {
    let name = present("name", body.text("name")?)?;
    let said = body.text("tenantId")?.flatten();
    let currency = body.text("currency")?.flatten();
    let effective_from = required("effectiveFrom", body.date("effectiveFrom")?)?;
    let free_requests = body.count("freeRequests")?.flatten();
    let flat = body.value("perThousand").flatten();
    let tiers = body.value("tiers").flatten();
    let tiers = match (flat, tiers) {
        (Some(price), None) => vec![PriceTier::new(0, decimal("perThousand", &price)?)],
        (None, Some(Value::Array(tiers))) => {
            let tiers = tiers.into_iter();
            tiers
                .map(|value| tier("tiers", "fromRequests", value))
                .collect::<Result<_, _>>()?
        }
        (None, Some(other)) => return Err(wrong("tiers", &other, "a list of tiers")),
        (None, None) => {
            return Err(Problem::parameter(
                "tiers",
                "is missing, and so is `perThousand`: give one of them",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(Problem::parameter(
                "perThousand",
                "can't stand beside `tiers`: give one of them",
            ));
        }
    };
    let units = match body.value("units").flatten() {
        None => Vec::new(),
        Some(Value::Array(units)) => units
            .into_iter()
            .map(unit_price)
            .collect::<Result<_, _>>()?,
        Some(other) => return Err(wrong("units", &other, "a list of units and their prices")),
    };
    Ok({
        let mut plan = NewPlan::new(
            name,
            currency.unwrap_or_else(|| "USD".to_owned()),
            effective_from.unwrap_or_else(|| local_date(Tz::UTC, now)),
            tiers,
        );
        plan.tenant_id = own_tenant(caller, said)?;
        plan.free_requests = free_requests.unwrap_or_default();
        plan.units = units;
        plan
    })
}

/// Reads the prices of one unit.
///
/// # Errors
/// 400 that names `units`.
fn unit_price(value: Value) -> Result<UnitPrice, Problem> {
    let Value::Object(mut members) = value else {
        return Err(wrong("units", &value, "a unit and its prices"));
    };
    let unit = members.remove("unit").unwrap_or_default();
    let free = members.remove("free").filter(|free| !free.is_null());
    let flat = members.remove("perThousand");
    let tiers = members.remove("tiers");
    if let Some(name) = members.keys().next() {
        let detail = format!(
            "hold `{}`, which is none of unit, free, perThousand, tiers",
            crate::request::shown(name)
        );
        return Err(Problem::parameter("units", detail));
    }
    let name = unit.as_str();
    let name = name.ok_or_else(|| wrong("units", &unit, "the name of a unit"))?;
    let tiers = match (flat, tiers) {
        (Some(price), None) => vec![PriceTier::new(0, decimal("units", &price)?)],
        (None, Some(Value::Array(tiers))) => tiers
            .into_iter()
            .map(|value| tier("units", "from", value))
            .collect::<Result<_, _>>()?,
        _ => {
            let detail = "have either perThousand or a list of tiers each";
            return Err(Problem::parameter("units", detail));
        }
    };
    let mut price = UnitPrice::new(name, tiers);
    if let Some(free) = free {
        price.free = free
            .as_u64()
            .ok_or_else(|| wrong("units", &free, "a whole number that is free"))?;
    }
    Ok(price)
}

/// Reads one tier, whose first position stands in the member `from`.
///
/// # Errors
/// 400 that names `name`.
fn tier(name: &'static str, from: &'static str, value: Value) -> Result<PriceTier, Problem> {
    let Value::Object(mut members) = value else {
        return Err(wrong(name, &value, "a tier"));
    };
    let first = members.remove(from).unwrap_or_default();
    let price = members.remove("perThousand").unwrap_or_default();
    if let Some(other) = members.keys().next() {
        let detail = format!(
            "hold `{}`, which is neither {from} nor perThousand",
            crate::request::shown(other)
        );
        return Err(Problem::parameter(name, detail));
    }
    Ok(PriceTier::new(
        first
            .as_u64()
            .ok_or_else(|| wrong(name, &first, &format!("a whole number of {from}")))?,
        decimal(name, &price)?,
    ))
}

/// A price as a string or a number. A number's own digits are read, not a binary fraction.
///
/// # Errors
/// 400 that names the member.
fn decimal(name: &'static str, value: &Value) -> Result<rust_decimal::Decimal, Problem> {
    let text = match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    text.filter(|text| text.len() <= 40)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| wrong(name, value, "a decimal price such as \"0.02\""))
}
