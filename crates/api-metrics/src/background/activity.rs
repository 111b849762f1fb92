//! Whether anything happens. Where nothing does, the tasks ask the database seldom.
//!
//! At rest is a process that has neither recorded nor folded a request for two minutes, has no notice to deliver again,
//! and was asked for no change. Another process may be busy meanwhile, and then does the work that its traffic causes:
//! whoever folds requests is not at rest.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use tokio::sync::watch;

/// So long after the last sign of work a process is at rest. Longer than limits look back, and than a minute waits for
/// its evaluation.
const REST_AFTER: Duration = Duration::from_secs(120);

/// When something happened last.
#[derive(Debug)]
pub(crate) struct Activity {
    last: Mutex<Instant>,
    /// Changes when a rest ends.
    woken: watch::Sender<()>,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            last: Mutex::new(Instant::now()),
            woken: watch::Sender::new(()),
        }
    }

    /// Something has happened: the tasks go back to their own pace, and those that rest run at once.
    pub(super) fn note(&self) {
        self.note_at(Instant::now());
    }

    fn note_at(&self, now: Instant) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = now.saturating_duration_since(*last) >= REST_AFTER;
        *last = now;
        drop(last);
        if rested {
            self.woken.send_replace(());
        }
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.is_at_rest_at(Instant::now())
    }

    fn is_at_rest_at(&self, now: Instant) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        now.saturating_duration_since(*last) >= REST_AFTER
    }

    /// Tells when a rest ends.
    pub(super) fn woken(&self) -> watch::Receiver<()> {
        self.woken.subscribe()
    }
}

/// Ends the rest when somebody changes something by one of the routers, such as a rule, or has a notice sent again: what
/// follows from it is then done as fast as under traffic.
pub(crate) async fn notice_changes(
    State(activity): State<Arc<Activity>>,
    request: Request,
    next: Next,
) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let response = next.run(request).await;
    if !reads && response.status().is_success() {
        activity.note();
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_process_rests_two_minutes_after_the_last_work_and_wakes_with_the_next() {
        let activity = Activity::new();
        let mut woken = activity.woken();
        let started = Instant::now();
        let after = |seconds| started + Duration::from_secs(seconds);
        activity.note_at(started);
        assert!(!activity.is_at_rest_at(after(119)));
        assert!(activity.is_at_rest_at(after(120)));
        assert!(!woken.has_changed().unwrap());
        activity.note_at(after(200));
        assert!(woken.has_changed().unwrap());
        woken.mark_unchanged();
        assert!(!activity.is_at_rest_at(after(201)));
        // Work after work wakes nobody: nobody rests.
        activity.note_at(after(250));
        assert!(!woken.has_changed().unwrap());
    }

    #[tokio::test]
    async fn a_change_by_a_router_ends_a_rest_and_a_look_or_a_refusal_does_not() {
        use axum::{Router, http::StatusCode, middleware::from_fn_with_state, routing::get};
        use tower::ServiceExt as _;

        let activity = Arc::new(Activity::new());
        let long_ago = Instant::now().checked_sub(2 * REST_AFTER).unwrap();
        let app = Router::new()
            .route("/rules", get(async || "rules").post(async || "made"))
            .route(
                "/refused",
                get(async || "no").post(async || StatusCode::FORBIDDEN),
            )
            .layer(from_fn_with_state(Arc::clone(&activity), notice_changes));
        for (method, path, rests) in [
            (Method::GET, "/rules", true),
            (Method::POST, "/refused", true),
            (Method::POST, "/rules", false),
        ] {
            *activity.last.lock().unwrap() = long_ago;
            let request = axum::http::Request::builder()
                .method(method.clone())
                .uri(path);
            let request = request.body(axum::body::Body::empty()).unwrap();
            app.clone().oneshot(request).await.unwrap();
            assert_eq!(activity.is_at_rest(), rests, "{method} {path}");
        }
    }
}
