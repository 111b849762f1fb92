//! Sizes of scenarios: small in `tests/run`, full in `tests/long`.

/// `full` where the variable `TESTS_LONG` is set, as `tests/long` does, else `short`.
#[must_use]
pub fn sized<T>(full: T, short: T) -> T {
    if std::env::var_os("TESTS_LONG").is_some() {
        full
    } else {
        short
    }
}
