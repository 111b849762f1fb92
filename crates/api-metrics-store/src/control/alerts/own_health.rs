//! Rules over our own health, which look at samples of processes and not at requests.

use super::{AlertSpec, AlertType, evaluate::window, measure::Measured, sliding::Windows};
use crate::{
    control::{ControlStore, health},
    store::{StoreError, invalid},
    time::UnixSeconds,
};

impl AlertType {
    /// Whether it looks at our own health.
    #[must_use]
    pub(crate) const fn is_health(self) -> bool {
        matches!(
            self,
            Self::StoreUnreachable
                | Self::FlushLag
                | Self::AnswerTime
                | Self::QueryTime
                | Self::OpenStreams
                | Self::DroppedLogRows
                | Self::CacheHitRate
        )
    }

    /// What it is made of, in the singular and the plural, where a minimum of that can be asked for.
    pub(super) const fn counted(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::AnswerTime => Some(("answer", "answers")),
            Self::QueryTime => Some(("query", "queries")),
            Self::CacheHitRate => Some(("lookup", "lookups")),
            _ => None,
        }
    }
}

impl AlertSpec {
    /// The part of `validate` that concerns our own health, which has no filters and is nobody's but the operator's.
    pub(super) fn validate_health(&self) -> Result<(), StoreError> {
        if !self.alert_type.is_health() {
            return Ok(());
        }
        const WHY: &str = "does not go with our own health, which is that of all processes";
        for (field, is_set) in [
            ("tenantId", self.tenant_id.is_some()),
            ("serviceFilter", self.service.is_some()),
            ("environmentFilter", self.environment.is_some()),
            ("protocolFilter", self.protocol.is_some()),
            ("endpointFilter", self.endpoint.is_some()),
            ("apiKeyFilter", self.api_key_id.is_some()),
        ] {
            if is_set {
                return invalid(field, WHY);
            }
        }
        if self.min_requests > 0 && self.alert_type.counted().is_none() {
            return invalid(
                "minRequests",
                "goes with answer_time, query_time and cache_hit_rate only, of our own health",
            );
        }
        if self.alert_type == AlertType::StoreUnreachable
            && self.comparison.is_upward()
            && self.threshold > f64::from(self.window_minutes) * 60.0
        {
            return invalid("thresholdValue", "is more seconds than the window has");
        }
        Ok(())
    }
}

/// The value of the window that ends at `end`.
pub(super) async fn measured(
    store: &dyn ControlStore,
    spec: &AlertSpec,
    end: UnixSeconds,
) -> Result<Measured, StoreError> {
    let steps = health::steps(store, window(spec, end)).await?;
    Ok(Windows::over(&steps).measured(spec, end, None)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::control::alerts::Comparison;

    #[test]
    fn a_rule_over_our_own_health_takes_no_filter_and_no_tenant() {
        let refused = |change: fn(&mut AlertSpec)| {
            let mut spec = AlertSpec::new("rule", AlertType::FlushLag, Comparison::Gt, 30.0);
            change(&mut spec);
            match spec.validate() {
                Err(StoreError::Invalid { field, .. }) => Some(field),
                _ => None,
            }
        };
        assert_eq!(refused(|_| ()), None);
        assert_eq!(
            refused(|spec| spec.tenant_id = Some("acme".into())),
            Some("tenantId")
        );
        assert_eq!(
            refused(|spec| spec.endpoint = Some("/x".into())),
            Some("endpointFilter")
        );
        assert_eq!(refused(|spec| spec.min_requests = 1), Some("minRequests"));
        assert_eq!(refused(|spec| spec.quantile = Some(0.5)), Some("quantile"));
        assert_eq!(
            refused(|spec| {
                spec.alert_type = AlertType::StoreUnreachable;
                spec.threshold = 301.0;
            }),
            Some("thresholdValue")
        );
        assert_eq!(
            refused(|spec| {
                spec.alert_type = AlertType::CacheHitRate;
                spec.min_requests = 9;
                spec.comparison = Comparison::Lt;
            }),
            None
        );
    }
}
