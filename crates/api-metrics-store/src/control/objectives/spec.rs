//! What an objective promises, and to what.

use std::{fmt, str::FromStr};

use crate::{
    control::{
        alerts::Target,
        text::{MAX_NAME_BYTES, MAX_TENANT_BYTES, check_text},
    },
    sketch::edge_above,
    store::{StoreError, invalid},
    time::UnixSeconds,
};

/// Parts of a target.
pub(super) const MILLION: u32 = 1_000_000;
/// The longest window: hours are kept for 90 days, and days for ever.
const MAX_DAYS: u32 = 90;
/// The longest threshold of a latency, in microseconds: a day.
const MAX_LATENCY_US: u64 = 86_400_000_000;

/// What makes a request good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Indicator {
    /// It was not answered with 5xx, and neither failed nor panicked.
    Availability,
    /// Its latency is known and no longer than this.
    Latency {
        /// In microseconds: an edge of the sketch, see [`latency`](Self::latency).
        threshold_us: u64,
    },
}

impl Indicator {
    /// A latency within `threshold_us`, or the next edge of the sketch above it: at most 1.6% more. Requests within an
    /// edge are counted exactly.
    ///
    /// ```
    /// use api_metrics_store::control::objectives::Indicator;
    ///
    /// let Indicator::Latency { threshold_us } = Indicator::latency(300_000) else { panic!() };
    /// assert_eq!(threshold_us, 303_103);
    /// ```
    #[must_use]
    pub fn latency(threshold_us: u64) -> Self {
        Self::Latency {
            threshold_us: edge_above(threshold_us.min(MAX_LATENCY_US)),
        }
    }

    /// Its name in the database and in the HTTP API.
    pub(in crate::control) const fn as_str(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Latency { .. } => "latency",
        }
    }

    /// The threshold, where it has one.
    #[must_use]
    pub const fn threshold_us(self) -> Option<u64> {
        match self {
            Self::Availability => None,
            Self::Latency { threshold_us } => Some(threshold_us),
        }
    }
}

impl From<Indicator> for &'static str {
    /// `availability` or `latency`.
    fn from(indicator: Indicator) -> Self {
        indicator.as_str()
    }
}

impl fmt::Display for Indicator {
    /// `availability` or `latency`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Indicator {
    type Err = StoreError;

    /// Reads a name; a latency has no threshold yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where nothing has that name.
    fn from_str(name: &str) -> Result<Self, StoreError> {
        match name {
            "availability" => Ok(Self::Availability),
            "latency" => Ok(Self::Latency { threshold_us: 0 }),
            _ => invalid("indicator", "is neither availability nor latency"),
        }
    }
}

/// What a burn rate is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::control) struct Aim {
    /// What is good.
    pub(in crate::control) indicator: Indicator,
    /// How many of a million have to be.
    pub(in crate::control) target_ppm: u32,
}

/// The settings of an objective: the defaults of [`new`](Self::new), of which fields are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectiveSpec {
    /// A name for people; 1 to 200 bytes.
    pub name: String,
    /// What makes a request good.
    pub indicator: Indicator,
    /// How many of a million requests have to be good: 999,000 for 99.9%.
    pub target_ppm: u32,
    /// Over how many days up to now, 1 to 90. 30 by default.
    pub window_days: u32,
    /// The service; all where none is given.
    pub service: Option<String>,
    /// The environment; all where none is given.
    pub environment: Option<String>,
    /// The endpoint, exactly or as a glob, with or without a method before it, as a rule has it.
    pub endpoint: Option<String>,
    /// Whose requests; everybody's where none is given.
    pub tenant_id: Option<String>,
}

impl ObjectiveSpec {
    /// An objective for all requests over 30 days.
    #[must_use]
    pub fn new(name: impl Into<String>, indicator: Indicator, target_ppm: u32) -> Self {
        Self {
            name: name.into(),
            indicator,
            target_ppm,
            window_days: 30,
            service: None,
            environment: None,
            endpoint: None,
            tenant_id: None,
        }
    }

    /// What its burn rates are measured against.
    pub(in crate::control) const fn aim(&self) -> Aim {
        Aim {
            indicator: self.indicator,
            target_ppm: self.target_ppm,
        }
    }

    /// Whether it can be kept.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] names the first member that can't be.
    pub(super) fn validate(&self) -> Result<(), StoreError> {
        check_text("name", &self.name, MAX_NAME_BYTES)?;
        if !(1..MILLION).contains(&self.target_ppm) {
            return invalid("target", "lies above 0 and below 100, such as 99.9");
        }
        if !(1..=MAX_DAYS).contains(&self.window_days) {
            return invalid("windowDays", "takes 1 to 90");
        }
        match self.indicator {
            Indicator::Latency { threshold_us: 0 } => {
                return invalid("latencyMs", "is missing: the longest latency that is good");
            }
            Indicator::Latency { threshold_us } if threshold_us > edge_above(MAX_LATENCY_US) => {
                return invalid("latencyMs", "takes at most a day");
            }
            _ => {}
        }
        for (field, text, most) in [
            ("service", &self.service, 128),
            ("environment", &self.environment, 128),
            ("endpoint", &self.endpoint, 1_040),
            ("tenantId", &self.tenant_id, MAX_TENANT_BYTES),
        ] {
            if let Some(text) = text {
                check_text(field, text, most)?;
            }
        }
        match self.endpoint.as_deref().map(Target::never_met) {
            Some(Some(why)) => invalid("endpoint", why),
            _ => Ok(()),
        }
    }
}

/// An objective as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Objective {
    /// Its number.
    pub id: i64,
    /// Counts the edits, from 1.
    pub revision: i64,
    /// Its settings.
    pub spec: ObjectiveSpec,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut ObjectiveSpec)) -> Option<&'static str> {
        let mut spec = ObjectiveSpec::new("answers", Indicator::Availability, 999_000);
        change(&mut spec);
        match spec.validate() {
            Err(StoreError::Invalid { field, .. }) => Some(field),
            _ => None,
        }
    }

    #[test]
    fn an_objective_that_can_not_be_missed_or_met_is_refused() {
        assert_eq!(refused(|_| ()), None);
        assert_eq!(refused(|spec| spec.target_ppm = 0), Some("target"));
        assert_eq!(refused(|spec| spec.target_ppm = MILLION), Some("target"));
        assert_eq!(refused(|spec| spec.target_ppm = MILLION - 1), None);
        assert_eq!(refused(|spec| spec.window_days = 0), Some("windowDays"));
        assert_eq!(refused(|spec| spec.window_days = 91), Some("windowDays"));
        assert_eq!(
            refused(|spec| spec.indicator = Indicator::Latency { threshold_us: 0 }),
            Some("latencyMs")
        );
        assert_eq!(
            refused(|spec| spec.indicator = Indicator::latency(u64::MAX)),
            None,
            "a day at most"
        );
        assert_eq!(
            refused(|spec| spec.endpoint = Some("get /users".into())),
            Some("endpoint")
        );
        assert_eq!(refused(|spec| spec.name = "a\nb".into()), Some("name"));
        assert_eq!(
            refused(|spec| spec.service = Some("\u{202e}".into())),
            Some("service")
        );
    }
}
