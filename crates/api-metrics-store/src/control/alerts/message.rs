//! The message of an alert: one sentence with what is watched, the value, what it was before, the
//! threshold, the window and the number of requests.
//!
//! | case | example |
//! |---|---|
//! | a rise | `Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests` |
//! | a fall | `Request volume dropped from 12,500 to 3 (threshold 1,000) over 5 min, 3 requests` |
//! | no value before | `p99.9 response time is 750 ms (threshold 500 ms) over 1 h, 10 requests` |
//! | a unit | `Sum of tokens for POST /chat jumped from 80,000 to 1,200,000 (threshold 1,000,000) over 1 h, 312 requests` |
//! | a rate limit | `Key 'render-farm' is at 82/100 req/min, 82.0% (threshold 80%) over 5 min, 301 requests` |
//! | a burn rate | `Burn rate of 99.9% availability jumped from 0.5× to 20× (threshold 14.4×) over 1 h, 1,204 requests` |
//! | our own health | `Flush lag is 42 s (threshold 30 s) over 5 min, worst: shop on web-2 (0f3a8c21)` |
//! | a release | `Release 2.4.0 of shop in production: 5xx are 1.6 points above 2.3.1 (threshold 1 point) within 2 h of its first request, 1,204 requests` |
//! | an end | `Resolved: Error rate is back at 0.8% (threshold 10%) after 12 min` |
//!
//! Messages are for people and are stored with the event: a later release may word new ones
//! differently.
//!
//! Numbers have at most two decimals: none from 100 on, one from 10 on, two below;
//! measured percentages have one. A measured value never reads like the threshold that it breaches:
//! 10.04% at a threshold of 10% is written as 10.040%.

use super::{AlertSpec, AlertType, Comparison, measure::Measured};
use crate::{
    control::text::{bytes, count, minutes},
    text::escaped,
};

/// The key's name, where the message is about one key.
pub(super) type Label<'a> = Option<&'a str>;

/// The message of a rule that fires. `before` is the value of the window before.
///
/// `before` is named only where the value has moved in the direction of the breach.
pub(super) fn fired(
    spec: &AlertSpec,
    measured: &Measured,
    before: Option<f64>,
    key: Label<'_>,
) -> String {
    let value = measured.value.unwrap_or_default();
    let tail = format!(
        "(threshold {}) over {}{}",
        amount(spec, spec.threshold, false),
        minutes(spec.window_minutes),
        made_of(spec, measured),
    );
    if let (Some((_, made, limit)), Some(key)) = (measured.peak, key) {
        return format!(
            "Key '{}' is at {}/{} req/min, {} {tail}",
            escaped(key),
            count(made),
            count(limit),
            amount(spec, value, true),
        );
    }
    if let Some(release) = &measured.release {
        return format!(
            "Release {} of {} in {}: {} {} above {} (threshold {}) within {} of its first request, {}",
            escaped(&release.version),
            escaped(&release.service),
            escaped(&release.environment),
            regressed(spec, "5xx are", "is"),
            amount(spec, value, true),
            escaped(&release.previous),
            amount(spec, spec.threshold, false),
            minutes(spec.window_minutes),
            requests(measured.requests),
        );
    }
    if let Some((rate, baseline)) = measured.rate {
        let verb = if spec.alert_type == AlertType::Anomaly {
            "are at"
        } else {
            "is at"
        };
        let (now, usual) = compared(spec, rate, baseline.median);
        return format!(
            "{} {now}, usually {usual} at this hour of the week: {} {tail}",
            subject(spec, measured, key, verb),
            amount(spec, value, true),
        );
    }
    let upward = spec.comparison.is_upward();
    let change = match before {
        Some(before) if upward && before < value => {
            format!("jumped from {} to", amount(spec, before, true))
        }
        Some(before) if !upward && before > value => {
            format!("dropped from {} to", amount(spec, before, true))
        }
        _ => "is".into(),
    };
    format!(
        "{} {} {tail}",
        subject(spec, measured, key, &change),
        amount(spec, value, true)
    )
}

/// The message of a rule that is resolved, `seconds` after it fired.
pub(super) fn resolved(
    spec: &AlertSpec,
    measured: &Measured,
    seconds: i64,
    key: Label<'_>,
) -> String {
    let lasted = minutes(u32::try_from(seconds.max(0) / 60).unwrap_or(u32::MAX));
    let threshold = amount(spec, spec.threshold, false);
    match measured.value {
        Some(value) => format!(
            "Resolved: {} {} (threshold {threshold}) after {lasted}",
            subject(spec, measured, key, "is back at"),
            amount(spec, value, true),
        ),
        None if spec.alert_type.is_health() => format!(
            "Resolved: {} judged{} (threshold {threshold}) after {lasted}",
            subject(spec, measured, key, "can't be"),
            made_of(spec, measured),
        ),
        None => format!(
            "Resolved: {} judged with {} in {} (threshold {threshold}) after {lasted}",
            subject(spec, measured, key, "can't be"),
            requests(measured.requests),
            minutes(spec.window_minutes),
        ),
    }
}

/// What the rule looks at, then `verb`.
///
/// Names the endpoint with its method, the service, and the key where the rule watches one.
fn subject(spec: &AlertSpec, measured: &Measured, key: Label<'_>, verb: &str) -> String {
    let mut text = match (spec.alert_type, spec.quantile) {
        (AlertType::ErrorRate | AlertType::AnomalyErrors, _) => "Error rate".to_owned(),
        (AlertType::ResponseTime | AlertType::AnomalyLatency, Some(q)) => {
            format!("p{} response time", number(q * 100.0))
        }
        (AlertType::ResponseTime | AlertType::AnomalyLatency, None) => {
            "Average response time".into()
        }
        (AlertType::RateLimit, _) => "Rate limit utilization".into(),
        (AlertType::RequestVolume, _) => "Request volume".into(),
        (AlertType::Bandwidth | AlertType::AnomalyBandwidth, _) => "Bandwidth".into(),
        (AlertType::BurnRate, _) => burning(spec),
        (AlertType::ReleaseRegression, _) => {
            regressed(spec, "5xx after a release", "after a release")
        }
        (AlertType::Unit, _) => {
            let unit = spec.unit.as_deref().unwrap_or_default();
            format!("Sum of {}", escaped(unit))
        }
        (AlertType::Anomaly, _) => "Requests".into(),
        (AlertType::StoreUnreachable, _) => "Time without the store".into(),
        (AlertType::FlushLag, _) => "Flush lag".into(),
        (AlertType::AnswerTime | AlertType::QueryTime, of) => {
            let what = match spec.alert_type {
                AlertType::AnswerTime => "time of api-metrics' own answers",
                _ => "time of queries of the store",
            };
            match of {
                Some(q) => format!("p{} {what}", number(q * 100.0)),
                None => format!("Average {what}"),
            }
        }
        (AlertType::OpenStreams, _) => "Number of open streams".into(),
        (AlertType::DroppedLogRows, _) => "Number of requests dropped by the log".into(),
        (AlertType::CacheHitRate, _) => "Cache hit rate".into(),
    };
    if let Some(endpoint) = &spec.endpoint {
        text.push_str(" for ");
        if let Some(method) = &measured.method
            && !endpoint.starts_with(method.as_str())
        {
            text.push_str(&escaped(method));
            text.push(' ');
        }
        text.push_str(&escaped(endpoint));
    }
    if let Some(service) = &spec.service {
        text.push_str(" of ");
        text.push_str(&escaped(service));
    }
    if let Some(environment) = &spec.environment {
        text.push_str(" in ");
        text.push_str(&escaped(environment));
    }
    if let (Some(key), true) = (key, spec.api_key_id.is_some()) {
        text.push_str(" by key '");
        text.push_str(&escaped(key));
        text.push('\'');
    }
    text.push(' ');
    text.push_str(verb);
    text
}

/// A value in the unit of the rule. Measured percentages have one decimal, thresholds what was set.
fn amount(spec: &AlertSpec, value: f64, measured: bool) -> String {
    match spec.alert_type {
        AlertType::ErrorRate | AlertType::RateLimit | AlertType::CacheHitRate if measured => {
            // What breaches must not read as if it did not: 10.04% is not 10.0%.
            let shown = format!("{value:.1}");
            let same = shown.parse::<f64>().is_ok_and(|s| {
                s == spec.threshold && value != spec.threshold && holds(spec.comparison, value, s)
            });
            if same {
                format!("{value:.3}%")
            } else {
                format!("{shown}%")
            }
        }
        AlertType::ErrorRate | AlertType::RateLimit | AlertType::CacheHitRate => {
            format!("{}%", number(value))
        }
        AlertType::ResponseTime | AlertType::AnswerTime | AlertType::QueryTime => {
            format!("{} ms", number(value))
        }
        AlertType::StoreUnreachable | AlertType::FlushLag => format!("{} s", number(value)),
        AlertType::RequestVolume
        | AlertType::Unit
        | AlertType::OpenStreams
        | AlertType::DroppedLogRows => count(value.max(0.0) as u64),
        AlertType::Bandwidth => bytes(value.max(0.0) as u64),
        AlertType::Anomaly
        | AlertType::AnomalyErrors
        | AlertType::AnomalyLatency
        | AlertType::AnomalyBandwidth => format!("{} deviations", number(value)),
        AlertType::BurnRate => format!("{}×", number(value)),
        AlertType::ReleaseRegression if spec.quantile.is_some() => format!("{}%", number(value)),
        AlertType::ReleaseRegression if value == 1.0 => "1 point".into(),
        AlertType::ReleaseRegression => format!("{} points", number(value)),
    }
}

/// What an anomaly compares: the value of the window with its unit, and what is usual.
fn compared(spec: &AlertSpec, rate: f64, median: f64) -> (String, String) {
    match spec.alert_type {
        AlertType::AnomalyErrors => (format!("{rate:.1}%"), format!("{median:.1}%")),
        AlertType::AnomalyLatency => (
            format!("{} ms", number(rate)),
            format!("{} ms", number(median)),
        ),
        AlertType::AnomalyBandwidth => (
            format!("{}/min", bytes(rate.max(0.0) as u64)),
            format!("{}/min", bytes(median.max(0.0) as u64)),
        ),
        _ => (format!("{} req/min", number(rate)), number(median)),
    }
}

/// What a rule over releases compares, with a verb for either.
fn regressed(spec: &AlertSpec, errors: &str, latency: &str) -> String {
    match spec.quantile {
        Some(q) => format!("p{} response time {latency}", number(q * 100.0)),
        None => errors.to_owned(),
    }
}

/// `Burn rate of 99.9% within 303 ms`
fn burning(spec: &AlertSpec) -> String {
    let Some(aim) = spec.aim else {
        return "Burn rate".into();
    };
    // Four decimals are all that a target has.
    let target = f64::from(aim.target_ppm) / 1e4;
    match aim.indicator.threshold_us() {
        Some(us) => format!(
            "Burn rate of {target}% within {} ms",
            number(us as f64 / 1e3)
        ),
        None => format!("Burn rate of {target}% availability"),
    }
}

/// Whether `value` breaches `threshold`.
fn holds(comparison: Comparison, value: f64, threshold: f64) -> bool {
    comparison.holds(value, threshold)
}

/// What the value is made of: `, 1,204 requests`; of our own health `, 412 answers` or `, worst: shop on web-2 (0f3a8c21)`.
fn made_of(spec: &AlertSpec, measured: &Measured) -> String {
    if !spec.alert_type.is_health() {
        return format!(", {}", requests(measured.requests));
    }
    match (spec.alert_type.counted(), &measured.instance) {
        (Some((one, _)), _) if measured.requests == 1 => format!(", 1 {one}"),
        (Some((_, many)), _) => format!(", {} {many}", count(measured.requests)),
        (None, Some(instance)) => format!(", worst: {instance}"),
        (None, None) => String::new(),
    }
}

/// `1 request`, `1,204 requests`.
fn requests(n: u64) -> String {
    if n == 1 {
        "1 request".into()
    } else {
        format!("{} requests", count(n))
    }
}

/// With as many decimals as its size deserves, at most two, and none that say nothing.
fn number(value: f64) -> String {
    let decimals = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else if value.abs() >= 1_000.0 && value >= 0.0 {
        count(value.round() as u64)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::alerts::baseline::Baseline;

    fn spec(alert_type: AlertType, comparison: Comparison, threshold: f64) -> AlertSpec {
        AlertSpec::new("rule", alert_type, comparison, threshold)
    }

    fn measured(value: f64, requests: u64) -> Measured {
        Measured {
            value: Some(value),
            requests,
            method: Some("GET".into()),
            ..Measured::default()
        }
    }

    #[test]
    fn an_error_rate_names_the_endpoint_the_jump_the_threshold_and_the_requests() {
        let mut spec = spec(AlertType::ErrorRate, Comparison::Gt, 10.0);
        spec.endpoint = Some("/api/segments".into());
        assert_eq!(
            fired(&spec, &measured(15.2, 1_204), Some(1.0), None),
            "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests"
        );
        assert_eq!(
            fired(&spec, &measured(15.2, 1), None, None),
            "Error rate for GET /api/segments is 15.2% (threshold 10%) over 5 min, 1 request"
        );
        assert_eq!(
            fired(&spec, &measured(10.04, 5_000), None, None),
            "Error rate for GET /api/segments is 10.040% (threshold 10%) over 5 min, 5,000 requests"
        );
        spec.endpoint = Some("GET /api/*".into());
        spec.service = Some("shop".into());
        assert_eq!(
            resolved(&spec, &measured(0.84, 900), 720, None),
            "Resolved: Error rate for GET /api/* of shop is back at 0.8% (threshold 10%) after 12 min"
        );
        let silent = Measured {
            value: None,
            requests: 0,
            ..Measured::default()
        };
        assert_eq!(
            resolved(&spec, &silent, 60, None),
            "Resolved: Error rate for GET /api/* of shop can't be judged with 0 requests in 5 min (threshold 10%) after 1 min"
        );
    }

    #[test]
    fn what_traffic_brings_stays_within_its_line() {
        let mut near = spec(AlertType::RateLimit, Comparison::Gte, 80.0);
        let at = Measured {
            peak: Some((3, 82, 100)),
            ..measured(82.0, 301)
        };
        let text = fired(&near, &at, None, Some("farm\nERROR leaked\u{202e}"));
        assert!(
            text.starts_with(r"Key 'farm\nERROR leaked\u{202e}' is at 82/100"),
            "{text}"
        );
        near.alert_type = AlertType::ErrorRate;
        near.endpoint = Some("/x\u{1b}[31m".into());
        near.service = Some("shop\r".into());
        near.api_key_id = Some(3);
        for text in [
            fired(&near, &measured(90.0, 3), None, Some("a\u{7}")),
            resolved(&near, &measured(1.0, 3), 60, Some("a\u{7}")),
        ] {
            assert!(crate::text::is_plain(&text), "{text:?}");
        }
    }

    #[test]
    fn a_release_is_named_with_the_version_before() {
        let mut spec = spec(AlertType::ReleaseRegression, Comparison::Gte, 1.0);
        spec.window_minutes = 120;
        let mut at = measured(1.6, 1_204);
        at.release = Some(crate::control::releases::MeasuredRelease {
            service: "shop".into(),
            environment: "production".into(),
            version: "2.4.0\n".into(),
            previous: "2.3.1".into(),
        });
        assert_eq!(
            fired(&spec, &at, None, None),
            "Release 2.4.0\\n of shop in production: 5xx are 1.6 points above 2.3.1 (threshold 1 point) within 2 h of \
             its first request, 1,204 requests"
        );
        (spec.quantile, spec.threshold) = (Some(0.95), 20.0);
        let text = fired(&spec, &at, None, None);
        assert!(
            text.contains("p95 response time is 1.6% above 2.3.1 (threshold 20%)"),
            "{text}"
        );
        assert_eq!(
            resolved(&spec, &measured(0.0, 900), 720, None),
            "Resolved: p95 response time after a release is back at 0% (threshold 20%) after 12 min"
        );
    }

    #[test]
    fn each_type_has_its_unit() {
        let mut slow = spec(AlertType::ResponseTime, Comparison::Gte, 500.0);
        slow.quantile = Some(0.95);
        slow.window_minutes = 60;
        assert_eq!(
            fired(&slow, &measured(1_234.4, 10), Some(80.52), None),
            "p95 response time jumped from 80.5 ms to 1,234 ms (threshold 500 ms) over 1 h, 10 requests"
        );
        slow.quantile = Some(0.999);
        slow.api_key_id = Some(7);
        assert_eq!(
            fired(
                &slow,
                &measured(750.0, 10),
                Some(900.0),
                Some("render-farm")
            ),
            "p99.9 response time by key 'render-farm' is 750 ms (threshold 500 ms) over 1 h, 10 requests"
        );
        let quiet = spec(AlertType::RequestVolume, Comparison::Lt, 1_000.0);
        assert_eq!(
            fired(&quiet, &measured(3.0, 3), Some(12_500.0), None),
            "Request volume dropped from 12,500 to 3 (threshold 1,000) over 5 min, 3 requests"
        );
        let wide = spec(AlertType::Bandwidth, Comparison::Gt, 1e9);
        assert_eq!(
            fired(&wide, &measured(2.5e9, 40), None, None),
            "Bandwidth is 2.5 GB (threshold 1 GB) over 5 min, 40 requests"
        );
    }

    #[test]
    fn a_rate_limit_names_the_key_and_where_it_stands() {
        let near = spec(AlertType::RateLimit, Comparison::Gte, 80.0);
        let at = Measured {
            peak: Some((3, 82, 100)),
            ..measured(82.0, 301)
        };
        assert_eq!(
            fired(&near, &at, Some(10.0), Some("render-farm")),
            "Key 'render-farm' is at 82/100 req/min, 82.0% (threshold 80%) over 5 min, 301 requests"
        );
    }

    #[test]
    fn our_own_health_names_what_was_counted_or_the_worst_process() {
        let mut slow = spec(AlertType::AnswerTime, Comparison::Gt, 200.0);
        slow.quantile = Some(0.95);
        assert_eq!(
            fired(&slow, &measured(640.0, 412), Some(80.0), None),
            "p95 time of api-metrics' own answers jumped from 80 ms to 640 ms (threshold 200 ms) over 5 min, 412 answers"
        );
        let few = spec(AlertType::CacheHitRate, Comparison::Lt, 80.0);
        assert_eq!(
            fired(&few, &measured(12.0, 1), None, None),
            "Cache hit rate is 12.0% (threshold 80%) over 5 min, 1 lookup"
        );
        let cut = spec(AlertType::StoreUnreachable, Comparison::Gt, 60.0);
        let worst = Measured {
            instance: Some("shop on web-2 (0f3a8c21)".into()),
            ..measured(75.5, 10)
        };
        assert_eq!(
            fired(&cut, &worst, Some(0.0), None),
            "Time without the store jumped from 0 s to 75.5 s (threshold 60 s) over 5 min, worst: shop on web-2 (0f3a8c21)"
        );
        assert_eq!(
            resolved(&cut, &measured(0.0, 10), 300, None),
            "Resolved: Time without the store is back at 0 s (threshold 60 s) after 5 min"
        );
        let silent = Measured::default();
        assert_eq!(
            resolved(&slow, &silent, 60, None),
            "Resolved: p95 time of api-metrics' own answers can't be judged, 0 answers (threshold 200 ms) after 1 min"
        );
    }

    #[test]
    fn an_anomaly_says_what_is_usual() {
        let odd = spec(AlertType::Anomaly, Comparison::Gt, 4.0);
        let baseline = Baseline {
            median: 120.0,
            spread: 30.0,
        };
        let at = Measured {
            rate: Some((412.0, baseline)),
            ..measured(9.733, 2_060)
        };
        assert_eq!(
            fired(&odd, &at, None, None),
            "Requests are at 412 req/min, usually 120 at this hour of the week: 9.73 deviations (threshold 4 deviations) \
             over 5 min, 2,060 requests"
        );
    }
}
