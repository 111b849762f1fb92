//! The database itself: whether it answers, what it is, and what may be done with it.

use std::{path::Path, sync::Arc, time::Instant};

use api_metrics::{
    clickhouse::ClickHouse,
    store::{
        postgres::PostgresStore,
        sqlite::SqliteStore,
        store::{Store, StoreError, StoreOptions},
    },
};
use sqlx::{PgPool, Row, SqlitePool};

use super::{Check, Verdict, state};

/// The oldest Postgres that is supported, as `server_version_num` says it.
const OLDEST_POSTGRES: i32 = 140_000;
/// A disk with less than this share free is nearly full.
const LEAST_FREE: f64 = 0.1;

/// A store whose connections can be asked for more than metrics.
pub(super) enum Opened {
    Postgres(Box<PostgresStore>),
    Sqlite(Box<SqliteStore>),
}

/// Opens the database, without creating or migrating anything.
pub(super) async fn open(
    url: &str,
    clickhouse: Option<&str>,
    checks: &mut Vec<Check>,
) -> Option<Opened> {
    let options = StoreOptions::default();
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let opened = if scheme.eq_ignore_ascii_case("postgres")
        || scheme.eq_ignore_ascii_case("postgresql")
    {
        PostgresStore::connect_lazy(url, options).and_then(|mut store| {
            if let Some(url) = clickhouse {
                store.keep_buckets_in(Arc::new(ClickHouse::connect_lazy(url)?));
            }
            Ok(Opened::Postgres(Box::new(store)))
        })
    } else {
        let path = url.strip_prefix("sqlite://").unwrap_or(url);
        let path = path.split('?').next().unwrap_or(path);
        if !Path::new(path).is_file() {
            let check = Check::new(
                "database",
                Verdict::Bad,
                format!("{path}: there is no such file"),
            );
            checks.push(check.advise(
                "name the database by --database or API_METRICS_DATABASE_URL; `api-metrics serve` and \
                 `import` make it where it is missing",
            ));
            return None;
        }
        SqliteStore::open(url, options).map(|store| Opened::Sqlite(Box::new(store)))
    };
    match opened {
        Ok(opened) => Some(opened),
        Err(error) => {
            checks.push(Check::new("database", Verdict::Bad, error.to_string()));
            None
        }
    }
}

impl Opened {
    fn store(&self) -> &dyn Store {
        match self {
            Self::Postgres(store) => &**store,
            Self::Sqlite(store) => &**store,
        }
    }

    /// Looks at everything that can be seen from here.
    pub(super) async fn look(&self, url: &str, checks: &mut Vec<Check>) {
        let started = Instant::now();
        let status = self.store().status().await;
        let took = started.elapsed().as_millis();
        match &status {
            Ok(_) => checks.push(Check::good(
                "database",
                format!("{url} answers in {took} ms"),
            )),
            Err(StoreError::Unprepared(_)) => {
                checks.push(Check::good("database", format!("{url} answers")));
                let check = Check::new("schema", Verdict::Odd, "the tables are not there yet");
                checks.push(check.advise("the first service, `serve` or `import` makes them"));
            }
            Err(error) => {
                let check = Check::new("database", Verdict::Bad, error.to_string());
                let advice = if error.may_pass() {
                    "look whether the server runs, and whether this machine may reach it"
                } else {
                    "see what the database says"
                };
                checks.push(check.advise(advice));
                return;
            }
        }
        match self {
            Self::Postgres(store) => {
                let port = url_port(url);
                postgres(store.pool(), port, status.is_ok(), checks).await;
            }
            Self::Sqlite(store) => sqlite(store.pool(), url, checks).await,
        }
        if let Ok(status) = &status {
            state::look(status, checks);
        }
    }
}

fn url_port(url: &str) -> Option<i32> {
    let authority = url.split_once("://")?.1.rsplit('@').next()?;
    let authority = authority.split(['/', '?']).next()?;
    Some(
        authority
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .unwrap_or(5_432),
    )
}

fn unknown(name: &'static str, error: &sqlx::Error) -> Check {
    Check::new(name, Verdict::Unknown, error.to_string())
}

async fn postgres(pool: &PgPool, port: Option<i32>, is_prepared: bool, checks: &mut Vec<Check>) {
    let about = sqlx::query(
        "SELECT current_setting('server_version') AS version, \
           current_setting('server_version_num')::integer AS number, \
           pg_is_in_recovery() AS is_replica, inet_server_port() AS port, current_user::text AS role, \
           has_database_privilege(current_database(), 'CREATE') AS may_create, \
           pg_database_size(current_database()) AS bytes",
    )
    .persistent(false)
    .fetch_one(pool)
    .await;
    let about = match about {
        Ok(about) => about,
        Err(error) => return checks.push(unknown("version", &error)),
    };
    let version: String = about.get("version");
    checks.push(if about.get::<i32, _>("number") < OLDEST_POSTGRES {
        Check::new("version", Verdict::Bad, format!("PostgreSQL {version}"))
            .advise("upgrade the server to PostgreSQL 14 or newer")
    } else if about.get("is_replica") {
        Check::new(
            "version",
            Verdict::Bad,
            format!("PostgreSQL {version}, a read-only replica"),
        )
        .advise("name the primary: replicas take no writes")
    } else {
        Check::good("version", format!("PostgreSQL {version}"))
    });
    let role: String = about.get("role");
    checks.push(rights(pool, &role, about.get("may_create"), is_prepared).await);
    let server_port: Option<i32> = about.get("port");
    checks.push(match (server_port, port) {
        (Some(server), Some(asked)) if server != asked => Check::good(
            "pooler",
            format!(
                "the server's port is {server} and {asked} was asked: a pooler or a forwarded port stands \
                 between; pools by transaction are fine"
            ),
        ),
        (Some(_), Some(_)) => Check::good("pooler", "none is between"),
        _ => Check::new("pooler", Verdict::Unknown, "the connection is no TCP"),
    });
    let bytes: i64 = about.get("bytes");
    checks.push(
        Check::good("disk", format!("the database takes {}", mebibytes(bytes))).advise(
            "the free space of the server's disk can't be seen from here; days are kept for ever, the \
             rest as long as the retention says",
        ),
    );
}

async fn rights(pool: &PgPool, role: &str, may_create: bool, is_prepared: bool) -> Check {
    if !is_prepared {
        return if may_create {
            Check::good("rights", format!("{role} may create the schema"))
        } else {
            Check::new(
                "rights",
                Verdict::Bad,
                format!("{role} may not create the schema"),
            )
            .advise(format!(
                "GRANT CREATE ON DATABASE … TO {role}, or let an owner make the schema first"
            ))
        };
    }
    let may = sqlx::query(
        "SELECT has_schema_privilege('api_metrics', 'USAGE') \
           AND has_table_privilege('api_metrics.inbox', 'SELECT, INSERT, DELETE') \
           AND has_table_privilege('api_metrics.instance', 'SELECT, INSERT, UPDATE') AS may",
    )
    .persistent(false)
    .fetch_one(pool)
    .await;
    match may {
        Ok(may) if may.get("may") => Check::good("rights", format!("{role} may read and write")),
        Ok(_) => Check::new(
            "rights",
            Verdict::Bad,
            format!("{role} may not read and write all tables"),
        )
        .advise("as the owner: SELECT api_metrics.allow_service('…') with this role"),
        Err(error) => unknown("rights", &error),
    }
}

async fn sqlite(pool: &SqlitePool, url: &str, checks: &mut Vec<Check>) {
    let version = sqlx::query("SELECT sqlite_version() AS version")
        .fetch_one(pool)
        .await;
    checks.push(match version {
        Ok(row) => Check::good(
            "version",
            format!("SQLite {}", row.get::<String, _>("version")),
        ),
        Err(error) => unknown("version", &error),
    });
    // A lock that is given back: nothing is written.
    let writes = async {
        let mut connection = pool.acquire().await?;
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut *connection)
            .await?;
        sqlx::query("ROLLBACK").execute(&mut *connection).await
    };
    checks.push(match writes.await {
        Ok(_) => Check::good("rights", "the file can be written"),
        Err(error) => Check::new("rights", Verdict::Bad, error.to_string())
            .advise("let the user of this process write the file and its folder"),
    });
    let path = url.strip_prefix("sqlite://").unwrap_or(url);
    let path = Path::new(path.split('?').next().unwrap_or(path));
    checks.push(disk(path));
}

/// The file against what is free beside it.
fn disk(path: &Path) -> Check {
    let bytes = path.metadata().map_or(0, |about| about.len());
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let size = format!("the file takes {}", mebibytes(bytes));
    #[cfg(unix)]
    if let Ok(disk) = rustix::fs::statvfs(path) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let share = disk.f_bavail as f64 / (disk.f_blocks as f64).max(1.0);
        let free_bytes = i64::try_from(free).unwrap_or(i64::MAX);
        let found = format!(
            "{size}, {} ({:.0}%) of the disk are free",
            mebibytes(free_bytes),
            share * 100.0
        );
        if share < LEAST_FREE || free_bytes < bytes {
            return Check::new("disk", Verdict::Odd, found).advise(
                "make room: with a full disk requests are kept in memory until there is some, and \
                 shorter retention (--keep-hours) takes less",
            );
        }
        return Check::good("disk", found);
    }
    Check::new("disk", Verdict::Unknown, size)
}

fn mebibytes(bytes: i64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
