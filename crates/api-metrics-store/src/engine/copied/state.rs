//! What Postgres knows of the copy: which folds were copied whole, and which one is under way.

use uuid::Uuid;

use super::seam::{Excluded, View};
use crate::{
    engine::{
        COPIES_BUCKETS,
        backend::{Meta, Result, Tx},
        sql::{FetchedRow, SqlTx, params},
    },
    store::StoreError,
    time::Granularity,
};

/// The one row of `copy_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyState {
    /// The last fold that was copied whole.
    pub epoch: i64,
    /// Counts up whenever a period becomes dirty.
    pub generation: i64,
    /// Of the last rollup.
    pub version: i64,
    /// The fold that is being copied.
    pub intent: Option<i64>,
}

/// What a snapshot says of the buckets that belong to it.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    /// The state in this snapshot.
    pub state: CopyState,
    /// Which rows count.
    pub view: View,
}

/// Begins to keep buckets elsewhere, unless that has begun already.
///
/// # Errors
/// `StoreError::Conflict` where this database has buckets of its own.
pub(crate) async fn begin(tx: &mut dyn SqlTx) -> Result<()> {
    if is_kept_elsewhere(tx).await? {
        return Ok(());
    }
    let d = tx.dialect();
    let sql = format!("SELECT count(*) AS folded FROM {}", d.table("folded"));
    let rows = tx.fetch(sql, params![]).await?;
    if first(&rows)?.int("folded")? > 0 {
        return Err(StoreError::Conflict(
            "this database keeps buckets of its own: move them by `api-metrics move` first".into(),
        ));
    }
    insert(tx).await?;
    leave_to_those_who_copy(tx).await
}

/// From here on buckets are kept elsewhere.
pub(super) async fn insert(tx: &mut dyn SqlTx) -> Result<()> {
    let sql = format!(
        "INSERT INTO {} (epoch, generation, version) VALUES (0, 0, 0) ON CONFLICT DO NOTHING",
        tx.dialect().table("copy_state")
    );
    tx.execute(sql, params![]).await?;
    Ok(())
}

/// Whoever does not name the other database can't lead from here on.
pub(super) async fn leave_to_those_who_copy(tx: &mut dyn SqlTx) -> Result<()> {
    let sql = format!(
        "UPDATE {} SET leader_min = $1 WHERE leader_min < $1",
        tx.dialect().table("meta")
    );
    tx.execute(sql, params![COPIES_BUCKETS]).await?;
    Ok(())
}

/// Refuses to read buckets here that are kept elsewhere by now. Every statement that reads them outside of a step of the
/// leader comes after it.
///
/// # Errors
/// `StoreError::Conflict` where they are.
pub(crate) async fn refuse_left_behind(tx: &mut dyn Tx, meta: &Meta) -> Result<()> {
    if meta.leader_min >= COPIES_BUCKETS && !tx.copies_buckets() && is_kept_elsewhere(tx).await? {
        return Err(left());
    }
    Ok(())
}

/// That a process must name the other database.
pub(super) fn left() -> StoreError {
    StoreError::Conflict("this database has left its buckets to ClickHouse: name that too".into())
}

/// Whether this database has left its buckets to another one.
pub(crate) async fn is_kept_elsewhere(tx: &mut dyn SqlTx) -> Result<bool> {
    let sql = format!("SELECT epoch FROM {}", tx.dialect().table("copy_state"));
    Ok(!tx.fetch(sql, params![]).await?.is_empty())
}

/// Reads the state and what counts.
pub(crate) async fn load(tx: &mut dyn SqlTx) -> Result<Copy> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT s.epoch, s.generation, s.version, s.intent, x.from_epoch, x.upto_epoch, x.series, x.granularity, \
           {from} AS period_from, {to} AS period_to \
         FROM {state} AS s LEFT JOIN {excluded} AS x ON true ORDER BY x.id",
        from = d.epoch("x.period_from"),
        to = d.epoch("x.period_to"),
        state = d.table("copy_state"),
        excluded = d.table("copy_excluded"),
    );
    let rows = tx.fetch(sql, params![]).await?;
    let row = first(&rows)?;
    let state = CopyState {
        epoch: row.int("epoch")?,
        generation: row.int("generation")?,
        version: row.int("version")?,
        intent: row.optional_int("intent")?,
    };
    let excluded = rows.iter().filter_map(|row| excluded(row).transpose());
    Ok(Copy {
        state,
        view: View {
            epoch: state.epoch,
            excluded: excluded.collect::<Result<_>>()?,
        },
    })
}

/// What a row of [`load`] excludes.
fn excluded(row: &FetchedRow) -> Result<Option<Excluded>> {
    let (Some(from), Some(upto)) = (
        row.optional_int("from_epoch")?,
        row.optional_int("upto_epoch")?,
    ) else {
        return Ok(None);
    };
    let corrupt = |what: &str| StoreError::Corrupt(format!("excluded rows: {what}"));
    let series = row
        .optional_text("series")?
        .map(|json| serde_json::from_str(&json).map_err(|error| corrupt(&error.to_string())));
    let granularity = row
        .optional_text("granularity")?
        .map(|name| Granularity::from_name(&name).ok_or_else(|| corrupt("an unknown granularity")));
    let bounds = (
        row.optional_int("period_from")?,
        row.optional_int("period_to")?,
    );
    let periods = match (granularity.transpose()?, bounds) {
        (Some(granularity), (Some(from), Some(to))) => Some((granularity, from, to)),
        _ => None,
    };
    Ok(Some(Excluded {
        epochs: (from, upto),
        series: series.transpose()?,
        periods,
    }))
}

/// Excludes rows from now on.
pub(crate) async fn exclude(tx: &mut dyn SqlTx, what: &Excluded) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {} (from_epoch, upto_epoch, series, granularity, period_from, period_to) \
         VALUES ($1, $2, $3, $4, {}, {})",
        d.table("copy_excluded"),
        d.at("$5"),
        d.at("$6"),
    );
    let series = what.series.as_ref().map(|ids| format!("{ids:?}"));
    let granularity = what.periods.map(|(granularity, ..)| granularity.as_str());
    let values = params![
        what.epochs.0,
        what.epochs.1,
        series,
        granularity,
        what.periods.map(|(_, from, _)| from),
        what.periods.map(|(.., to)| to),
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Writes the state, all but the intent's batches.
pub(crate) async fn put(tx: &mut dyn SqlTx, state: CopyState) -> Result<()> {
    let sql = format!(
        "UPDATE {} SET epoch = $1, generation = $2, version = $3, intent = $4",
        tx.dialect().table("copy_state")
    );
    let values = params![state.epoch, state.generation, state.version, state.intent];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Floors have moved: what lies below them goes, and whoever began to read it before reads again.
pub(crate) async fn floors_moved(tx: &mut dyn SqlTx) -> Result<()> {
    let sql = format!(
        "UPDATE {} SET generation = generation + 1",
        tx.dialect().table("copy_state")
    );
    tx.execute(sql, params![]).await?;
    Ok(())
}

/// The batches of the fold that is being copied: instances, and up to which number.
pub(crate) async fn intent(tx: &mut dyn SqlTx) -> Result<Vec<(Uuid, u64)>> {
    let sql = format!(
        "SELECT id, upto FROM {} ORDER BY id",
        tx.dialect().table("copy_intent")
    );
    let rows = tx.fetch(sql, params![]).await?;
    let number = |n: i64| u64::try_from(n).unwrap_or_default();
    rows.iter()
        .map(|row| Ok((row.uuid("id")?, number(row.int("upto")?))))
        .collect()
}

/// Notes the batches of the fold that is about to be copied.
pub(crate) async fn put_intent(tx: &mut dyn SqlTx, batches: &[(Uuid, u64)]) -> Result<()> {
    for (id, upto) in batches {
        let sql = format!(
            "INSERT INTO {} (id, upto) VALUES ($1, $2)",
            tx.dialect().table("copy_intent")
        );
        let upto = i64::try_from(*upto).unwrap_or(i64::MAX);
        tx.execute(sql, params![*id, upto]).await?;
    }
    Ok(())
}

/// The fold was copied whole.
pub(crate) async fn close(tx: &mut dyn SqlTx, epoch: i64) -> Result<()> {
    let d = tx.dialect();
    tx.execute(format!("DELETE FROM {}", d.table("copy_intent")), params![])
        .await?;
    let sql = format!(
        "UPDATE {} SET epoch = $1, intent = NULL, copied_at = CURRENT_TIMESTAMP",
        d.table("copy_state")
    );
    tx.execute(sql, params![epoch]).await?;
    Ok(())
}

fn first<R>(rows: &[R]) -> Result<&R> {
    let none = || StoreError::Unprepared("nobody has begun to keep buckets in ClickHouse".into());
    rows.first().ok_or_else(none)
}
