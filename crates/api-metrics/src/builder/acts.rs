//! What acts on the numbers: whom to tell, and how limits, quotas and bills are counted.

use std::{sync::Arc, time::Duration};

use api_metrics_store::{
    billing::BillingSettings,
    limits::LimitSettings,
    notify::{BroadcastNotifier, LogNotifier, Notifier},
    quotas::{CountedStatuses, QuotaSettings},
    watch::Watch,
};

use super::Builder;
#[cfg(doc)]
use crate::ApiMetrics;
use crate::StartError;

/// So many notices a listener of [`ApiMetrics::notices`] may fall behind.
const NOTICES_BEHIND: usize = 256;

/// The settings of what acts on the numbers.
#[derive(Clone, Default)]
pub(super) struct Acts {
    notifiers: Vec<Arc<dyn Notifier>>,
    without_log: bool,
    pub(super) limits: LimitSettings,
    quotas: Option<QuotaSettings>,
    billing: Option<BillingSettings>,
    pub(super) status_counts: Option<CountedStatuses>,
    pub(super) webhook_url: Option<String>,
    pub(super) webhook_secret: Option<String>,
    pub(super) slack_url: Option<String>,
    pub(super) allow_private: Option<bool>,
}

impl Builder {
    /// Tells alerts, limits and quotas through this notifier too: a webhook, Slack, or one of your
    /// own. `API_METRICS_WEBHOOK_URL` with `API_METRICS_WEBHOOK_SECRET`, and
    /// `API_METRICS_SLACK_WEBHOOK_URL`, add one each, with the feature `webhook`;
    /// `API_METRICS_WEBHOOK_ALLOW_PRIVATE` lets them connect to private addresses.
    pub fn notifier(mut self, notifier: impl Notifier) -> Self {
        self.acts.notifiers.push(Arc::new(notifier));
        self
    }

    /// Leaves alerts, limits and quotas out of the log.
    pub fn without_notices_in_log(mut self) -> Self {
        self.acts.without_log = true;
        self
    }

    /// From when on a key is near its rate limit, and how long its utilization is kept. Default:
    /// 80%, 30 days.
    pub fn limits(mut self, settings: LimitSettings) -> Self {
        self.acts.limits = settings;
        self
    }

    /// How quotas are counted, and at which percentages that is told. Default: every answer, months
    /// in UTC; 50, 80, 100. `API_METRICS_STATUS_COUNTS`, such as `2xx,3xx`: which answers count.
    pub fn quotas(mut self, settings: QuotaSettings) -> Self {
        self.acts.quotas = Some(settings);
        self
    }

    /// How usage is billed: the plan of keys without one, and which answers count. Default: 0.02
    /// USD for 1,000 requests; every answer. `API_METRICS_STATUS_COUNTS`, as for quotas.
    pub fn billing(mut self, settings: BillingSettings) -> Self {
        self.acts.billing = Some(settings);
        self
    }
}

impl Acts {
    /// How quotas are counted: as the code says, else as the environment does.
    pub(super) fn quotas(&self) -> QuotaSettings {
        self.quotas.clone().unwrap_or_else(|| {
            QuotaSettings::default().status_counts(self.status_counts.clone().unwrap_or_default())
        })
    }

    /// How usage is billed: as the code says, else as the environment does.
    pub(super) fn billing(&self) -> BillingSettings {
        self.billing.clone().unwrap_or_else(|| {
            BillingSettings::default().status_counts(self.status_counts.clone().unwrap_or_default())
        })
    }

    /// The watch, and the channel to whoever listens in this process.
    pub(super) fn watch(
        &self,
        flush_interval: Duration,
    ) -> Result<(Watch, BroadcastNotifier), StartError> {
        let listeners = BroadcastNotifier::new(NOTICES_BEHIND);
        // A minute is judged when it has been flushed: an interval, a tenth of jitter, and the flush.
        let settle = flush_interval.mul_f64(1.1) + Duration::from_secs(1);
        let mut watch = Watch::default()
            .limits(self.limits.clone())
            .quotas(self.quotas())
            .settle(Duration::from_secs(settle.as_secs() + 1));
        if self.without_log {
            watch = watch.without_notifiers();
        } else {
            watch = watch.without_notifiers().notifier(LogNotifier);
        }
        watch = watch.notifier(listeners.clone());
        for notifier in self.notifiers.iter().chain(&self.set_by_environment()?) {
            watch = watch.shared_notifier(Arc::clone(notifier));
        }
        Ok((watch, listeners))
    }

    /// The notifiers that the environment names.
    #[cfg(feature = "webhook")]
    fn set_by_environment(&self) -> Result<Vec<Arc<dyn Notifier>>, StartError> {
        use api_metrics_store::notify::{SlackNotifier, WebhookNotifier};

        let failed = |name| move |source| StartError::Webhook { name, source };
        let private = self.allow_private == Some(true);
        let mut notifiers: Vec<Arc<dyn Notifier>> = Vec::new();
        if let Some(url) = &self.webhook_url {
            let mut hook = WebhookNotifier::new(url).map_err(failed("API_METRICS_WEBHOOK_URL"))?;
            if let Some(secret) = &self.webhook_secret {
                hook = hook
                    .secret(secret)
                    .map_err(failed("API_METRICS_WEBHOOK_SECRET"))?;
            }
            notifiers.push(if private {
                Arc::new(hook.allow_private())
            } else {
                Arc::new(hook)
            });
        }
        if let Some(url) = &self.slack_url {
            let slack = SlackNotifier::new(url).map_err(failed("API_METRICS_SLACK_WEBHOOK_URL"))?;
            notifiers.push(if private {
                Arc::new(slack.allow_private())
            } else {
                Arc::new(slack)
            });
        }
        Ok(notifiers)
    }

    #[cfg(not(feature = "webhook"))]
    fn set_by_environment(&self) -> Result<Vec<Arc<dyn Notifier>>, StartError> {
        // Nobody is to find out at the first outage that alerts went nowhere.
        for (name, url) in [
            ("API_METRICS_WEBHOOK_URL", &self.webhook_url),
            ("API_METRICS_SLACK_WEBHOOK_URL", &self.slack_url),
        ] {
            if url.is_some() {
                return Err(StartError::Setting {
                    name,
                    value: "set".to_owned(),
                    expected: "possible without the feature `webhook` of api-metrics",
                });
            }
        }
        Ok(Vec::new())
    }
}

#[cfg(all(test, feature = "webhook"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_wrong_webhook_names_its_variable_and_not_its_url() {
        let acts = Acts {
            webhook_url: Some("https://user:s3cret@example.com/".to_owned()),
            ..Acts::default()
        };
        let error = acts.watch(Duration::from_secs(10)).unwrap_err().to_string();
        assert!(
            error.contains("API_METRICS_WEBHOOK_URL") && !error.contains("s3cret"),
            "{error}"
        );
    }

    #[test]
    fn a_minute_is_judged_when_it_has_been_flushed() {
        let (watch, _) = Acts::default().watch(Duration::from_secs(10)).unwrap();
        assert!(format!("{watch:?}").contains("settle: 13s"), "{watch:?}");
        let (watch, _) = Acts::default().watch(Duration::from_millis(100)).unwrap();
        assert!(format!("{watch:?}").contains("settle: 2s"), "{watch:?}");
    }
}
