//! The schema: created and upgraded in one transaction under the leader's lock.
//!
//! # Order
//!
//! 1. In a first transaction, look which migrations were applied. Most starts find everything done, and
//!    need no right to create anything.
//! 2. Otherwise wait for the leader's lock for up to 30 s, and look again.
//! 3. Run the missing migrations in order, and note each in `schema_migrations`.
//! 4. In a new database, write `meta` and the floors.
//! 5. Compare the kind of sketch, and commit all of it at once.
//!
//! The lock is the leader's own, held by the transaction rather than the session. So no fold runs
//! meanwhile, processes that start together migrate one after another, and nothing stays behind when a
//! migration fails or the connection goes through pgbouncer.

use sqlx::{PgConnection, PgPool, Row};

use super::{
    locks::WAIT_TO_LEAD,
    tx::{at, sketch_kind, uncancelled},
    unnamed,
};
use crate::{
    engine::{SCHEMA_KNOWLEDGE, flush::EARLIEST, retention},
    migrations::{self, Migration},
    options::StoreOptions,
    store::StoreError,
    time::Granularity,
};

/// All migrations, ascending and without gaps. One that was released is never changed.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "initial",
        sql: include_str!("../../migrations/postgres/0001_initial.sql"),
    },
    Migration {
        version: 2,
        name: "row_level_security",
        sql: include_str!("../../migrations/postgres/0002_row_level_security.sql"),
    },
    Migration {
        version: 3,
        name: "reader_views",
        sql: include_str!("../../migrations/postgres/0003_reader_views.sql"),
    },
    Migration {
        version: 4,
        name: "request_log",
        sql: include_str!("../../migrations/postgres/0004_request_log.sql"),
    },
    Migration {
        version: 5,
        name: "ingest",
        sql: include_str!("../../migrations/postgres/0005_ingest.sql"),
    },
    Migration {
        version: 6,
        name: "units",
        sql: include_str!("../../migrations/postgres/0006_units.sql"),
    },
    Migration {
        version: 7,
        name: "metric_streams",
        sql: include_str!("../../migrations/postgres/0007_metric_streams.sql"),
    },
    Migration {
        version: 8,
        name: "jobs",
        sql: include_str!("../../migrations/postgres/0008_jobs.sql"),
    },
    Migration {
        version: 9,
        name: "alert_handling",
        sql: include_str!("../../migrations/postgres/0009_alert_handling.sql"),
    },
    Migration {
        version: 10,
        name: "alert_silences",
        sql: include_str!("../../migrations/postgres/0010_alert_silences.sql"),
    },
    Migration {
        version: 11,
        name: "users_and_teams",
        sql: include_str!("../../migrations/postgres/0011_users_and_teams.sql"),
    },
    Migration {
        version: 12,
        name: "metric_deltas",
        sql: include_str!("../../migrations/postgres/0012_metric_deltas.sql"),
    },
    Migration {
        version: 13,
        name: "muted_channels",
        sql: include_str!("../../migrations/postgres/0013_muted_channels.sql"),
    },
    Migration {
        version: 14,
        name: "objectives",
        sql: include_str!("../../migrations/postgres/0014_objectives.sql"),
    },
    Migration {
        version: 15,
        name: "versions",
        sql: include_str!("../../migrations/postgres/0015_versions.sql"),
    },
    Migration {
        version: 16,
        name: "own_health",
        sql: include_str!("../../migrations/postgres/0016_own_health.sql"),
    },
    Migration {
        version: 17,
        name: "copy_state",
        sql: include_str!("../../migrations/postgres/0017_copy_state.sql"),
    },
    Migration {
        version: 18,
        name: "request_marks",
        sql: include_str!("../../migrations/postgres/0018_request_marks.sql"),
    },
];

/// Brings the schema up to date. Doing it again changes nothing.
///
/// # Errors
/// `StoreError::TooNew` when a newer release has migrated the database, `StoreError::SketchKind` when
/// it keeps another kind of sketch, `StoreError::Timeout` when another process holds the lock for 30 s,
/// `StoreError::Database` when the role may not create the schema.
pub(super) async fn migrate(pool: &PgPool, options: &StoreOptions) -> Result<(), StoreError> {
    // Most starts find everything done, and need no right to create anything then.
    let mut tx = uncancelled(pool, "BEGIN").await?;
    let applied = applied(&mut tx).await?;
    migrations::check(&applied, MIGRATIONS)?;
    if applied.len() == MIGRATIONS.len() {
        return agree_on_sketch(&mut tx, options).await;
    }
    tx.rollback().await?;

    let mut tx = uncancelled(pool, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    // A migration may have to change rows of every tenant.
    sqlx::raw_sql("SET LOCAL lock_timeout = '30s'; SET LOCAL api_metrics.access = 'all'")
        .execute(&mut *tx)
        .await?;
    // A statement of its own: what follows must see what another migrating process has committed.
    unnamed::query(WAIT_TO_LEAD).execute(&mut *tx).await?;
    apply(&mut tx, options).await?;
    agree_on_sketch(&mut tx, options).await?;
    Ok(tx.commit().await?)
}

/// The versions that were applied, ascending; none where there is no schema yet.
async fn applied(sql: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    // From the catalogue's tables: the server's process remembers what `to_regclass` did not find, also while it waited for
    // the lock, and another process may have made it meanwhile.
    let there: bool = unnamed::query(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c \
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE n.nspname = 'api_metrics' AND c.relname = 'schema_migrations')",
    )
    .fetch_one(&mut *sql)
    .await?
    .try_get(0)?;
    if !there {
        return Ok(Vec::new());
    }
    Ok(
        unnamed::query_scalar("SELECT version FROM api_metrics.schema_migrations ORDER BY version")
            .fetch_all(sql)
            .await?,
    )
}

/// Runs the missing migrations. The lock must be held.
async fn apply(tx: &mut PgConnection, options: &StoreOptions) -> Result<(), StoreError> {
    let done = applied(tx).await?;
    migrations::check(&done, MIGRATIONS)?;
    let new = done.is_empty();
    if new {
        sqlx::raw_sql(
            "CREATE SCHEMA IF NOT EXISTS api_metrics; \
             CREATE TABLE api_metrics.schema_migrations ( \
                 version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
        )
        .execute(&mut *tx)
        .await?;
    }
    for migration in MIGRATIONS.iter().filter(|m| !done.contains(&m.version)) {
        sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
        unnamed::query("INSERT INTO api_metrics.schema_migrations (version, name) VALUES ($1, $2)")
            .bind(migration.version)
            .bind(migration.name)
            .execute(&mut *tx)
            .await?;
    }
    if new {
        initialise(tx, options).await?;
    }
    Ok(())
}

/// Fills a new schema: what it asks of processes, the kind of sketch, and the floors. Floors start at
/// `now` less the retention, not at the beginning of time: an import would make a partition for every
/// hour of history.
async fn initialise(tx: &mut PgConnection, options: &StoreOptions) -> Result<(), StoreError> {
    unnamed::query(
        "INSERT INTO api_metrics.meta (leader_min, writer_min, sketch_kind) VALUES ($1, $1, $2)",
    )
    .bind(SCHEMA_KNOWLEDGE)
    .bind(i16::from(options.sketch_kind.code()))
    .execute(&mut *tx)
    .await?;
    let now: i64 = match &options.clock {
        Some(clock) => clock.unix_seconds(),
        None => {
            unnamed::query_scalar("SELECT extract(epoch FROM now())::bigint")
                .fetch_one(&mut *tx)
                .await?
        }
    };
    // Floors at the beginning of time would let an import make a partition for every hour of history.
    let floors = retention::target(&options.retention, now);
    for granularity in Granularity::ALL {
        unnamed::query(
            "INSERT INTO api_metrics.retention_floor (granularity, floor) VALUES ($1, $2)",
        )
        .bind(granularity.as_str())
        .bind(at(floors.of(granularity).max(EARLIEST)))
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Checks that the database keeps the configured kind of sketch.
///
/// # Errors
/// `StoreError::SketchKind` when it keeps another one.
async fn agree_on_sketch(sql: &mut PgConnection, options: &StoreOptions) -> Result<(), StoreError> {
    let code: i16 = unnamed::query_scalar("SELECT sketch_kind FROM api_metrics.meta")
        .fetch_one(sql)
        .await?;
    migrations::same_sketch(sketch_kind(code)?, options)
}
