//! What all routers of one admin share.

mod acts;
mod cors;
mod drain;
mod routes;

use std::{sync::Arc, time::Duration};

use api_metrics_store::time::Clock;
use tokio_util::sync::CancellationToken;

pub(crate) use acts::Acts;
pub(crate) use cors::Cors;
pub(crate) use routes::{Declared, RouteTable};

use crate::{
    auth::{Failures, SignIn},
    cache::AnswerCache,
    directory::DirectoryCache,
    health::HealthSource,
    reader::{Reader, StoreProbe},
    stream::Hub,
};

/// Shared by reference: cloning it is cheap.
pub(crate) type App = Arc<Shared>;

/// The state behind the routes.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) reader: Reader,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sign_in: SignIn,
    pub(crate) failures: Failures,
    #[cfg(feature = "jwt")]
    pub(crate) jwt: Option<crate::auth::Jwt>,
    pub(crate) cache: AnswerCache,
    pub(crate) directory: DirectoryCache,
    pub(crate) hub: Hub,
    pub(crate) probe: StoreProbe,
    pub(crate) health: Option<Arc<dyn HealthSource>>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) flush_interval: Duration,
    pub(crate) cors: Option<Cors>,
    pub(crate) acts: Acts,
}
