//! The state behind the routes of one admin and its consoles.
//!
//! Built once by the admin's builder; the console's routes have the same.

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
    /// The way to the store.
    pub(crate) client: Arc<StoreClient>,
    /// What decides `now`.
    pub(crate) clock: Arc<dyn Clock>,
    /// Who may ask.
    pub(crate) auth: Arc<Authenticator>,
    /// Answers that are kept.
    pub(crate) cache: AnswerCache,
    /// Live feeds.
    pub(crate) hub: Arc<Hub>,
    /// Whether the store answers, for probes.
    pub(crate) probe: StoreProbe,
    /// What the host's background work reports.
    pub(crate) health: Option<Arc<dyn HealthSource>>,
    /// Ends streams and exports.
    pub(crate) shutdown: CancellationToken,
    /// How often this process flushes: answers that touch now are kept that long.
    pub(crate) flush_interval: Duration,
    /// Origins whose pages may ask.
    pub(crate) cors: Option<Cors>,
    /// How limits, quotas and bills are counted.
    #[cfg(feature = "control")]
    pub(crate) control: ControlSettings,
}

impl HasClock for App {
    /// What decides `now`.
    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}
