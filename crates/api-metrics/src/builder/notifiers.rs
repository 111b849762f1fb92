//! The notifiers that the environment names.

use std::sync::Arc;

use api_metrics_store::control::notify::Notifier;

#[cfg(feature = "webhook")]
use super::environment;
use super::environment::Lookup;
use crate::StartError;

/// All variables that are read here.
pub(super) const VARIABLES: [&str; 13] = [
    "API_METRICS_WEBHOOK_URL",
    "API_METRICS_WEBHOOK_SECRET",
    "API_METRICS_WEBHOOK_ALLOW_PRIVATE",
    "API_METRICS_SLACK_WEBHOOK_URL",
    "API_METRICS_TEAMS_WEBHOOK_URL",
    "API_METRICS_DISCORD_WEBHOOK_URL",
    "API_METRICS_PAGERDUTY_ROUTING_KEY",
    "API_METRICS_PAGERDUTY_URL",
    "API_METRICS_OPSGENIE_API_KEY",
    "API_METRICS_OPSGENIE_URL",
    "API_METRICS_SMTP_URL",
    "API_METRICS_SMTP_FROM",
    "API_METRICS_SMTP_TO",
];

/// A notifier that a variable names, or why there is none.
pub type NamedNotifier = (&'static str, Result<Arc<dyn Notifier>, StartError>);

/// The notifiers that environment variables name, each with its variable: what
/// [`Builder::start`](crate::Builder::start) adds to those of the code.
///
/// | variable | notifier | feature |
/// |---|---|---|
/// | `API_METRICS_WEBHOOK_URL`, signed with `API_METRICS_WEBHOOK_SECRET` | a webhook | `webhook` |
/// | `API_METRICS_SLACK_WEBHOOK_URL` | Slack, or what takes the same | `webhook` |
/// | `API_METRICS_TEAMS_WEBHOOK_URL` | a workflow of Microsoft Teams | `webhook` |
/// | `API_METRICS_DISCORD_WEBHOOK_URL` | Discord | `webhook` |
/// | `API_METRICS_PAGERDUTY_ROUTING_KEY`, at `API_METRICS_PAGERDUTY_URL` | PagerDuty | `webhook` |
/// | `API_METRICS_OPSGENIE_API_KEY`, at `API_METRICS_OPSGENIE_URL` | Opsgenie | `webhook` |
/// | `API_METRICS_SMTP_URL`, from `API_METRICS_SMTP_FROM` to `API_METRICS_SMTP_TO` | e-mail | `smtp` |
///
/// `API_METRICS_WEBHOOK_ALLOW_PRIVATE=true` lets webhooks connect to private addresses. A variable that needs a feature which
/// is off is an error, or alerts would go nowhere at the first outage.
///
/// `variables` answers the value of a variable; an empty one counts as unset.
///
/// ```
/// let set = |name: &str| (name == "API_METRICS_PAGERDUTY_ROUTING_KEY").then(|| "R0123456789".to_owned());
/// for (variable, notifier) in api_metrics::notifiers_of(&set) {
///     match notifier {
///         Ok(notifier) => assert_eq!(notifier.channel(), "pagerduty"),
///         Err(error) => println!("{variable}: {error}"),
///     }
/// }
/// ```
pub fn notifiers_of(variables: &dyn Fn(&str) -> Option<String>) -> Vec<NamedNotifier> {
    named_by(&|name| variables(name).filter(|value| !value.is_empty()))
}

/// Those that `variables` name.
pub(super) fn named_by(variables: Lookup<'_>) -> Vec<NamedNotifier> {
    let mut found = Vec::new();
    webhooks(variables, &mut found);
    mails(variables, &mut found);
    found
}

/// Webhooks, chats and pagers.
#[cfg(feature = "webhook")]
fn webhooks(variables: Lookup<'_>, found: &mut Vec<NamedNotifier>) {
    use api_metrics_store::control::notify::{WebhookError, WebhookNotifier, WebhookOptions};

    let private = "API_METRICS_WEBHOOK_ALLOW_PRIVATE";
    let mut options = WebhookOptions::default();
    match variables(private).map(|value| (environment::flag(&value), value)) {
        None => {}
        Some((Some(allowed), _)) => options.allow_private = allowed,
        Some((None, value)) => {
            let error = StartError::Setting {
                name: private,
                value,
                expected: "true or false",
            };
            found.push((private, Err(error)));
            return;
        }
    }
    type Make = fn(&str, WebhookOptions) -> Result<WebhookNotifier, WebhookError>;
    // The variable, how its notifier is made, and the variables of its secret and of another address.
    let kinds: [(&'static str, Make, &'static str, &str); 6] = [
        (
            "API_METRICS_WEBHOOK_URL",
            WebhookNotifier::new,
            "API_METRICS_WEBHOOK_SECRET",
            "",
        ),
        (
            "API_METRICS_SLACK_WEBHOOK_URL",
            WebhookNotifier::slack,
            "",
            "",
        ),
        (
            "API_METRICS_TEAMS_WEBHOOK_URL",
            WebhookNotifier::teams,
            "",
            "",
        ),
        (
            "API_METRICS_DISCORD_WEBHOOK_URL",
            WebhookNotifier::discord,
            "",
            "",
        ),
        (
            "API_METRICS_PAGERDUTY_ROUTING_KEY",
            WebhookNotifier::pagerduty,
            "",
            "API_METRICS_PAGERDUTY_URL",
        ),
        (
            "API_METRICS_OPSGENIE_API_KEY",
            WebhookNotifier::opsgenie,
            "",
            "API_METRICS_OPSGENIE_URL",
        ),
    ];
    for (name, make, secret, url) in kinds {
        let Some(value) = variables(name) else {
            continue;
        };
        let mut options = options.clone();
        options.secret = variables(secret);
        options.service_url = variables(url);
        let made = make(&value, options).map(|made| Arc::new(made) as Arc<dyn Notifier>);
        let made = made.map_err(|source| StartError::Webhook {
            name: match source {
                WebhookError::Secret(_) if !secret.is_empty() => secret,
                _ => name,
            },
            source,
        });
        found.push((name, made));
    }
}

#[cfg(not(feature = "webhook"))]
fn webhooks(variables: Lookup<'_>, found: &mut Vec<NamedNotifier>) {
    for name in [
        "API_METRICS_WEBHOOK_URL",
        "API_METRICS_SLACK_WEBHOOK_URL",
        "API_METRICS_TEAMS_WEBHOOK_URL",
        "API_METRICS_DISCORD_WEBHOOK_URL",
        "API_METRICS_PAGERDUTY_ROUTING_KEY",
        "API_METRICS_OPSGENIE_API_KEY",
    ] {
        if variables(name).is_some() {
            let expected = "possible without the feature `webhook` of api-metrics";
            found.push((name, Err(impossible(name, expected))));
        }
    }
}

/// E-mail.
#[cfg(feature = "smtp")]
fn mails(variables: Lookup<'_>, found: &mut Vec<NamedNotifier>) {
    use api_metrics_store::control::notify::{SmtpNotifier, SmtpOptions};

    let name = "API_METRICS_SMTP_URL";
    let Some(url) = variables(name) else {
        return;
    };
    let made = || {
        let set = |name: &'static str, expected| {
            variables(name).ok_or(StartError::Setting {
                name,
                value: String::new(),
                expected,
            })
        };
        let from = set(
            "API_METRICS_SMTP_FROM",
            "the sender of mails, such as api-metrics <metrics@example.com>",
        )?;
        let to = set(
            "API_METRICS_SMTP_TO",
            "the receivers of mails, with commas in between",
        )?;
        let made = SmtpOptions::from_url(&url, &from, &to).and_then(SmtpNotifier::new);
        made.map_err(|source| StartError::Smtp { source })
    };
    found.push((name, made().map(|made| Arc::new(made) as Arc<dyn Notifier>)));
}

#[cfg(not(feature = "smtp"))]
fn mails(variables: Lookup<'_>, found: &mut Vec<NamedNotifier>) {
    let name = "API_METRICS_SMTP_URL";
    if variables(name).is_some() {
        let expected = "possible without the feature `smtp` of api-metrics";
        found.push((name, Err(impossible(name, expected))));
    }
}

/// A variable for something that this program was built without. Its value may be a secret.
#[cfg(not(all(feature = "webhook", feature = "smtp")))]
fn impossible(name: &'static str, expected: &'static str) -> StartError {
    StartError::Setting {
        name,
        value: "set".to_owned(),
        expected,
    }
}
