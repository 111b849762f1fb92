//! Alert rules: what they look at, and when they fire.
//!
//! | setting | bounds | default |
//! |---|---|---|
//! | name | 1 to 200 bytes | |
//! | tenant | 1 to 200 bytes | everybody |
//! | service filter | 1 to 128 bytes | all |
//! | protocol filter | `http`, `grpc`, `any`, or a kind of events | `http` and `grpc` |
//! | endpoint filter | 1 to 1,040 bytes, a path with or without a method | all |
//! | threshold | finite, not negative, and such that some value breaches it; an error rate at most 100; an anomaly above 0 | |
//! | window | 1 to 1,440 minutes | 5 |
//! | cooldown | 0 to 43,200 minutes, which is 30 days | 30 |
//! | quantile | above 0, below 1, for latencies and releases only | the mean; of releases 5xx |
//! | objective | the number of one, for burn rates only, and needed there; their window is a multiple of 12 minutes | |
//! | unit | the name of one, for units only, and needed there | |
//! | minimum of requests | up to 10^15, not for request volumes | 0 |
//!
//! The names of types, comparisons, severities and phases stand in the database and in the HTTP API. A
//! stored name that a release does not know is an error and no default.

use api_metrics_layer::EventKind;

use crate::{
    control::alerts::{AlertType, Comparison, Phase, Severity, Target},
    control::objectives::{Aim, Objective},
    control::text::{MAX_NAME_BYTES, MAX_TENANT_BYTES, check_text, check_unit},
    query::Filter,
    store::{StoreError, invalid},
    time::UnixSeconds,
};

/// Which part of its window the short window of a burn rate is.
const SHORT_PART: u32 = 12;

/// The shortest time after a release that a rule can look at, in minutes.
const LEAST_AFTER_RELEASE: u32 = 15;

/// More requests than any window has.
const MOST_REQUESTS: u64 = 1_000_000_000_000_000;

impl AlertType {
    /// A value that none of this type reaches.
    const fn beyond_reach(self) -> f64 {
        match self {
            Self::ErrorRate | Self::CacheHitRate => f64::INFINITY,
            // Bytes and units are summed up in 64 bits.
            Self::Bandwidth | Self::Unit => u64::MAX as f64,
            // Latencies are, in microseconds.
            Self::ResponseTime | Self::AnswerTime | Self::QueryTime => u64::MAX as f64 / 1e3,
            Self::RequestVolume | Self::OpenStreams | Self::DroppedLogRows => MOST_REQUESTS as f64,
            // No window is longer than a day; a flush may wait for longer.
            Self::StoreUnreachable => 86_400.0,
            Self::FlushLag => u64::MAX as f64 / 1e3,
            // Against a limit, or a spread, of one request.
            Self::RateLimit | Self::Anomaly | Self::AnomalyErrors => MOST_REQUESTS as f64 * 100.0,
            // Against a spread of a millisecond, or of a kilobyte a minute.
            Self::AnomalyLatency | Self::AnomalyBandwidth => u64::MAX as f64,
            // All requests bad, where one of a million may be.
            Self::BurnRate => 1e6,
            // From a microsecond to more than a day, in percent.
            Self::ReleaseRegression => 1e13,
        }
    }
}

impl AlertType {
    /// Whether it compares with the baseline of the hour of the week.
    #[must_use]
    pub(super) const fn is_anomaly(self) -> bool {
        matches!(
            self,
            Self::Anomaly | Self::AnomalyErrors | Self::AnomalyLatency | Self::AnomalyBandwidth
        )
    }

    /// Whether it looks at latencies, so that a quantile goes with it.
    const fn has_quantile(self) -> bool {
        matches!(
            self,
            Self::ResponseTime
                | Self::AnomalyLatency
                | Self::AnswerTime
                | Self::QueryTime
                | Self::ReleaseRegression
        )
    }
}

impl Comparison {
    /// Whether `value` breaches `threshold`.
    #[must_use]
    pub(crate) fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Gt => value > threshold,
            Self::Lt => value < threshold,
            Self::Gte => value >= threshold,
            Self::Lte => value <= threshold,
        }
    }

    /// Whether breaches lie above the threshold.
    #[must_use]
    pub(super) const fn is_upward(self) -> bool {
        matches!(self, Self::Gt | Self::Gte)
    }
}

/// The settings of an alert rule.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlertSpec {
    /// A name for people; 1 to 200 bytes.
    pub name: String,
    /// What it looks at.
    pub alert_type: AlertType,
    /// The service that it watches; all where none is given.
    pub service: Option<String>,
    /// The environment that it watches; all where none is given.
    pub environment: Option<String>,
    /// The protocol that it watches, as [`Filter::protocol`](crate::query::Filter::protocol) has it: where none is
    /// given, requests to the server, `http` and `grpc`.
    pub protocol: Option<String>,
    /// The endpoint that it watches, exactly or as a glob, with or without a method before it:
    /// `/users/{id}`, `GET /users/{id}`, `/users/*`. All that match count together.
    pub endpoint: Option<String>,
    /// The API key that it watches, by its number.
    pub api_key_id: Option<i64>,
    /// Whose keys it watches; `None` watches everything.
    pub tenant_id: Option<String>,
    /// In the unit of the type: percent, milliseconds, requests, bytes, deviations, or the unit itself.
    pub threshold: f64,
    /// How the value is held against it.
    pub comparison: Comparison,
    /// How many whole minutes are looked at together, 1 to 1,440. 5 by default.
    pub window_minutes: u32,
    /// How many minutes must lie between two firings. 30 by default.
    pub cooldown_minutes: u32,
    /// How much a breach matters. Medium by default.
    pub severity: Severity,
    /// For response times: which quantile, above 0 and below 1. The mean where none is given. For releases: which one is
    /// compared; 5xx where none is given.
    pub quantile: Option<f64>,
    /// For units: the one whose sum is looked at.
    pub unit: Option<String>,
    /// For burn rates, which need it: the objective, by its number. Its filters and its tenant are the rule's.
    pub objective_id: Option<i64>,
    /// What the objective aims at, once it is known.
    pub(in crate::control) aim: Option<Aim>,
    /// A window with fewer requests is not evaluated: four requests page nobody. 0 by default.
    pub min_requests: u64,
    /// Whether it is evaluated.
    pub enabled: bool,
}

impl AlertSpec {
    /// A rule with defaults for all that can have some.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        alert_type: AlertType,
        comparison: Comparison,
        threshold: f64,
    ) -> Self {
        Self {
            name: name.into(),
            alert_type,
            service: None,
            environment: None,
            protocol: None,
            endpoint: None,
            api_key_id: None,
            tenant_id: None,
            threshold,
            comparison,
            window_minutes: 5,
            cooldown_minutes: 30,
            severity: Severity::Medium,
            quantile: None,
            unit: None,
            objective_id: None,
            aim: None,
            min_requests: 0,
            enabled: true,
        }
    }

    /// Whether it can be evaluated.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] names the first member that can't be.
    pub(crate) fn validate(&self) -> Result<(), StoreError> {
        check_text("name", &self.name, MAX_NAME_BYTES)?;
        if let Some(tenant) = &self.tenant_id {
            check_text("tenantId", tenant, MAX_TENANT_BYTES)?;
        }
        if let Some(service) = &self.service {
            check_text("serviceFilter", service, 128)?;
        }
        if let Some(environment) = &self.environment {
            check_text("environmentFilter", environment, 128)?;
        }
        if let Some(protocol) = &self.protocol
            && !Filter::is_protocol(protocol)
        {
            return invalid(
                "protocolFilter",
                "is none of http, grpc, any, and kinds of events",
            );
        }
        if let Some(endpoint) = &self.endpoint {
            check_text("endpointFilter", endpoint, 1_040)?;
            if !self.watches_events()
                && let Some(why) = Target::never_met(endpoint)
            {
                return invalid("endpointFilter", why);
            }
        }
        if self.api_key_id.is_some_and(|id| id < 0) {
            return invalid("apiKeyFilter", "is no number of a key");
        }
        if self.api_key_id == Some(0) {
            // Number 0 stands for requests without a key.
            if self.alert_type == AlertType::RateLimit {
                return invalid("apiKeyFilter", "of 0 can never fire: no key, no rate limit");
            }
            if self.tenant_id.is_some() {
                return invalid(
                    "apiKeyFilter",
                    "of 0 can never fire: no tenant's requests lack a key",
                );
            }
        }
        self.validate_threshold()?;
        if !(1..=1_440).contains(&self.window_minutes) {
            return invalid("windowMinutes", "takes 1 to 1440");
        }
        if self.cooldown_minutes > 43_200 {
            return invalid("cooldownMinutes", "takes at most 43200, which is 30 days");
        }
        match self.quantile {
            Some(_) if !self.alert_type.has_quantile() => {
                return invalid(
                    "quantile",
                    "goes with response_time, anomaly_latency, answer_time, query_time and release_regression only",
                );
            }
            Some(q) if !(q > 0.0 && q < 1.0) => {
                return invalid("quantile", "lies above 0 and below 1, such as 0.95");
            }
            _ => {}
        }
        match (&self.unit, self.alert_type) {
            (None, AlertType::Unit) => {
                return invalid("unit", "is missing: the name of the unit that is summed");
            }
            (Some(_), other) if other != AlertType::Unit => {
                return invalid("unit", "goes with the type unit only");
            }
            (Some(unit), _) => check_unit("unit", unit)?,
            (None, _) => {}
        }
        self.validate_objective()?;
        self.validate_health()?;
        self.validate_releases()?;
        if self.min_requests > MOST_REQUESTS {
            return invalid(
                "minRequests",
                "can never fire: no window has as many requests",
            );
        }
        if self.min_requests > 0 && self.alert_type == AlertType::RequestVolume {
            return invalid("minRequests", "makes no sense where requests are counted");
        }
        Ok(())
    }

    /// The part of [`validate`](Self::validate) that concerns burn rates.
    fn validate_objective(&self) -> Result<(), StoreError> {
        let burns = self.alert_type == AlertType::BurnRate;
        match self.objective_id {
            None if burns => invalid("objectiveId", "is missing: whose budget burns"),
            Some(_) if !burns => invalid("objectiveId", "goes with the type burn_rate only"),
            Some(_) if self.aim.is_none() => invalid("objectiveId", "is no objective's number"),
            Some(_) if !self.window_minutes.is_multiple_of(SHORT_PART) => invalid(
                "windowMinutes",
                "of a burn rate is a multiple of 12: the short window is a twelfth of it",
            ),
            Some(_) if self.api_key_id.is_some() => {
                invalid("apiKeyFilter", "does not go with an objective")
            }
            Some(_) if self.protocol.is_some() => {
                invalid("protocolFilter", "does not go with an objective")
            }
            _ => Ok(()),
        }
    }

    /// The part of [`validate`](Self::validate) that concerns rules over releases, which look at whole services.
    fn validate_releases(&self) -> Result<(), StoreError> {
        if self.alert_type != AlertType::ReleaseRegression {
            return Ok(());
        }
        let why = "does not go with release_regression: versions are compared as a whole";
        if self.tenant_id.is_some() {
            return invalid("tenantId", why);
        }
        if self.endpoint.is_some() {
            return invalid("endpointFilter", why);
        }
        if self.api_key_id.is_some() {
            return invalid("apiKeyFilter", why);
        }
        if self.protocol.is_some() {
            return invalid("protocolFilter", why);
        }
        if self.window_minutes < LEAST_AFTER_RELEASE {
            return invalid(
                "windowMinutes",
                "of a release_regression takes 15 to 1440, counted from the first request",
            );
        }
        Ok(())
    }

    /// Takes over what an objective looks at, and whose it is.
    ///
    /// A rule of the type `burn_rate` is evaluated against its objective: whoever makes one reads the objective first.
    pub fn follow(&mut self, objective: &Objective) {
        let spec = &objective.spec;
        self.objective_id = Some(objective.id);
        self.aim = Some(spec.aim());
        self.service.clone_from(&spec.service);
        self.environment.clone_from(&spec.environment);
        self.endpoint.clone_from(&spec.endpoint);
        self.tenant_id.clone_from(&spec.tenant_id);
    }

    /// Whether its value comes from sketches.
    pub(super) fn reads_sketches(&self) -> bool {
        match self.alert_type {
            AlertType::BurnRate => self
                .aim
                .is_some_and(|aim| aim.indicator.threshold_us().is_some()),
            of => of.has_quantile() && self.quantile.is_some(),
        }
    }

    /// The latency above which a request is slow, in milliseconds: the objective's, or the rule's threshold.
    pub(super) fn slow_ms(&self) -> f64 {
        let aimed = self.aim.and_then(|aim| aim.indicator.threshold_us());
        aimed.map_or(self.threshold, |us| us as f64 / 1e3)
    }

    /// The shortest window that it looks at, in minutes: of a burn rate a twelfth of its window.
    pub(super) const fn shortest_minutes(&self) -> u32 {
        match self.alert_type {
            AlertType::BurnRate => self.window_minutes / SHORT_PART,
            _ => self.window_minutes,
        }
    }

    /// Whether it watches events of one kind, whose names may be anything and come without a method.
    pub(super) fn watches_events(&self) -> bool {
        self.protocol.as_deref().is_some_and(EventKind::is_name)
    }

    /// The part of [`validate`](Self::validate) that depends on type and comparison. A rule that could
    /// never fire is refused: nothing is below 0.
    fn validate_threshold(&self) -> Result<(), StoreError> {
        let threshold = self.threshold;
        if !threshold.is_finite() || threshold < 0.0 {
            return invalid("thresholdValue", "takes a number that is not negative");
        }
        match self.alert_type {
            AlertType::ErrorRate | AlertType::CacheHitRate if threshold > 100.0 => {
                invalid("thresholdValue", "takes a percentage, at most 100")
            }
            AlertType::ErrorRate | AlertType::CacheHitRate
                if threshold == 100.0 && self.comparison == Comparison::Gt =>
            {
                invalid(
                    "thresholdValue",
                    "of 100 can never be exceeded: compare by gte",
                )
            }
            _ if self.comparison.is_upward() && threshold >= self.alert_type.beyond_reach() => {
                invalid("thresholdValue", "is larger than any value can be")
            }
            of if of.is_anomaly() && threshold <= 0.0 => invalid(
                "thresholdValue",
                "takes a number of deviations above 0, such as 4",
            ),
            AlertType::BurnRate if threshold <= 0.0 || !self.comparison.is_upward() => invalid(
                "thresholdValue",
                "of a burn rate lies above 0 and is compared by gt or gte, such as 14.4",
            ),
            of if of.is_anomaly() && !self.comparison.is_upward() => {
                invalid("comparison", "of an anomaly is gt or gte")
            }
            AlertType::ReleaseRegression if threshold <= 0.0 || !self.comparison.is_upward() => {
                invalid(
                    "thresholdValue",
                    "of a release_regression lies above 0 and is compared by gt or gte",
                )
            }
            AlertType::ReleaseRegression if self.quantile.is_none() && threshold >= 100.0 => {
                invalid("thresholdValue", "takes percentage points, below 100")
            }
            // Nothing is ever below nothing.
            _ if threshold == 0.0 && self.comparison == Comparison::Lt => invalid(
                "thresholdValue",
                "of 0 can never be undercut: compare by lte",
            ),
            _ => Ok(()),
        }
    }
}

/// A rule as it is stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlertRule {
    /// Its number.
    pub id: i64,
    /// Counts the edits.
    pub revision: i64,
    /// What was set.
    pub spec: AlertSpec,
    /// Where it stands.
    pub state: AlertState,
    /// When it last fired.
    pub last_fired_at: Option<UnixSeconds>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// The state of a rule, and how far it was evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AlertState {
    /// The phase.
    pub phase: Phase,
    /// Since when.
    pub since: UnixSeconds,
    /// The end of the last window that was evaluated.
    pub evaluated_to: UnixSeconds,
    /// The event that is open, while it fires.
    pub event_id: Option<uuid::Uuid>,
    /// The value of the last window; `None` where it held no requests, or too few.
    pub value: Option<f64>,
}

impl AlertState {
    /// The state of a rule that was not evaluated before `at`.
    #[must_use]
    pub(crate) const fn new(at: UnixSeconds) -> Self {
        Self {
            phase: Phase::Ok,
            since: at,
            evaluated_to: at,
            event_id: None,
            value: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use AlertType::{Anomaly, Bandwidth, ErrorRate, RateLimit, RequestVolume, ResponseTime};
    use Comparison::{Gt, Gte, Lt, Lte};

    use super::*;

    fn refused(spec: &AlertSpec) -> Option<&'static str> {
        match spec.validate() {
            Err(StoreError::Invalid { field, .. }) => Some(field),
            _ => None,
        }
    }

    #[test]
    fn a_rule_that_can_never_fire_is_refused() {
        for (alert_type, comparison, threshold) in [
            (ErrorRate, Gt, 100.0),
            (ErrorRate, Gte, 100.01),
            (ErrorRate, Lt, 0.0),
            (ResponseTime, Gt, 1e17),
            (ResponseTime, Lt, 0.0),
            (RateLimit, Gte, 1e18),
            (RateLimit, Lt, 0.0),
            (RequestVolume, Gt, 1e15),
            (RequestVolume, Lt, 0.0),
            (Bandwidth, Gt, 2e19),
            (Bandwidth, Lt, 0.0),
            (Anomaly, Gt, 1e18),
            (Anomaly, Gt, 0.0),
        ] {
            let spec = AlertSpec::new("rule", alert_type, comparison, threshold);
            let case = format!("{alert_type:?} {comparison:?} {threshold}");
            assert_eq!(refused(&spec), Some("thresholdValue"), "{case}");
        }
        for (alert_type, comparison, threshold) in [
            (ErrorRate, Gte, 100.0),
            (ErrorRate, Gt, 99.9),
            (ErrorRate, Lte, 0.0),
            (ErrorRate, Lt, 100.0),
            (ResponseTime, Gt, 86_400_000.0),
            (RateLimit, Gt, 100.0),
            (RateLimit, Gte, 500.0),
            (RequestVolume, Lte, 0.0),
            (RequestVolume, Lt, 1e15),
            (Bandwidth, Gt, 1e15),
            (Anomaly, Gte, 4.0),
        ] {
            let spec = AlertSpec::new("rule", alert_type, comparison, threshold);
            assert_eq!(refused(&spec), None, "{spec:?}");
        }
    }

    #[test]
    fn so_is_one_that_watches_what_there_never_is() {
        let spec = |change: fn(&mut AlertSpec)| {
            let mut spec = AlertSpec::new("rule", RateLimit, Gt, 80.0);
            change(&mut spec);
            refused(&spec)
        };
        assert_eq!(spec(|_| ()), None);
        assert_eq!(
            spec(|spec| spec.endpoint = Some("get /users".into())),
            Some("endpointFilter")
        );
        assert_eq!(spec(|spec| spec.api_key_id = Some(0)), Some("apiKeyFilter"));
        assert_eq!(
            spec(|spec| {
                spec.alert_type = ErrorRate;
                spec.api_key_id = Some(0);
                spec.tenant_id = Some("acme".into());
            }),
            Some("apiKeyFilter")
        );
        assert_eq!(
            spec(|spec| spec.min_requests = u64::MAX),
            Some("minRequests")
        );
    }

    #[test]
    fn names_that_forge_what_people_read_are_refused() {
        for odd in [
            "a\nb",
            "\u{1b}[31m",
            "\u{202e}",
            "\u{9b}",
            "a\u{2028}",
            "\0",
        ] {
            let mut spec = AlertSpec::new(odd, ErrorRate, Gt, 1.0);
            assert_eq!(refused(&spec), Some("name"), "{odd:?}");
            spec.name = "fine".into();
            spec.service = Some(odd.into());
            assert_eq!(refused(&spec), Some("serviceFilter"), "{odd:?}");
            spec.service = None;
            spec.endpoint = Some(format!("/{odd}"));
            assert_eq!(refused(&spec), Some("endpointFilter"), "{odd:?}");
            spec.endpoint = None;
            spec.tenant_id = Some(odd.into());
            assert_eq!(refused(&spec), Some("tenantId"), "{odd:?}");
        }
    }
}
