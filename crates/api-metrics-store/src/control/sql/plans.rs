//! Price plans and their tiers.
//!
//! Prices travel as text and are stored as `numeric` on Postgres and as text on SQLite, so that no
//! decimal passes through a float.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{first_int, signed, unknown, unsigned};
use crate::{
    control::billing::{PlanVersion, PriceTier, UnitPrice},
    engine::{
        backend::Result,
        sql::{FetchedRow, SqlTx, params},
    },
    time::UnixSeconds,
};

/// All versions of all plans, in the order of their numbers.
pub(in crate::control) async fn list_plans(tx: &mut dyn SqlTx) -> Result<Vec<PlanVersion>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT p.id, p.tenant_id, p.name, p.currency, {day} AS effective_from, p.free_requests, \
           t.from_requests, {price} AS per_thousand \
         FROM {plans} AS p JOIN {tiers} AS t ON t.plan_id = p.id ORDER BY p.id, t.from_requests",
        day = d.as_text("p.effective_from"),
        price = d.as_text("t.per_thousand"),
        plans = d.table("price_plans"),
        tiers = d.table("price_tiers"),
    );
    let mut plans: Vec<PlanVersion> = Vec::new();
    for row in &tx.fetch(sql, &[]).await? {
        let tier = tier(row)?;
        let id = row.int("id")?;
        match plans.last_mut().filter(|plan| plan.id == id) {
            Some(plan) => plan.tiers.push(tier),
            None => plans.push(plan(row, id, tier)?),
        }
    }
    let sql = format!(
        "SELECT plan_id, unit, free_amount, from_amount AS from_requests, {price} AS per_thousand \
         FROM {tiers} ORDER BY plan_id, unit, from_amount",
        price = d.as_text("per_thousand"),
        tiers = d.table("price_unit_tiers"),
    );
    for row in &tx.fetch(sql, &[]).await? {
        let id = row.int("plan_id")?;
        let place = plans.binary_search_by_key(&id, |plan| plan.id).ok();
        // A plan that the caller may not see has no row above.
        let Some(plan) = place.and_then(|place| plans.get_mut(place)) else {
            continue;
        };
        let (unit, tier) = (row.text("unit")?, tier(row)?);
        match plan.units.last_mut().filter(|price| price.unit == unit) {
            Some(price) => price.tiers.push(tier),
            None => {
                let mut price = UnitPrice::new(unit, vec![tier]);
                price.free = unsigned(row.int("free_amount")?);
                plan.units.push(price);
            }
        }
    }
    Ok(plans)
}

/// Adds a version; `None` where there is one of that name and day.
pub(in crate::control) async fn insert_plan(
    tx: &mut dyn SqlTx,
    plan: &PlanVersion,
    now: UnixSeconds,
) -> Result<Option<i64>> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {plans} (tenant_id, name, currency, effective_from, free_requests, created_at) \
         VALUES ($1, $2, $3, {day}, $5, {now}) ON CONFLICT DO NOTHING RETURNING id",
        plans = d.table("price_plans"),
        day = d.date("$4"),
        now = d.at("$6"),
    );
    let values = params![
        plan.tenant_id.as_deref().unwrap_or_default(),
        &plan.name,
        plan.currency.code(),
        plan.effective_from.to_string(),
        signed(plan.free_requests),
        now,
    ];
    let Some(id) = first_int(&tx.fetch(sql, values).await?, "id")? else {
        return Ok(None);
    };
    for tier in &plan.tiers {
        let sql = format!(
            "INSERT INTO {tiers} (plan_id, from_requests, per_thousand) VALUES ($1, $2, {price})",
            tiers = d.table("price_tiers"),
            price = d.decimal("$3"),
        );
        let price = tier.per_thousand.normalize().to_string();
        tx.execute(sql, params![id, signed(tier.from_requests), price])
            .await?;
    }
    for unit in &plan.units {
        for tier in &unit.tiers {
            let sql = format!(
                "INSERT INTO {tiers} (plan_id, unit, free_amount, from_amount, per_thousand) \
                 VALUES ($1, $2, $3, $4, {price})",
                tiers = d.table("price_unit_tiers"),
                price = d.decimal("$5"),
            );
            let values = params![
                id,
                &unit.unit,
                signed(unit.free),
                signed(tier.from_requests),
                tier.per_thousand.normalize().to_string(),
            ];
            tx.execute(sql, values).await?;
        }
    }
    Ok(Some(id))
}

/// Keys, and the latest version that was set for them.
pub(in crate::control) async fn list_keys_on_plans(tx: &mut dyn SqlTx) -> Result<Vec<(i64, i64)>> {
    let sql = format!(
        "SELECT id, price_plan_id FROM {keys} WHERE price_plan_id IS NOT NULL ORDER BY id",
        keys = tx.dialect().table("api_keys"),
    );
    let rows = tx.fetch(sql, &[]).await?;
    rows.iter()
        .map(|row| Ok((row.int("id")?, row.int("price_plan_id")?)))
        .collect()
}

/// A version from the row of its first tier.
fn plan(row: &FetchedRow, id: i64, first: PriceTier) -> Result<PlanVersion> {
    let currency = row.text("currency")?;
    let day = row.text("effective_from")?;
    Ok(PlanVersion {
        id,
        tenant_id: Some(row.text("tenant_id")?).filter(|tenant| !tenant.is_empty()),
        name: row.text("name")?,
        currency: currency
            .parse()
            .map_err(|_| unknown("currency", &currency))?,
        effective_from: day
            .parse::<NaiveDate>()
            .map_err(|_| unknown("date", &day))?,
        free_requests: unsigned(row.int("free_requests")?),
        tiers: vec![first],
        units: Vec::new(),
    })
}

/// The tier of a row.
fn tier(row: &FetchedRow) -> Result<PriceTier> {
    let price = row.text("per_thousand")?;
    Ok(PriceTier {
        from_requests: unsigned(row.int("from_requests")?),
        per_thousand: price
            .parse::<Decimal>()
            .map_err(|_| unknown("price", &price))?,
    })
}
