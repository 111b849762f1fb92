//! Bodies that say themselves when they have ended, whatever their size hint knows.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use api_metrics_layer::{ApiMetricsLayer, Outcome};
use axum::{Router, routing::get as on_get};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Record, Recorded, Server, chunk, empty, feed, get};

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

#[tokio::test]
async fn a_body_that_ends_short_of_its_content_length_is_failed() {
    let mut server = Server::axum(|layer, _| {
        let short = || async {
            let (feed, body) = feed();
            feed.send(chunk("12345")).unwrap();
            ([(CONTENT_LENGTH, "10")], body)
        };
        Router::new().route("/short", on_get(short)).layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        let request = client.request("GET", "/short").body(empty()).unwrap();
        let response = client.send(request).await;
        // The client sees a broken response, over HTTP/2 perhaps without its head.
        if let Ok(response) = response {
            assert!(response.into_body().collect().await.is_err());
        }
        let expected = Record {
            outcome: Outcome::Failed,
            response_bytes: 5,
            ..get("/short")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

/// How a response is recorded whose head says ten bytes.
async fn of_ten<B>(method: Method, status: StatusCode, body: B) -> (Outcome, u64)
where
    B: Body<Error = Infallible> + Clone,
{
    let (sink, mut records) = Recorded::pair();
    let answer = move |_| {
        let response = Response::builder().status(status);
        let response = response.header(CONTENT_LENGTH, "10").body(body.clone());
        async { Ok::<_, Infallible>(response.unwrap()) }
    };
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = method;
    let service = ApiMetricsLayer::new(sink).layer(service_fn(answer));
    let response = service.oneshot(request).await.unwrap();
    assert!(response.into_body().collect().await.is_ok());
    let record = records.next().await;
    assert_eq!(records.rest(), []);
    (record.outcome, record.response_bytes)
}

#[tokio::test]
async fn a_body_that_knows_its_size_is_failed_if_the_head_promises_more() {
    let five = || Full::<Bytes>::from("12345");
    let of_get = |body| of_ten(Method::GET, StatusCode::OK, body);
    assert_eq!(of_get(five()).await, (Outcome::Failed, 5));
    assert_eq!(of_get(Full::default()).await, (Outcome::Failed, 0));
    let ten = Full::from("1234567890");
    assert_eq!(of_get(ten).await, (Outcome::Completed, 10));
}

#[tokio::test]
async fn a_head_without_a_body_may_tell_the_length_that_another_answer_would_have() {
    let none = Full::<Bytes>::default;
    let completed = (Outcome::Completed, 0);
    let of_head = of_ten(Method::HEAD, StatusCode::OK, none());
    assert_eq!(of_head.await, completed);
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        assert_eq!(of_ten(Method::GET, status, none()).await, completed);
    }
}
