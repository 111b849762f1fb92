//! From a setting to a store.

use std::{path::Path, sync::Arc};

#[cfg(any(feature = "ingest", feature = "postgres", feature = "sqlite"))]
use api_metrics_store::ingest::IngestStore;
use api_metrics_store::{
    request_log::RequestLogStore,
    store::{Store, StoreError, StoreOptions},
    text::without_password,
};

use super::Database;
use crate::StartError;

/// A store and what to call it where people read: never with a password.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    /// The same store, where it keeps the control plane too.
    #[cfg(feature = "control")]
    pub(super) control: Option<Arc<dyn api_metrics_store::control::ControlStore>>,
    /// The same store, where it keeps a request log too.
    pub(super) requests: Option<Arc<dyn RequestLogStore>>,
    /// The same store, where other services can report to it too.
    #[cfg(feature = "ingest")]
    pub(super) ingest: Option<Arc<dyn IngestStore>>,
    pub(super) name: String,
    /// Why the standby that was named can't be read; everything else works.
    pub(super) replica_error: Option<StartError>,
}

impl Opened {
    /// A store of this crate's own, which keeps everything.
    #[cfg(all(feature = "control", any(feature = "postgres", feature = "sqlite")))]
    fn new(
        store: impl api_metrics_store::control::ControlStore + RequestLogStore + IngestStore,
        name: String,
    ) -> Self {
        let store = Arc::new(store);
        Self {
            store: store.clone(),
            control: Some(store.clone()),
            #[cfg(feature = "ingest")]
            ingest: Some(store.clone()),
            requests: Some(store),
            name,
            replica_error: None,
        }
    }

    #[cfg(all(
        not(feature = "control"),
        any(feature = "postgres", feature = "sqlite")
    ))]
    fn new(store: impl Store + RequestLogStore + IngestStore, name: String) -> Self {
        let store = Arc::new(store);
        Self {
            store: store.clone(),
            #[cfg(feature = "ingest")]
            ingest: Some(store.clone()),
            requests: Some(store),
            name,
            replica_error: None,
        }
    }
}

/// What stands beside a database in Postgres.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    /// A standby, for reads.
    pub(super) replica: Option<&'a str>,
    /// The database of the buckets.
    pub(super) clickhouse: Option<&'a str>,
}

/// Opens without connecting, so that nothing but the configuration can be wrong yet.
pub(super) fn open(
    database: Option<Database>,
    beside: Beside<'_>,
    options: StoreOptions,
) -> Result<Opened, StartError> {
    let is_postgres_database = match &database {
        #[cfg(feature = "postgres")]
        Some(Database::Pool(_) | Database::Postgres(_)) => true,
        Some(Database::Url(url)) => is_postgres(url),
        _ => false,
    };
    if is_postgres_database {
        return open_primary(database, beside, options);
    }
    // Without it the buckets would be somewhere else than they are said to be.
    if let Some(url) = beside.clickhouse {
        let why = "it stands beside a database in Postgres alone";
        return Err(malformed(url, why));
    }
    let mut opened = open_primary(database, Beside::default(), options)?;
    if let Some(url) = beside.replica {
        let why = "it names a standby, which only a database in Postgres has";
        opened.replica_error = Some(malformed(url, why));
    }
    Ok(opened)
}

fn open_primary(
    database: Option<Database>,
    beside: Beside<'_>,
    options: StoreOptions,
) -> Result<Opened, StartError> {
    match database {
        #[cfg(feature = "control")]
        Some(Database::ControlStore(store)) => Ok(Opened {
            store: store.clone(),
            control: Some(store),
            requests: None,
            #[cfg(feature = "ingest")]
            ingest: None,
            name: "the given store".to_owned(),
            replica_error: None,
        }),
        Some(Database::Store(store)) => Ok(Opened {
            store,
            #[cfg(feature = "control")]
            control: None,
            requests: None,
            #[cfg(feature = "ingest")]
            ingest: None,
            name: "the given store".to_owned(),
            replica_error: None,
        }),
        #[cfg(feature = "postgres")]
        Some(Database::Pool(pool)) => {
            let at = pool.connect_options();
            let name = format!(
                "postgres://{}:{}/{}",
                at.get_host(),
                at.get_port(),
                at.get_database().unwrap_or_else(|| at.get_username()),
            );
            let store = api_metrics_store::postgres::PostgresStore::from_pool(pool, options);
            with_others(store, name, beside)
        }
        #[cfg(feature = "postgres")]
        Some(Database::Postgres(url)) if is_postgres(&url) => postgres(&url, beside, options),
        #[cfg(feature = "postgres")]
        Some(Database::Postgres(url)) => Err(malformed(&url, "it does not start with postgres://")),
        #[cfg(feature = "sqlite")]
        Some(Database::Embedded(path)) => embedded(&path, options),
        Some(Database::Url(url)) => by_url(&url, beside, options),
        None if cfg!(feature = "sqlite") => embedded(Path::new("metrics.db"), options),
        None => Err(StartError::NoDatabase),
    }
}

fn by_url(url: &str, beside: Beside<'_>, options: StoreOptions) -> Result<Opened, StartError> {
    if is_postgres(url) {
        postgres(url, beside, options)
    } else if scheme(url).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sqlite")) {
        embedded(Path::new(url), options)
    } else if url.contains("://") {
        Err(malformed(
            url,
            "it starts neither with postgres:// nor with sqlite://",
        ))
    } else if names_a_server(url) {
        Err(malformed(
            url,
            "it looks like a server's address without postgres:// in front; a file of that name is \
             ./ and the name",
        ))
    } else {
        embedded(Path::new(url), options)
    }
}

fn scheme(url: &str) -> Option<&str> {
    url.split_once(':').map(|(scheme, _)| scheme)
}

fn is_postgres(url: &str) -> bool {
    scheme(url).is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("postgres") || scheme.eq_ignore_ascii_case("postgresql")
    })
}

/// `db:5432` and `app:secret@db/metrics` are no files that anybody has.
fn names_a_server(url: &str) -> bool {
    let authority = url.split('/').next().unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    authority.contains('@')
        // libpq's own form.
        || url.contains("host=")
        || url.contains("password=")
        || port.is_some_and(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn malformed(url: &str, reason: &str) -> StartError {
    let shown = without_password(url);
    StartError::Store {
        database: shown.clone(),
        source: StoreError::Url {
            url: shown,
            reason: reason.to_owned(),
        },
    }
}

#[cfg(feature = "postgres")]
fn postgres(url: &str, beside: Beside<'_>, options: StoreOptions) -> Result<Opened, StartError> {
    let name = without_password(url);
    match api_metrics_store::postgres::PostgresStore::connect_lazy(url, options) {
        Ok(store) => with_others(store, name, beside),
        Err(source) => Err(StartError::Store {
            database: name,
            source,
        }),
    }
}

/// The store, whose reads go to the standby where one is named, and whose buckets are elsewhere where that is named.
#[cfg(feature = "postgres")]
fn with_others(
    mut store: api_metrics_store::postgres::PostgresStore,
    name: String,
    beside: Beside<'_>,
) -> Result<Opened, StartError> {
    let error = beside.replica.and_then(|url| {
        let source = store.read_replica(url).err()?;
        let database = without_password(url);
        Some(StartError::Store { database, source })
    });
    if let Some(url) = beside.clickhouse {
        keep_buckets_in(&mut store, url)?;
    }
    let mut opened = Opened::new(store, name);
    opened.replica_error = error;
    Ok(opened)
}

#[cfg(feature = "clickhouse")]
fn keep_buckets_in(
    store: &mut api_metrics_store::postgres::PostgresStore,
    url: &str,
) -> Result<(), StartError> {
    match api_metrics_clickhouse::ClickHouse::connect_lazy(url) {
        Ok(buckets) => {
            let database = Arc::new(buckets);
            store.keep_requests_in(Arc::clone(&database) as _);
            store.keep_buckets_in(database);
            Ok(())
        }
        Err(source) => Err(StartError::Store {
            database: without_password(url),
            source,
        }),
    }
}

#[cfg(all(feature = "postgres", not(feature = "clickhouse")))]
fn keep_buckets_in(
    _: &mut api_metrics_store::postgres::PostgresStore,
    url: &str,
) -> Result<(), StartError> {
    Err(StartError::Feature {
        url: without_password(url),
        feature: "clickhouse",
    })
}

#[cfg(not(feature = "postgres"))]
fn postgres(url: &str, _: Beside<'_>, _: StoreOptions) -> Result<Opened, StartError> {
    Err(StartError::Feature {
        url: without_password(url),
        feature: "postgres",
    })
}

#[cfg(feature = "sqlite")]
fn embedded(path: &Path, options: StoreOptions) -> Result<Opened, StartError> {
    let name = without_password(&path.display().to_string());
    let opened = match path.to_str() {
        Some(path) => api_metrics_store::sqlite::SqliteStore::open(path, options),
        None => Err(StoreError::Url {
            url: name.clone(),
            reason: "the path is no UTF-8".to_owned(),
        }),
    };
    match opened {
        Ok(store) => Ok(Opened::new(store, name)),
        Err(source) => Err(StartError::Store {
            database: name,
            source,
        }),
    }
}

#[cfg(not(feature = "sqlite"))]
fn embedded(path: &Path, _: StoreOptions) -> Result<Opened, StartError> {
    Err(StartError::Feature {
        url: without_password(&path.display().to_string()),
        feature: "sqlite",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_that_no_store_has_is_an_error_that_names_the_url() {
        let error = by_url(
            "mysql://app:secret@db/app",
            Beside::default(),
            StoreOptions::default(),
        )
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
        assert!(
            error.contains("mysql://app:***@db/app") && !error.contains("secret"),
            "{error}"
        );
    }

    fn refusal(database: Database) -> String {
        open(Some(database), Beside::default(), StoreOptions::default())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_server_without_a_scheme_makes_no_file_of_that_name() {
        for url in ["db:5432/app", "app:secret@db/metrics", "localhost:5432"] {
            let error = refusal(Database::Url(url.to_owned()));
            assert!(error.contains("postgres://"), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
            assert!(!Path::new(url).exists());
        }
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn buckets_in_clickhouse_need_postgres_beside_them() {
        let beside = Beside {
            clickhouse: Some("http://app:secret@ch:8123/metrics"),
            ..Beside::default()
        };
        let file = Database::Url("metrics.db".to_owned());
        let refused = open(Some(file), beside, StoreOptions::default());
        let error = refused.err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(
            error.contains("ch:8123") && error.contains("Postgres"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn what_is_said_to_be_postgres_is_never_a_file() {
        for url in ["db/app", "metrics.db", "sqlite://metrics.db"] {
            let error = refusal(Database::Postgres(url.to_owned()));
            assert!(error.contains("postgres://"), "{url}: {error}");
        }
    }
}
