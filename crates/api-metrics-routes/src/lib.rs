//! Mountable axum routers over an api-metrics store.
//!
//! [`Admin`] answers every view of the metrics as JSON, live updates as server-sent events, a page
//! at its mount point and the OpenAPI document of it all. It carries its own state, so it mounts
//! into any router:
//!
//! ```
//! # async fn example(store: std::sync::Arc<dyn api_metrics_store::store::Store>) {
//! use api_metrics_routes::Admin;
//!
//! let admin = Admin::builder(store).token("a long random text").build();
//! let app: axum::Router = axum::Router::new()
//!     // ... the host's own routes and layers first: what stands after a layer is not counted
//!     .nest_service("/admin", admin.router());
//! # }
//! ```
//!
//! [`Admin::console`] is the router by which the API's consumers see their own usage, quota and bill.
//!
//! Who asks is found out by a [`Principal`] that the host has put into the request's extensions, by a
//! bearer token (the admin token, or a JSON Web Token behind the feature `jwt`), or by the session of
//! the sign-in page. Its [`Role`] says what it may do, its tenant and keys what it sees.
#![forbid(unsafe_code)]

mod admin;
mod auth;
mod console;
#[cfg(feature = "control")]
mod control;
mod live;
mod metrics;
mod openapi;
mod ops;
mod read;
mod request;
mod response;
mod router;
mod ui;

pub use admin::{Admin, AdminBuilder, SignInError};
/// The store's crate, whose types stand in the signatures of [`AdminBuilder`]: `Store`, `Writer`,
/// `Clock`, and with the feature `control` `ControlStore` and the settings of limits, quotas and
/// billing.
pub use api_metrics_store as store;
#[cfg(feature = "jwt")]
pub use auth::{ClaimNames, Jwt, JwtKeyError};
pub use auth::{Principal, Role};
pub use console::Console;
pub use read::{Health, HealthSource, TaskHealth};
/// What [`AdminBuilder::shutdown`] takes.
pub use tokio_util::sync::CancellationToken;
