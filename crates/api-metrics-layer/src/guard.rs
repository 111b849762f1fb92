//! Makes one record of one request, on whichever path it ends.

use std::{cell::RefCell, mem, sync::Arc};

use crate::{MetricSink, Outcome, exchange::Exchange, shared::Held};

/// Spare exchanges kept a thread.
const SPARE: usize = 256;

thread_local! {
    #[expect(clippy::vec_box, reason = "the boxes are handed out")]
    static SPARES: RefCell<Vec<Box<Exchange>>> = const { RefCell::new(Vec::new()) };
}

/// One open request, or none any more. Travels from the response's future into its body, and records
/// the request as aborted when it is dropped before [`end`](Self::end).
pub(crate) struct Guard<M: MetricSink>(Option<Open<M>>);

/// Two words: a guard is moved several times a request, in and out of boxed futures and bodies, while
/// the exchange stays where it is. Its memory is used again by later requests of the thread.
struct Open<M> {
    held: Arc<Held<M>>,
    exchange: Box<Exchange>,
}

impl<M: MetricSink> Guard<M> {
    /// From here on the request counts.
    #[inline(always)]
    pub(crate) fn start(held: &Arc<Held<M>>) -> Self {
        let started = held.core().clocks.now();
        let spare = SPARES
            .try_with(|spares| spares.try_borrow_mut().ok()?.pop())
            .ok()
            .flatten();
        let exchange = match spare {
            Some(mut exchange) => {
                exchange.restart(started);
                exchange
            }
            None => Box::new(Exchange::new(started)),
        };
        Self(Some(Open {
            held: Arc::clone(held),
            exchange,
        }))
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(crate) fn exchange(&mut self) -> Option<&mut Exchange> {
        self.0.as_mut().map(|open| &mut *open.exchange)
    }

    /// Notes the response's head; records the request if that is all of the response.
    #[inline]
    pub(crate) fn on_head<B: http_body::Body>(&mut self, response: &http::Response<B>) {
        if self
            .exchange()
            .is_some_and(|exchange| exchange.on_head(response))
        {
            self.end(Outcome::Completed);
        }
    }

    /// Notes that the head is gone and more is to come.
    #[inline]
    pub(crate) fn on_head_gone(&mut self) {
        if let Some(open) = &mut self.0 {
            open.exchange.on_head_gone(&open.held.core().clocks);
        }
    }

    /// Records the request, once.
    #[inline]
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if let Some(Open { held, mut exchange }) = self.0.take() {
            exchange.record(held.core(), outcome);
            exchange.release();
            // A thread that is ending has no spares any more; the exchange is then simply freed.
            let _ = SPARES.try_with(|spares| {
                if let Ok(mut spares) = spares.try_borrow_mut() {
                    if spares.len() < SPARE {
                        spares.push(exchange);
                    }
                }
            });
        }
    }

    /// The same request, to be carried on elsewhere.
    #[inline]
    pub(crate) fn take(&mut self) -> Self {
        Self(self.0.take())
    }

    /// Until [`over`](Watched::over) is said, unwinding records the request as panicked.
    ///
    /// It must be noticed here: whoever catches the panic further out drops the future only
    /// afterwards, when it looks like any other abort.
    #[inline]
    pub(crate) const fn watch(&mut self) -> Watched<'_, M> {
        Watched(self)
    }
}

/// A guard while the inner service or body runs.
pub(crate) struct Watched<'a, M: MetricSink>(&'a mut Guard<M>);

impl<M: MetricSink> Watched<'_, M> {
    #[inline]
    pub(crate) fn exchange(&mut self) -> Option<&mut Exchange> {
        self.0.exchange()
    }

    /// All went well.
    #[inline]
    pub(crate) fn over(self) {
        // Dropped only by unwinding: no need to ask whether the thread panics.
        mem::forget(self);
    }
}

impl<M: MetricSink> Drop for Watched<'_, M> {
    fn drop(&mut self) {
        self.0.end(Outcome::Panicked);
    }
}

impl<M: MetricSink> Drop for Guard<M> {
    #[inline]
    fn drop(&mut self) {
        self.end(Outcome::Aborted);
    }
}
