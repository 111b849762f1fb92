//! What the history of utilization says of a key's limit of today.
//!
//! Only keys with a limit of their own, or the default one, are looked at: a row may be older than the removal of a limit.

use super::{bounded, scope_parameters, signed, unsigned};
use crate::{
    control::headroom::{Exceeded, HourHit, MinutePeak},
    engine::{
        backend::Result,
        sql::{Dialect, SqlTx, params},
    },
    query::{Scope, TimeRange},
    time::UnixSeconds,
};

/// The recorded minutes from `$1` to before `$2` of the keys in scope, `$3` and `$4`, as `u`, with their limit of today;
/// `$5` is the default one.
fn minutes(d: Dialect) -> String {
    format!(
        "(SELECT r.api_key_id, r.period_start, r.requests_made, \
           COALESCE(k.rate_limit_per_minute, $5) AS bound \
         FROM {utilization} AS r JOIN {keys} AS k ON k.id = r.api_key_id \
         WHERE r.period_granularity = '1m' AND r.period_start >= {from} AND r.period_start < {to} \
           AND r.requests_made > 0 AND COALESCE(k.rate_limit_per_minute, $5) IS NOT NULL \
           AND ($3 IS NULL OR k.tenant_id = $3) AND ($4 IS NULL OR k.id IN {ids})) AS u",
        utilization = d.table("rate_limit_utilization"),
        keys = d.table("api_keys"),
        from = d.at("$1"),
        to = d.at("$2"),
        ids = d.numbers("$4"),
    )
}

/// By key: its busiest minute, the earliest of several, and what was over its limit.
pub(in crate::control) async fn minute_peaks(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    default: Option<u64>,
    range: TimeRange,
) -> Result<Vec<MinutePeak>> {
    let d = tx.dialect();
    let (tenant, keys) = scope_parameters(scope);
    let minutes = minutes(d);
    let sql = format!(
        "SELECT s.api_key_id, s.most, s.over_minutes, s.over_requests, {last} AS last_minute, \
           {busiest} AS busiest \
         FROM (SELECT u.api_key_id, max(u.requests_made) AS most, max(u.period_start) AS last_start, \
                 sum(CASE WHEN u.requests_made > u.bound THEN 1 ELSE 0 END) AS over_minutes, \
                 CAST(sum(CASE WHEN u.requests_made > u.bound THEN u.requests_made - u.bound ELSE 0 END) \
                   AS bigint) AS over_requests \
               FROM {minutes} GROUP BY u.api_key_id) AS s \
         JOIN {minutes} ON u.api_key_id = s.api_key_id AND u.requests_made = s.most \
         GROUP BY s.api_key_id, s.most, s.over_minutes, s.over_requests, s.last_start",
        last = d.epoch("s.last_start"),
        busiest = d.epoch("min(u.period_start)"),
    );
    let values = params![
        bounded(range.from),
        bounded(range.to),
        tenant,
        keys,
        default.map(signed),
    ];
    let rows = tx.fetch(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(MinutePeak {
                api_key_id: row.int("api_key_id")?,
                busiest: (row.int("busiest")?, unsigned(row.int("most")?)),
                exceeded: Exceeded::new(
                    unsigned(row.int("over_requests")?),
                    unsigned(row.int("over_minutes")?),
                ),
                last_minute: row.int("last_minute")?,
            })
        })
        .collect()
}

/// The hours of a range in which keys reached their limit, each with the first such minute. A limit of 0 is never
/// recorded.
pub(in crate::control) async fn hour_hits(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    default: Option<u64>,
    range: TimeRange,
) -> Result<Vec<HourHit>> {
    let d = tx.dialect();
    let (tenant, keys) = scope_parameters(scope);
    let at = d.epoch("u.period_start");
    let sql = format!(
        "SELECT u.api_key_id, {at} - ({at}) % 3600 AS hour, min({at}) AS first_minute \
         FROM {minutes} WHERE u.requests_made >= u.bound GROUP BY u.api_key_id, {at} - ({at}) % 3600",
        minutes = minutes(d),
    );
    let values = params![
        bounded(range.from),
        bounded(range.to),
        tenant,
        keys,
        default.map(signed),
    ];
    let rows = tx.fetch(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(HourHit {
                api_key_id: row.int("api_key_id")?,
                hour: row.int("hour")?,
                first_minute: row.int("first_minute")?,
            })
        })
        .collect()
}

/// By key: the start of the first hour that is recorded of it.
pub(in crate::control) async fn first_recorded(
    tx: &mut dyn SqlTx,
    scope: &Scope,
) -> Result<Vec<(i64, UnixSeconds)>> {
    let d = tx.dialect();
    let (tenant, keys) = scope_parameters(scope);
    let sql = format!(
        "SELECT r.api_key_id, {first} AS first_hour \
         FROM {utilization} AS r JOIN {keys} AS k ON k.id = r.api_key_id \
         WHERE r.period_granularity = '1h' \
           AND ($1 IS NULL OR k.tenant_id = $1) AND ($2 IS NULL OR k.id IN {ids}) \
         GROUP BY r.api_key_id",
        first = d.epoch("min(r.period_start)"),
        utilization = d.table("rate_limit_utilization"),
        keys = d.table("api_keys"),
        ids = d.numbers("$2"),
    );
    let rows = tx.fetch(sql, params![tenant, keys]).await?;
    rows.iter()
        .map(|row| Ok((row.int("api_key_id")?, row.int("first_hour")?)))
        .collect()
}
