//! Whether notices arrive: a test is sent to each notifier that the environment names.

use api_metrics::store::control::notify::{
    Notice, Notifier, WebhookError, WebhookNotifier, WebhookOptions,
};
use serde_json::json;
use uuid::Uuid;

use super::{Check, Verdict};

/// Sends a test to the webhook and to Slack, where they are set.
pub(super) async fn look(sends: bool, checks: &mut Vec<Check>) {
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let mut options = WebhookOptions::default();
    options.allow_private =
        set("API_METRICS_WEBHOOK_ALLOW_PRIVATE").is_some_and(|text| text == "true" || text == "1");
    let mut signed = options.clone();
    signed.secret = set("API_METRICS_WEBHOOK_SECRET");
    let mut found = false;
    type Make = fn(&str, WebhookOptions) -> Result<WebhookNotifier, WebhookError>;
    let notifiers: [(&str, &str, Make, WebhookOptions); 2] = [
        (
            "webhook",
            "API_METRICS_WEBHOOK_URL",
            WebhookNotifier::new,
            signed,
        ),
        (
            "slack",
            "API_METRICS_SLACK_WEBHOOK_URL",
            WebhookNotifier::slack,
            options,
        ),
    ];
    for (name, variable, make, options) in notifiers {
        let Some(url) = set(variable) else { continue };
        crate::terminal::hide_all(&url);
        found = true;
        let notifier = match make(&url, options) {
            Ok(notifier) => notifier,
            Err(error) => {
                let check = Check::new(name, Verdict::Bad, format!("{variable}: {error}"));
                checks.push(check.advise(format!("correct {variable}")));
                continue;
            }
        };
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
            "set API_METRICS_WEBHOOK_URL or API_METRICS_SLACK_WEBHOOK_URL, unless the service has notifiers \
             of its own",
        ));
    }
}

/// A notice that says of itself that it is a test.
fn test_notice() -> Option<Notice> {
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    serde_json::from_value(json!({
        "id": Uuid::new_v4(),
        "kind": "alert.fired",
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
