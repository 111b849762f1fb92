//! An API key as it is stored, and changes of it.
//!
//! A change has two layers of `Option` for each setting:
//!
//! | value | means | JSON |
//! |---|---|---|
//! | `None` | leave it as it is | member absent |
//! | `Some(None)` | clear it | `null` |
//! | `Some(Some(x))` | set it | the value |
//!
//! Names, tenants, users and teams take 1 to 200 bytes without control characters. Limits take up to 10^15 requests.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::{
    control::quotas::QuotaPeriod,
    control::text::{MAX_NAME_BYTES, check_text, check_unit},
    query::Scope,
    store::{StoreError, invalid},
    text::escaped,
    time::UnixSeconds,
};

/// The text of the key under which keys beyond the recorder's bound are counted together.
const OTHER_KEY: &str = "<other key>";

/// The settings of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySpec {
    /// A name for people; at most 200 bytes.
    pub name: Option<String>,
    /// The tenant that it belongs to.
    pub tenant_id: Option<String>,
    /// The user that it belongs to: a user is the keys with its id.
    pub user_id: Option<String>,
    /// The team that it belongs to: a team is the keys with its id.
    pub team_id: Option<String>,
    /// Requests that it may send in a minute. The host enforces it; here it is measured against.
    pub rate_limit_per_minute: Option<u64>,
    /// Requests that it may send in a quota period, or how much of [`quota_unit`](Self::quota_unit) it may use.
    pub quota_limit: Option<u64>,
    /// The unit that the quota is of, such as `tokens`; requests where none is set.
    pub quota_unit: Option<String>,
    /// The quota's period; a calendar month where none is set.
    pub quota_period: Option<QuotaPeriod>,
    /// Where periods start; snapped down to a UTC hour. Months begin on its day and at its time in the quotas'
    /// zone, or on the last day of a month that is too short; calendar months where none is set. Days count
    /// from it on, from the key's creation where none is set.
    pub quota_anchor: Option<UnixSeconds>,
    /// The latest plan that it is billed by: any version of it. `None` is the default plan.
    pub price_plan_id: Option<i64>,
    /// Whether limits, quota and plan are to be watched.
    pub enabled: bool,
}

impl Default for KeySpec {
    fn default() -> Self {
        Self {
            name: None,
            tenant_id: None,
            user_id: None,
            team_id: None,
            rate_limit_per_minute: None,
            quota_limit: None,
            quota_unit: None,
            quota_period: None,
            quota_anchor: None,
            price_plan_id: None,
            enabled: true,
        }
    }
}

/// An API key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRecord {
    /// The number used in series.
    pub id: i64,
    /// The text of the host's [`ApiKey`](api_metrics_layer::ApiKey).
    pub external_id: String,
    /// What was set.
    pub spec: KeySpec,
    /// When it was first seen, or made.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

impl KeyRecord {
    /// A key with default settings.
    #[cfg(test)]
    pub(crate) fn new(id: i64, external_id: impl Into<String>) -> Self {
        Self {
            id,
            external_id: external_id.into(),
            spec: KeySpec::default(),
            created_at: 0,
            updated_at: 0,
        }
    }

    /// Its name, or the host's text where it has none.
    #[must_use]
    pub fn label(&self) -> &str {
        self.spec.name.as_deref().unwrap_or(&self.external_id)
    }

    /// Whether keys beyond the recorder's bound are counted under it: it is nobody's, has no limit and is not billed.
    pub(in crate::control) fn is_other(&self) -> bool {
        self.external_id == OTHER_KEY
    }

    /// The same, fit for a line that people read: the host's text may be anything.
    pub(in crate::control) fn shown_label(&self) -> Cow<'_, str> {
        escaped(self.label())
    }

    /// Whether a caller of this scope may see it.
    pub(super) fn is_in(&self, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Tenant(tenant) => self.spec.tenant_id.as_ref() == Some(tenant),
            Scope::Keys(ids) => ids.contains(&self.id),
        }
    }
}

/// A change of some of a key's settings. The outer `None` leaves a setting alone, the inner
/// one clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyChange {
    /// See [`KeySpec::name`].
    pub name: Option<Option<String>>,
    /// See [`KeySpec::tenant_id`].
    pub tenant_id: Option<Option<String>>,
    /// See [`KeySpec::user_id`].
    pub user_id: Option<Option<String>>,
    /// See [`KeySpec::team_id`].
    pub team_id: Option<Option<String>>,
    /// See [`KeySpec::rate_limit_per_minute`].
    pub rate_limit_per_minute: Option<Option<u64>>,
    /// See [`KeySpec::quota_limit`].
    pub quota_limit: Option<Option<u64>>,
    /// See [`KeySpec::quota_unit`].
    pub quota_unit: Option<Option<String>>,
    /// See [`KeySpec::quota_period`].
    pub quota_period: Option<Option<QuotaPeriod>>,
    /// See [`KeySpec::quota_anchor`].
    pub quota_anchor: Option<Option<UnixSeconds>>,
    /// See [`KeySpec::price_plan_id`].
    pub price_plan_id: Option<Option<i64>>,
    /// The first day, in UTC, on which the new plan counts; today where none is given.
    pub price_plan_from: Option<NaiveDate>,
    /// See [`KeySpec::enabled`].
    pub enabled: Option<bool>,
}

impl KeyChange {
    /// Whether it can be carried out.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] names the first member that can't be.
    pub(crate) fn validate(&self) -> Result<(), StoreError> {
        for (field, value) in [
            ("name", &self.name),
            ("tenantId", &self.tenant_id),
            ("userId", &self.user_id),
            ("teamId", &self.team_id),
        ] {
            if let Some(Some(text)) = value {
                check_text(field, text, MAX_NAME_BYTES)?;
            }
        }
        for (field, value) in [
            ("rateLimitPerMinute", self.rate_limit_per_minute),
            ("quotaLimit", self.quota_limit),
        ] {
            if value.flatten().is_some_and(|n| n > 1_000_000_000_000_000) {
                return invalid(field, "takes at most 1,000,000,000,000,000 requests");
            }
        }
        if let Some(Some(unit)) = &self.quota_unit {
            check_unit("quotaUnit", unit)?;
        }
        if self.price_plan_from.is_some() && self.price_plan_id.is_none() {
            return invalid("pricePlanFrom", "goes with pricePlanId");
        }
        Ok(())
    }

    /// Carries the change out on settings in memory. The first day of a plan is no setting: the store
    /// keeps it as an assignment.
    pub(crate) fn apply(&self, to: &mut KeySpec) {
        fn set<T: Clone>(to: &mut T, change: Option<&T>) {
            if let Some(value) = change {
                to.clone_from(value);
            }
        }
        set(&mut to.name, self.name.as_ref());
        set(&mut to.tenant_id, self.tenant_id.as_ref());
        set(&mut to.user_id, self.user_id.as_ref());
        set(&mut to.team_id, self.team_id.as_ref());
        set(
            &mut to.rate_limit_per_minute,
            self.rate_limit_per_minute.as_ref(),
        );
        set(&mut to.quota_limit, self.quota_limit.as_ref());
        set(&mut to.quota_unit, self.quota_unit.as_ref());
        set(&mut to.quota_period, self.quota_period.as_ref());
        set(&mut to.quota_anchor, self.quota_anchor.as_ref());
        set(&mut to.price_plan_id, self.price_plan_id.as_ref());
        set(&mut to.enabled, self.enabled.as_ref());
    }
}
