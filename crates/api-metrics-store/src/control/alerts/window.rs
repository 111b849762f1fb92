//! Silences that were planned: a maintenance window, or a service that is known to be broken.
//!
//! What matches one is still evaluated and recorded; its notices are kept back while it lasts. What fires meanwhile is
//! delivered when it is over, if it still does.

use super::{AlertRule, AlertSpec, Target, store::seen};
use crate::{
    control::{audit::by, sql},
    engine::{
        audit,
        backend::{Mode, Tx},
        sql::{BeginTx, SqlTx},
    },
    query::Scope,
    store::{StoreError, invalid},
    text::is_plain,
    time::UnixSeconds,
};

/// Silences that are not over, of a tenant and of everybody: each evaluation reads all of them.
const MAX_SILENCES: u64 = 500;
/// The longest silence, in seconds: a year.
const LONGEST: i64 = 366 * 86_400;
/// How far ahead one can be planned, in seconds: a year.
const FURTHEST: i64 = 366 * 86_400;
/// How long one that is over is listed, in seconds.
const LISTED: i64 = 30 * 86_400;
/// The most bytes of a reason, a service and an endpoint.
const MAX_BYTES: usize = 512;

/// Which rules are silent, from when until when, and why: the defaults of [`new`](Self::new), of which fields are
/// changed.
///
/// ```
/// use api_metrics_store::control::alerts::NewSilence;
///
/// let mut silence = NewSilence::new(1_773_144_000, 1_773_151_200);
/// silence.service = Some("billing".to_owned());
/// silence.reason = Some("the database moves".to_owned());
/// assert_eq!(silence.until - silence.from, 7_200);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewSilence {
    /// From when on.
    pub from: UnixSeconds,
    /// Until when.
    pub until: UnixSeconds,
    /// Only this tenant's rules; `None`: everybody's.
    pub tenant_id: Option<String>,
    /// Only rules of this service; rules of all services are none.
    pub service: Option<String>,
    /// Only rules of this environment; rules of all environments are none.
    pub environment: Option<String>,
    /// Only rules of this endpoint, or of endpoints that this glob matches; rules of all endpoints are none.
    pub endpoint: Option<String>,
    /// Only this rule.
    pub rule_id: Option<i64>,
    /// Why, for people.
    pub reason: Option<String>,
}

impl NewSilence {
    /// All rules, from `from` until `until`.
    #[must_use]
    pub fn new(from: UnixSeconds, until: UnixSeconds) -> Self {
        Self {
            from,
            until,
            tenant_id: None,
            service: None,
            environment: None,
            endpoint: None,
            rule_id: None,
            reason: None,
        }
    }

    /// Whether it can be planned at `now`.
    fn validate(&self, now: UnixSeconds) -> Result<(), StoreError> {
        if self.until <= self.from {
            return invalid("until", "is not after its beginning");
        }
        if self.until <= now {
            return invalid("until", "is over already");
        }
        if self.until - self.from > LONGEST {
            return invalid("until", "is more than a year after its beginning");
        }
        if self.from > now + FURTHEST {
            return invalid("from", "is more than a year ahead");
        }
        for (field, text) in [
            ("service", &self.service),
            ("environment", &self.environment),
            ("endpoint", &self.endpoint),
            ("reason", &self.reason),
        ] {
            let Some(text) = text else { continue };
            if text.trim().is_empty() || text.len() > MAX_BYTES || !is_plain(text) {
                return invalid(
                    field,
                    "takes 1 to 512 bytes without control characters and marks of direction",
                );
            }
        }
        match self.endpoint.as_deref().map(Target::never_met) {
            Some(Some(why)) => invalid("endpoint", why),
            _ => Ok(()),
        }
    }
}

/// A silence as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedSilence {
    /// Its number.
    pub id: i64,
    /// What it silences. One that was ended early has that as its end.
    pub silence: NewSilence,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// Who made it.
    pub created_by: String,
}

impl PlannedSilence {
    /// Whether it lasts at `now`.
    fn lasts(&self, now: UnixSeconds) -> bool {
        self.silence.from <= now && now < self.silence.until
    }

    /// Whether it is about this rule.
    fn matches(&self, rule: i64, spec: &AlertSpec) -> bool {
        let NewSilence {
            tenant_id,
            service,
            environment,
            endpoint,
            rule_id,
            ..
        } = &self.silence;
        rule_id.is_none_or(|id| id == rule)
            && (tenant_id.is_none() || *tenant_id == spec.tenant_id)
            && (service.is_none() || *service == spec.service)
            && (environment.is_none() || *environment == spec.environment)
            && endpoint.as_deref().is_none_or(|filter| {
                spec.endpoint
                    .as_deref()
                    .is_some_and(|watched| covers(filter, watched))
            })
    }
}

/// Whether a filter covers what a rule watches: the same text, or endpoints that the glob matches.
fn covers(filter: &str, watched: &str) -> bool {
    if filter.trim() == watched.trim() {
        return true;
    }
    match (Target::parse(filter), Target::parse(watched)) {
        (Some(filter), Some(watched)) => {
            // A rule of all methods is covered by a filter of all methods alone.
            let method = watched.method.as_deref().unwrap_or_default();
            filter.matches(method, &watched.path)
        }
        _ => false,
    }
}

/// The silences that matter to evaluations at one time.
#[derive(Debug)]
pub(super) struct Silences(Vec<PlannedSilence>);

impl Silences {
    /// Those that are planned, last, or were over within the time that is caught up with and more.
    pub(super) async fn read(tx: &mut dyn Tx, now: UnixSeconds) -> Result<Self, StoreError> {
        let all = sql::silences::list(tx, None, now - LISTED).await?;
        Ok(Self(all))
    }

    /// Whether the firing of a rule at `at` is kept back, evaluated at `now`: by one of these, or by a silence at an event
    /// of the rule. Minutes that are caught up with are as silent as they were.
    pub(super) async fn cover(
        &self,
        tx: &mut dyn SqlTx,
        rule: &AlertRule,
        at: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<bool, StoreError> {
        let planned = |one: &PlannedSilence| {
            (one.lasts(at) || one.lasts(now)) && one.matches(rule.id, &rule.spec)
        };
        Ok(self.0.iter().any(planned) || sql::alerts::is_silenced(tx, rule.id, now).await?)
    }
}

/// The tenant whose silences a scope sees; an error for a scope of keys, which sees none.
fn tenant_of(scope: &Scope) -> Option<Option<&str>> {
    match scope {
        Scope::All => Some(None),
        Scope::Tenant(tenant) => Some(Some(tenant)),
        Scope::Keys(_) => None,
    }
}

/// See `ControlStore::silences`.
pub(in crate::control) async fn silences(
    store: &dyn BeginTx,
    scope: &Scope,
) -> Result<Vec<PlannedSilence>, StoreError> {
    let Some(tenant) = tenant_of(scope) else {
        return Ok(Vec::new());
    };
    let mut tx = store.begin_read(scope).await?;
    let now = sql::now(&mut *tx).await?;
    let all = sql::silences::list(&mut *tx, tenant, now - LISTED).await?;
    tx.commit().await?;
    Ok(all)
}

/// See `ControlStore::create_silence`.
pub(in crate::control) async fn create(
    store: &dyn BeginTx,
    scope: &Scope,
    silence: &NewSilence,
    actor: Option<&str>,
) -> Result<PlannedSilence, StoreError> {
    let own = match tenant_of(scope) {
        Some(tenant) => tenant.is_none() || silence.tenant_id.as_deref() == tenant,
        None => false,
    };
    if !own {
        return invalid("tenantId", "is another tenant's");
    }
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    silence.validate(now)?;
    if let Some(rule) = silence.rule_id
        && seen(&mut *tx, rule, scope).await?.is_none()
    {
        return invalid("alertId", "is no rule's number");
    }
    if sql::silences::count(&mut *tx, silence.tenant_id.as_deref(), now).await? >= MAX_SILENCES {
        return Err(StoreError::Conflict(format!(
            "there are {MAX_SILENCES} silences already that are not over"
        )));
    }
    let actor = by(actor);
    let id = sql::silences::insert(&mut *tx, silence, now, actor).await?;
    let planned = PlannedSilence {
        id,
        silence: silence.clone(),
        created_at: now,
        created_by: actor.to_owned(),
    };
    audit::note(&mut *tx, now, actor, "create silence", &subject(&planned)).await?;
    tx.commit().await?;
    Ok(planned)
}

/// See `ControlStore::end_silence`.
pub(in crate::control) async fn end(
    store: &dyn BeginTx,
    id: i64,
    scope: &Scope,
    actor: Option<&str>,
) -> Result<bool, StoreError> {
    let Some(tenant) = tenant_of(scope) else {
        return Ok(false);
    };
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let open = sql::silences::list(&mut *tx, tenant, now).await?;
    let Some(planned) = open.into_iter().find(|one| one.id == id) else {
        return Ok(false);
    };
    sql::silences::end(&mut *tx, id, now).await?;
    audit::note(&mut *tx, now, by(actor), "end silence", &subject(&planned)).await?;
    tx.commit().await?;
    Ok(true)
}

/// A silence as notes name it.
fn subject(planned: &PlannedSilence) -> String {
    let mut subject = format!("silence {}", planned.id);
    if let Some(reason) = &planned.silence.reason {
        subject.push_str(&format!(" ({reason})"));
    }
    subject
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::alerts::{AlertType, Comparison};

    fn spec(service: Option<&str>, endpoint: Option<&str>, tenant: Option<&str>) -> AlertSpec {
        let mut spec = AlertSpec::new("errors", AlertType::ErrorRate, Comparison::Gt, 5.0);
        spec.service = service.map(str::to_owned);
        spec.endpoint = endpoint.map(str::to_owned);
        spec.tenant_id = tenant.map(str::to_owned);
        spec
    }

    fn planned(change: impl FnOnce(&mut NewSilence)) -> PlannedSilence {
        let mut silence = NewSilence::new(100, 200);
        change(&mut silence);
        PlannedSilence {
            id: 1,
            silence,
            created_at: 0,
            created_by: "ann".to_owned(),
        }
    }

    #[test]
    fn a_silence_lasts_from_its_beginning_until_before_its_end() {
        let all = planned(|_| {});
        assert_eq!(
            [99, 100, 199, 200].map(|now| all.lasts(now)),
            [false, true, true, false]
        );
    }

    #[test]
    fn a_silence_is_about_the_rules_that_all_its_filters_name() {
        let everywhere = spec(None, None, None);
        let mut checkout = spec(Some("shop"), Some("POST /checkout"), Some("acme"));
        checkout.environment = Some("live".to_owned());
        let all = planned(|_| {});
        assert!(all.matches(1, &everywhere) && all.matches(2, &checkout));
        let one = planned(|silence| silence.rule_id = Some(2));
        assert!(!one.matches(1, &everywhere) && one.matches(2, &checkout));
        // A rule of everything is no rule of a service, an endpoint or a tenant.
        for narrow in [
            planned(|silence| silence.service = Some("shop".to_owned())),
            planned(|silence| silence.environment = Some("live".to_owned())),
            planned(|silence| silence.tenant_id = Some("acme".to_owned())),
            planned(|silence| silence.endpoint = Some("/checkout".to_owned())),
            planned(|silence| silence.endpoint = Some("POST /check*".to_owned())),
            planned(|silence| silence.endpoint = Some("*".to_owned())),
        ] {
            assert!(!narrow.matches(1, &everywhere), "{narrow:?}");
            assert!(narrow.matches(2, &checkout), "{narrow:?}");
        }
        for other in [
            planned(|silence| silence.service = Some("billing".to_owned())),
            planned(|silence| silence.environment = Some("test".to_owned())),
            planned(|silence| silence.tenant_id = Some("umbrella".to_owned())),
            planned(|silence| silence.endpoint = Some("GET /checkout".to_owned())),
            planned(|silence| silence.endpoint = Some("/check".to_owned())),
        ] {
            assert!(!other.matches(2, &checkout), "{other:?}");
        }
        // A rule of all methods is more than a filter of one.
        let of_get = planned(|silence| silence.endpoint = Some("GET /a".to_owned()));
        assert!(!of_get.matches(1, &spec(None, Some("/a"), None)));
    }
}
