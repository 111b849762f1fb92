//! The way to a database that may not be there yet.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use api_metrics_store::store::{Misconfiguration, StoreError};
use futures_util::FutureExt;

use super::{Shared, grpc_methods, schedule::Backoff, task::panic_message};

/// How far the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Not reached yet.
    Connecting,
    /// The schema is there.
    Ready,
    /// Nothing but another configuration will help. It is tried again all the same: somebody may
    /// create what is missing on the database's side. [`Shared::refusal`] has its words.
    Misconfigured,
    /// It is there and says no: [`Shared::refusal`] has its words.
    Refused,
}

/// Tries until the schema is there, then reads what was recorded before. Ends then, or when the process stops.
pub(super) async fn connect(shared: Arc<Shared>) {
    let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(30));
    loop {
        let attempt = AssertUnwindSafe(shared.prepare()).catch_unwind();
        let outcome = tokio::select! {
            // Safe to cancel: a migration is a transaction.
            () = shared.stop.cancelled() => return,
            outcome = attempt => outcome,
        };
        match outcome {
            Ok(Ok(())) => break,
            Ok(Err(_)) => {}
            Err(panic) => {
                let message = panic_message(panic.as_ref());
                tracing::error!(
                    message,
                    "connecting to the store panicked and is tried again"
                );
                shared.health.unreachable(message, None);
            }
        }
        if shared.stopped_within(backoff.pause()).await {
            return;
        }
    }
    grpc_methods::load(&shared).await;
}

impl Shared {
    /// Connects and migrates, and notes the outcome.
    async fn prepare(&self) -> Result<(), ()> {
        match self.store.prepare().await {
            Ok(()) => {
                self.reached();
                self.readiness.send_replace(Readiness::Ready);
                Ok(())
            }
            Err(error) => {
                let readiness = if refuses_for_good(&error) {
                    Readiness::Refused
                } else if error.misconfiguration().is_some() {
                    Readiness::Misconfigured
                } else {
                    Readiness::Connecting
                };
                self.unreachable(&error);
                *self.refusal() = Some(error);
                self.readiness.send_replace(readiness);
                Err(())
            }
        }
    }

    /// Waits for the first answer of the store that decides something.
    ///
    /// # Errors
    /// What the store said, and whether this process can never use that database.
    pub(crate) async fn first_answer(&self) -> Result<(), (StoreError, bool)> {
        let mut readiness = self.readiness.subscribe();
        // The sender lives in `self`, so the wait can't fail.
        let state = readiness
            .wait_for(|state| *state != Readiness::Connecting)
            .await
            .map_or(Readiness::Connecting, |state| *state);
        match self.take_refusal() {
            Some(error) if state != Readiness::Ready => Err((error, state == Readiness::Refused)),
            _ => Ok(()),
        }
    }

    /// What the last attempt to connect ended with.
    pub(crate) fn take_refusal(&self) -> Option<StoreError> {
        self.refusal().take()
    }

    /// Waits until the schema is there; false where the process stops first.
    pub(super) async fn until_ready(&self) -> bool {
        let mut readiness = self.readiness.subscribe();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            ready = readiness.wait_for(|state| *state == Readiness::Ready) => ready.is_ok(),
        }
    }

    /// The schema, now: for work that was asked for and can't wait for the background's next try.
    pub(crate) async fn ensure_ready(&self) -> Result<(), StoreError> {
        if *self.readiness.borrow() == Readiness::Ready {
            return Ok(());
        }
        self.store.prepare().await?;
        self.reached();
        self.readiness.send_replace(Readiness::Ready);
        Ok(())
    }
}

/// Agrees on the admin's token, which prints a new one. Only for processes that mount the admin
/// router: an import or a worker would show a token that is shown once where nobody looks for it.
pub(super) async fn prepare_sign_in(shared: Arc<Shared>) {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    if !shared.until_ready().await {
        return;
    }
    while let Err(error) = shared.admin.prepare_sign_in().await {
        tracing::debug!(%error, "the admin's sign-in could not be prepared yet");
        if shared.stopped_within(backoff.pause()).await {
            return;
        }
    }
}

/// Errors that stay for as long as this process lives: it must not touch this database.
fn refuses_for_good(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::TooNew { .. } | StoreError::SketchKind { .. }
    ) || error.misconfiguration() == Some(Misconfiguration::NotADatabase)
        || needs_another_build(error)
}

/// A server that asks for TLS, and a build without it.
fn needs_another_build(error: &StoreError) -> bool {
    cfg!(not(any(feature = "tls-rustls", feature = "tls-native"))) && error.is_tls()
}
