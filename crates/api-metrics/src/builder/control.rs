//! Settings of the control plane: who gets notices, and how limits, quotas and bills are counted.

use std::{collections::HashMap, sync::Arc, time::Duration};

use api_metrics_store::{
    control::{
        ControlSettings, ControlStore,
        billing::BillingSettings,
        digest::WeeklyDigest,
        limits::LimitSettings,
        notify::{BroadcastNotifier, Notifier},
        quotas::{CountedStatuses, QuotaSettings},
    },
    text::is_plain,
};

use super::{Builder, Database, notifiers};
#[cfg(doc)]
use crate::ApiMetrics;
use crate::StartError;

/// How many notices a subscriber of [`ApiMetrics::notices`] may fall behind.
const MAX_NOTICES_BEHIND: usize = 256;

/// What can be set of the control plane.
#[derive(Clone, Default)]
pub(super) struct ControlBuilder {
    notifiers: Vec<Arc<dyn Notifier>>,
    without_log: bool,
    limits: LimitSettings,
    quotas: Option<QuotaSettings>,
    billing: Option<BillingSettings>,
    pub(super) status_counts: Option<CountedStatuses>,
    pub(super) default_rate_limit: Option<u64>,
    pub(super) default_quota: Option<u64>,
    /// What the environment says of notifiers.
    pub(super) variables: HashMap<&'static str, String>,
    pub(super) public_url: Option<String>,
    pub(super) weekly_digest: Option<WeeklyDigest>,
    pub(super) health_rules: Option<bool>,
}

#[cfg_attr(docsrs, doc(cfg(feature = "control")))]
impl Builder {
    /// Keeps buckets and the control plane in a store of your own. It brings its own options and kind
    /// of sketch; give it the same [`clock`](Self::clock), if it has one.
    ///
    /// With [`store`](Self::store) instead, there is no control plane.
    pub fn control_store(mut self, store: Arc<dyn ControlStore>) -> Self {
        self.database = Some(Database::ControlStore(store));
        self
    }

    /// Adds a way to deliver notices: a webhook, Slack, Teams, Discord, PagerDuty, Opsgenie, e-mail, or a [`Notifier`] of
    /// your own.
    ///
    /// The environment adds more, see [`notifiers_of`](crate::notifiers_of).
    pub fn notifier(mut self, notifier: impl Notifier) -> Self {
        self.control.notifiers.push(Arc::new(notifier));
        self
    }

    /// Where people reach the admin, such as `https://example.com/admin`: notices then carry a link to what they are
    /// about. Default: no links. `API_METRICS_PUBLIC_URL`.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.control.public_url = Some(url.into());
        self
    }

    /// Sums up each week in a notice, at this time: `WeeklyDigest::default()` is Mondays at 8 in UTC, and
    /// `"Mon 08:00 Europe/Berlin".parse()?` another. Default: never. `API_METRICS_WEEKLY_DIGEST`.
    pub fn weekly_digest(mut self, at: WeeklyDigest) -> Self {
        self.control.weekly_digest = Some(at);
        self
    }

    /// Whether there are rules over the health of api-metrics itself without anybody making them: slow answers, slow
    /// queries, many open streams, few cache hits. Default: true. `API_METRICS_HEALTH_RULES`. They are rules like
    /// others, for admins: one that was changed or deleted stays so. With false, those that nobody has changed are
    /// removed.
    pub fn health_rules(mut self, on: bool) -> Self {
        self.control.health_rules = Some(on);
        self
    }

    /// Keeps notices out of the log.
    pub fn without_notices_in_log(mut self) -> Self {
        self.control.without_log = true;
        self
    }

    /// From which share of its rate limit on a key is near it, and how long utilization is kept.
    /// Default: 80%, 30 days.
    pub fn limits(mut self, settings: LimitSettings) -> Self {
        self.control.limits = settings;
        self
    }

    /// How quotas are counted, and at which percentages a notice is sent. Default: every response,
    /// months in UTC; 50, 80, 100. `API_METRICS_STATUS_COUNTS`, such as `2xx,3xx`: which responses
    /// count.
    pub fn quotas(mut self, settings: QuotaSettings) -> Self {
        self.control.quotas = Some(settings);
        self
    }

    /// Requests a minute of keys without a limit of their own. Default: none. `API_METRICS_DEFAULT_RATE_LIMIT`. It fills what
    /// [`limits`](Self::limits) leaves open.
    pub fn default_rate_limit(mut self, requests_per_minute: u64) -> Self {
        self.control.default_rate_limit = Some(requests_per_minute);
        self
    }

    /// Requests a calendar month of keys without a quota of their own. Default: none. `API_METRICS_DEFAULT_QUOTA`. It fills
    /// what [`quotas`](Self::quotas) leaves open.
    pub fn default_quota(mut self, requests_per_month: u64) -> Self {
        self.control.default_quota = Some(requests_per_month);
        self
    }

    /// How usage is billed: the plan of keys without one, and which responses count. Default: 0.02
    /// USD for 1,000 requests; every response. `API_METRICS_STATUS_COUNTS`, as for quotas.
    pub fn billing(mut self, settings: BillingSettings) -> Self {
        self.control.billing = Some(settings);
        self
    }
}

impl ControlBuilder {
    /// When a key is near its limit: as the code says, with the default limit of the environment.
    pub(super) fn limits(&self) -> LimitSettings {
        let mut limits = self.limits.clone();
        limits.default_rate_limit = limits.default_rate_limit.or(self.default_rate_limit);
        limits
    }

    /// How quotas are counted: as the code says, else as the environment does.
    pub(super) fn quotas(&self) -> QuotaSettings {
        let mut quotas = self.quotas.clone().unwrap_or_else(|| {
            let mut quotas = QuotaSettings::default();
            quotas.status_counts = self.status_counts.clone().unwrap_or_default();
            quotas
        });
        quotas.default_quota = quotas.default_quota.or(self.default_quota);
        quotas
    }

    /// How usage is billed: as the code says, else as the environment does.
    pub(super) fn billing(&self) -> BillingSettings {
        self.billing.clone().unwrap_or_else(|| {
            let mut billing = BillingSettings::default();
            billing.status_counts = self.status_counts.clone().unwrap_or_default();
            billing
        })
    }

    /// The settings of the worker, and the channel to subscribers in this process.
    pub(super) fn worker_settings(
        &self,
        flush_interval: Duration,
    ) -> Result<(ControlSettings, BroadcastNotifier), StartError> {
        let subscribers = BroadcastNotifier::new(MAX_NOTICES_BEHIND);
        if self
            .notifiers
            .iter()
            .any(|notifier| !is_plain(notifier.channel()))
        {
            return Err(StartError::Name {
                setting: "notifier",
            });
        }
        let mut settings = ControlSettings::default();
        if let Some(url) = &self.public_url {
            let http = url.starts_with("https://") || url.starts_with("http://");
            // A fragment or a query would swallow the page.
            if !http || !is_plain(url) || url.contains(['#', '?', ' ', '<', '>', '|']) {
                return Err(StartError::Setting {
                    name: "API_METRICS_PUBLIC_URL",
                    value: url.clone(),
                    expected: "the admin's address, such as https://example.com/admin",
                });
            }
            settings.public_url = Some(url.clone());
        }
        settings.limits = self.limits();
        settings.quotas = self.quotas();
        settings.billing = self.billing();
        settings.weekly_digest = self.weekly_digest;
        settings.health_rules = Some(self.health_rules.unwrap_or(true));
        settings.evaluation_delay = evaluation_delay(flush_interval);
        settings.log_notices = !self.without_log;
        settings.notifiers.push(Arc::new(subscribers.clone()));
        settings.notifiers.extend(self.notifiers.iter().cloned());
        for (_, notifier) in notifiers::named_by(&|name| self.variables.get(name).cloned()) {
            settings.notifiers.push(notifier?);
        }
        Ok((settings, subscribers))
    }
}

/// A minute is evaluated once it has been flushed: after an interval, a tenth of jitter, and the flush
/// itself, in whole seconds.
fn evaluation_delay(flush_interval: Duration) -> Duration {
    let flushed = flush_interval.mul_f64(1.1) + Duration::from_secs(1);
    Duration::from_secs(flushed.as_secs() + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[cfg(feature = "webhook")]
    #[test]
    fn a_wrong_webhook_names_its_variable_and_not_its_url() {
        let settings = ControlBuilder {
            variables: HashMap::from([(
                "API_METRICS_WEBHOOK_URL",
                "https://user:s3cret@example.com/".to_owned(),
            )]),
            ..ControlBuilder::default()
        };
        let error = settings.worker_settings(Duration::from_secs(10)).err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(
            error.contains("API_METRICS_WEBHOOK_URL") && !error.contains("s3cret"),
            "{error}"
        );
    }

    #[cfg(feature = "webhook")]
    #[test]
    fn a_private_webhook_is_refused_when_it_is_set_and_the_setting_is_named() {
        use api_metrics_store::control::notify::{WebhookNotifier, WebhookOptions};

        let refused = |settings: &ControlBuilder| {
            let error = settings.worker_settings(Duration::from_secs(10)).err();
            error.map(|error| error.to_string()).unwrap_or_default()
        };
        let private = "http://169.254.169.254/s3cret".to_owned();
        for (name, value) in [
            ("API_METRICS_WEBHOOK_URL", private.clone()),
            (
                "API_METRICS_SLACK_WEBHOOK_URL",
                "https://localhost/s3cret".to_owned(),
            ),
            ("API_METRICS_TEAMS_WEBHOOK_URL", private.clone()),
            ("API_METRICS_DISCORD_WEBHOOK_URL", private.clone()),
        ] {
            let mut settings = ControlBuilder {
                variables: HashMap::from([(name, value)]),
                ..ControlBuilder::default()
            };
            let error = refused(&settings);
            assert!(
                error.contains(name)
                    && error.contains("API_METRICS_WEBHOOK_ALLOW_PRIVATE")
                    && !error.contains("s3cret"),
                "{error}"
            );
            let allow = ("API_METRICS_WEBHOOK_ALLOW_PRIVATE", "true".to_owned());
            settings.variables.extend([allow]);
            assert_eq!(refused(&settings), "");
        }
        let mut options = WebhookOptions::default();
        let error = WebhookNotifier::new(&private, options.clone()).unwrap_err();
        assert!(error.to_string().contains("allow_private"), "{error}");
        options.allow_private = true;
        assert!(WebhookNotifier::new(&private, options).is_ok());
    }

    #[test]
    fn a_minute_is_evaluated_when_it_has_been_flushed() {
        for (interval_ms, delay) in [(10_000, 13), (100, 2)] {
            let interval = Duration::from_millis(interval_ms);
            assert_eq!(evaluation_delay(interval), Duration::from_secs(delay));
        }
    }

    #[test]
    fn the_worker_waits_for_the_flush() -> Result<(), StartError> {
        use std::time::UNIX_EPOCH;

        use api_metrics_store::control::ControlWorker;

        let (settings, _) = ControlBuilder::default().worker_settings(Duration::from_secs(10))?;
        let worker = ControlWorker::new(settings);
        let minute = UNIX_EPOCH + Duration::from_secs(600);
        assert_eq!(worker.until_due(minute), Duration::from_secs(13));
        Ok(())
    }
}
