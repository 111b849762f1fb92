//! One request and its response, as a server handles them.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use axum::{Router, body::Body};
use http::Request;
use http_body::Body as _;
use tower_service::Service;

/// Calls the router, reads the body until it says that it has ended, as a server does, and drops all.
#[inline]
pub(crate) fn exchange(app: &mut Router, request: Request<Body>) {
    let mut context = Context::from_waker(Waker::noop());
    let Ok(response) = ready(pin!(app.call(request)), &mut context);
    assert!(response.status().is_success());
    let mut body = pin!(response.into_body());
    while !body.is_end_stream() {
        match body.as_mut().poll_frame(&mut context) {
            Poll::Ready(Some(frame)) => drop(frame.unwrap()),
            Poll::Ready(None) => break,
            Poll::Pending => {}
        }
    }
}

/// Nothing in these services waits for anything but another thread.
fn ready<F: Future>(mut future: Pin<&mut F>, context: &mut Context<'_>) -> F::Output {
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return output;
        }
        std::hint::spin_loop();
    }
}
