//! Partitions: made when a fold needs them, dropped when a floor has passed them.
//!
//! | table | length | name of the partition of 2026-03-18 10:20 |
//! |---|---|---|
//! | `metrics_1m` | an hour | `metrics_1m_20260318_10` |
//! | `metrics_5m` | a day | `metrics_5m_20260318` |
//! | `metrics_1h` | a week from Monday | `metrics_1h_20260316` |
//! | `metrics_1d` | a year | `metrics_1d_2026`, never dropped |
//!
//! # Locks
//!
//! A partition is created beside the parent and then attached, which lets readers of the parent go on.
//! Dropping one needs the parent's strongest lock: it waits for 200 ms and then gives way, so that a
//! slow reader is never cancelled and no queue forms behind the drop.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use sqlx::{PgConnection, PgPool};

use super::{
    tx::{at, table, uncancelled},
    unnamed,
};
use crate::{
    engine::{backend::Result, retention::align},
    store::Maintained,
    time::{Granularity, UnixSeconds},
};

/// Partitions dropped in one call, each in a transaction of its own.
const DROPS_A_STEP: usize = 8;

/// Begins the dropping of a partition. The short lock timeout also bounds how long readers that come
/// later wait behind it.
const BEGIN_DROP: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '200ms'";

/// The partition that a period belongs to: its name and its half-open range in Unix seconds.
fn partition(granularity: Granularity, period: UnixSeconds) -> (String, UnixSeconds, UnixSeconds) {
    let date_of = |seconds: UnixSeconds| at(seconds).date_naive();
    let table = table(granularity);
    match granularity {
        Granularity::Minute => {
            let from = align(granularity, period);
            (
                format!("{table}_{}", at(from).format("%Y%m%d_%H")),
                from,
                from + 3_600,
            )
        }
        Granularity::FiveMinutes => {
            let from = align(granularity, period);
            (
                format!("{table}_{}", date_of(from).format("%Y%m%d")),
                from,
                from + 86_400,
            )
        }
        Granularity::Hour => {
            let from = align(granularity, period);
            (
                format!("{table}_{}", date_of(from).format("%Y%m%d")),
                from,
                from + 7 * 86_400,
            )
        }
        Granularity::Day => {
            let year = date_of(period).year();
            let start = |year| {
                NaiveDate::from_ymd_opt(year, 1, 1).map_or(period, |date| {
                    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
                })
            };
            (format!("{table}_{year:04}"), start(year), start(year + 1))
        }
    }
}

/// Attaches the partitions that these periods need, within the leader's transaction. They belong to the
/// schema's owner, who need not be the role that this process connects as: two functions of the schema
/// do it with the owner's rights, and accept only names of partitions.
///
/// One statement for the list of partitions, and one for each that is missing.
pub(super) async fn make_room(
    sql: &mut PgConnection,
    granularity: Granularity,
    periods: &[UnixSeconds],
) -> Result<()> {
    let parent = table(granularity);
    for (name, from, to) in missing(sql, granularity, periods).await? {
        unnamed::query("SELECT api_metrics.attach_partition($1, $2, $3, $4)")
            .bind(parent)
            .bind(&name)
            .bind(at(from))
            .bind(at(to))
            .execute(&mut *sql)
            .await?;
    }
    Ok(())
}

/// Whether a partition is missing that one of these periods needs.
pub(super) async fn lacks_room(
    sql: &mut PgConnection,
    granularity: Granularity,
    periods: &[UnixSeconds],
) -> Result<bool> {
    Ok(!missing(sql, granularity, periods).await?.is_empty())
}

/// The partitions that these periods need and that are not there, by name, start and end.
async fn missing(
    sql: &mut PgConnection,
    granularity: Granularity,
    periods: &[UnixSeconds],
) -> Result<Vec<(String, UnixSeconds, UnixSeconds)>> {
    let mut wanted: Vec<_> = periods
        .iter()
        .map(|period| partition(granularity, *period))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let attached = attached(sql, granularity).await?;
    wanted.retain(|(name, ..)| !attached.contains(name));
    Ok(wanted)
}

/// The names of a table's partitions.
async fn attached(sql: &mut PgConnection, granularity: Granularity) -> Result<Vec<String>> {
    Ok(unnamed::query_scalar(
        "SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
         WHERE i.inhparent = to_regclass('api_metrics.' || $1)",
    )
    .bind(table(granularity))
    .fetch_all(sql)
    .await?)
}

/// Drops partitions that end at or before `floor`, the oldest first, at most 8 of them. Each
/// transaction reads the stored floor again and then gives way at once to whoever holds the table.
/// `more` says that some are left.
pub(super) async fn drop_below(
    pool: &PgPool,
    granularity: Granularity,
    floor: UnixSeconds,
) -> Result<Maintained> {
    let mut tx = uncancelled(pool, BEGIN_DROP).await?;
    let mut names: Vec<_> = attached(&mut tx, granularity).await?;
    tx.commit().await?;
    names.retain(|name| end_of(granularity, name).is_some_and(|end| end <= floor));
    names.sort_unstable();
    let mut done = Maintained {
        led: true,
        more: names.len() > DROPS_A_STEP,
        ..Maintained::default()
    };
    for name in names.iter().take(DROPS_A_STEP) {
        let mut tx = uncancelled(pool, BEGIN_DROP).await?;
        // Read the floor again: since it was moved the database may have gone back to a time when these
        // rows were still needed.
        let still: DateTime<Utc> = unnamed::query_scalar(
            "SELECT floor FROM api_metrics.retention_floor WHERE granularity = $1",
        )
        .bind(granularity.as_str())
        .fetch_one(&mut *tx)
        .await?;
        if end_of(granularity, name).is_none_or(|end| end > still.timestamp()) {
            continue;
        }
        match unnamed::query("SELECT api_metrics.drop_partition($1, $2)")
            .bind(table(granularity))
            .bind(name)
            .execute(&mut *tx)
            .await
        {
            Ok(_) => {
                tx.commit().await?;
                done.steps += 1;
            }
            // Somebody reads it, or another leader was faster: the next run tries again.
            Err(error) if gives_way(&error) => done.more = true,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// Whether a drop lost against a reader (55P03, lock not available) or another leader (42P01, the table
/// is gone). Both are tried again later.
fn gives_way(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "55P03" || code == "42P01")
}

/// When the partition of this name ends; `None` if the name is not exactly one that `partition` makes.
/// Tables that somebody else attached are therefore never dropped, nor are days.
fn end_of(granularity: Granularity, name: &str) -> Option<UnixSeconds> {
    let suffix = name.strip_prefix(table(granularity))?.strip_prefix('_')?;
    let start = match granularity {
        Granularity::Minute => {
            let (date, hour) = suffix.split_once('_')?;
            midnight(date)? + hour.parse::<i64>().ok()? * 3_600
        }
        Granularity::FiveMinutes | Granularity::Hour => midnight(suffix)?,
        Granularity::Day => return None,
    };
    let (expected, _, end) = partition(granularity, start);
    (expected == name).then_some(end)
}

/// The start of a date such as `20260318`, in Unix seconds.
fn midnight(date: &str) -> Option<UnixSeconds> {
    let date = NaiveDate::parse_from_str(date, "%Y%m%d").ok()?;
    let start: DateTime<Utc> = date.and_hms_opt(0, 0, 0)?.and_utc();
    Some(start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_where_a_partition_ends() {
        for granularity in [
            Granularity::Minute,
            Granularity::FiveMinutes,
            Granularity::Hour,
        ] {
            for period in [0, 1_431_857_103, 1_795_250_000] {
                let (name, from, to) = partition(granularity, granularity.floor(period));
                assert!(from <= period && period < to, "{name}");
                assert_eq!(end_of(granularity, &name), Some(to));
            }
        }
    }

    #[test]
    fn a_foreign_table_and_the_days_are_never_dropped() {
        assert_eq!(end_of(Granularity::Minute, "metrics_1m_archive"), None);
        assert_eq!(
            end_of(Granularity::Hour, "metrics_1h_20261118"),
            None,
            "not a Monday"
        );
        assert_eq!(end_of(Granularity::Day, "metrics_1d_2015"), None);
    }

    #[test]
    fn years_are_the_partitions_of_days() {
        let (name, from, to) = partition(Granularity::Day, 1_431_820_800);
        assert_eq!(
            (name.as_str(), from, to),
            ("metrics_1d_2015", 1_420_070_400, 1_451_606_400)
        );
    }
}
