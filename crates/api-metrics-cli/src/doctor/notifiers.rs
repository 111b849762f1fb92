//! Whether notices arrive: a test is sent to each notifier that the environment names.

use api_metrics::store::control::notify::Notice;
use serde_json::json;
use uuid::Uuid;

use super::{Check, Verdict};

/// Sends a test to each.
pub(super) async fn look(sends: bool, checks: &mut Vec<Check>) {
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let mut found = false;
    for (variable, notifier) in api_metrics::notifiers_of(&set) {
        // Anything but the one that says yes or no holds a secret.
        if let Some(value) = set(variable).filter(|_| !variable.ends_with("PRIVATE")) {
            crate::terminal::hide_all(&value);
        }
        found = true;
        let notifier = match notifier {
            Ok(notifier) => notifier,
            Err(error) => {
                let check = Check::new("notifier", Verdict::Bad, error.to_string());
                checks.push(check.advise(format!("correct {variable}")));
                continue;
            }
        };
        let name = notifier.channel().to_owned();
        if !sends {
            checks.push(Check::good(
                name,
                format!("{variable} is well formed; no test was sent"),
            ));
            continue;
        }
        let Some(notice) = test_notice() else {
            continue;
        };
        checks.push(match notifier.notify(&notice).await {
            Ok(()) => Check::good(name, "a test notice was taken"),
            Err(error) => Check::new(name, Verdict::Bad, format!("a test notice was refused: {error}"))
                .advise("look whether the receiver is up, and whether its URL and secret are those set here"),
        });
    }
    if !found {
        let check = Check::new(
            "notifiers",
            Verdict::Odd,
            "none is set: alerts reach the log alone",
        );
        checks.push(check.advise(
            "set API_METRICS_WEBHOOK_URL, API_METRICS_SLACK_WEBHOOK_URL or another one of docs/alerts.md, unless the \
             service has notifiers of its own",
        ));
    }
}

/// A notice that says of itself that it is a test.
fn test_notice() -> Option<Notice> {
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    serde_json::from_value(json!({
        "id": Uuid::new_v4(),
        "kind": "test",
        "at": at,
        "severity": "low",
        "title": "Test of api-metrics doctor",
        "message": "This is a test of api-metrics doctor: notices arrive here.",
        "eventId": null,
        "rule": null,
        "apiKey": null,
        "tenantId": null,
        "value": null,
        "threshold": 0.0,
    }))
    .ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_a_test_to_send() {
        assert!(super::test_notice().is_some());
    }
}
