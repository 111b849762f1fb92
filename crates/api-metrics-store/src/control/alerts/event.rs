//! Events of alert rules, and the notices about them.
//!
//! An event is one breach. Its row is inserted when the rule fires and gets `resolved_at` when the
//! breach ends. Ids are made of what happened and not drawn: `alert {rule} {end}` for events, `fired
//! {event}` and `resolved {event}` for notices, each as a UUID of version 5. Two leaders that evaluate
//! the same window so write the same rows, and the second write changes nothing.
//!
//! Events outlive their rule. They are removed `keep_events` after their end, a year by default;
//! notices after 30 days.

use uuid::Uuid;

use super::{AlertCauses, AlertRule, AlertType, Severity};
use crate::{
    control::notify::{Notice, NoticeKind, NoticeRule},
    text::escaped,
    time::UnixSeconds,
};

/// How long notices of alerts are kept, delivered or dead.
pub(crate) const KEEP_NOTICES_SECONDS: i64 = 30 * 86_400;

/// A breach from its firing to its end.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlertEvent {
    /// The same in every process and every notice.
    pub id: Uuid,
    /// The rule; `None` once that was removed.
    pub rule_id: Option<i64>,
    /// The rule's name when it fired.
    pub name: String,
    /// What it looked at.
    pub alert_type: AlertType,
    /// How much it mattered.
    pub severity: Severity,
    /// Whose rule it was.
    pub tenant_id: Option<String>,
    /// The end of the window that breached.
    pub fired_at: UnixSeconds,
    /// The end of the first window that no longer did; `None` while it fires.
    pub resolved_at: Option<UnixSeconds>,
    /// The value that fired.
    pub value: f64,
    /// What it was held against.
    pub threshold: f64,
    /// The message when it fired.
    pub message: String,
    /// The message when it was resolved.
    pub resolved_message: Option<String>,
    /// What was behind it when it fired. Only for those who see everything: `None` in every other scope, and where
    /// nothing was known.
    pub causes: Option<AlertCauses>,
    /// What people did about it.
    pub handling: EventHandling,
}

/// What people did about an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventHandling {
    /// When somebody acknowledged it.
    pub acknowledged_at: Option<UnixSeconds>,
    /// Who did.
    pub acknowledged_by: Option<String>,
    /// When somebody silenced its rule's notices.
    pub silenced_at: Option<UnixSeconds>,
    /// Until when; `None` while silenced: until the event is resolved.
    pub silenced_until: Option<UnixSeconds>,
    /// Who did.
    pub silenced_by: Option<String>,
}

/// How long the notices of an event's rule are silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Silence {
    /// For so many seconds from now on, at most 30 days. What fires meanwhile is delivered afterwards if it still does.
    For(u32),
    /// Until the event is resolved; that it is resolved is not delivered either.
    UntilResolved,
    /// No longer.
    Off,
}

/// The longest silence, in seconds: 30 days.
pub(super) const LONGEST_SILENCE: u32 = 30 * 86_400;

/// Which events are asked for, the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventQuery {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Only those of this rule.
    pub rule_id: Option<i64>,
    /// Only those that still fire.
    pub open_only: bool,
    /// Only those after this one: when it fired, its id.
    pub before: Option<(UnixSeconds, Uuid)>,
    /// How many at most; 100 by default.
    pub limit: u32,
}

impl Default for EventQuery {
    /// The last 100 events of all rules.
    fn default() -> Self {
        Self {
            id: None,
            rule_id: None,
            open_only: false,
            before: None,
            limit: 100,
        }
    }
}

/// The id of the notice that an event has begun.
pub(super) fn fired_notice_id(event: Uuid) -> Uuid {
    Notice::id_of(&format!("fired {event}"))
}

/// The notice that an event has begun.
pub(crate) fn fired_notice(rule: &AlertRule, event: &AlertEvent) -> Notice {
    Notice {
        id: fired_notice_id(event.id),
        kind: NoticeKind::AlertFired,
        at: event.fired_at,
        message: event.message.clone(),
        event_id: Some(event.id),
        value: Some(event.value),
        causes: event.causes.clone(),
        ..about(rule)
    }
}

/// The notice that an event is over at `at`. `value` is that of the window that no longer breached;
/// `None` where it had none.
pub(crate) fn resolved_notice(
    rule: &AlertRule,
    event: Uuid,
    at: UnixSeconds,
    value: Option<f64>,
    message: String,
) -> Notice {
    Notice {
        id: Notice::id_of(&format!("resolved {event}")),
        kind: NoticeKind::AlertResolved,
        at,
        message,
        event_id: Some(event),
        value,
        ..about(rule)
    }
}

/// What both notices of a rule share.
fn about(rule: &AlertRule) -> Notice {
    Notice {
        id: Uuid::nil(),
        kind: NoticeKind::AlertFired,
        at: 0,
        severity: rule.spec.severity,
        title: escaped(&rule.spec.name).into_owned(),
        message: String::new(),
        event_id: None,
        rule: Some(NoticeRule {
            id: rule.id,
            name: rule.spec.name.clone(),
            alert_type: rule.spec.alert_type.as_str().into(),
            service: rule.spec.service.clone(),
            environment: rule.spec.environment.clone(),
            endpoint: rule.spec.endpoint.clone(),
        }),
        api_key: None,
        tenant_id: rule.spec.tenant_id.clone(),
        value: None,
        threshold: rule.spec.threshold,
        causes: None,
        alerts: Vec::new(),
        digest: None,
        url: None,
    }
}
