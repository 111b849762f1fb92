//! The control plane's worker for tests, and its traits for a test's store that wraps a real one.

use std::sync::Arc;

use api_metrics_store::control::{ControlSettings, ControlWorker, notify::Notifier};

/// A worker that delivers to these notifiers and to no log.
#[must_use]
pub fn worker_for(notifiers: Vec<Arc<dyn Notifier>>) -> ControlWorker {
    let mut settings = ControlSettings::default();
    settings.log_notices = false;
    settings.notifiers = notifiers;
    ControlWorker::new(settings)
}
/// Implements everything of a `ControlStore` but `Store` for `$wrapper`, by its field `$field`.
#[macro_export]
macro_rules! delegate_control {
    ($wrapper:ty, $field:tt) => {
        const _: () = {
            use api_metrics_store::{
                control::{alerts::*, billing::*, imports::*, keys::*, limits::*, notify::*},
                query::{Scope, TimeRange},
                store::StoreError,
                time::{Granularity, UnixSeconds},
            };

            type Result<T> = std::result::Result<T, StoreError>;

            #[async_trait::async_trait]
            impl KeyStore for $wrapper {
                async fn keys(
                    &self,
                    scope: &Scope,
                    after: i64,
                    limit: u32,
                ) -> Result<Vec<KeyRecord>> {
                    self.$field.keys(scope, after, limit).await
                }
                async fn create_key(&self, id: &str, change: &KeyChange) -> Result<KeyRecord> {
                    self.$field.create_key(id, change).await
                }
                async fn update_key(
                    &self,
                    id: i64,
                    scope: &Scope,
                    change: &KeyChange,
                ) -> Result<Option<KeyRecord>> {
                    self.$field.update_key(id, scope, change).await
                }
                async fn put_keys(&self, keys: &[(String, KeyChange)]) -> Result<()> {
                    self.$field.put_keys(keys).await
                }
            }

            #[async_trait::async_trait]
            impl AlertStore for $wrapper {
                async fn alerts(
                    &self,
                    scope: &Scope,
                    after: i64,
                    limit: u32,
                ) -> Result<Vec<AlertRule>> {
                    self.$field.alerts(scope, after, limit).await
                }
                async fn alert(&self, id: i64, scope: &Scope) -> Result<Option<AlertRule>> {
                    self.$field.alert(id, scope).await
                }
                async fn create_alert(
                    &self,
                    spec: &AlertSpec,
                    by: Option<&str>,
                ) -> Result<AlertRule> {
                    self.$field.create_alert(spec, by).await
                }
                async fn update_alert(
                    &self,
                    id: i64,
                    scope: &Scope,
                    revision: Option<i64>,
                    spec: &AlertSpec,
                ) -> Result<Option<AlertRule>> {
                    self.$field.update_alert(id, scope, revision, spec).await
                }
                async fn delete_alert(&self, id: i64, scope: &Scope) -> Result<bool> {
                    self.$field.delete_alert(id, scope).await
                }
                async fn alert_events(
                    &self,
                    scope: &Scope,
                    query: &EventQuery,
                ) -> Result<Vec<AlertEvent>> {
                    self.$field.alert_events(scope, query).await
                }
                async fn coarse_spans(
                    &self,
                    range: TimeRange,
                ) -> Result<Vec<(UnixSeconds, UnixSeconds)>> {
                    self.$field.coarse_spans(range).await
                }
                async fn due_alerts(&self, delay_seconds: u32) -> Result<Option<DueAlerts>> {
                    self.$field.due_alerts(delay_seconds).await
                }
                async fn put_evaluated(&self, evaluated: &[EvaluatedAlert]) -> Result<Vec<i64>> {
                    self.$field.put_evaluated(evaluated).await
                }
            }

            #[async_trait::async_trait]
            impl NoticeStore for $wrapper {
                async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>> {
                    self.$field.deliveries(query).await
                }
                async fn redeliver(&self, notice: uuid::Uuid, channel: &str) -> Result<bool> {
                    self.$field.redeliver(notice, channel).await
                }
                async fn publish(&self, notices: &[(Notice, UnixSeconds, bool)]) -> Result<u64> {
                    self.$field.publish(notices).await
                }
                async fn acquire_lease(
                    &self,
                    lease: &str,
                    every: u32,
                ) -> Result<Option<UnixSeconds>> {
                    self.$field.acquire_lease(lease, every).await
                }
                async fn lease_done_to(&self, lease: &str) -> Result<Option<UnixSeconds>> {
                    self.$field.lease_done_to(lease).await
                }
                async fn release_lease(&self, lease: &str, to: UnixSeconds) -> Result<()> {
                    self.$field.release_lease(lease, to).await
                }
                async fn forget_notices(
                    &self,
                    now: UnixSeconds,
                    before: UnixSeconds,
                ) -> Result<bool> {
                    self.$field.forget_notices(now, before).await
                }
                async fn claim_deliveries(
                    &self,
                    all: &[&str],
                    channel: &str,
                    lease_seconds: u32,
                    limit: u32,
                ) -> Result<Vec<Delivery>> {
                    let claimed = self
                        .$field
                        .claim_deliveries(all, channel, lease_seconds, limit);
                    claimed.await
                }
                async fn record_attempt(&self, delivery: &Delivery) -> Result<()> {
                    self.$field.record_attempt(delivery).await
                }
            }

            #[async_trait::async_trait]
            impl LimitStore for $wrapper {
                async fn utilization(
                    &self,
                    api_key_id: i64,
                    granularity: Granularity,
                    range: TimeRange,
                    limit: u32,
                ) -> Result<Vec<UtilizationRow>> {
                    self.$field
                        .utilization(api_key_id, granularity, range, limit)
                        .await
                }
                async fn put_utilization(
                    &self,
                    rows: &[UtilizationRow],
                    lease: &str,
                    done_to: UnixSeconds,
                ) -> Result<()> {
                    self.$field.put_utilization(rows, lease, done_to).await
                }
                async fn near_counts(
                    &self,
                    scope: &Scope,
                    since: UnixSeconds,
                    threshold_pct: f64,
                ) -> Result<Vec<NearLimit>> {
                    self.$field.near_counts(scope, since, threshold_pct).await
                }
                async fn peak_utilization(
                    &self,
                    keys: &[i64],
                    range: TimeRange,
                ) -> Result<Vec<(i64, f64)>> {
                    self.$field.peak_utilization(keys, range).await
                }
                async fn forget_utilization(&self, before: UnixSeconds) -> Result<bool> {
                    self.$field.forget_utilization(before).await
                }
            }

            #[async_trait::async_trait]
            impl PlanStore for $wrapper {
                async fn plans(&self, scope: &Scope) -> Result<Vec<PlanVersion>> {
                    self.$field.plans(scope).await
                }
                async fn create_plan(&self, plan: &NewPlan) -> Result<PlanVersion> {
                    self.$field.create_plan(plan).await
                }
                async fn plan_assignments(&self) -> Result<Vec<Assignment>> {
                    self.$field.plan_assignments().await
                }
                async fn ledger_counts(
                    &self,
                    from: chrono::NaiveDate,
                    to: chrono::NaiveDate,
                ) -> Result<LedgerCounts> {
                    self.$field.ledger_counts(from, to).await
                }
            }

            #[async_trait::async_trait]
            impl ImportStore for $wrapper {
                async fn imports(&self, head: &str) -> Result<Vec<ImportRecord>> {
                    self.$field.imports(head).await
                }
                async fn put_import(&self, import: &ImportRecord) -> Result<()> {
                    self.$field.put_import(import).await
                }
                async fn fence(&self, id: uuid::Uuid) -> Result<u64> {
                    self.$field.fence(id).await
                }
            }
        };
    };
}
