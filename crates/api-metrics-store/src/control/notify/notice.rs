//! Notices.
//!
//! As JSON, which is what the outbox stores and a webhook posts:
//!
//! ```json
//! {
//!   "id": "6f9c1d4e-5b0a-5e1c-8f6e-1f0f4c9a7b21",
//!   "kind": "alert.fired",
//!   "at": "2026-03-10T12:00:00Z",
//!   "severity": "high",
//!   "title": "Checkout errors",
//!   "message": "Error rate for POST /checkout jumped from 1.0% to 15.2% (threshold 5%) over 10 min, 1,204 requests",
//!   "eventId": "0d2b7a51-7c3e-5f10-9a44-3c5d6e7f8091",
//!   "rule": {"id": 1, "name": "Checkout errors", "alertType": "error_rate"},
//!   "apiKey": null,
//!   "tenantId": null,
//!   "value": 15.2,
//!   "threshold": 5.0,
//!   "causes": {
//!     "groups": [{"id": "3f2a9c0107d1e5b4", "method": "POST", "endpoint": "/checkout", "status": 503,
//!                 "errorType": "timeout", "message": "the ledger did not answer", "requests": 171}],
//!     "consumers": [{"apiKeyId": 17, "externalId": "customer-17", "name": "Acme", "errors": 160, "requests": 900}]
//!   }
//! }
//! ```
//!
//! Receivers should ignore members that they do not know and remember `id`: the same notice may arrive
//! twice. The ids are UUIDs of version 5 over what happened, so that two processes that find the same
//! thing write one notice.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    control::alerts::{AlertCauses, Severity},
    query::TimeRange,
    time::UnixSeconds,
};

/// What a notice is about. An event comes before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NoticeKind {
    /// A rule fires.
    #[serde(rename = "alert.fired")]
    AlertFired,
    /// Its breach is over.
    #[serde(rename = "alert.resolved")]
    AlertResolved,
    /// A key nears its rate limit, or is at it.
    #[serde(rename = "rate_limit.near")]
    RateLimitNear,
    /// A key has used a part of its quota.
    #[serde(rename = "quota.reached")]
    QuotaReached,
    /// What a week was like.
    #[serde(rename = "digest.weekly")]
    WeeklyDigest,
    /// Somebody wants to know whether notices arrive.
    #[serde(rename = "test")]
    Test,
}

impl NoticeKind {
    /// Its name in the JSON: `alert.fired`, `alert.resolved`, `rate_limit.near`, `quota.reached`, `digest.weekly`, `test`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AlertFired => "alert.fired",
            Self::AlertResolved => "alert.resolved",
            Self::RateLimitNear => "rate_limit.near",
            Self::QuotaReached => "quota.reached",
            Self::WeeklyDigest => "digest.weekly",
            Self::Test => "test",
        }
    }
}

impl From<NoticeKind> for &'static str {
    /// The name in the JSON: `alert.fired`, `alert.resolved`, `rate_limit.near`, `quota.reached`, `digest.weekly`, `test`.
    fn from(kind: NoticeKind) -> Self {
        kind.as_str()
    }
}

impl fmt::Display for NoticeKind {
    /// The name in the JSON: `alert.fired`, `alert.resolved`, `rate_limit.near`, `quota.reached`, `digest.weekly`, `test`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The rule that a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NoticeRule {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it looks at, e.g. `error_rate`.
    pub alert_type: String,
    /// The service that it looks at; left out where it looks at all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The environment that it looks at; left out where it looks at all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The endpoint or the pattern that it looks at; left out where it looks at all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

/// The API key that a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NoticeKey {
    /// Its number.
    pub id: i64,
    /// The host's text.
    pub external_id: String,
    /// Its name, if it has one.
    pub name: Option<String>,
}

/// One of the alerts that a notice is about, where it is about several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NoticeAlert {
    /// The event, the same when it fires and when it is over.
    pub event_id: Option<Uuid>,
    /// The rule.
    pub rule: Option<NoticeRule>,
    /// How much it matters.
    #[serde(with = "severity")]
    pub severity: Severity,
    /// All of it in one sentence.
    pub message: String,
    /// The value that decided, in the unit of what it is about. `None` when there was none left.
    pub value: Option<f64>,
    /// What it was held against.
    pub threshold: f64,
}

#[cfg(any(feature = "webhook", feature = "smtp"))]
impl NoticeAlert {
    /// In one line, for people.
    pub(super) fn line(&self) -> String {
        let name = self.rule.as_ref().map_or("", |rule| &rule.name);
        format!("{name} ({}): {}", self.severity, self.message)
    }
}

/// What a week was like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NoticeDigest {
    /// The start of the week.
    #[serde(with = "rfc3339")]
    pub from: UnixSeconds,
    /// Its end.
    #[serde(with = "rfc3339")]
    pub to: UnixSeconds,
    /// What there is to tell of it; sections without a line are left out.
    pub sections: Vec<DigestSection>,
}

impl NoticeDigest {
    /// The digest of a range.
    pub(crate) const fn new(range: TimeRange, sections: Vec<DigestSection>) -> Self {
        Self {
            from: range.from,
            to: range.to,
            sections,
        }
    }
}

/// A part of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DigestSection {
    /// What it is about, such as `Slowest`.
    pub title: String,
    /// A fact each, for people; at most five.
    pub lines: Vec<String>,
}

impl DigestSection {
    pub(crate) fn new(title: &str, lines: Vec<String>) -> Self {
        Self {
            title: title.to_owned(),
            lines,
        }
    }
}

/// A message to people. As JSON its members are camelCase and its times RFC 3339; that is also the body
/// that a webhook receives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Notice {
    /// The same however often it arrives.
    pub id: Uuid,
    /// What it is about.
    pub kind: NoticeKind,
    /// When it happened.
    #[serde(with = "rfc3339")]
    pub at: UnixSeconds,
    /// How much it matters.
    #[serde(with = "severity")]
    pub severity: Severity,
    /// A headline: the rule's name, or what happened.
    pub title: String,
    /// All of it in one sentence.
    pub message: String,
    /// For alerts: the event, the same when it fires and when it is over.
    pub event_id: Option<Uuid>,
    /// For alerts: the rule.
    pub rule: Option<NoticeRule>,
    /// The key, where it is about one.
    pub api_key: Option<NoticeKey>,
    /// Whose it is, where it is a tenant's.
    pub tenant_id: Option<String>,
    /// The value that decided, in the unit of what it is about. `None` when there was none left.
    pub value: Option<f64>,
    /// What it was held against.
    pub threshold: f64,
    /// For alerts that fire: what is behind them, as far as that was known. The member is left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causes: Option<AlertCauses>,
    /// Where several alerts fired, or were over, within seconds: all of them, and the members above are those of the one
    /// that matters most. Empty where it is about one, and left out then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<NoticeAlert>,
    /// For digests: what the week was like. The member is left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<NoticeDigest>,
    /// Where the dashboard tells more: of an alert its incident. Set when it is delivered, where
    /// [`ControlSettings::public_url`](crate::control::ControlSettings::public_url) is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Names notices after what happened, so that two processes name the same thing alike.
const NOTICES: Uuid = Uuid::from_u128(0x1f0b_8a77_0f4c_4a39_9b58_57b3_63aa_40c1);

impl Notice {
    /// A notice that says of itself that it is a test.
    pub(crate) fn test(at: UnixSeconds, by: &str) -> Self {
        Self {
            id: Uuid::new_v4(),
            kind: NoticeKind::Test,
            at,
            severity: Severity::Low,
            title: "Test".to_owned(),
            message: format!("This is a test by {by}: notices of api-metrics arrive here."),
            event_id: None,
            rule: None,
            api_key: None,
            tenant_id: None,
            value: None,
            threshold: 0.0,
            causes: None,
            alerts: Vec::new(),
            digest: None,
            url: None,
        }
    }

    /// An id for what `what` says.
    ///
    /// Equal texts give equal ids, in every process and release: the texts are part of the format of
    /// the outbox.
    pub(crate) fn id_of(what: &str) -> Uuid {
        Uuid::new_v5(&NOTICES, what.as_bytes())
    }

    /// The events that it is about.
    pub(super) fn events(&self) -> impl Iterator<Item = Uuid> {
        let grouped = self.alerts.iter().filter_map(|alert| alert.event_id);
        self.event_id.into_iter().chain(grouped)
    }

    /// Where the dashboard tells more of it, below the admin's public address: an alert's incident, the list of several,
    /// or the limits.
    pub(crate) fn url_at(&self, public_url: &str) -> String {
        let base = public_url.trim_end_matches('/');
        match (self.kind, self.event_id) {
            _ if !self.alerts.is_empty() => format!("{base}/#/alerts"),
            (_, Some(event)) => format!("{base}/#/incident/{event}"),
            (NoticeKind::RateLimitNear | NoticeKind::QuotaReached, None) => {
                format!("{base}/#/limits")
            }
            (NoticeKind::WeeklyDigest, None) => self.digest.as_ref().map_or_else(
                || format!("{base}/#/overview"),
                |digest| {
                    let at = |at| rfc3339::text(at).replace(':', "%3A");
                    format!(
                        "{base}/#/overview?from={}&to={}",
                        at(digest.from),
                        at(digest.to)
                    )
                },
            ),
            (NoticeKind::AlertFired | NoticeKind::AlertResolved | NoticeKind::Test, None) => {
                format!("{base}/#/alerts")
            }
        }
    }

    /// The JSON.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        // Strings and numbers always serialise; a number that is none becomes null.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Times as RFC 3339 in UTC with whole seconds.
mod rfc3339 {
    use chrono::{DateTime, SecondsFormat};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::time::UnixSeconds;

    pub(super) fn text(at: UnixSeconds) -> String {
        let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    pub(super) fn serialize<S: Serializer>(at: &UnixSeconds, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UnixSeconds, D::Error> {
        let text = String::deserialize(from)?;
        DateTime::parse_from_rfc3339(&text)
            .map(|at| at.timestamp())
            .map_err(D::Error::custom)
    }
}

/// Severities by their names; an unknown one makes the notice unreadable for this release.
mod severity {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::control::alerts::Severity;

    pub(super) fn serialize<S: Serializer>(severity: &Severity, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(severity.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Severity, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_notice_survives_its_json() {
        let notice = Notice {
            id: Notice::id_of("x"),
            kind: NoticeKind::AlertFired,
            at: 1_773_144_000,
            severity: Severity::High,
            title: "errors".into(),
            message: "Error rate \"jumped\"\n".into(),
            event_id: Some(Uuid::nil()),
            rule: Some(NoticeRule {
                id: 1,
                name: "errors".into(),
                alert_type: "error_rate".into(),
                service: None,
                environment: None,
                endpoint: Some("/orders".into()),
            }),
            api_key: None,
            tenant_id: None,
            value: Some(15.2),
            threshold: 10.0,
            causes: None,
            alerts: Vec::new(),
            digest: None,
            url: None,
        };
        let json = notice.to_json();
        assert!(json.contains(r#""at":"2026-03-10T12:00:00Z""#), "{json}");
        assert!(json.contains(r#""kind":"alert.fired""#), "{json}");
        assert_eq!(serde_json::from_str::<Notice>(&json).unwrap(), notice);
    }
}
