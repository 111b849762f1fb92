//! Bodies that say themselves when they have ended, whatever their size hint knows.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use api_metrics_layer::{ApiMetricsLayer, Outcome};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Record, Recorded, get};

/// Gives its chunks and knows when the last one is gone; nobody knows how long they are.
struct Chunks(Vec<&'static str>);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(!self.0.is_empty(), "polled beyond its end");
        let chunk = Bytes::from_static(self.0.remove(0).as_bytes());
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// Polls so many frames of a response with these chunks and drops the rest.
async fn recorded(chunks: &[&'static str], frames: usize) -> Record {
    let (sink, mut records) = Recorded::pair();
    let layer = ApiMetricsLayer::new(sink).endpoint(|_| Some("/chunks".into()));
    let in_flight = layer.in_flight();
    let chunks = chunks.to_vec();
    let answer = move |_| {
        let body = Chunks(chunks.clone());
        async { Ok::<_, Infallible>(Response::new(body)) }
    };
    let request = Request::new(Empty::<Bytes>::new());
    let response = layer.layer(service_fn(answer)).oneshot(request).await;
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut body = pin!(response.unwrap().into_body());
        for _ in 0..frames {
            assert!(body.as_mut().poll_frame(&mut cx).is_ready());
        }
    }
    let record = records.next().await;
    assert_eq!((in_flight.get(), records.rest()), (0, vec![]));
    // The clock is the machine's.
    Record {
        latency: get("").latency,
        time_to_headers: get("").time_to_headers,
        finished_at: get("").finished_at,
        ..record
    }
}

#[tokio::test]
async fn a_body_that_has_ended_as_it_was_made_is_complete_with_its_head() {
    assert_eq!(recorded(&[], 0).await, get("/chunks"));
}

#[tokio::test]
async fn a_body_that_ends_with_a_frame_is_complete_without_being_asked_again() {
    let expected = Record {
        response_bytes: 7,
        ..get("/chunks")
    };
    assert_eq!(recorded(&["one", "four"], 2).await, expected);
}

#[tokio::test]
async fn a_body_with_a_frame_to_come_is_aborted_when_it_is_dropped() {
    let expected = Record {
        outcome: Outcome::Aborted,
        response_bytes: 3,
        ..get("/chunks")
    };
    assert_eq!(recorded(&["one", "four"], 1).await, expected);
}
