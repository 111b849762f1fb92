//! Mountable axum routers over an api-metrics store.
//!
//! [`Admin`] answers every view of the metrics as JSON, live updates as server-sent events, a
//! dashboard at its mount point, health probes, Prometheus text, and the OpenAPI document of it all.
//! It carries its own state, so it mounts into a router of any state:
//!
//! ```
//! # async fn example(store: std::sync::Arc<dyn api_metrics_store::store::Store>) {
//! use api_metrics_routes::Admin;
//!
//! let admin = Admin::builder(store).token("32 or more random characters, as from `openssl rand -hex 32`").build();
//! let app: axum::Router = axum::Router::new()
//!     // ... the host's own routes and layers first: what stands after a layer is not counted
//!     .nest_service("/admin", admin.router());
//! # }
//! ```
//!
//! [`Admin::console`] is the router by which the API's consumers see their own usage, quota and bill.
//!
//! # Who may ask
//!
//! Every route but the health probes, the sign-in, the page and the OpenAPI document answers 401
//! without credentials. Credentials are, in this order:
//!
//! 1. a [`Principal`] that the host has put into the request's extensions,
//! 2. a bearer token: the admin token, or a JSON Web Token with the feature `jwt`,
//! 3. the session cookie of the sign-in page.
//!
//! The principal's [`Role`] says what it may do, its tenant and API keys say what it sees.
//!
//! # Settings
//!
//! | [`AdminBuilder`] | default | |
//! |---|---|---|
//! | [`token`](AdminBuilder::token) | made once, printed to stderr | the admin token |
//! | [`allow_short_token`](AdminBuilder::allow_short_token) | off | takes a token under 32 characters |
//! | [`no_auth`](AdminBuilder::no_auth) | off | lets everybody in, as admin |
//! | [`jwt`](AdminBuilder) | off | JSON Web Tokens as bearer tokens; feature `jwt` |
//! | [`control`](AdminBuilder) | off | the store of the control plane; feature `control` |
//! | [`limits`](AdminBuilder), [`quotas`](AdminBuilder), [`billing`](AdminBuilder) | as the store's | how limits, quotas and bills are counted; feature `control` |
//! | [`writer`](AdminBuilder::writer) | none | this process's recorder: answers include what is not flushed yet |
//! | [`health`](AdminBuilder::health) | none | what the host's background work reports |
//! | [`clock`](AdminBuilder::clock) | the machine's | what decides `now` |
//! | [`shutdown`](AdminBuilder::shutdown) | never cancelled | ends streams and exports |
//! | [`flush_interval`](AdminBuilder::flush_interval) | 10 s | how long answers that touch now are kept |
//! | [`closed_answers`](AdminBuilder::closed_answers) | 10 min | how long answers about a range that is over are kept |
//! | [`revalidate_answers`](AdminBuilder::revalidate_answers) | 1 s | how soon a late record makes such answers old |
//! | [`realtime_answers`](AdminBuilder::realtime_answers) | 1 s | how long the last five minutes are kept |
//! | [`query_timeout`](AdminBuilder::query_timeout) | 10 s | after which a query answers 504 |
//! | [`slow_query`](AdminBuilder::slow_query) | 1 s | from which a query is logged |
//! | [`concurrent_queries`](AdminBuilder::concurrent_queries) | 8 | queries at the store at once |
//! | [`cache_bytes`](AdminBuilder::cache_bytes) | 32 MiB | answers that are kept |
//! | [`requests_per_minute`](AdminBuilder::requests_per_minute) | 600 | a principal's requests to the admin, reads and writes apart |
//! | [`console_requests_per_minute`](AdminBuilder::console_requests_per_minute) | 60 | a principal's requests to the console |
//! | [`max_streams`](AdminBuilder::max_streams) | 2,500 | open streams |
//! | [`max_streams_per_principal`](AdminBuilder::max_streams_per_principal) | 10 | open streams of a principal that is no admin |
//! | [`stream_interval`](AdminBuilder::stream_interval) | 5 s | between two updates of a stream |
//! | [`stream_poll_interval`](AdminBuilder::stream_poll_interval) | 1 s | between two looks for what cannot wait |
//! | [`stream_lifetime`](AdminBuilder::stream_lifetime) | 60 min | after which a stream ends |
//! | [`allow_origins`](AdminBuilder::allow_origins) | none | other origins whose pages may ask |
//! | [`openapi`](AdminBuilder::openapi) | none | what services say that they offer, for the coverage of their APIs |
//! | [`trace_url`](AdminBuilder) | none | where the page leads from a request to its trace; feature `dashboard` |
//! | [`without_page`](AdminBuilder::without_page) | off | leaves the page out |
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `control` | yes | alerts, API keys, rate limits, quotas, billing and price plans |
//! | `dashboard` | yes | the dashboard at the mount point; a small page stands there without it |
//! | `ingest` | no | [`Ingest`]: other services report their requests |
//! | `jwt` | no | JSON Web Tokens as credentials |
//! | `mcp` | no | assistants ask by the Model Context Protocol, at `/mcp` of the admin |
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod auth;
#[cfg(feature = "ingest")]
mod collector;
mod console;
mod contract;
#[cfg(feature = "control")]
mod control;
mod coverage;
/// Not part of the public API.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "ingest")]
mod ingest;
mod live;
#[cfg(feature = "mcp")]
mod mcp;
mod metrics;
mod openapi;
mod ops;
mod read;
mod replay;
mod request;
mod requests;
mod response;
mod router;
mod timing;
mod ttl_cache;
mod ui;

pub use admin::{Admin, AdminBuilder, MIN_TOKEN_CHARS, SignInError};
#[cfg(feature = "jwt")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
pub use auth::{ClaimNames, Jwt, JwtKeyError};
pub use auth::{Principal, Role};
pub use console::Console;
pub use contract::{OpenApiDocument, OpenApiError};
#[cfg(feature = "ingest")]
#[cfg_attr(docsrs, doc(cfg(feature = "ingest")))]
pub use ingest::Ingest;
pub use read::{Health, HealthSource, TaskHealth};
pub use replay::Replay;
#[cfg(feature = "replay-http")]
#[cfg_attr(docsrs, doc(cfg(feature = "replay-http")))]
pub use replay::ReplayAddressError;

/// An API key as the host names it: what [`Principal::with_key`] takes.
pub use api_metrics_layer::ApiKey;
/// The store's crate, whose types stand in the signatures of [`AdminBuilder`]: `Store`, `Writer`,
/// `Clock`, and with the feature `control` `ControlStore` and the settings of limits, quotas and
/// billing.
pub use api_metrics_store as store;
/// What [`AdminBuilder::shutdown`] takes.
pub use tokio_util::sync::CancellationToken;
