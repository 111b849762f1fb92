//! The history of rate limit utilization.

use super::{bounded, scope_parameters, unknown, unsigned};
use crate::{
    control::limits::{NearLimit, UtilizationRow},
    engine::{
        backend::Result,
        sql::{FetchedRow, SqlTx, params},
    },
    query::{Scope, TimeRange},
    time::{Granularity, UnixSeconds},
};

/// Rows that one statement removes at most.
pub(in crate::control) const MAX_REMOVED: u64 = 10_000;

/// Rows that one statement writes at most.
const MAX_WRITTEN: usize = 2_000;

/// Writes rows, replacing those of the same periods.
pub(in crate::control) async fn put_utilization(
    tx: &mut dyn SqlTx,
    rows: &[UtilizationRow],
) -> Result<()> {
    let d = tx.dialect();
    for rows in rows.chunks(MAX_WRITTEN) {
        let sql = format!(
            "INSERT INTO {utilization} (api_key_id, period_granularity, period_start, requests_made, \
               rate_limit, utilization_pct) \
             SELECT {key}, {granularity}, {start}, {made}, {limit}, {pct} FROM {rows} WHERE {yes} \
             ON CONFLICT (api_key_id, period_granularity, period_start) DO UPDATE SET \
               requests_made = excluded.requests_made, rate_limit = excluded.rate_limit, \
               utilization_pct = excluded.utilization_pct",
            utilization = d.table("rate_limit_utilization"),
            key = d.item_number(0),
            granularity = d.item_text(1),
            start = d.item_time(2),
            made = d.item_number(3),
            limit = d.item_number(4),
            pct = d.item_real(5),
            rows = d.items("$1"),
            yes = d.yes(),
        );
        tx.execute(sql, params![encoded(rows)]).await?;
    }
    Ok(())
}

/// Rows as a JSON list of lists: one statement takes any number of them.
fn encoded(rows: &[UtilizationRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            serde_json::json!([
                row.api_key_id,
                row.granularity.as_str(),
                row.period_start,
                row.requests_made,
                row.rate_limit,
                row.utilization_pct,
            ])
        })
        .collect();
    serde_json::Value::from(rows).to_string()
}

/// Rows of one key, the latest first.
pub(in crate::control) async fn list_utilization(
    tx: &mut dyn SqlTx,
    api_key_id: i64,
    granularity: Granularity,
    range: TimeRange,
    limit: u32,
) -> Result<Vec<UtilizationRow>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT api_key_id, period_granularity, {start} AS period_start, requests_made, rate_limit, \
           {pct} AS utilization_pct \
         FROM {utilization} \
         WHERE api_key_id = $1 AND period_granularity = $2 AND period_start >= {from} \
           AND period_start < {to} \
         ORDER BY period_start DESC LIMIT $5",
        start = d.epoch("period_start"),
        pct = d.real("utilization_pct"),
        utilization = d.table("rate_limit_utilization"),
        from = d.at("$3"),
        to = d.at("$4"),
    );
    let values = params![
        api_key_id,
        granularity.as_str(),
        bounded(range.from),
        bounded(range.to),
        i64::from(limit),
    ];
    let rows = tx.fetch(sql, values).await?;
    rows.iter().map(utilization).collect()
}

/// By key: its five-minute periods since `since`, and those at `threshold_pct` or above.
pub(in crate::control) async fn count_near_limits(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    since: UnixSeconds,
    threshold_pct: f64,
) -> Result<Vec<NearLimit>> {
    let d = tx.dialect();
    let (tenant, keys) = scope_parameters(scope);
    let sql = format!(
        "SELECT u.api_key_id, count(*) AS active, \
           sum(CASE WHEN u.utilization_pct >= $2 THEN 1 ELSE 0 END) AS near, {peak} AS peak \
         FROM {utilization} AS u JOIN {keys} AS k ON k.id = u.api_key_id \
         WHERE u.period_granularity = '5m' AND u.period_start >= {since} AND u.requests_made > 0 \
           AND ($3 IS NULL OR k.tenant_id = $3) AND ($4 IS NULL OR k.id IN {ids}) \
         GROUP BY u.api_key_id",
        peak = d.real("max(u.utilization_pct)"),
        utilization = d.table("rate_limit_utilization"),
        keys = d.table("api_keys"),
        since = d.at("$1"),
        ids = d.numbers("$4"),
    );
    let values = params![bounded(since), threshold_pct, tenant, keys];
    let rows = tx.fetch(sql, values).await?;
    rows.iter().map(near_limit).collect()
}

/// By key: the highest utilization of a minute that starts in `range`. Keys without a recorded minute are
/// missing.
pub(in crate::control) async fn peaks(
    tx: &mut dyn SqlTx,
    keys: &[i64],
    range: TimeRange,
) -> Result<Vec<(i64, f64)>> {
    let d = tx.dialect();
    let (_, keys) = scope_parameters(&Scope::Keys(keys.to_vec()));
    let sql = format!(
        "SELECT api_key_id, {peak} AS peak FROM {utilization} \
         WHERE period_granularity = '1m' AND period_start >= {from} AND period_start < {to} \
           AND api_key_id IN {ids} \
         GROUP BY api_key_id",
        peak = d.real("max(utilization_pct)"),
        utilization = d.table("rate_limit_utilization"),
        from = d.at("$1"),
        to = d.at("$2"),
        ids = d.numbers("$3"),
    );
    let values = params![bounded(range.from), bounded(range.to), keys];
    let rows = tx.fetch(sql, values).await?;
    rows.iter()
        .map(|row| Ok((row.int("api_key_id")?, row.real("peak")?)))
        .collect()
}

/// Removes rows of periods before `before`, at most [`MAX_REMOVED`] a granularity; answers the most
/// that one granularity lost.
pub(in crate::control) async fn remove_utilization(
    tx: &mut dyn SqlTx,
    before: UnixSeconds,
) -> Result<u64> {
    let d = tx.dialect();
    let mut removed = 0;
    for granularity in [
        Granularity::Minute,
        Granularity::FiveMinutes,
        Granularity::Hour,
    ] {
        let sql = format!(
            "DELETE FROM {utilization} \
             WHERE (api_key_id, period_granularity, period_start) IN (\
               SELECT api_key_id, period_granularity, period_start FROM {utilization} \
               WHERE period_granularity = $1 AND period_start < {before} LIMIT {MAX_REMOVED})",
            utilization = d.table("rate_limit_utilization"),
            before = d.at("$2"),
        );
        let values = params![granularity.as_str(), bounded(before)];
        removed = tx.execute(sql, values).await?.max(removed);
    }
    Ok(removed)
}

/// A row of `rate_limit_utilization`.
fn utilization(row: &FetchedRow) -> Result<UtilizationRow> {
    let granularity = row.text("period_granularity")?;
    Ok(UtilizationRow {
        api_key_id: row.int("api_key_id")?,
        granularity: Granularity::from_name(&granularity)
            .ok_or_else(|| unknown("granularity", &granularity))?,
        period_start: row.int("period_start")?,
        requests_made: unsigned(row.int("requests_made")?),
        rate_limit: unsigned(row.int("rate_limit")?),
        utilization_pct: row.real("utilization_pct")?,
    })
}

/// A row of [`count_near_limits`].
fn near_limit(row: &FetchedRow) -> Result<NearLimit> {
    let active_periods = unsigned(row.int("active")?);
    let near_periods = unsigned(row.int("near")?);
    Ok(NearLimit {
        api_key_id: row.int("api_key_id")?,
        active_periods,
        near_periods,
        peak_pct: row.real("peak")?,
        share_pct: near_periods as f64 * 100.0 / active_periods.max(1) as f64,
    })
}
