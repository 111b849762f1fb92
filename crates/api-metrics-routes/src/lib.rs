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
mod alerts;
mod app;
mod auth;
mod billing;
mod cache;
mod console;
#[cfg(feature = "dashboard")]
mod dashboard;
mod directory;
mod extract;
/// Not part of the public API.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod keys;
mod limits;
mod openapi;
mod page;
mod plans;
mod problem;
mod prometheus;
mod quotas;
mod reader;
mod shape;
mod stream;
mod walk;

pub use admin::{Admin, AdminBuilder, SignInError};
#[cfg(feature = "jwt")]
pub use auth::{ClaimNames, Jwt, JwtKeyError};
pub use auth::{Principal, Role};
pub use console::Console;
pub use health::{Health, HealthSource, TaskHealth};
/// What [`AdminBuilder::shutdown`] takes.
pub use tokio_util::sync::CancellationToken;
