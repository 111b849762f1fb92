//! Where plans are kept, and the counts that an invoice is held against.
//!
//! | table | holds |
//! |---|---|
//! | `price_plans` | a row a version; unique by tenant, name and first day |
//! | `price_tiers` | the tiers of each version |
//! | `api_key_plans` | which key is on which plan from which day on |
//! | `api_keys.price_plan_id` | the latest of those, for display |
//!
//! `price_plan_id` may also be set by SQL, without a row in `api_key_plans`. It counts from the first
//! day of the calendar then.
//!
//! Ledger counts are read in one snapshot: on Postgres a repeatable read transaction, on SQLite a read
//! transaction. They cost a sum over each granularity for base and total series, and a decoding of the
//! inbox.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::NaiveDate;

use super::{Assignment, NewPlan, PlanVersion, report::usage_query};
use crate::{
    control::{audit::by, keys::KeyRecord, sql},
    engine::{
        audit,
        backend::{Mode, Segment, Selection, Series, Tx},
        copied, payload, read,
        sql::BeginTx,
    },
    query::{Answer, Filter, Scope},
    series::SeriesKind,
    store::StoreError,
    time::{Granularity, UnixSeconds, utc_date, utc_midnight},
};

/// Versions of plans that a tenant can have, and everybody together as many: each report reads them.
const MAX_VERSIONS: usize = 500;

/// The requests of a UTC day, by where they are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DayCounts {
    /// Committed and not folded yet.
    pub inbox: u64,
    /// In each granularity that keeps the whole day: the requests of base series, those of the
    /// aggregate series of kind total, and whether periods wait for their rollup. Then both lag behind.
    pub stored: BTreeMap<Granularity, (u64, u64, bool)>,
}

/// All counts of some days, from one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LedgerCounts {
    /// By day; every day of the range.
    pub days: BTreeMap<NaiveDate, DayCounts>,
    /// What a view answers, by key and day, from the first day of the range's first month on.
    pub answer: Answer,
    /// All keys.
    pub keys: Vec<KeyRecord>,
}

/// Reads and writes plans, and reads what they are billed on.
#[async_trait]
pub(crate) trait PlanStore: Send + Sync {
    /// Which keys are on which plans from which days on.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn plan_assignments(&self) -> Result<Vec<Assignment>, StoreError>;

    /// Counts `[from, to)` in every table, in one snapshot.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past
    /// the statement limit.
    async fn ledger_counts(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<LedgerCounts, StoreError>;
}

#[async_trait]
impl<T: BeginTx> PlanStore for T {
    async fn plan_assignments(&self) -> Result<Vec<Assignment>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let mut assignments: Vec<Assignment> = sql::keys::list_key_plans(&mut *tx)
            .await?
            .into_iter()
            .map(|plan| Assignment {
                api_key_id: plan.key,
                from: plan.from,
                plan_id: plan.plan,
            })
            .collect();
        // A plan that was set by SQL, without a history, counts from the first day of the calendar.
        for (key, plan) in sql::plans::list_keys_on_plans(&mut *tx).await? {
            if !assignments.iter().any(|a| a.api_key_id == key) {
                assignments.push(Assignment {
                    api_key_id: key,
                    from: crate::time::DAWN,
                    plan_id: Some(plan),
                });
            }
        }
        tx.commit().await?;
        Ok(assignments)
    }

    async fn ledger_counts(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<LedgerCounts, StoreError> {
        // Buckets elsewhere may change while they are read, some times in five minutes.
        for _ in 0..5 {
            let (counts, generation) = ledger_counts_once(self, from, to).await?;
            let is_still = match generation {
                Some(generation) => self.generation().await? == generation,
                None => true,
            };
            if is_still {
                return Ok(counts);
            }
        }
        Err(StoreError::Unavailable(
            "buckets were changed while they were read, again and again".into(),
        ))
    }
}

/// The counts, and the generation that they are of where buckets are elsewhere.
async fn ledger_counts_once(
    store: &dyn BeginTx,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<(LedgerCounts, Option<i64>), StoreError> {
    let mut tx = store.begin(Mode::Read).await?;
    let (start, end) = (utc_midnight(from), utc_midnight(to));
    let mut days: BTreeMap<NaiveDate, DayCounts> = from
        .iter_days()
        .take_while(|day| *day < to)
        .map(|day| (day, DayCounts::default()))
        .collect();
    stored(&mut *tx, start, end, &mut days).await?;
    inbox(&mut *tx, start, end, &mut days).await?;
    let query = usage_query(super::report::first_of_month(from), to, &Scope::All);
    let answer = read::read_one_in(&mut *tx, &query).await?;
    let keys = sql::keys::list_keys(&mut *tx, &Scope::All, 0, i64::MAX).await?;
    let generation = tx.generation();
    tx.commit().await?;
    Ok((LedgerCounts { days, answer, keys }, generation))
}

/// See `ControlStore::plans`.
pub(in crate::control) async fn plans(
    store: &dyn BeginTx,
    scope: &Scope,
) -> Result<Vec<PlanVersion>, StoreError> {
    let mut tx = store.begin_read(scope).await?;
    let mut plans = sql::plans::list_plans(&mut *tx).await?;
    tx.commit().await?;
    plans.retain(|plan| match scope {
        Scope::All => true,
        Scope::Tenant(tenant) => plan.tenant_id.as_ref().is_none_or(|owner| owner == tenant),
        Scope::Keys(_) => plan.tenant_id.is_none(),
    });
    Ok(plans)
}

/// See `ControlStore::create_plan`.
pub(in crate::control) async fn create_plan(
    store: &dyn BeginTx,
    plan: &NewPlan,
    actor: Option<&str>,
) -> Result<PlanVersion, StoreError> {
    let currency = plan.validate()?;
    let mut tx = store.begin(Mode::Write).await?;
    let now = sql::now(&mut *tx).await?;
    let owned = sql::plans::list_plans(&mut *tx).await?.into_iter();
    if owned.filter(|p| p.tenant_id == plan.tenant_id).count() >= MAX_VERSIONS {
        return Err(StoreError::Conflict(format!(
            "there are {MAX_VERSIONS} versions of plans already"
        )));
    }
    let mut version = PlanVersion {
        id: 0,
        tenant_id: plan.tenant_id.clone(),
        name: plan.name.clone(),
        currency,
        effective_from: plan.effective_from,
        free_requests: plan.free_requests,
        tiers: plan.tiers.clone(),
        units: plan.units.clone(),
    };
    let Some(id) = sql::plans::insert_plan(&mut *tx, &version, now).await? else {
        return Err(StoreError::Conflict(format!(
            "plan `{}` has a version of {} already",
            plan.name, plan.effective_from
        )));
    };
    let subject = format!(
        "price plan {id} ({}) from {}",
        plan.name, plan.effective_from
    );
    audit::note(&mut *tx, now, by(actor), "create price plan", &subject).await?;
    tx.commit().await?;
    version.id = id;
    Ok(version)
}

/// Sums every granularity by day, for the days that it keeps in whole.
///
/// A day is left out of a granularity whose retention floor lies behind its midnight. `waiting` is set
/// where this or a finer granularity has a dirty period that day.
///
/// # Errors
///
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
async fn stored(
    tx: &mut dyn Tx,
    start: UnixSeconds,
    end: UnixSeconds,
    days: &mut BTreeMap<NaiveDate, DayCounts>,
) -> Result<(), StoreError> {
    let meta = tx.meta().await?;
    copied::state::refuse_left_behind(tx, &meta).await?;
    let floors = meta.floors;
    let dirty = tx.dirty(start, end).await?;
    let filter = Filter::billed();
    let mut edges: Vec<UnixSeconds> = days.keys().copied().map(utc_midnight).collect();
    edges.push(end);
    for granularity in Granularity::ALL {
        for (day, counts) in days.iter_mut() {
            let midnight = utc_midnight(*day);
            let waiting = dirty.iter().any(|(g, period)| {
                *g <= granularity && midnight <= *period && *period < midnight + 86_400
            });
            if midnight >= floors.of(granularity) {
                counts.stored.insert(granularity, (0, 0, waiting));
            }
        }
        for kind in [SeriesKind::Base, SeriesKind::Total] {
            let selection = Selection {
                kinds: &[kind],
                filter: &filter,
                scope: &Scope::All,
            };
            let mut ids: Vec<i64> = tx
                .select_series(&selection)
                .await?
                .into_iter()
                .map(|series| series.id)
                .collect();
            ids.sort_unstable();
            if ids.is_empty() {
                continue;
            }
            let segment = Segment {
                granularity,
                from: start,
                to: end,
            };
            let rows = tx
                .sum_by_series(granularity, &[segment], &edges, Series::Ids(&ids), false)
                .await?;
            for row in rows {
                let day = edges.get(row.step).copied().map(utc_date);
                let counts = day.and_then(|day| days.get_mut(&day));
                if let Some((base, total, _)) =
                    counts.and_then(|counts| counts.stored.get_mut(&granularity))
                {
                    let sum = if kind == SeriesKind::Base {
                        base
                    } else {
                        total
                    };
                    *sum += row.counts.request_count;
                }
            }
        }
    }
    Ok(())
}

/// Adds the requests of unfolded batches to their days.
///
/// # Errors
///
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
async fn inbox(
    tx: &mut dyn Tx,
    start: UnixSeconds,
    end: UnixSeconds,
    days: &mut BTreeMap<NaiveDate, DayCounts>,
) -> Result<(), StoreError> {
    for chunk in tx.unfolded(start, end).await? {
        // The next fold quarantines what can't be read, and the status counts it.
        let Ok(rows) = payload::decode(&chunk.payload) else {
            continue;
        };
        let ids: BTreeSet<i64> = rows.iter().map(|row| row.series_id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let filter = Filter::billed();
        let series = tx.series(&ids).await?.into_iter();
        let counted = series.filter(|row| filter.admits_protocol(&row.labels.protocol));
        let counted: BTreeSet<i64> = counted.map(|row| row.id).collect();
        for row in rows {
            if !counted.contains(&row.series_id) {
                continue;
            }
            if let Some(counts) = days.get_mut(&utc_date(row.period_start)) {
                counts.inbox += row.counts.request_count;
            }
        }
    }
    Ok(())
}
