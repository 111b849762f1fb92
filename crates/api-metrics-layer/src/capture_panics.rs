//! What a panic has said, for the request that it ended.
//!
//! A panic tells its message to the process's hook, on the thread that panics, and then unwinds. Where it unwinds
//! through the layer, the layer takes the message from that thread: no other panic can have come in between. Where it
//! is caught further inside, as by tower-http's `CatchPanicLayer`, the hook has noted it with the request that was
//! running, which shows it if its response is a server's error.

use std::{
    panic::{PanicHookInfo, set_hook, take_hook},
    sync::Once,
};

use crate::{ErrorDetail, nested, request_log::remember_panic};

/// Lets requests that end in a panic show its message and its place in the request log, as an [`ErrorDetail`] of the
/// type `panic`. The hook that the process had is called as before. Doing it again changes nothing.
///
/// A panic that is caught inside of the layer, as by tower-http's `CatchPanicLayer`, is shown if the response has a
/// status of 5xx and no [`ErrorDetail`] of its own.
///
/// A hook that is set afterwards replaces this one, unless it calls the one before.
///
/// ```
/// api_metrics_layer::capture_panics();
/// ```
pub fn capture_panics() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            remember(info);
            before(info);
        }));
    });
}

fn remember(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("a panic without a message");
    let message = match info.location() {
        Some(place) => format!("{message} ({}:{})", place.file(), place.line()),
        None => message.to_owned(),
    };
    let detail = ErrorDetail::new(message).with_type("panic");
    nested::find(|state| {
        let captured = state.captured();
        captured.is_some_and(|captured| captured.note_panic(&detail))
    });
    remember_panic(detail);
}
