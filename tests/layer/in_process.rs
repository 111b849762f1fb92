//! Where a socket adds nothing: the service, the future and the body as types and as state machines.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use api_metrics_layer::{
    ApiMetricsLayer, CountingBody, InFlight, MetricSink, Outcome, RequestRecord,
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{Record, Recorded, chunk, feed, get, trailers};

/// A record without a route and without regard to time.
fn untimed(record: Record) -> Record {
    Record {
        endpoint: "/".into(),
        unmatched_path: None,
        latency: get("").latency,
        time_to_headers: get("").time_to_headers,
        finished_at: get("").finished_at,
        ..record
    }
}

fn layer() -> (ApiMetricsLayer<impl MetricSink>, Recorded, InFlight) {
    let (sink, records) = Recorded::pair();
    let layer = ApiMetricsLayer::new(sink);
    let in_flight = layer.in_flight();
    (layer, records, in_flight)
}

fn request() -> Request<Empty<Bytes>> {
    Request::new(Empty::new())
}

async fn frame<B: Body + Unpin>(body: &mut B) -> Option<Result<Frame<B::Data>, B::Error>> {
    poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

#[tokio::test]
async fn a_future_that_is_dropped_without_being_polled_is_aborted() {
    let (layer, mut records, in_flight) = layer();
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) };
    let mut service = layer.layer(service_fn(answer));
    let future = service.call(request());
    assert_eq!(in_flight.get(), 1);
    drop(future);
    assert_eq!(in_flight.get(), 0);
    let record = records.next().await;
    assert_eq!((record.status, record.outcome), (None, Outcome::Aborted));
    assert_eq!(record.time_to_headers, None);
}

#[tokio::test]
async fn becoming_ready_is_no_request() {
    let (layer, mut records, in_flight) = layer();
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) };
    let mut service = layer.layer(service_fn(answer));
    poll_fn(|cx| Service::<Request<Empty<Bytes>>>::poll_ready(&mut service, cx))
        .await
        .unwrap();
    assert_eq!((in_flight.get(), records.rest()), (0, vec![]));
}

#[tokio::test]
async fn an_error_of_readiness_is_passed_on_and_no_request() {
    struct Never;
    impl Service<Request<CountingBody<Empty<Bytes>>>> for Never {
        type Response = Response<Empty<Bytes>>;
        type Error = &'static str;
        type Future = std::future::Pending<Result<Self::Response, Self::Error>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Err("overloaded"))
        }
        fn call(&mut self, _: Request<CountingBody<Empty<Bytes>>>) -> Self::Future {
            std::future::pending()
        }
    }
    let (layer, mut records, _) = layer();
    let error = layer.layer(Never).oneshot(request()).await.unwrap_err();
    assert_eq!((error, records.rest()), ("overloaded", vec![]));
}

#[tokio::test]
async fn a_panic_in_call_itself_is_panicked() {
    struct Panics;
    impl Service<Request<CountingBody<Empty<Bytes>>>> for Panics {
        type Response = Response<Empty<Bytes>>;
        type Error = Infallible;
        type Future = std::future::Pending<Result<Self::Response, Infallible>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: Request<CountingBody<Empty<Bytes>>>) -> Self::Future {
            panic!("on purpose")
        }
    }
    let (layer, mut records, in_flight) = layer();
    let mut service = layer.layer(Panics);
    let call = std::panic::AssertUnwindSafe(|| drop(service.call(request())));
    std::panic::catch_unwind(call).unwrap_err();
    let record = records.next().await;
    assert_eq!((record.status, record.outcome), (None, Outcome::Panicked));
    assert_eq!((in_flight.get(), records.rest()), (0, vec![]));
}

#[tokio::test]
async fn a_panic_in_a_users_function_is_panicked_too() {
    let (layer, mut records, _) = layer();
    let layer = layer.endpoint(|_| panic!("on purpose"));
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) };
    let mut service = layer.layer(service_fn(answer));
    let call = std::panic::AssertUnwindSafe(|| drop(service.call(request())));
    std::panic::catch_unwind(call).unwrap_err();
    assert_eq!(records.next().await.outcome, Outcome::Panicked);
}

#[tokio::test]
async fn a_request_that_is_dropped_by_a_panic_elsewhere_is_aborted_and_not_panicked() {
    let (layer, mut records, _) = layer();
    let hang = |_| std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>();
    let mut service = layer.layer(service_fn(hang));
    let future = service.call(request());
    let elsewhere = std::panic::AssertUnwindSafe(move || {
        let _held = future;
        panic!("on purpose");
    });
    std::panic::catch_unwind(elsewhere).unwrap_err();
    assert_eq!(records.next().await.outcome, Outcome::Aborted);
}

#[tokio::test]
async fn a_request_that_begins_and_ends_while_the_thread_unwinds_is_completed() {
    struct InDrop<F: FnMut()>(F);
    impl<F: FnMut()> Drop for InDrop<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let (layer, mut records, _) = layer();
    let answer = |_| std::future::ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
    let mut service = layer.layer(service_fn(answer));
    let unwinding = std::panic::AssertUnwindSafe(move || {
        let _in_drop = InDrop(move || {
            let mut future = pin!(service.call(request()));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut cx).is_ready());
        });
        panic!("on purpose");
    });
    std::panic::catch_unwind(unwinding).unwrap_err();
    assert_eq!(records.next().await.outcome, Outcome::Completed);
}

#[tokio::test]
async fn only_the_last_frame_is_needed_not_the_end_after_it() {
    let (layer, mut records, in_flight) = layer();
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("whole"))) };
    let response = layer.layer(service_fn(answer)).oneshot(request()).await;
    let mut body = response.unwrap().into_body();
    assert_eq!(in_flight.get(), 1);
    frame(&mut body).await.unwrap().unwrap();
    // Still held, as a transport does that writes.
    assert_eq!(in_flight.get(), 0);
    let expected = Record {
        response_bytes: 5,
        ..get("/")
    };
    assert_eq!(untimed(records.next().await), expected);
    drop(body);
    assert_eq!(records.rest(), []);
}

#[tokio::test]
async fn a_body_polled_beyond_its_end_is_recorded_once() {
    let (layer, mut records, _) = layer();
    let answer = |_| async {
        let (feed, body) = feed();
        feed.send(chunk("a")).unwrap();
        Ok::<_, Infallible>(Response::new(body))
    };
    let response = layer.layer(service_fn(answer)).oneshot(request()).await;
    let mut body = response.unwrap().into_body();
    assert!(frame(&mut body).await.unwrap().is_ok());
    for _ in 0..3 {
        assert!(frame(&mut body).await.is_none());
    }
    drop(body);
    assert_eq!(records.next().await.outcome, Outcome::Completed);
    assert_eq!(records.rest(), []);
}

#[tokio::test]
async fn what_comes_after_trailers_or_an_error_changes_nothing() {
    let (layer, mut records, _) = layer();
    let answer = |_| async {
        let (feed, body) = feed();
        for frame in [
            chunk("a"),
            trailers("x", "y"),
            chunk("late"),
            Err(io::ErrorKind::Other.into()),
        ] {
            feed.send(frame).unwrap();
        }
        Ok::<_, Infallible>(Response::new(body))
    };
    let response = layer.layer(service_fn(answer)).oneshot(request()).await;
    let _ = response.unwrap().into_body().collect().await;
    let record = records.next().await;
    assert_eq!(
        (record.outcome, record.response_bytes),
        (Outcome::Completed, 1)
    );
    assert_eq!(records.rest(), []);
}

#[tokio::test]
async fn frames_pass_without_being_copied_and_hints_are_the_inner_bodys() {
    struct Hinted(Option<Bytes>);
    impl Body for Hinted {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
        }
        fn is_end_stream(&self) -> bool {
            self.0.is_none()
        }
        fn size_hint(&self) -> SizeHint {
            let mut hint = SizeHint::new();
            hint.set_lower(3);
            hint.set_upper(99);
            hint
        }
    }
    let (layer, _records, _) = layer();
    let data = Bytes::from(vec![1, 2, 3]);
    let address = data.as_ptr();
    let echo = |request: Request<CountingBody<Hinted>>| async {
        let body = request.into_body();
        assert_eq!(
            (body.size_hint().lower(), body.size_hint().upper()),
            (3, Some(99))
        );
        assert!(!body.is_end_stream());
        Ok::<_, Infallible>(Response::new(body))
    };
    let request = Request::new(Hinted(Some(data)));
    let response = layer.layer(service_fn(echo)).oneshot(request).await;
    let mut body = response.unwrap().into_body();
    assert_eq!(
        (body.size_hint().lower(), body.size_hint().upper()),
        (3, Some(99))
    );
    assert!(!body.is_end_stream());
    let data = frame(&mut body)
        .await
        .unwrap()
        .unwrap()
        .into_data()
        .unwrap();
    assert_eq!(data.as_ptr(), address);
    assert!(body.is_end_stream());
}

#[tokio::test]
async fn a_request_body_read_after_the_response_is_out_of_the_record() {
    let (layer, mut records, _) = layer();
    let (keep, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let answer = move |request: Request<CountingBody<Full<Bytes>>>| {
        keep.send(request.into_body()).unwrap();
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    };
    let mut service = layer.layer(service_fn(answer));
    for _ in 0..3 {
        service
            .call(Request::new(Full::<Bytes>::from("late")))
            .await
            .unwrap();
        assert_eq!(records.next().await.request_bytes, 0);
        // The counter of the finished request must not be another one's yet.
        service
            .call(Request::new(Full::<Bytes>::from("other")))
            .await
            .unwrap();
        let first = kept.recv().await.unwrap();
        assert_eq!(first.collect().await.unwrap().to_bytes(), "late");
        assert_eq!(records.next().await.request_bytes, 0);
        kept.recv().await.unwrap();
    }
}

#[tokio::test]
async fn a_successful_connect_is_complete_with_its_head() {
    let (layer, mut records, in_flight) = layer();
    let (_feed, body) = feed();
    let mut body = Some(body);
    let answer = move |_| {
        let body = body.take().unwrap();
        async { Ok::<_, Infallible>(Response::new(body)) }
    };
    let mut request = request();
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = "example.org:443".parse().unwrap();
    let response = layer.layer(service_fn(answer)).call(request).await.unwrap();
    let expected = Record::new("CONNECT", "/");
    assert_eq!(untimed(records.next().await), expected);
    assert_eq!(in_flight.get(), 0);
    drop(response);
    assert_eq!(records.rest(), []);
}

#[tokio::test]
async fn a_refused_connect_is_a_response_like_any_other() {
    let (layer, mut records, _) = layer();
    let answer = |_| async {
        let mut response = Response::new(Full::<Bytes>::from("no"));
        *response.status_mut() = StatusCode::FORBIDDEN;
        Ok::<_, Infallible>(response)
    };
    let mut request = request();
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = "example.org:443".parse().unwrap();
    let response = layer.layer(service_fn(answer)).oneshot(request).await;
    response.unwrap().into_body().collect().await.unwrap();
    let expected = Record {
        status: Some(403),
        response_bytes: 2,
        ..Record::new("CONNECT", "/")
    };
    assert_eq!(untimed(records.next().await), expected);
}

#[test]
fn sinks_fan_out_in_order_and_can_be_off() {
    let seen: Arc<std::sync::Mutex<Vec<usize>>> = Arc::default();
    let sink = |id: usize| {
        let seen = Arc::clone(&seen);
        move |_: &RequestRecord<'_>| seen.lock().unwrap().push(id)
    };
    let one: Arc<dyn MetricSink> = Arc::new(sink(3));
    let all = (
        (sink(1), Some(sink(2))),
        (vec![one, Arc::new(())], ([sink(4), sink(5)], None::<()>)),
    );
    let record = RequestRecord::new("GET", "/", std::time::SystemTime::UNIX_EPOCH);
    all.record(&record);
    all.record(&record);
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn the_gauge_counts_over_clones_and_layers_and_outlives_them() {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    let layer = ApiMetricsLayer::new(move |_: &RequestRecord<'_>| {
        counting.fetch_add(1, Ordering::Relaxed);
    });
    let in_flight = layer.in_flight();
    let hang = |_| std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>();
    let mut a = layer.clone().layer(service_fn(hang));
    let mut b = layer.layer(service_fn(hang));
    let mut futures = vec![
        a.call(request()),
        b.call(request()),
        a.clone().call(request()),
    ];
    assert_eq!(in_flight.get(), 3);
    drop((layer, a, b));
    assert_eq!(in_flight.get(), 3);
    futures.pop();
    assert_eq!((in_flight.get(), count.load(Ordering::Relaxed)), (2, 1));
    drop(futures);
    assert_eq!((in_flight.get(), count.load(Ordering::Relaxed)), (0, 3));
}

#[tokio::test]
async fn requests_opened_by_many_threads_are_one_gauge_and_end_anywhere() {
    const THREADS: usize = 16;
    let (layer, mut records, in_flight) = layer();
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) };
    let service = layer.layer(service_fn(answer));
    // Clones of a clone, too, as a server makes them for connections and requests.
    let connection = service.clone();
    let open: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| [service.clone(), connection.clone()].map(|mut s| s.call(request())))
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(in_flight.get(), 2 * THREADS);
    drop((service, layer));
    // A service that has outlived what made it still records.
    drop(connection.clone().call(request()));
    assert_eq!(in_flight.get(), 2 * THREADS);
    drop(open);
    assert_eq!(in_flight.get(), 0);
    for _ in 0..=2 * THREADS {
        assert_eq!(records.next().await.outcome, Outcome::Aborted);
    }
    assert_eq!(records.rest(), vec![]);
}
