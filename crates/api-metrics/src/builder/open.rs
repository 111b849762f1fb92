//! From a setting to a store.

use std::{path::Path, sync::Arc};

use api_metrics_store::{
    options::StoreOptions,
    store::{Store, StoreError},
    url::without_password,
};

use super::Database;
use crate::StartError;

/// A store and what to call it where people read: never with a password.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    pub(super) name: String,
}

/// Opens without connecting, so that nothing but the configuration can be wrong yet.
pub(super) fn open(
    database: Option<Database>,
    options: StoreOptions,
) -> Result<Opened, StartError> {
    match database {
        Some(Database::Store(store)) => Ok(Opened {
            store,
            name: "the given store".to_owned(),
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
            Ok(Opened {
                store: Arc::new(store),
                name,
            })
        }
        #[cfg(feature = "sqlite")]
        Some(Database::Embedded(path)) => embedded(&path, options),
        Some(Database::Url(url)) => by_url(&url, options),
        None if cfg!(feature = "sqlite") => embedded(Path::new("metrics.db"), options),
        None => Err(StartError::NoDatabase),
    }
}

fn by_url(url: &str, options: StoreOptions) -> Result<Opened, StartError> {
    let scheme = url
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("postgres" | "postgresql") => postgres(url, options),
        Some("sqlite") => embedded(Path::new(url), options),
        _ if url.contains("://") => Err(StartError::Store {
            database: without_password(url),
            source: StoreError::Url {
                url: without_password(url),
                reason: "it starts neither with postgres:// nor with sqlite://".to_owned(),
            },
        }),
        _ => embedded(Path::new(url), options),
    }
}

#[cfg(feature = "postgres")]
fn postgres(url: &str, options: StoreOptions) -> Result<Opened, StartError> {
    let name = without_password(url);
    match api_metrics_store::postgres::PostgresStore::connect_lazy(url, options) {
        Ok(store) => Ok(Opened {
            store: Arc::new(store),
            name,
        }),
        Err(source) => Err(StartError::Store {
            database: name,
            source,
        }),
    }
}

#[cfg(not(feature = "postgres"))]
fn postgres(url: &str, _: StoreOptions) -> Result<Opened, StartError> {
    Err(StartError::Feature {
        url: without_password(url),
        feature: "postgres",
    })
}

#[cfg(feature = "sqlite")]
fn embedded(path: &Path, options: StoreOptions) -> Result<Opened, StartError> {
    let name = path.display().to_string();
    let opened = match path.to_str() {
        Some(path) => api_metrics_store::sqlite::SqliteStore::open(path, options),
        None => Err(StoreError::Url {
            url: name.clone(),
            reason: "the path is no UTF-8".to_owned(),
        }),
    };
    match opened {
        Ok(store) => Ok(Opened {
            store: Arc::new(store),
            name,
        }),
        Err(source) => Err(StartError::Store {
            database: name,
            source,
        }),
    }
}

#[cfg(not(feature = "sqlite"))]
fn embedded(path: &Path, _: StoreOptions) -> Result<Opened, StartError> {
    Err(StartError::Feature {
        url: path.display().to_string(),
        feature: "sqlite",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_that_no_store_has_is_an_error_that_names_the_url() {
        let error = by_url("mysql://app:secret@db/app", StoreOptions::default())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            error.contains("mysql://app:***@db/app") && !error.contains("secret"),
            "{error}"
        );
    }
}
