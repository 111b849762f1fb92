//! Everything that reads what others wrote, as functions of arbitrary bytes that panic where a promise
//! is broken. `tests/run` replays `corpus/` through them; `tests/fuzz` looks for more.
#![forbid(unsafe_code)]

use std::time::{Duration, SystemTime};

use api_metrics_cli::format::{Format, LineOptions, NAMES, parse_line};
use api_metrics_routes::fuzzing as routes;
use api_metrics_store::fuzzing as store;

/// A target by its name, which is also that of its folder in `corpus/`.
pub type Target = (&'static str, fn(&[u8]));

/// The targets that are no part of the store.
const OTHERS: [Target; 8] = [
    ("access_log_line", access_log_line),
    (
        "copied_requests",
        api_metrics_clickhouse::fuzzing::single_requests,
    ),
    ("copied_sums", api_metrics_clickhouse::fuzzing::parts),
    ("cursor", routes::cursor),
    ("jwt", routes::jwt),
    ("otlp", routes::otlp),
    ("query_string", routes::query_string),
    ("report", routes::report),
];

/// All targets.
pub fn targets() -> impl Iterator<Item = Target> {
    OTHERS.into_iter().chain(store::TARGETS)
}

/// Runs one target, for the fuzzer.
///
/// # Panics
/// Where the target finds a broken promise, and where there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = targets().find(|(known, _)| *known == name);
    let Some((_, target)) = target else {
        panic!("no target is called {name}");
    };
    target(data);
}

/// A line of an access log: what any format reads of it is a request that the recorder can take.
fn access_log_line(data: &[u8]) {
    let reading = LineOptions::default();
    for (name, _) in NAMES {
        let Ok(format) = Format::named_or_written(name) else {
            panic!("{name} is a format");
        };
        let Ok(entry) = parse_line(&format, data, &reading) else {
            continue;
        };
        assert!(!entry.path.is_empty(), "a path has at least a slash");
        assert!(!entry.path.contains(['?', '#']), "{name}: {}", entry.path);
        assert!(
            entry.method == "_OTHER"
                || data
                    .windows(entry.method.len())
                    .any(|word| word == entry.method.as_bytes())
        );
        assert!(
            entry
                .status
                .is_none_or(|status| (100..=999).contains(&status) && status != 499)
        );
        assert!(
            entry
                .latency
                .is_none_or(|latency| latency <= reading.max_time)
        );
        let year_one = Duration::from_secs(400_000 * 366 * 86_400);
        assert!(entry.finished_at > SystemTime::UNIX_EPOCH - year_one);
    }
}
