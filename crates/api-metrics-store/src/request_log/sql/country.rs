//! Statements of requests by country.

use super::{Conditions, signed, unsigned};
use crate::{
    engine::{
        backend::Result,
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    request_log::{
        country::{CountryHour, HOUR_MS},
        query::{CountryCount, CountryQuery},
    },
    store::Instance,
};

/// Adds what a batch has counted of the hours that are kept.
pub(in crate::request_log) async fn add(
    tx: &mut dyn SqlTx,
    instance: &Instance,
    counts: &[CountryHour],
    from_ms: i64,
    to_ms: i64,
) -> Result<()> {
    let in_time =
        |count: &&CountryHour| count.hour_ms + HOUR_MS > from_ms && count.hour_ms <= to_ms;
    // In the order of the key, so that two writers never wait for each other in a circle.
    let items = counts.iter().filter(in_time).map(|count| {
        let country = count.country.map(|country| country.to_string());
        (
            count.hour_ms,
            country.unwrap_or_default(),
            signed(count.requests),
        )
    });
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        return Ok(());
    }
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {table} AS c (hour_ms, service, environment, country, requests) \
         SELECT {hour}, $2, $3, {country}, {requests} FROM {items} WHERE 1 = 1 \
         ON CONFLICT (hour_ms, service, environment, country) \
         DO UPDATE SET requests = c.requests + excluded.requests",
        table = d.table("request_log_country"),
        hour = d.item_number(0),
        country = d.item_text(1),
        requests = d.item_number(2),
        items = d.items("$1"),
    );
    let items = serde_json::json!(items).to_string();
    let Instance {
        service,
        environment,
        ..
    } = instance;
    tx.execute(sql, params![&items, service, environment])
        .await?;
    Ok(())
}

/// Requests by country, the most first.
pub(in crate::request_log) async fn counts(
    tx: &mut dyn SqlTx,
    query: &CountryQuery,
) -> Result<Vec<CountryCount>> {
    let d = tx.dialect();
    let mut c = Conditions::default();
    let from = c.param(query.from_ms.div_euclid(HOUR_MS).saturating_mul(HOUR_MS));
    let to = c.param(query.to_ms);
    c.and(format!("hour_ms >= {from} AND hour_ms < {to}"));
    c.equals("service", query.service.as_deref());
    c.equals("environment", query.environment.as_deref());
    let sum = match d {
        Dialect::Postgres => "sum(requests)::bigint",
        Dialect::Sqlite => "sum(requests)",
    };
    let sql = format!(
        "SELECT country, {sum} AS requests FROM {} WHERE {} \
         GROUP BY country ORDER BY 2 DESC, country",
        d.table("request_log_country"),
        c.text()
    );
    let count = |row: &FetchedRow| {
        Ok(CountryCount {
            country: Some(row.text("country")?).filter(|country| !country.is_empty()),
            requests: unsigned(row.int("requests")?),
        })
    };
    tx.fetch(sql, &c.params).await?.iter().map(count).collect()
}

/// Removes hours before this one. Returns how many rows.
pub(in crate::request_log) async fn remove(tx: &mut dyn SqlTx, before_ms: i64) -> Result<u64> {
    let sql = format!(
        "DELETE FROM {} WHERE hour_ms < $1",
        tx.dialect().table("request_log_country")
    );
    tx.execute(sql, params![before_ms]).await
}
