//! The guard that records a request exactly once, on whichever path it ends.

use std::{cell::RefCell, mem, sync::Arc};

use bytes::Buf;
use http_body::Frame;

use crate::{MetricSink, Outcome, nested, request_state::RequestState, shard::ShardHandle};

/// Request states kept per thread for later requests.
const POOL_SIZE: usize = 256;

thread_local! {
    #[expect(clippy::vec_box, reason = "the boxes are handed out")]
    static POOL: RefCell<Vec<Box<RequestState>>> = const { RefCell::new(Vec::new()) };
}

/// One open request, or `None` once it is recorded. Moves from the response's future into its body, and
/// records the request as aborted when it is dropped before [`end`](Self::end).
pub(crate) struct Guard<M: MetricSink>(Option<OpenRequest<M>>);

/// Two words. A guard moves several times per request, in and out of boxed futures and bodies; the state
/// stays where it is.
struct OpenRequest<M> {
    shard: Arc<ShardHandle<M>>,
    state: Box<RequestState>,
}

impl<M: MetricSink> Guard<M> {
    /// Opens a request: it is counted as in flight from here on.
    #[inline(always)]
    pub(crate) fn start(shard: &Arc<ShardHandle<M>>) -> Self {
        let started = shard.core().clocks.now();
        let pooled = POOL
            .try_with(|pool| pool.try_borrow_mut().ok()?.pop())
            .ok()
            .flatten();
        let state = match pooled {
            Some(mut state) => {
                state.restart(started);
                state
            }
            None => Box::new(RequestState::new(started)),
        };
        Self(Some(OpenRequest {
            shard: Arc::clone(shard),
            state,
        }))
    }

    /// A guard that records nothing.
    pub(crate) const fn closed() -> Self {
        Self(None)
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(crate) fn state(&mut self) -> Option<&mut RequestState> {
        self.0.as_mut().map(|open| &mut *open.state)
    }

    /// Reads the response's head. Records the request if no body follows it.
    #[inline]
    pub(crate) fn on_headers<B: http_body::Body>(&mut self, response: &http::Response<B>) {
        let Some(open) = &mut self.0 else { return };
        if let Some(log) = open.shard.core().sink.request_log() {
            if let Some(captured) = open.state.captured() {
                captured.on_response(response, log);
            }
        }
        if let Some(outcome) = open.state.on_headers(response, &open.shard.core().settings) {
            self.end(outcome);
        }
    }

    /// Notes that the head was sent and that more of the response is to come.
    #[inline]
    pub(crate) fn on_headers_sent(&mut self) {
        if let Some(open) = &mut self.0 {
            open.state.on_headers_sent(&open.shard.core().clocks);
        }
    }

    /// Whether the log of requests is interested in this one.
    #[inline(always)]
    pub(crate) fn is_logged(&mut self) -> bool {
        match &mut self.0 {
            Some(open) if open.shard.core().sink.request_log().is_some() => {
                let captured = open.state.captured();
                captured.is_some_and(|captured| captured.is_logged())
            }
            _ => false,
        }
    }

    /// Runs the response's body, so that what is logged meanwhile finds its request. A request that the body makes is
    /// not taken for it.
    #[inline(never)]
    pub(crate) fn run_body<T>(&mut self, run: impl FnOnce() -> T) -> T {
        if let Some(state) = self.state() {
            state.forget_identity();
        }
        let running = self.take().enter();
        let done = run();
        self.put(running.leave());
        done
    }

    /// Shows a piece of the response's body to the log of requests, which is interested.
    #[inline(never)]
    pub(crate) fn capture_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        let Some(captured) = self.state().and_then(RequestState::captured) else {
            return;
        };
        if let Some(data) = frame.data_ref() {
            captured.on_data(data);
        } else if let Some(trailers) = frame.trailers_ref() {
            captured.on_trailers(trailers);
        }
    }

    /// Takes what the panic has said that unwinds this thread.
    #[cold]
    fn on_panic(&mut self) {
        let Some(open) = &mut self.0 else { return };
        if open.shard.core().sink.request_log().is_some() {
            if let Some(captured) = open.state.captured() {
                captured.on_panic();
            }
        }
    }

    /// Records the request. Later calls do nothing.
    #[inline]
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if let Some(OpenRequest { shard, mut state }) = self.0.take() {
            let log = shard.core().sink.request_log();
            if log.is_some() {
                state.end_copy();
            }
            state.record(shard.core(), outcome);
            state.release();
            if let Some(log) = log {
                if let Some(captured) = state.captured() {
                    captured.clear(log);
                }
            }
            // A thread that is ending has no pool any more; the state is then freed.
            let _ = POOL.try_with(|pool| {
                if let Ok(mut pool) = pool.try_borrow_mut() {
                    if pool.len() < POOL_SIZE {
                        pool.push(state);
                    }
                }
            });
        }
    }

    /// Moves the open request into a new guard.
    #[inline]
    pub(crate) fn take(&mut self) -> Self {
        Self(self.0.take())
    }

    /// Records the request as panicked if the thread unwinds before [`disarm`](PanicGuard::disarm).
    ///
    /// The panic must be noticed here: whoever catches it further out drops the future only afterwards,
    /// when it looks like any other abort.
    #[inline]
    pub(crate) const fn panic_guard(&mut self) -> PanicGuard<'_, M> {
        PanicGuard(self)
    }

    /// The same while the inner service runs, where a layer inside can find the request.
    #[inline(always)]
    pub(crate) fn enter(mut self) -> RunGuard<M> {
        let open = self.0.take();
        // It is empty.
        mem::forget(self);
        RunGuard(open.map(|OpenRequest { shard, state }| {
            nested::enter(state);
            shard
        }))
    }

    /// Takes back what [`enter`](Self::enter) has taken.
    #[inline(always)]
    pub(crate) fn put(&mut self, guard: Self) {
        // This one is empty, so that nothing has to be freed here.
        mem::forget(mem::replace(self, guard));
    }
}

/// Borrows a guard while the user's functions or the inner body run.
pub(crate) struct PanicGuard<'a, M: MetricSink>(&'a mut Guard<M>);

impl<M: MetricSink> PanicGuard<'_, M> {
    #[inline]
    pub(crate) fn state(&mut self) -> Option<&mut RequestState> {
        self.0.state()
    }

    /// The functions or the body have returned without a panic.
    #[inline]
    pub(crate) fn disarm(self) {
        // Only unwinding drops the guard, so that nobody has to ask whether the thread panics.
        mem::forget(self);
    }
}

impl<M: MetricSink> Drop for PanicGuard<'_, M> {
    fn drop(&mut self) {
        self.0.on_panic();
        self.0.end(Outcome::Panicked);
    }
}

/// Stands for a guard while the inner service runs.
pub(crate) struct RunGuard<M: MetricSink>(Option<Arc<ShardHandle<M>>>);

impl<M: MetricSink> RunGuard<M> {
    /// The service has returned without a panic.
    #[inline(always)]
    pub(crate) fn leave(mut self) -> Guard<M> {
        let guard = self.take_back();
        // Only unwinding drops this, so that nobody has to ask whether the thread panics.
        mem::forget(self);
        guard
    }

    #[inline(always)]
    fn take_back(&mut self) -> Guard<M> {
        Guard(self.0.take().and_then(|shard| {
            let state = nested::leave()?;
            Some(OpenRequest { shard, state })
        }))
    }
}

impl<M: MetricSink> Drop for RunGuard<M> {
    fn drop(&mut self) {
        let mut guard = self.take_back();
        guard.on_panic();
        guard.end(Outcome::Panicked);
    }
}

impl<M: MetricSink> Drop for Guard<M> {
    #[inline]
    fn drop(&mut self) {
        self.end(Outcome::Aborted);
    }
}
