//! The tables of single requests: what is filtered by, and what is shown of one.
//!
//! A row's key is its time and its id. Writing it twice changes nothing: of rows with one key, one of the greatest mark is
//! read. Each day is a partition. Lists are read in the order of the table, newest first, until they are full: of two
//! million rows that took 15 ms, and with the service before the time 141 ms.

use crate::{cluster::Cluster, tables::create};

/// What is filtered by.
pub(crate) const REQUESTS: &str = "api_metrics_requests";
/// What is shown of one request.
pub(crate) const DETAILS: &str = "api_metrics_request_details";
/// The milliseconds of a partition.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// How a column is kept.
const TIME: &str = "Int64";
const ID: &str = "FixedString(16)";
const MARK: &str = "UInt64";
const NAME: &str = "LowCardinality(String)";
const TEXT: &str = "String";
const OPTIONAL_TEXT: &str = "Nullable(String)";
const OPTIONAL_ID: &str = "Nullable(FixedString(16))";
const NUMBER: &str = "Int64";
const OPTIONAL_NUMBER: &str = "Nullable(Int64)";

type Column = (&'static str, &'static str);

/// What is read of the first table, in the order in which rows are encoded.
pub(crate) const LIST: [Column; 23] = [
    ("at_ms", TIME),
    ("id", ID),
    ("mark", MARK),
    ("service", NAME),
    ("environment", NAME),
    ("version", NAME),
    ("protocol", NAME),
    ("method", NAME),
    ("endpoint", NAME),
    ("source", NAME),
    ("api_key", OPTIONAL_TEXT),
    ("status", "Nullable(UInt16)"),
    ("counted", "UInt16"),
    ("outcome", NAME),
    ("latency_us", OPTIONAL_NUMBER),
    ("weight", NUMBER),
    ("reason", NAME),
    ("group_id", OPTIONAL_NUMBER),
    ("trace_id", OPTIONAL_ID),
    ("user_id", OPTIONAL_TEXT),
    ("levels", "UInt8"),
    ("country", OPTIONAL_TEXT),
    ("address", OPTIONAL_ID),
];
/// What is written after it.
pub(crate) const WORDS: [Column; 2] = [("words", TEXT), ("shown_words", OPTIONAL_TEXT)];

/// What is read of the second table.
pub(crate) const DETAIL: [Column; 19] = [
    ("id", ID),
    ("instance", ID),
    ("path", TEXT),
    ("user_agent", OPTIONAL_TEXT),
    ("request_id", OPTIONAL_TEXT),
    ("span_id", OPTIONAL_TEXT),
    ("error_type", OPTIONAL_TEXT),
    ("message", OPTIONAL_TEXT),
    ("ttfb_us", OPTIONAL_NUMBER),
    ("queue_wait_us", OPTIONAL_NUMBER),
    ("request_bytes", NUMBER),
    ("response_bytes", NUMBER),
    ("fields", OPTIONAL_TEXT),
    ("lines", OPTIONAL_TEXT),
    ("lines_left_out", NUMBER),
    ("region", OPTIONAL_TEXT),
    ("city", OPTIONAL_TEXT),
    ("latitude", OPTIONAL_NUMBER),
    ("longitude", OPTIONAL_NUMBER),
];
/// What is written after it: the snapshot, the key's other part, and by what rows are erased.
pub(crate) const BESIDE: [Column; 6] = [
    ("snapshot", OPTIONAL_TEXT),
    ("at_ms", TIME),
    ("mark", MARK),
    ("api_key", OPTIONAL_TEXT),
    ("user_id", OPTIONAL_TEXT),
    ("address", OPTIONAL_ID),
];

/// The indexes of the first table: what few rows have is found without a look at the others.
const INDEXES: &str = ", INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1, \
    INDEX by_key api_key TYPE bloom_filter(0.01) GRANULARITY 1, \
    INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1, \
    INDEX by_group group_id TYPE bloom_filter(0.01) GRANULARITY 1, \
    INDEX by_address address TYPE bloom_filter(0.01) GRANULARITY 1, \
    INDEX by_source source TYPE bloom_filter(0.01) GRANULARITY 1, \
    INDEX by_word words TYPE tokenbf_v1(65536, 3, 0) GRANULARITY 1";

/// Names of columns, with commas between.
pub(crate) fn names(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// What makes the tables. Servers of before get them without indexes.
pub(crate) fn statements(cluster: Option<&Cluster>, is_modern: bool) -> Vec<String> {
    let typed = |columns: &[&[Column]]| {
        let columns: Vec<_> = columns.concat().iter().map(typed_column).collect();
        let columns = columns.join(", ");
        if is_modern {
            columns
        } else {
            columns.replace(NAME, TEXT)
        }
    };
    let indexes = if is_modern { INDEXES } else { "" };
    let by_day = format!("PARTITION BY intDiv(at_ms, {DAY_MS}) ORDER BY (at_ms, id)");
    // Of details few rows are read at a time, all over a day.
    let details = format!("{by_day} SETTINGS index_granularity = 256");
    let mut statements = Vec::new();
    for (table, columns, indexes, tail) in [
        (REQUESTS, typed(&[&LIST, &WORDS]), indexes, by_day),
        (DETAILS, typed(&[&DETAIL, &BESIDE]), "", details),
    ] {
        statements.extend(create(
            cluster,
            is_modern,
            (table, "intHash64(at_ms)"),
            (&columns, indexes),
            ("mark", &tail),
        ));
    }
    statements
}

fn typed_column((name, sort): &Column) -> String {
    format!("{name} {sort}")
}
