//! The signals by which a service is asked to end.

/// Waits for the first signal that asks this process to end: SIGTERM or SIGINT on Unix; Ctrl-C, a closed
/// console, log-off or shutdown on Windows. For [`shutdown_on`](crate::ApiMetrics::shutdown_on).
///
/// Supervisors (Kubernetes, systemd, Docker) send SIGTERM. A service that waits for Ctrl-C alone is killed by
/// it, and loses what was recorded since the last flush.
///
/// The handlers are installed by the call, not by the first poll, so a signal during a slow start is not
/// missed. From then on the default action of these signals, to end the process at once, is off: poll the
/// future. A signal whose handler cannot be installed is logged and not waited for.
///
/// ```no_run
/// # async fn serve(metrics: api_metrics::ApiMetrics, app: axum::Router) -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// axum::serve(listener, app)
///     .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
///     .await
/// # }
/// ```
///
/// # Panics
/// Outside of a Tokio runtime, as all of `tokio::signal` does.
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + use<> + 'static {
    let signals = platform::signals();
    async move {
        signals.await;
    }
}

/// A future of one signal, or one that never ends where the signal cannot be caught.
fn caught<S, F>(name: &str, handler: std::io::Result<S>, wait: impl FnOnce(S) -> F) -> Caught<F> {
    match handler {
        Ok(handler) => Caught::Handled(wait(handler)),
        Err(error) => {
            tracing::warn!("{name} is not waited for: {error}");
            Caught::Unhandled
        }
    }
}

enum Caught<F> {
    Handled(F),
    Unhandled,
}

impl<F: Future<Output = ()>> Caught<F> {
    async fn wait(self) {
        match self {
            Self::Handled(signal) => signal.await,
            Self::Unhandled => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
mod platform {
    use tokio::signal::unix::{SignalKind, signal};

    use super::caught;

    pub(super) fn signals() -> impl Future<Output = ()> + Send + 'static {
        let [terminate, interrupt] = [
            ("SIGTERM", SignalKind::terminate()),
            ("SIGINT", SignalKind::interrupt()),
        ]
        .map(|(name, kind)| {
            caught(name, signal(kind), |mut signal| async move {
                // `None` would mean that no more can come, which Tokio never says.
                let _ = signal.recv().await;
            })
        });
        async move {
            tokio::select! {
                () = terminate.wait() => {}
                () = interrupt.wait() => {}
            }
        }
    }
}

#[cfg(windows)]
mod platform {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    use super::caught;

    pub(super) fn signals() -> impl Future<Output = ()> + Send + 'static {
        let ctrl_c = caught("Ctrl-C", ctrl_c(), |mut s| async move {
            let _ = s.recv().await;
        });
        let ctrl_break = caught("Ctrl-Break", ctrl_break(), |mut s| async move {
            let _ = s.recv().await;
        });
        let close = caught("a closed console", ctrl_close(), |mut s| async move {
            let _ = s.recv().await;
        });
        let logoff = caught("log-off", ctrl_logoff(), |mut s| async move {
            let _ = s.recv().await;
        });
        let shutdown = caught("shutdown", ctrl_shutdown(), |mut s| async move {
            let _ = s.recv().await;
        });
        async move {
            tokio::select! {
                () = ctrl_c.wait() => {}
                () = ctrl_break.wait() => {}
                () = close.wait() => {}
                () = logoff.wait() => {}
                () = shutdown.wait() => {}
            }
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod platform {
    pub(super) fn signals() -> impl Future<Output = ()> + Send + 'static {
        std::future::pending()
    }
}
