//! The store of the control plane, as users meet it.
//!
//! Each method is carried out by the part that it belongs to. What only the worker reads and writes stands in traits of the parts that are private to this crate.

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    alerts::{
        self, AlertEvent, AlertRule, AlertSpec, AlertStore, EventQuery, NewSilence, PlannedSilence,
        Silence,
    },
    audit::{self, AuditEntry, AuditQuery, BY_CODE},
    billing::{self, NewPlan, PlanStore, PlanVersion},
    imports::{self, ImportRecord, ImportUndo, ImportedRequests},
    jobs::JobStore,
    keys::{self, DirectoryError, KeyChange, KeyDirectory, KeyRecord},
    limits::{self, LimitSettings, LimitStore, NearLimit, UtilizationRow},
    notify::{self, ChannelState, ChannelStore, Delivery, DeliveryQuery, NoticeStore},
    objectives::ObjectiveStore,
    releases::ReleaseStore,
};
use crate::{
    engine::sql::BeginTx,
    query::{Scope, TimeRange},
    store::{Store, StoreError},
    time::{Granularity, UnixSeconds},
};

/// What only the worker, billing and dry runs need of a store.
pub(crate) trait WorkerStore: AlertStore + NoticeStore + LimitStore + PlanStore {}

impl<T: AlertStore + NoticeStore + LimitStore + PlanStore> WorkerStore for T {}

/// A store that also keeps the control plane: API keys, alerts, notices, rate limits, price plans and
/// the ledger of imports.
///
/// `PostgresStore` and `SqliteStore` implement it. It is sealed: nothing outside this crate can
/// implement it, because its worker also reads and writes what is not public. An
/// `Arc<dyn ControlStore>` coerces to an `Arc<dyn Store>`.
#[expect(private_bounds, reason = "seals the trait")]
#[async_trait]
pub trait ControlStore:
    Store + WorkerStore + JobStore + ChannelStore + ObjectiveStore + ReleaseStore
{
    /// Up to `limit` keys above `after`, in the order of their numbers, that `scope` may see.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn keys(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<KeyRecord>, StoreError>;

    /// All keys that `scope` may see, page by page.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn all_keys(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError>;

    /// Copies what the host's directory says into the store; answers how many keys it named.
    ///
    /// # Errors
    /// See [`DirectoryError`]. Keys are written in batches; those before the failing one stay.
    async fn sync_keys(&self, directory: &dyn KeyDirectory) -> Result<u64, DirectoryError>;

    /// Makes a key before its first request.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is one of that text, or the tenant has 10,000 keys
    /// already, [`StoreError::Invalid`] where the input can't be used, `StoreError::Unavailable`
    /// when the database cannot be reached, `StoreError::Timeout` past the statement limit.
    async fn create_key(
        &self,
        external_id: &str,
        change: &KeyChange,
        actor: Option<&str>,
    ) -> Result<KeyRecord, StoreError>;

    /// Changes a key that `scope` may see; `None` where there is none. `actor` is as in [`create_key`](Self::create_key).
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where the input can't be used, `StoreError::Unavailable` when the
    /// database cannot be reached, `StoreError::Timeout` past the statement limit.
    async fn update_key(
        &self,
        id: i64,
        scope: &Scope,
        change: &KeyChange,
        actor: Option<&str>,
    ) -> Result<Option<KeyRecord>, StoreError>;

    /// Changes keys by the host's text, making those that are not there; all in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where the input can't be used, `StoreError::Unavailable` when the database cannot be
    /// reached, `StoreError::Timeout` past the statement limit. Nothing was changed then.
    async fn put_keys(&self, keys: &[(String, KeyChange)]) -> Result<(), StoreError>;

    /// Up to `limit` rules above `after`, in the order of their numbers. A tenant sees its own,
    /// a caller that is limited to keys sees none.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn alerts(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AlertRule>, StoreError>;

    /// One rule; `None` where there is none that `scope` may see.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn alert(&self, id: i64, scope: &Scope) -> Result<Option<AlertRule>, StoreError>;

    /// Adds a rule. It is evaluated from the next whole minute on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where its tenant has 500 rules already, [`StoreError::Invalid`]
    /// where the input can't be used, `StoreError::Unavailable` when the database cannot be
    /// reached, `StoreError::Timeout` past the statement limit.
    async fn create_alert(
        &self,
        spec: &AlertSpec,
        created_by: Option<&str>,
    ) -> Result<AlertRule, StoreError>;

    /// Replaces a rule's spec; `None` where there is none that `scope` may see. A rule that is
    /// switched off while it fires is resolved, with a notice.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is no longer at `revision`, or where it would become one
    /// too many of another tenant's, [`StoreError::Invalid`] where the input can't be used,
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn update_alert(
        &self,
        id: i64,
        scope: &Scope,
        revision: Option<i64>,
        spec: &AlertSpec,
        actor: Option<&str>,
    ) -> Result<Option<AlertRule>, StoreError>;

    /// Removes a rule; its events stay. One that fires is resolved first, with a notice.
    /// Answers whether there was one that `scope` may see.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn delete_alert(
        &self,
        id: i64,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Events that `scope` may see, the latest first.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn alert_events(
        &self,
        scope: &Scope,
        query: &EventQuery,
    ) -> Result<Vec<AlertEvent>, StoreError>;

    /// Takes what requests said out of the causes of all alerts, and keeps their figures. Belongs to each erasure
    /// of requests: a message in a cause names no request, so that it can't be told whose it was. Returns how many
    /// alerts had messages.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn forget_alert_messages(&self) -> Result<u64, StoreError>;

    /// Notes that somebody has taken an event on; `None` where there is none that `scope` may see. The first one stays.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn acknowledge_event(
        &self,
        id: Uuid,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<Option<AlertEvent>, StoreError>;

    /// Silences the notices of an event's rule, or ends that; `None` where there is none that `scope` may see. Notices
    /// that were decided before are still delivered. It is the rule that is silent: a silence takes the place of one
    /// that was made at another event of it, and can be ended at any of them.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a silence of no time or more than 30 days, [`StoreError::Conflict`] for one until the
    /// event is resolved where it is already, `StoreError::Unavailable` when the database cannot be reached,
    /// `StoreError::Timeout` past the statement limit.
    async fn silence_event(
        &self,
        id: Uuid,
        scope: &Scope,
        silence: Silence,
        actor: Option<&str>,
    ) -> Result<Option<AlertEvent>, StoreError>;

    /// Up to `limit` rows of one key whose periods start in `range`, the latest first. `granularity` is
    /// `1m`, `5m` or `1h`.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn utilization(
        &self,
        api_key_id: i64,
        granularity: Granularity,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<UtilizationRow>, StoreError>;

    /// The keys that were near their limit in at least half of the five-minute periods of the last 24
    /// hours in which they sent anything, and in at least an hour of them; the nearest first.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn near_limits(
        &self,
        settings: &LimitSettings,
        scope: &Scope,
        now: UnixSeconds,
    ) -> Result<Vec<NearLimit>, StoreError>;

    /// By key, of `keys`: the highest utilization of a minute that starts in `range`, in percent. Keys
    /// without a recorded minute are missing.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn peak_utilization(
        &self,
        keys: &[i64],
        range: TimeRange,
    ) -> Result<Vec<(i64, f64)>, StoreError>;

    /// All versions of the plans that `scope` may see: everybody's, and a tenant's own.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn plans(&self, scope: &Scope) -> Result<Vec<PlanVersion>, StoreError>;

    /// Adds a plan, or a version of one. Versions are never changed: what was billed by one stays
    /// explained.
    ///
    /// `actor` is who does it, for the audit trail; without one it is the host's code.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where there is a version of that name and day, or the tenant has
    /// 500 versions already, [`StoreError::Invalid`] where the input can't be used,
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn create_plan(
        &self,
        plan: &NewPlan,
        actor: Option<&str>,
    ) -> Result<PlanVersion, StoreError>;

    /// Deliveries, the ones that changed last first.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError>;

    /// Makes a dead letter due again, with all its attempts before it. Answers whether there was
    /// one.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn redeliver(&self, notice: Uuid, channel: &str) -> Result<bool, StoreError>;

    /// The silences that were planned, those that last longest first: those that are over for less than 30 days included. Of
    /// the tenant that `scope` is, or of everybody.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn silences(&self, scope: &Scope) -> Result<Vec<PlannedSilence>, StoreError>;

    /// Plans a silence: the notices of all rules that it is about are kept back while it lasts. What fires meanwhile is
    /// delivered when it is over, if it still does.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a time, a text, a rule or a tenant that can't be, [`StoreError::Conflict`] where there are
    /// 500 already, `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn create_silence(
        &self,
        scope: &Scope,
        silence: &NewSilence,
        actor: Option<&str>,
    ) -> Result<PlannedSilence, StoreError>;

    /// Ends a silence now, or calls it off before it has begun; false where there is none that `scope` sees and that is not
    /// over. What fires still is delivered within a minute.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn end_silence(
        &self,
        id: i64,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// How the channels of notices are doing, by name: those that have a delivery which is kept.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn channels(&self) -> Result<Vec<ChannelState>, StoreError>;

    /// Sends a notice of the kind `test` through one channel, and answers its id. A process that has this channel delivers
    /// it within its next rounds; where none has, it stays pending.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn test_channel(&self, channel: &str, actor: Option<&str>) -> Result<Uuid, StoreError>;

    /// The audit trail, the latest notes first. Of everybody: for those who see everything.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
    /// statement limit.
    async fn audit_trail(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError>;

    /// The imports of logs with this head, the latest first; at most 1,000.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn imports(&self, head: &str) -> Result<Vec<ImportRecord>, StoreError>;

    /// Writes an import, replacing what was there under its id. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where a text is too long,
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn put_import(&self, import: &ImportRecord) -> Result<(), StoreError>;

    /// Takes an import back: its buckets and what the ledger knows of it. Only where the buckets of its service hold
    /// nothing else in the periods that it fell into, which the outcome says.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement limit:
    /// nothing was changed, or all of it.
    async fn undo_import(&self, import: &ImportedRequests) -> Result<ImportUndo, StoreError>;

    /// The number of the last flush of an instance that is in the database; 0 before its first. Waits
    /// for a flush of it that is under way, so what it says about earlier ones is final.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn fence(&self, id: Uuid) -> Result<u64, StoreError>;
}

#[async_trait]
impl<T: Store + BeginTx> ControlStore for T {
    async fn keys(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        keys::store::keys(self, scope, after, limit).await
    }

    async fn all_keys(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreError> {
        keys::store::all_keys(self, scope).await
    }

    async fn sync_keys(&self, directory: &dyn KeyDirectory) -> Result<u64, DirectoryError> {
        keys::store::sync_keys(self, directory).await
    }

    async fn create_key(
        &self,
        external_id: &str,
        change: &KeyChange,
        actor: Option<&str>,
    ) -> Result<KeyRecord, StoreError> {
        keys::store::create_key(self, external_id, change, actor).await
    }

    async fn update_key(
        &self,
        id: i64,
        scope: &Scope,
        change: &KeyChange,
        actor: Option<&str>,
    ) -> Result<Option<KeyRecord>, StoreError> {
        keys::store::update_key(self, id, scope, change, actor).await
    }

    async fn put_keys(&self, keys: &[(String, KeyChange)]) -> Result<(), StoreError> {
        keys::store::put_keys(self, keys, BY_CODE).await
    }

    async fn alerts(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AlertRule>, StoreError> {
        alerts::store::alerts(self, scope, after, limit).await
    }

    async fn alert(&self, id: i64, scope: &Scope) -> Result<Option<AlertRule>, StoreError> {
        alerts::store::alert(self, id, scope).await
    }

    async fn create_alert(
        &self,
        spec: &AlertSpec,
        created_by: Option<&str>,
    ) -> Result<AlertRule, StoreError> {
        alerts::store::create_alert(self, spec, created_by).await
    }

    async fn update_alert(
        &self,
        id: i64,
        scope: &Scope,
        revision: Option<i64>,
        spec: &AlertSpec,
        actor: Option<&str>,
    ) -> Result<Option<AlertRule>, StoreError> {
        alerts::store::update_alert(self, id, scope, revision, spec, actor).await
    }

    async fn delete_alert(
        &self,
        id: i64,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<bool, StoreError> {
        alerts::store::delete_alert(self, id, scope, actor).await
    }

    async fn alert_events(
        &self,
        scope: &Scope,
        query: &EventQuery,
    ) -> Result<Vec<AlertEvent>, StoreError> {
        alerts::store::alert_events(self, scope, query).await
    }

    async fn forget_alert_messages(&self) -> Result<u64, StoreError> {
        alerts::store::forget_messages(self).await
    }

    async fn acknowledge_event(
        &self,
        id: Uuid,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<Option<AlertEvent>, StoreError> {
        alerts::store::acknowledge_event(self, id, scope, actor).await
    }

    async fn silence_event(
        &self,
        id: Uuid,
        scope: &Scope,
        silence: Silence,
        actor: Option<&str>,
    ) -> Result<Option<AlertEvent>, StoreError> {
        alerts::store::silence_event(self, id, scope, silence, actor).await
    }

    async fn utilization(
        &self,
        api_key_id: i64,
        granularity: Granularity,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<UtilizationRow>, StoreError> {
        limits::store::utilization(self, api_key_id, granularity, range, limit).await
    }

    async fn near_limits(
        &self,
        settings: &LimitSettings,
        scope: &Scope,
        now: UnixSeconds,
    ) -> Result<Vec<NearLimit>, StoreError> {
        limits::store::near_limits(self, settings, scope, now).await
    }

    async fn peak_utilization(
        &self,
        keys: &[i64],
        range: TimeRange,
    ) -> Result<Vec<(i64, f64)>, StoreError> {
        limits::store::peak_utilization(self, keys, range).await
    }

    async fn plans(&self, scope: &Scope) -> Result<Vec<PlanVersion>, StoreError> {
        billing::store::plans(self, scope).await
    }

    async fn create_plan(
        &self,
        plan: &NewPlan,
        actor: Option<&str>,
    ) -> Result<PlanVersion, StoreError> {
        billing::store::create_plan(self, plan, actor).await
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        notify::delivery::deliveries(self, query).await
    }

    async fn redeliver(&self, notice: Uuid, channel: &str) -> Result<bool, StoreError> {
        notify::delivery::redeliver(self, notice, channel).await
    }

    async fn silences(&self, scope: &Scope) -> Result<Vec<PlannedSilence>, StoreError> {
        alerts::window::silences(self, scope).await
    }

    async fn create_silence(
        &self,
        scope: &Scope,
        silence: &NewSilence,
        actor: Option<&str>,
    ) -> Result<PlannedSilence, StoreError> {
        alerts::window::create(self, scope, silence, actor).await
    }

    async fn end_silence(
        &self,
        id: i64,
        scope: &Scope,
        actor: Option<&str>,
    ) -> Result<bool, StoreError> {
        alerts::window::end(self, id, scope, actor).await
    }

    async fn channels(&self) -> Result<Vec<ChannelState>, StoreError> {
        notify::channel::channels(self).await
    }

    async fn test_channel(&self, channel: &str, actor: Option<&str>) -> Result<Uuid, StoreError> {
        notify::channel::test_channel(self, channel, actor).await
    }

    async fn audit_trail(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        audit::store::audit_trail(self, query).await
    }

    async fn imports(&self, head: &str) -> Result<Vec<ImportRecord>, StoreError> {
        imports::store::imports(self, head).await
    }

    async fn put_import(&self, import: &ImportRecord) -> Result<(), StoreError> {
        imports::store::put_import(self, import).await
    }

    async fn undo_import(&self, import: &ImportedRequests) -> Result<ImportUndo, StoreError> {
        imports::undo::undo_import(self, import).await
    }

    async fn fence(&self, id: Uuid) -> Result<u64, StoreError> {
        imports::store::fence(self, id).await
    }
}
