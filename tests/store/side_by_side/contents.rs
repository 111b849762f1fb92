//! The tables of a database as folds have left them, to be compared with those of another.

use std::collections::BTreeMap;

use api_metrics_tests::PgDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

/// Everything that folds write, by labels instead of numbers, which depend on who came first.
pub(super) async fn contents(database: &PgDatabase) -> BTreeMap<String, String> {
    let mut sql = PgConnection::connect(&database.url()).await.unwrap();
    let labels = "concat_ws(' ', s.service, s.http_method, s.endpoint, k.external_id, s.kind)";
    let series =
        "api_metrics.series AS s LEFT JOIN api_metrics.api_keys AS k ON k.id = s.api_key_id";
    let mut all = BTreeMap::new();
    for table in ["metrics_1m", "metrics_5m", "metrics_1h", "metrics_1d"] {
        let select = format!(
            "SELECT '{table} ' || m.period_start || ' ' || {labels} AS key, \
               (to_jsonb(m) - 'series_id')::text AS value \
             FROM {series} JOIN api_metrics.{table} AS m ON m.series_id = s.id"
        );
        all.extend(pairs(&mut sql, &select).await);
    }
    let versions = "SELECT 'version ' || v.service || v.version || c.period_start AS key, \
                      (to_jsonb(c) - 'version_id')::text AS value \
                    FROM api_metrics.versions AS v JOIN api_metrics.version_counts AS c ON c.version_id = v.id";
    all.extend(pairs(&mut sql, versions).await);
    let dirty =
        "SELECT 'dirty ' || granularity || period_start AS key, '' AS value FROM api_metrics.dirty";
    all.extend(pairs(&mut sql, dirty).await);
    let inbox = "SELECT 'inbox' AS key, count(*)::text AS value FROM api_metrics.inbox";
    all.extend(pairs(&mut sql, inbox).await);
    let names: BTreeMap<String, String> = pairs(
        &mut sql,
        &format!("SELECT s.id::text AS key, {labels} AS value FROM {series}"),
    )
    .await;
    let counts = sqlx::query(
        "SELECT granularity || period_start AS period, requests FROM api_metrics.period_counts",
    );
    for row in counts.fetch_all(&mut sql).await.unwrap() {
        let (period, encoded): (String, Vec<u8>) = (row.get("period"), row.get("requests"));
        for (series, requests) in period_counts(&encoded) {
            let name = &names[&series.to_string()];
            all.insert(format!("counts {period} {name}"), requests.to_string());
        }
    }
    all
}

async fn pairs(sql: &mut PgConnection, select: &str) -> BTreeMap<String, String> {
    let rows = sqlx::query(AssertSqlSafe(select.to_owned()));
    let rows = rows.fetch_all(sql).await.unwrap();
    rows.iter()
        .map(|row| (row.get("key"), row.get("value")))
        .collect()
}

/// A version, then series, relative to the one before, and requests, as LEB128.
fn period_counts(encoded: &[u8]) -> Vec<(u64, u64)> {
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0, 0);
    for byte in &encoded[1..] {
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(std::mem::take(&mut number));
            shift = 0;
        }
    }
    let mut series = 0;
    let entries = numbers.chunks(2).map(|entry| {
        series += entry[0];
        (series, entry[1])
    });
    entries.collect()
}
