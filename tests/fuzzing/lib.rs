//! Everything that reads what others wrote, as functions of arbitrary bytes that panic where a promise
//! is broken. `tests/run` replays `corpus/` through them; `tests/fuzz` looks for more.
#![forbid(unsafe_code)]

#[path = "../../examples/import_access_log/line.rs"]
mod line;

use std::time::{Duration, SystemTime};

use api_metrics_routes::fuzzing as routes;
use api_metrics_store::fuzzing as store;
use line::Line;

/// A target by its name, which is also that of its folder in `corpus/`.
pub type Target = (&'static str, fn(&[u8]));

/// The targets that are no part of the store.
const OTHERS: [Target; 4] = [
    ("access_log_line", access_log_line),
    ("cursor", routes::cursor),
    ("jwt", routes::jwt),
    ("query_string", routes::query_string),
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

/// A line of an access log: what is read is a request that the recorder can take.
fn access_log_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(line) = Line::parse(text) else { return };
    assert!(!line.path.is_empty(), "a path has at least a slash");
    assert!(
        !line.path.contains(['?', '#', '"', ' ']) || text.contains("\\\""),
        "{}",
        line.path
    );
    assert!(line.method == "_OTHER" || text.contains(line.method));
    assert!(
        line.status
            .is_none_or(|status| (100..=999).contains(&status) && status != 499)
    );
    assert!(
        line.latency
            .is_none_or(|latency| latency <= Duration::from_secs(u64::MAX))
    );
    let year_one = Duration::from_secs(400_000 * 366 * 86_400);
    assert!(line.finished_at > SystemTime::UNIX_EPOCH - year_one);
    assert!(
        line.response_bytes == 0
            || text.contains(&line.response_bytes.to_string())
            || text.contains("+")
            || text.contains("0")
    );
    // The same line with an end of line, as files have it.
    assert_eq!(Line::parse(&format!("{text}\n")).as_ref(), Ok(&line));
}
