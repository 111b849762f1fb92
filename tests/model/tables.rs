//! The tables of both databases, read by plain SQL.

use std::collections::{BTreeMap, BTreeSet};

use api_metrics_store::time::Granularity;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row, SqliteConnection};
use uuid::Uuid;

use crate::database::{Inbox, Labels, Tables, decode, sum_of};

pub(crate) async fn postgres(sql: &mut PgConnection) -> Tables {
    // A cancelled call leaves a transaction behind that its pool has yet to end.
    let since = std::time::Instant::now();
    loop {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'",
        )
        .fetch_one(&mut *sql)
        .await
        .unwrap();
        if open == 0 {
            break;
        }
        assert!(since.elapsed().as_secs() < 60, "a transaction stays open");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    sql.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .unwrap();
    let mut tables = Tables::default();
    let fences: Vec<(Uuid, i64)> = sqlx::query_as("SELECT id, seq FROM api_metrics.instance")
        .fetch_all(&mut *sql)
        .await
        .unwrap();
    tables.fences = marks(fences);
    let folded: Vec<(Uuid, i64)> = sqlx::query_as("SELECT id, seq FROM api_metrics.folded")
        .fetch_all(&mut *sql)
        .await
        .unwrap();
    tables.folded = marks(folded);
    let inbox: Vec<(Uuid, i64, Vec<u8>)> =
        sqlx::query_as("SELECT id, seq, payload FROM api_metrics.inbox ORDER BY id, seq, chunk")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    tables.inbox = inbox_of(inbox);
    for granularity in Granularity::ALL {
        let select = format!(
            "SELECT extract(epoch FROM period_start)::bigint AS period, series_id, request_count, \
             total_response_bytes, total_request_bytes, latency_sum_us, error_count_5xx, units \
             FROM api_metrics.metrics_{}",
            granularity
        );
        let rows = sqlx::query(AssertSqlSafe(select))
            .fetch_all(&mut *sql)
            .await
            .unwrap();
        let rows = rows
            .iter()
            .map(|row| ((row.get("period"), row.get("series_id")), sum_of(row)));
        tables.rows.insert(granularity, rows.collect());
    }
    let counts: Vec<(String, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT granularity, extract(epoch FROM period_start)::bigint, requests FROM api_metrics.period_counts",
    )
    .fetch_all(&mut *sql)
    .await
    .unwrap();
    tables.counts = counts.into_iter().map(self::counts).collect();
    let dirty: Vec<(String, i64)> = sqlx::query_as(
        "SELECT granularity, extract(epoch FROM period_start)::bigint FROM api_metrics.dirty",
    )
    .fetch_all(&mut *sql)
    .await
    .unwrap();
    tables.dirty = periods(dirty);
    let floors: Vec<(String, i64)> = sqlx::query_as(
        "SELECT granularity, extract(epoch FROM floor)::bigint FROM api_metrics.retention_floor",
    )
    .fetch_all(&mut *sql)
    .await
    .unwrap();
    tables.floors = periods(floors).into_iter().collect();
    let series = sqlx::query(
        "SELECT id, service, endpoint, api_key_id, kind::bigint AS kind, by_endpoint_id, by_key_id, total_id \
         FROM api_metrics.series",
    )
    .fetch_all(&mut *sql)
    .await
    .unwrap();
    tables.series = series.iter().map(labels).collect();
    let keys: Vec<(String, i64)> =
        sqlx::query_as("SELECT external_id, id FROM api_metrics.api_keys")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    tables.keys = keys.into_iter().collect();
    tables.quarantined = sqlx::query_scalar("SELECT count(*) FROM api_metrics.quarantined")
        .fetch_one(&mut *sql)
        .await
        .unwrap();
    tables.versions = versions(
        sqlx::query_as(
            "SELECT v.service, extract(epoch FROM c.period_start)::bigint, c.request_count, c.error_count_5xx \
             FROM api_metrics.version_counts AS c JOIN api_metrics.versions AS v ON v.id = c.version_id",
        )
        .fetch_all(&mut *sql)
        .await
        .unwrap(),
    );
    sql.execute("COMMIT").await.unwrap();
    tables
}

pub(crate) async fn sqlite(sql: &mut SqliteConnection) -> Tables {
    sql.execute("BEGIN IMMEDIATE").await.unwrap();
    let mut tables = Tables::default();
    let fences: Vec<(Uuid, i64)> = sqlx::query_as("SELECT id, seq FROM api_metrics_instance")
        .fetch_all(&mut *sql)
        .await
        .unwrap();
    tables.fences = marks(fences);
    let folded: Vec<(Uuid, i64)> = sqlx::query_as("SELECT id, seq FROM api_metrics_folded")
        .fetch_all(&mut *sql)
        .await
        .unwrap();
    tables.folded = marks(folded);
    let inbox: Vec<(Uuid, i64, Vec<u8>)> =
        sqlx::query_as("SELECT id, seq, payload FROM api_metrics_inbox ORDER BY id, seq, chunk")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    tables.inbox = inbox_of(inbox);
    for granularity in Granularity::ALL {
        let select = format!("SELECT * FROM api_metrics_{granularity}");
        let rows = sqlx::query(AssertSqlSafe(select))
            .fetch_all(&mut *sql)
            .await
            .unwrap();
        let rows = rows
            .iter()
            .map(|row| ((row.get("period_start"), row.get("series_id")), sum_of(row)));
        tables.rows.insert(granularity, rows.collect());
    }
    let counts: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT granularity, period_start, requests FROM api_metrics_period_counts")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    tables.counts = counts.into_iter().map(self::counts).collect();
    let dirty: Vec<(String, i64)> =
        sqlx::query_as("SELECT granularity, period_start FROM api_metrics_dirty")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    tables.dirty = periods(dirty);
    let floors: Vec<(String, i64)> =
        sqlx::query_as("SELECT granularity, floor FROM api_metrics_retention_floor")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    tables.floors = periods(floors).into_iter().collect();
    let series = sqlx::query("SELECT * FROM api_metrics_series")
        .fetch_all(&mut *sql)
        .await
        .unwrap();
    tables.series = series.iter().map(labels).collect();
    let keys: Vec<(String, i64)> =
        sqlx::query_as("SELECT external_id, id FROM api_metrics_api_keys")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
    tables.keys = keys.into_iter().collect();
    tables.quarantined = sqlx::query_scalar("SELECT count(*) FROM api_metrics_quarantined")
        .fetch_one(&mut *sql)
        .await
        .unwrap();
    tables.versions = versions(
        sqlx::query_as(
            "SELECT v.service, c.period_start, c.request_count, c.error_count_5xx \
             FROM api_metrics_version_counts AS c JOIN api_metrics_versions AS v ON v.id = c.version_id",
        )
        .fetch_all(&mut *sql)
        .await
        .unwrap(),
    );
    sql.execute("COMMIT").await.unwrap();
    tables
}

fn marks(rows: Vec<(Uuid, i64)>) -> BTreeMap<Uuid, u64> {
    rows.into_iter()
        .map(|(id, seq)| (id, seq.cast_unsigned()))
        .collect()
}

fn inbox_of(rows: Vec<(Uuid, i64, Vec<u8>)>) -> Inbox {
    let mut inbox: Inbox = BTreeMap::new();
    for (id, seq, payload) in rows {
        inbox
            .entry((id, seq.cast_unsigned()))
            .or_default()
            .extend(decode(&payload));
    }
    inbox
}

/// A version byte, then two LEB128 integers an entry, as the schema says: the step from the series before, and
/// the requests.
fn counts(
    (name, period, requests): (String, i64, Vec<u8>),
) -> ((Granularity, i64), BTreeMap<i64, u64>) {
    let mut bytes = requests.iter();
    assert_eq!(bytes.next(), Some(&1), "the version of period counts");
    let mut number = || {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = *bytes.next()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Some(value)
    };
    let (mut series, mut entries) = (0, BTreeMap::new());
    while let Some(step) = number() {
        series += step.cast_signed();
        let requests = number().expect("period counts ends with an entry");
        assert!(step > 0 && entries.insert(series, requests).is_none());
    }
    let period = (granularity(&name), period);
    (period, entries)
}

fn granularity(name: &str) -> Granularity {
    let named = |granularity: &Granularity| <&str>::from(*granularity) == name;
    Granularity::ALL.into_iter().find(named).unwrap()
}

fn periods(rows: Vec<(String, i64)>) -> BTreeSet<(Granularity, i64)> {
    rows.into_iter()
        .map(|(name, period)| (granularity(&name), period))
        .collect()
}

fn labels<R: Row>(row: &R) -> (i64, Labels)
where
    for<'a> &'a str: sqlx::ColumnIndex<R>,
    for<'a> i64: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
    for<'a> Option<i64>: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
    for<'a> String: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
{
    let labels = Labels {
        service: row.get("service"),
        endpoint: row.get("endpoint"),
        api_key_id: row.get("api_key_id"),
        kind: row.get("kind"),
        aggregates: ["by_endpoint_id", "by_key_id", "total_id"].map(|column| row.get(column)),
    };
    (row.get("id"), labels)
}

fn versions(rows: Vec<(String, i64, i64, i64)>) -> Vec<(String, i64, u64, u64)> {
    rows.into_iter()
        .map(|(service, period, requests, errors)| {
            (
                service,
                period,
                requests.cast_unsigned(),
                errors.cast_unsigned(),
            )
        })
        .collect()
}
