//! The schema: created and upgraded in one transaction under the leader's lock, without session
//! locks, so that it works through pgbouncer and leaves nothing behind when it fails.

use sqlx::{PgPool, Row};

use super::{
    tx::{at, sketch_kind, uncancelled},
    unnamed::Unnamed,
};
use crate::{
    engine::{SCHEMA_KNOWLEDGE, flush::EARLIEST, retention},
    migrations::{self, Migration},
    options::StoreOptions,
    store::StoreError,
    time::Granularity,
};

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
];

/// The lock's two keys: "apmt", and 1 for the leader of the schema's only name.
pub(super) const TRY_LEAD: &str = "SELECT pg_try_advisory_xact_lock(1634757748, 1)";
const WAIT_TO_LEAD: &str = "SELECT pg_advisory_xact_lock(1634757748, 1)";

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
        .execute(&mut tx)
        .await?;
    // A statement of its own: what follows must see what another migrating process has committed.
    sqlx::query(WAIT_TO_LEAD).execute(&mut tx).await?;
    apply(&mut tx, options).await?;
    agree_on_sketch(&mut tx, options).await?;
    Ok(tx.commit().await?)
}

async fn applied(sql: &mut Unnamed) -> Result<Vec<i64>, StoreError> {
    let there: bool =
        sqlx::query("SELECT to_regclass('api_metrics.schema_migrations') IS NOT NULL")
            .fetch_one(&mut *sql)
            .await?
            .try_get(0)?;
    if !there {
        return Ok(Vec::new());
    }
    Ok(
        sqlx::query_scalar("SELECT version FROM api_metrics.schema_migrations ORDER BY version")
            .fetch_all(sql)
            .await?,
    )
}

async fn apply(tx: &mut Unnamed, options: &StoreOptions) -> Result<(), StoreError> {
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
        sqlx::query("INSERT INTO api_metrics.schema_migrations (version, name) VALUES ($1, $2)")
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

async fn initialise(tx: &mut Unnamed, options: &StoreOptions) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO api_metrics.meta (leader_min, writer_min, sketch_kind) VALUES ($1, $1, $2)",
    )
    .bind(SCHEMA_KNOWLEDGE)
    .bind(i16::from(options.sketch_kind.code()))
    .execute(&mut *tx)
    .await?;
    let now: i64 = match &options.clock {
        Some(clock) => clock.unix_seconds(),
        None => {
            sqlx::query_scalar("SELECT extract(epoch FROM now())::bigint")
                .fetch_one(&mut *tx)
                .await?
        }
    };
    // Not at the beginning of time, or an import would make a partition for every hour of history.
    let floors = retention::target(&options.retention, now);
    for granularity in Granularity::ALL {
        sqlx::query("INSERT INTO api_metrics.retention_floor (granularity, floor) VALUES ($1, $2)")
            .bind(granularity.as_str())
            .bind(at(floors.of(granularity).max(EARLIEST)))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

async fn agree_on_sketch(sql: &mut Unnamed, options: &StoreOptions) -> Result<(), StoreError> {
    let code: i16 = sqlx::query_scalar("SELECT sketch_kind FROM api_metrics.meta")
        .fetch_one(sql)
        .await?;
    migrations::same_sketch(sketch_kind(code)?, options)
}
