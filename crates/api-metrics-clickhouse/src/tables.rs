//! The tables, and what keeps them small.
//!
//! One row is a bucket of one chunk of a flush batch, or of a rollup. Of rows with one key, which is the order of a table,
//! the one of the greatest version counts: writing a row twice changes nothing.

use api_metrics_store::time::{Granularity, UnixSeconds};

use crate::cluster::{Cluster, local};

/// The columns that add up, in the order of `BucketColumns::sums`.
pub(crate) const SUMS: [&str; 10] = [
    "requests",
    "errors_4xx",
    "errors_5xx",
    "aborted",
    "latency_sum_us",
    "latency_count",
    "ttfb_sum_us",
    "ttfb_count",
    "request_bytes",
    "response_bytes",
];
/// The columns of which the least counts, in the order of `BucketColumns::least`.
pub(crate) const LEAST: [&str; 2] = ["latency_min_us", "headers_min_us"];
/// The columns of which the greatest counts, in the order of `BucketColumns::greatest`.
pub(crate) const GREATEST: [&str; 2] = ["latency_max_us", "headers_max_us"];
/// Lists, each two of one length, and their types.
pub(crate) const LISTS: [(&str, &str); 6] = [
    ("statuses", "UInt16"),
    ("status_counts", "UInt64"),
    ("bins", "UInt16"),
    ("bin_counts", "UInt64"),
    ("unit_keys", "String"),
    ("unit_values", "Int64"),
];
/// What tells rows apart, what epoch and version a row is of, and all the others.
const KEYS: [(&str, &str); 8] = [
    ("period", "Int64"),
    ("series", "Int64"),
    ("instance", "FixedString(16)"),
    ("number", "UInt64"),
    ("chunk", "Int32"),
    // The epoch of a flush batch's row, 0 in a rollup's: a batch may be copied once more after Postgres went back.
    ("fold", "Int64"),
    ("epoch", "Int64"),
    ("version", "UInt64"),
];

/// The table of a granularity.
pub(crate) const fn table(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Minute => "api_metrics_1m",
        Granularity::FiveMinutes => "api_metrics_5m",
        Granularity::Hour => "api_metrics_1h",
        Granularity::Day => "api_metrics_1d",
    }
}

/// The table of what was announced.
pub(crate) const ANNOUNCED: &str = "api_metrics_announced";

/// The seconds of one partition; `None` where there is one partition for all.
pub(crate) const fn partition_seconds(granularity: Granularity) -> Option<i64> {
    const DAY: i64 = 86_400;
    match granularity {
        Granularity::Minute => Some(3_600),
        Granularity::FiveMinutes => Some(DAY),
        Granularity::Hour => Some(30 * DAY),
        Granularity::Day => None,
    }
}

/// The number of the partition of a period.
pub(crate) const fn partition(granularity: Granularity, period: UnixSeconds) -> i64 {
    match partition_seconds(granularity) {
        // Towards 0, as `intDiv` does.
        Some(seconds) => period / seconds,
        None => 0,
    }
}

/// All columns, in the order in which rows are sent.
pub(crate) fn columns() -> String {
    let names = KEYS.iter().map(|(name, _)| *name);
    let names = names.chain(SUMS).chain(LEAST).chain(GREATEST);
    let names = names.chain(LISTS.iter().map(|(name, _)| *name));
    names.collect::<Vec<_>>().join(", ")
}

/// What makes all tables: on a cluster two of each, those of the servers and one that is distributed over them.
pub(crate) fn statements(cluster: Option<&Cluster>, is_modern: bool) -> Vec<String> {
    let mut statements = vec![];
    let announced = (
        "kind UInt8, value UInt64".to_owned(),
        "value",
        "ORDER BY kind",
    );
    let mut make = |table: &str, by: &str, (columns, version, tail): (String, &str, &str)| {
        let made = create(
            cluster,
            is_modern,
            (table, by),
            (&columns, ""),
            (version, tail),
        );
        statements.extend(made);
    };
    make(ANNOUNCED, "kind", announced);
    for granularity in Granularity::ALL {
        let partition = partition_seconds(granularity)
            .map(|seconds| format!("PARTITION BY intDiv(period, {seconds}) "))
            .unwrap_or_default();
        let tail = format!("{partition}ORDER BY (period, series, instance, number, chunk, fold)");
        make(
            table(granularity),
            "series",
            (typed_columns(), "version", &tail),
        );
    }
    statements.extend(crate::requests::tables::statements(cluster, is_modern));
    statements
}

/// What makes a table, with its columns, the one that tells which row replaces another, and how it is kept. On a cluster its
/// rows are distributed by a column, and its indexes are those of the servers.
pub(crate) fn create(
    cluster: Option<&Cluster>,
    is_modern: bool,
    (table, by): (&str, &str),
    (columns, indexes): (&str, &str),
    (version, tail): (&str, &str),
) -> Vec<String> {
    let durable = durable(is_modern, tail);
    let Some(cluster) = cluster else {
        return vec![format!(
            "CREATE TABLE IF NOT EXISTS {table} ({columns}{indexes}) ENGINE = ReplacingMergeTree({version}) {tail}{durable}"
        )];
    };
    let on = cluster.on();
    let (local, replicated) = (local(table), cluster.replicated(table));
    let distributed = cluster.distributed(table, by);
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {local}{on} ({columns}{indexes}) \
             ENGINE = ReplicatedReplacingMergeTree({replicated}{version}) {tail}{durable}"
        ),
        format!("CREATE TABLE IF NOT EXISTS {table}{on} ({columns}) ENGINE = {distributed}"),
    ]
}

/// All columns with their types.
fn typed_columns() -> String {
    let mut columns: Vec<String> = Vec::new();
    columns.extend(KEYS.iter().map(|(name, sort)| format!("{name} {sort}")));
    let numbers = SUMS.iter().chain(&LEAST).chain(&GREATEST);
    columns.extend(numbers.map(|name| format!("{name} UInt64")));
    columns.extend(
        LISTS
            .iter()
            .map(|(name, sort)| format!("{name} Array({sort})")),
    );
    columns.join(", ")
}

/// What was acknowledged is on the disk. Old servers don't know how.
fn durable(is_modern: bool, tail: &str) -> &'static str {
    match (is_modern, tail.contains(" SETTINGS ")) {
        (false, _) => "",
        (true, false) => " SETTINGS fsync_after_insert = 1, fsync_part_directory = 1",
        (true, true) => ", fsync_after_insert = 1, fsync_part_directory = 1",
    }
}
