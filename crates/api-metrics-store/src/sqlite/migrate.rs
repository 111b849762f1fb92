//! The schema: created and upgraded in one transaction that holds the file's write lock.
//!
//! The order is that of Postgres: look first, then lock, look again, migrate, fill a new database,
//! compare the kind of sketch, commit. Processes that start together are let in one after another.

use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection, Transaction};

use super::{store::Sqlite, tx::sketch_kind};
use crate::{
    engine::{SCHEMA_KNOWLEDGE, retention},
    migrations::{self, Migration},
    options::StoreOptions,
    store::StoreError,
    time::{Clock, Granularity, SystemClock},
};

/// All migrations, ascending. One that was released is never changed.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "initial",
        sql: include_str!("../../migrations/sqlite/0001_initial.sql"),
    },
    Migration {
        version: 2,
        name: "request_log",
        sql: include_str!("../../migrations/sqlite/0002_request_log.sql"),
    },
    Migration {
        version: 3,
        name: "ingest",
        sql: include_str!("../../migrations/sqlite/0003_ingest.sql"),
    },
    Migration {
        version: 4,
        name: "units",
        sql: include_str!("../../migrations/sqlite/0004_units.sql"),
    },
    Migration {
        version: 5,
        name: "metric_streams",
        sql: include_str!("../../migrations/sqlite/0005_metric_streams.sql"),
    },
    Migration {
        version: 6,
        name: "jobs",
        sql: include_str!("../../migrations/sqlite/0006_jobs.sql"),
    },
    Migration {
        version: 7,
        name: "alert_handling",
        sql: include_str!("../../migrations/sqlite/0007_alert_handling.sql"),
    },
    Migration {
        version: 8,
        name: "alert_silences",
        sql: include_str!("../../migrations/sqlite/0008_alert_silences.sql"),
    },
    Migration {
        version: 9,
        name: "users_and_teams",
        sql: include_str!("../../migrations/sqlite/0009_users_and_teams.sql"),
    },
    Migration {
        version: 10,
        name: "metric_deltas",
        sql: include_str!("../../migrations/sqlite/0010_metric_deltas.sql"),
    },
    Migration {
        version: 11,
        name: "muted_channels",
        sql: include_str!("../../migrations/sqlite/0011_muted_channels.sql"),
    },
    Migration {
        version: 12,
        name: "objectives",
        sql: include_str!("../../migrations/sqlite/0012_objectives.sql"),
    },
    Migration {
        version: 13,
        name: "versions",
        sql: include_str!("../../migrations/sqlite/0013_versions.sql"),
    },
    Migration {
        version: 14,
        name: "own_health",
        sql: include_str!("../../migrations/sqlite/0014_own_health.sql"),
    },
];

/// Brings the schema up to date. Doing it again changes nothing.
///
/// The first connection to a new file switches it to a write-ahead log, and SQLite turns others away
/// meanwhile, whatever their busy timeout. They try again after 10, 20, 40 ms and so on, for up to 2.5
/// s.
///
/// # Errors
/// `StoreError::TooNew` when a newer release has migrated the file, `StoreError::SketchKind` when it
/// keeps another kind of sketch, `StoreError::Unavailable` when the file can't be opened or stays busy.
pub(super) async fn migrate(store: &Sqlite) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(10);
    loop {
        match migrate_once(store).await {
            Err(error) if is_busy(&error) && pause < Duration::from_secs(2) => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            outcome => return outcome,
        }
    }
}

/// Whether the error is SQLITE_BUSY (5), by its code.
fn is_busy(error: &StoreError) -> bool {
    const BUSY: &str = "5";
    matches!(error, StoreError::Unavailable(_)) && error.code().as_deref() == Some(BUSY)
}

/// One attempt.
async fn migrate_once(store: &Sqlite) -> Result<(), StoreError> {
    let (pool, options) = (&store.pool, &store.options);
    if store.file.is_new().await {
        // How pages are given back must be said before the file holds anything.
        SqliteConnection::connect_with(&store.create)
            .await?
            .close()
            .await?;
    }
    // Most starts find everything done, and need not wait for a writer then.
    let mut tx = pool.begin().await?;
    let done = applied(&mut tx).await?;
    migrations::check(&done, MIGRATIONS)?;
    if done.len() == MIGRATIONS.len() {
        return agree_on_sketch(&mut tx, options).await;
    }
    tx.rollback().await?;

    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    apply(&mut tx, options).await?;
    agree_on_sketch(&mut tx, options).await?;
    Ok(tx.commit().await?)
}

/// The versions that were applied, ascending; none in a new file.
pub(super) async fn applied(sql: &mut SqliteConnection) -> Result<Vec<i64>, StoreError> {
    let there: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'api_metrics_schema_migrations'",
    )
    .fetch_one(&mut *sql)
    .await?;
    if there == 0 {
        return Ok(Vec::new());
    }
    Ok(
        sqlx::query_scalar("SELECT version FROM api_metrics_schema_migrations ORDER BY version")
            .fetch_all(sql)
            .await?,
    )
}

/// Runs the missing migrations and fills a new database. The write lock must be held.
async fn apply(
    tx: &mut Transaction<'_, sqlx::Sqlite>,
    options: &StoreOptions,
) -> Result<(), StoreError> {
    let done = applied(tx).await?;
    migrations::check(&done, MIGRATIONS)?;
    let new = done.is_empty();
    if new {
        sqlx::query(
            "CREATE TABLE api_metrics_schema_migrations ( \
                 version integer PRIMARY KEY, name text NOT NULL, applied_at integer NOT NULL DEFAULT (unixepoch()))",
        )
        .execute(&mut **tx)
        .await?;
    }
    for migration in MIGRATIONS.iter().filter(|m| !done.contains(&m.version)) {
        sqlx::raw_sql(migration.sql).execute(&mut **tx).await?;
        sqlx::query("INSERT INTO api_metrics_schema_migrations (version, name) VALUES (?, ?)")
            .bind(migration.version)
            .bind(migration.name)
            .execute(&mut **tx)
            .await?;
    }
    if !new {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO api_metrics_meta (leader_min, writer_min, sketch_kind) VALUES (?1, ?1, ?2)",
    )
    .bind(SCHEMA_KNOWLEDGE)
    .bind(i64::from(options.sketch_kind.code()))
    .execute(&mut **tx)
    .await?;
    let now = options.clock.as_ref().map_or_else(
        || SystemClock::default().unix_seconds(),
        |c| c.unix_seconds(),
    );
    let floors = retention::target(&options.retention, now);
    for granularity in Granularity::ALL {
        sqlx::query("INSERT INTO api_metrics_retention_floor (granularity, floor) VALUES (?, ?)")
            .bind(granularity.as_str())
            .bind(floors.of(granularity))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Checks that the file keeps the configured kind of sketch.
///
/// # Errors
/// `StoreError::SketchKind` when it keeps another one.
async fn agree_on_sketch(
    sql: &mut SqliteConnection,
    options: &StoreOptions,
) -> Result<(), StoreError> {
    let code: i64 = sqlx::query_scalar("SELECT sketch_kind FROM api_metrics_meta")
        .fetch_one(sql)
        .await?;
    migrations::same_sketch(sketch_kind(code)?, options)
}
