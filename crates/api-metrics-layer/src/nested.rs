//! Which request is being handled on this thread, so that a layer inside of another one doesn't count it again.
//!
//! While the inner service runs, the state of its request is kept here. It is moved, not shared, so that it
//! costs a request a few instructions and no allocation.

use std::{
    cell::Cell,
    mem::{self, ManuallyDrop},
};

use crate::request_state::RequestState;

/// The innermost request that is running, which knows the one around it.
type Running = Option<Box<RequestState>>;

thread_local! {
    // A cell with a destructor would have to be asked on each access whether it is still there. This one needs
    // none, because each request takes its state back when it stops running.
    static RUNNING: Cell<ManuallyDrop<Running>> = const { Cell::new(ManuallyDrop::new(None)) };
}

#[inline(always)]
fn take() -> Running {
    ManuallyDrop::into_inner(RUNNING.replace(ManuallyDrop::new(None)))
}

/// Must be called only where nothing runs: what there was is forgotten, not freed.
#[inline(always)]
fn set(running: Running) {
    RUNNING.set(ManuallyDrop::new(running));
}

/// Keeps a request's state while its inner service runs.
#[inline(always)]
pub(crate) fn enter(mut state: Box<RequestState>) {
    // A state that doesn't run knows of none around it, so that nothing has to be freed here.
    mem::forget(mem::replace(&mut state.outer, take()));
    set(Some(state));
}

/// Gives the state back that was kept last.
#[inline(always)]
pub(crate) fn leave() -> Option<Box<RequestState>> {
    let mut state = take()?;
    set(state.outer.take());
    Some(state)
}

/// Whether a request is running.
#[inline(always)]
pub(crate) fn is_any() -> bool {
    let innermost = take();
    let any = innermost.is_some();
    set(innermost);
    any
}

/// Calls `on_each` with the running requests, from the innermost to the outermost, until it has found one.
pub(crate) fn find(mut on_each: impl FnMut(&mut RequestState) -> bool) -> bool {
    let Some(mut innermost) = take() else {
        return false;
    };
    let mut next = Some(&mut innermost);
    let mut found = false;
    while let Some(state) = next {
        found = on_each(state);
        if found {
            break;
        }
        next = state.outer.as_mut();
    }
    set(Some(innermost));
    found
}
