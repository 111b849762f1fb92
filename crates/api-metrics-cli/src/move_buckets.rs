//! `api-metrics move`: buckets from Postgres into ClickHouse.

use std::sync::Arc;

use api_metrics::{
    clickhouse::ClickHouse,
    store::{
        postgres::PostgresStore,
        store::{Store, StoreError, StoreOptions},
    },
};
use clap::Args;

use crate::{buckets::BucketsArgs, failure::Failure, settings::Settings, terminal};

/// What `move` is asked for.
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// The database that the buckets are in: postgres://user:password@host/db. As the role that owns the schema
    #[arg(
        long,
        env = "API_METRICS_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database: Option<String>,

    #[command(flatten)]
    buckets: BucketsArgs,
}

/// Moves all buckets.
///
/// # Errors
/// With code 2 where a database is not named, or can't have or take buckets; with code 1 where one fails.
pub(crate) async fn run(args: MoveArgs, settings: Settings) -> Result<(), Failure> {
    let database = args.database.or_else(|| settings.database.clone());
    let database = database.ok_or_else(|| {
        Failure::usage(
            "--database or API_METRICS_DATABASE_URL must name the database with the buckets",
        )
    })?;
    terminal::hide(&database);
    let clickhouse = args.buckets.url(&settings).ok_or_else(|| {
        Failure::usage("--clickhouse or API_METRICS_CLICKHOUSE_URL must name where they move to")
    })?;
    let mut store =
        PostgresStore::connect_lazy(&database, StoreOptions::default()).map_err(refused)?;
    match store.prepare().await {
        // Of a database that has moved before.
        Ok(()) | Err(StoreError::Conflict(_)) => {}
        Err(error) => return Err(refused(error)),
    }
    let there = ClickHouse::connect_lazy(&clickhouse).map_err(refused)?;
    store.keep_buckets_in(Arc::new(there));
    match store.move_buckets().await.map_err(refused)? {
        Some(rows) => terminal::out(&format!(
            "{rows} rows were moved. Start each service anew with API_METRICS_CLICKHOUSE_URL"
        )),
        None => terminal::out("the buckets of this database are in ClickHouse already"),
    }
    Ok(())
}

fn refused(error: StoreError) -> Failure {
    match error {
        StoreError::Url { .. } | StoreError::Conflict(_) => Failure::usage(error.to_string()),
        error => Failure::failed(error.to_string()),
    }
}
