//! What the last panic of a thread has said, until the layer that it unwinds through takes it.

use std::cell::RefCell;

use super::ErrorDetail;

thread_local! {
    /// What the last panic of this thread has said, until somebody takes it.
    static LAST: RefCell<Option<ErrorDetail>> = const { RefCell::new(None) };
}

/// Remembers what a panic says that begins on this thread.
pub(crate) fn remember(detail: ErrorDetail) {
    // A thread that is ending has nothing to remember it in.
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = Some(detail);
        }
    });
}

/// What the panic that unwinds this thread has said, where somebody listened.
pub(super) fn take() -> Option<ErrorDetail> {
    LAST.try_with(|last| last.try_borrow_mut().ok()?.take())
        .ok()
        .flatten()
}
