//! The rules over our own health that nobody has to make.

use crate::control::alerts::{AlertSpec, AlertType, Comparison, Severity};

/// Who made them, for the audit trail.
pub(super) const BY: &str = "api-metrics";

/// By the name of their mark, which never changes.
///
/// | mark | fires where |
/// |---|---|
/// | `answers` | 95% of at least 20 own answers took up to more than 200 ms over 10 minutes |
/// | `queries` | 95% of at least 20 queries took up to more than 500 ms over 10 minutes |
/// | `streams` | a process had more than 1,000 streams open |
/// | `cache` | less than 80% of at least 5,000 lookups of an hour were hits |
///
/// Without their minimums they would fire whenever one person looks at one page: a single slow answer of a few is above
/// the 95th percentile, and a single browser asks for something else each time, which no cache can know.
pub(super) fn rules() -> [(&'static str, AlertSpec); 4] {
    let rule = |name: &str, of, comparison, threshold: f64, minutes| {
        let mut spec = AlertSpec::new(name, of, comparison, threshold);
        spec.window_minutes = minutes;
        spec.cooldown_minutes = 60;
        spec.severity = Severity::Low;
        spec
    };
    let slow = |name, of, threshold| {
        let mut spec = rule(name, of, Comparison::Gt, threshold, 10);
        spec.quantile = Some(0.95);
        spec.min_requests = 20;
        spec.severity = Severity::Medium;
        spec
    };
    let streams = rule(
        "api-metrics: many open streams",
        AlertType::OpenStreams,
        Comparison::Gt,
        1_000.0,
        5,
    );
    let mut cache = rule(
        "api-metrics: few cache hits",
        AlertType::CacheHitRate,
        Comparison::Lt,
        80.0,
        60,
    );
    cache.min_requests = 5_000;
    [
        (
            "answers",
            slow("api-metrics: slow answers", AlertType::AnswerTime, 200.0),
        ),
        (
            "queries",
            slow("api-metrics: slow queries", AlertType::QueryTime, 500.0),
        ),
        ("streams", streams),
        ("cache", cache),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_can_be_evaluated() {
        for (name, spec) in rules() {
            assert!(spec.validate().is_ok(), "{name}");
        }
    }
}
