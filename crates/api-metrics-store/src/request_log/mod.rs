//! The log of requests: single requests beside the buckets, chosen by a policy, private by default.
//!
//! A [`RequestLogBuffer`] is the layer's sink of kept requests. It chooses by its [`RequestLog`] settings, holds
//! what it has chosen within a bound, and is flushed to a [`RequestLogStore`], which answers lists, groups of
//! errors and searches by words.
//!
//! | promise | how |
//! |---|---|
//! | It never touches the counts | memory, transactions and tables of its own; beyond its budgets it drops |
//! | It says what became of everything | `chosen = kept + dropped + waiting`, by reason, in each batch and in all |
//! | Kept once | numbered batches behind a fence row of the process |
//! | Private | masked paths, no body but in snapshots that a host asks for, hashed addresses, and a scrubber over every text |
//! | The host's own log beside it | lines of requests, events outside of them, in the same budgets; for those who see everything |
//! | Countries are exact | counted for every request, and stored behind the same fence |
//! | It says what it is | each request carries for how many it stands; weights add up to what was seen |
//!
//! # Addresses
//!
//! An address is kept as a keyed hash. Each day in UTC has a random key, which all processes share through the
//! database, and which is destroyed 24 hours after its day. So a hash links requests of a day, and nothing
//! afterwards: who has the database can't try addresses any more.
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use std::time::SystemTime;
//! use api_metrics_layer::{LoggedRequest, RequestLogSink, RequestRecord};
//! use api_metrics_store::{
//!     request_log::{RequestLog, RequestLogBuffer, RequestLogStore, RequestQuery},
//!     sqlite::SqliteStore,
//!     store::{Instance, Store, StoreOptions},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("metrics.db");
//! # let path = path.to_str().ok_or("UTF-8")?;
//! let store = SqliteStore::open(path, StoreOptions::default())?;
//! store.prepare().await?;
//! let instance = Instance::new(uuid::Uuid::new_v4(), "shop", "production");
//! let log = RequestLogBuffer::new(RequestLog::new(), instance);
//!
//! // What a layer does for every request.
//! let mut record = RequestRecord::new("GET", "/users/{id}", SystemTime::now());
//! record.status = Some(503);
//! log.log(&LoggedRequest::new(&record));
//!
//! store.flush_requests(&log, false).await?;
//! let page = store.requests(&RequestQuery::over(0, 4_102_444_800_000)).await?;
//! assert_eq!((page.requests.len(), page.requests[0].weight), (1, 1));
//! # Ok(())
//! # }
//! ```

mod buffer;
mod country;
mod elsewhere;
mod entry;
mod event;
mod flush;
mod group;
mod group_sums;
#[cfg(feature = "geo")]
mod maxmind;
mod query;
mod rows;
mod sample;
mod scrub;
mod search;
mod settings;
mod similar;
mod snapshot;
mod sql;
mod store;
mod tail;
mod texts;
mod words;

#[cfg(feature = "geo")]
#[cfg_attr(docsrs, doc(cfg(feature = "geo")))]
pub use self::maxmind::{MaxMindError, MaxMindFile};
#[cfg(feature = "fuzzing")]
pub(crate) use self::snapshot::fuzzing;
pub use self::{
    buffer::{Dropped, RequestLogBuffer, RequestLogCounts},
    flush::RequestsFlushed,
    query::{
        CountryCount, CountryQuery, EntryKind, Erased, Erasure, RequestFilter, RequestGroup,
        RequestLogStatus, RequestPage, RequestQuery, StoredLine, StoredRequest,
    },
    search::{RequestSearch, SearchHit, SearchMode, SearchResult},
    settings::{AddressDetail, Keep, RequestLog, Sampling},
    similar::{EmbedError, Embedder, NgramEmbedder},
    snapshot::{BodyContent, SnapshotBody, SnapshotMessage, StoredSnapshot},
    store::RequestLogStore,
    tail::{
        InvalidTailCursor, TailContinuation, TailCursor, TailPage, TailPosition, TailQuery,
        TailStart,
    },
};
