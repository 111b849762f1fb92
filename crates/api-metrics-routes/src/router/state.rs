//! The state behind the routes of one admin and its consoles.

use std::{sync::Arc, time::Duration};

use api_metrics_store::time::Clock;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "control")]
use super::ControlSettings;
use super::Cors;
use crate::{
    auth::Authenticator,
    live::Hub,
    read::{HealthSource, StoreClient, StoreProbe},
    request::HasClock,
    response::AnswerCache,
};

/// AppState by reference: cloning it is cheap.
pub(crate) type App = Arc<AppState>;

/// The state behind the routes.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) client: Arc<StoreClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) auth: Arc<Authenticator>,
    pub(crate) cache: AnswerCache,
    pub(crate) hub: Arc<Hub>,
    pub(crate) probe: StoreProbe,
    pub(crate) health: Option<Arc<dyn HealthSource>>,
    /// Ends streams and exports.
    pub(crate) shutdown: CancellationToken,
    /// How often this process flushes: answers that touch now are kept that long.
    pub(crate) flush_interval: Duration,
    pub(crate) cors: Option<Cors>,
    #[cfg(feature = "control")]
    pub(crate) control: ControlSettings,
}

impl HasClock for App {
    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}
