//! Snapshots copy what passes: no body is changed, held back, or read further than it was, in either direction.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use api_metrics_layer::{
    ApiMetricsLayer, LoggedBody, LoggedRequest, Outcome, REPLAY_HEADER, ReplaySecret, Replayed,
    RequestCapture, RequestLogSink, RequestRecord, WithRequestLog,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, ServiceExt, service_fn};

/// What a snapshot held of one body.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Copied {
    bytes: Option<Vec<u8>>,
    is_whole: bool,
    total: u64,
}

impl From<LoggedBody<'_>> for Copied {
    fn from(body: LoggedBody<'_>) -> Self {
        Self {
            bytes: body.bytes.map(<[u8]>::to_vec),
            is_whole: body.is_whole,
            total: body.total,
        }
    }
}

/// A snapshot that outlives its request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Transcript {
    outcome: Outcome,
    key: Option<String>,
    is_dropped: bool,
    request: Option<Copied>,
    response: Option<Copied>,
}

/// Keeps every snapshot, and knows how much memory the layer holds.
#[derive(Default)]
struct Log {
    capture: RequestCapture,
    /// Whether there is no memory.
    is_full: bool,
    held: AtomicUsize,
    seen: Mutex<Vec<Option<Transcript>>>,
    counted: AtomicUsize,
}

impl RequestLogSink for Log {
    fn capture(&self) -> &RequestCapture {
        &self.capture
    }

    fn reserve_snapshot(&self, bytes: usize) -> bool {
        if !self.is_full {
            self.held.fetch_add(bytes, Ordering::SeqCst);
        }
        !self.is_full
    }

    fn release_snapshot(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::SeqCst);
    }

    fn log(&self, request: &LoggedRequest<'_>) {
        let seen = request.snapshot.map(|snapshot| Transcript {
            outcome: request.record.outcome,
            key: request.record.api_key.map(ToString::to_string),
            is_dropped: snapshot.is_dropped,
            request: snapshot.request_body().map(Copied::from),
            response: snapshot.response_body().map(Copied::from),
        });
        self.seen.lock().unwrap().push(seen);
    }
}

impl Log {
    /// A log of which every route leaves a snapshot, of at most 8 bytes of a body.
    fn of_all() -> Self {
        let mut log = Self::default();
        log.capture.snapshots.routes.push("*".to_owned());
        log.capture.snapshots.max_body_bytes = 8;
        log
    }

    /// The one request that has ended, whose memory is given back.
    fn only(&self) -> Transcript {
        assert_eq!(self.held.load(Ordering::SeqCst), 0, "memory is given back");
        let mut seen = std::mem::take(&mut *self.seen.lock().unwrap());
        assert_eq!(seen.len(), 1, "one request has ended");
        seen.remove(0).unwrap()
    }
}

/// What a body does when it is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Data(&'static [u8]),
    Trailers(&'static str),
    Pending,
    Error,
}

use Step::{Data, Error, Pending, Trailers};

/// Does one step after another, and counts those that were asked for.
#[derive(Clone)]
struct Script {
    steps: VecDeque<Step>,
    /// Whether it says how long it is, and that it has ended.
    is_known: bool,
    made: Arc<AtomicUsize>,
}

impl Script {
    fn new(steps: &[Step], is_known: bool) -> Self {
        Self {
            steps: steps.iter().copied().collect(),
            is_known,
            made: Arc::default(),
        }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.made.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(match self.steps.pop_front() {
            None => None,
            Some(Data(data)) => Some(Ok(Frame::data(Bytes::from_static(data)))),
            Some(Trailers(value)) => {
                let value = HeaderValue::from_static(value);
                let trailers = HeaderMap::from_iter([(CONTENT_TYPE, value)]);
                Some(Ok(Frame::trailers(trailers)))
            }
            Some(Error) => Some(Err(io::Error::other("broken"))),
            Some(Pending) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_known && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let data = self.steps.iter().map(|step| match step {
            Data(data) => data.len() as u64,
            // What breaks off was to be longer.
            Error => 5,
            _ => 0,
        });
        if self.is_known {
            SizeHint::with_exact(data.sum())
        } else {
            SizeHint::default()
        }
    }
}

/// All that can be seen of a body: before each poll its hints, then what it gave, and how far it was read for that.
fn transcript<B: Body<Data = Bytes>>(body: B, made: &AtomicUsize) -> Vec<String>
where
    B::Error: std::fmt::Display,
{
    let mut cx = Context::from_waker(Waker::noop());
    let mut body = pin!(body);
    let mut told = Vec::new();
    loop {
        let (ends, hint) = (body.is_end_stream(), body.size_hint());
        told.push(format!("{ends} {:?}..{:?}", hint.lower(), hint.upper()));
        if ends {
            return told;
        }
        let polled = body.as_mut().poll_frame(&mut cx);
        let made = made.load(Ordering::SeqCst);
        told.push(match &polled {
            Poll::Pending => format!("pending after {made}"),
            Poll::Ready(None) => format!("end after {made}"),
            Poll::Ready(Some(Err(error))) => format!("{error} after {made}"),
            Poll::Ready(Some(Ok(frame))) => {
                format!(
                    "{:?} {:?} after {made}",
                    frame.data_ref(),
                    frame.trailers_ref()
                )
            }
        });
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            return told;
        }
    }
}

fn json<B>(body: B) -> Request<B> {
    let request = Request::post("/echo").header(CONTENT_TYPE, "application/json");
    request.body(body).unwrap()
}

fn answer<B>(body: B) -> Response<B> {
    let response = Response::builder().header(CONTENT_TYPE, "application/json");
    response.body(body).unwrap()
}

fn sink(log: &Arc<Log>) -> impl api_metrics_layer::MetricSink + use<> {
    let counting = Arc::clone(log);
    let count = move |_: &RequestRecord<'_>| {
        counting.counted.fetch_add(1, Ordering::SeqCst);
    };
    WithRequestLog::new(count, Arc::clone(log))
}

/// Sends a body through the layer to a service that answers with it. What stands in the response has passed twice.
async fn echoed(log: &Arc<Log>, script: Script) -> Vec<String> {
    let layer = ApiMetricsLayer::new(sink(log)).endpoint(|_| Some("/echo".into()));
    let echo = |request: Request<_>| async { Ok::<_, Infallible>(answer(request.into_body())) };
    let made = Arc::clone(&script.made);
    let response = layer.layer(service_fn(echo)).oneshot(json(script)).await;
    assert_eq!(
        made.load(Ordering::SeqCst),
        0,
        "nothing is read before it is asked for"
    );
    transcript(response.unwrap().into_body(), &made)
}

/// Bodies of every kind, and what an 8 byte snapshot holds of them.
fn bodies() -> [(&'static [Step], &'static [u8], bool, u64); 8] {
    [
        (&[Data(b"{}")], b"{}", true, 2),
        (&[Data(b"[1,"), Pending, Data(b"2]")], b"[1,2]", true, 5),
        (&[Data(b"[1]"), Trailers("x")], b"[1]", true, 3),
        (&[Data(b""), Data(b"[]"), Data(b"")], b"[]", true, 2),
        (&[Data(b"[1,2,3,4"), Data(b"]")], b"[1,2,3,4", false, 9),
        (
            &[Data(b"\xff\0\n"), Pending, Pending, Data(b"\r\n--x--")],
            b"\xff\0\n\r\n--x",
            false,
            10,
        ),
        (&[Data(b"[1"), Error], b"[1", false, 2),
        (&[Data(b"[1"), Pending, Error], b"[1", false, 2),
    ]
}

#[tokio::test]
async fn bodies_pass_byte_for_byte_and_frame_for_frame_as_if_no_snapshot_was_taken() {
    for (steps, bytes, is_whole, total) in bodies() {
        for is_known in [true, false] {
            let bare = Script::new(steps, is_known);
            let made = Arc::clone(&bare.made);
            let bare = transcript(bare, &made);
            let off = Arc::new(Log::default());
            let on = Arc::new(Log::of_all());
            let full = Arc::new(Log {
                is_full: true,
                ..Log::of_all()
            });
            for log in [&off, &on, &full] {
                let passed = echoed(log, Script::new(steps, is_known)).await;
                assert_eq!(passed, bare, "{steps:?} {is_known}");
            }
            assert_eq!(*off.seen.lock().unwrap(), [None]);
            let seen = full.only();
            assert!(seen.is_dropped);
            // Nothing but the copy is missing where there was no memory for it.
            let none = Some(Copied {
                bytes: None,
                is_whole: false,
                total,
            });
            assert_eq!((&seen.request, &seen.response), (&none, &none), "{steps:?}");
            let seen = on.only();
            assert!(!seen.is_dropped);
            let copied = |is_whole| {
                Some(Copied {
                    bytes: Some(bytes.to_vec()),
                    is_whole,
                    total,
                })
            };
            assert_eq!(seen.response, copied(is_whole), "{steps:?} {is_known}");
            // Whether all of a request's body was read is known by its length alone.
            assert_eq!(
                seen.request,
                copied(is_whole && is_known),
                "{steps:?} {is_known}"
            );
            let is_broken = steps.contains(&Error);
            assert_eq!(seen.outcome == Outcome::Completed, !is_broken, "{steps:?}");
        }
    }
}

#[tokio::test]
async fn a_frame_is_delivered_before_the_next_is_made() {
    let log = Arc::new(Log::of_all());
    let script = Script::new(&[Data(b"[1,"), Data(b"2,"), Pending, Data(b"3]")], false);
    let told = echoed(&log, script).await;
    let after: Vec<_> = told
        .iter()
        .filter_map(|line| line.split_once(" after ").map(|(_, made)| made))
        .collect();
    assert_eq!(after, ["1", "2", "3", "4", "5"]);
}

/// Reads so many frames of a body and leaves the rest.
async fn read<B: Body + Unpin>(body: &mut B, frames: usize) {
    for _ in 0..frames {
        let next = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        assert!(next.is_some_and(|frame| frame.is_ok()));
    }
}

#[tokio::test]
async fn an_upload_that_is_not_read_to_its_end_is_read_no_further_by_the_snapshot() {
    for (frames, bytes, total) in [(0, &b""[..], 0), (1, b"[1,", 3), (2, b"[1,2,", 5)] {
        let log = Arc::new(Log::of_all());
        let layer = ApiMetricsLayer::new(sink(&log)).endpoint(|_| Some("/echo".into()));
        let partly = move |request: Request<_>| async move {
            let mut body = Box::pin(request.into_body());
            read(&mut body, frames).await;
            Ok::<_, Infallible>(answer(Script::new(&[Data(b"{}")], true)))
        };
        let script = Script::new(&[Data(b"[1,"), Data(b"2,"), Data(b"3]")], true);
        let made = Arc::clone(&script.made);
        let response = layer.layer(service_fn(partly)).oneshot(json(script)).await;
        let body = response.unwrap().into_body();
        let answered = Arc::new(AtomicUsize::new(0));
        assert_eq!(transcript(body, &answered).len(), 3);
        assert_eq!(made.load(Ordering::SeqCst), frames);
        let seen = log.only();
        let copied = (total > 0).then(|| Copied {
            bytes: Some(bytes.to_vec()),
            is_whole: false,
            total,
        });
        assert_eq!((seen.request, seen.outcome), (copied, Outcome::Completed));
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_and_a_download_that_nobody_reads_on_leave_what_has_passed() {
    let log = Arc::new(Log::of_all());
    let layer = ApiMetricsLayer::new(sink(&log)).endpoint(|_| Some("/echo".into()));
    // The client goes while the service waits for the upload's next piece.
    let uploaded = |request: Request<_>| async {
        let mut body = Box::pin(request.into_body());
        read(&mut body, 1).await;
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(answer(body))
    };
    let script = Script::new(&[Data(b"[1,"), Data(b"2]")], true);
    {
        let mut call = pin!(layer.layer(service_fn(uploaded)).oneshot(json(script)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut cx).is_pending());
    }
    let seen = log.only();
    let copied = |bytes: &[u8]| {
        Some(Copied {
            bytes: Some(bytes.to_vec()),
            is_whole: false,
            total: bytes.len() as u64,
        })
    };
    assert_eq!(
        (seen.outcome, seen.request, seen.response),
        (Outcome::Aborted, copied(b"[1,"), None)
    );

    let layer = ApiMetricsLayer::new(sink(&log)).endpoint(|_| Some("/echo".into()));
    let echo = |request: Request<_>| async { Ok::<_, Infallible>(answer(request.into_body())) };
    let script = Script::new(&[Data(b"[1,"), Data(b"2]")], true);
    let made = Arc::clone(&script.made);
    let response = layer.layer(service_fn(echo)).oneshot(json(script)).await;
    let mut body = Box::pin(response.unwrap().into_body());
    read(&mut body, 1).await;
    drop(body);
    assert_eq!(made.load(Ordering::SeqCst), 1);
    let seen = log.only();
    assert_eq!(
        (seen.outcome, seen.response),
        (Outcome::Aborted, copied(b"[1,"))
    );
}

#[tokio::test]
async fn only_an_extension_exempts_a_replay_from_counts_and_log() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    let mut log = Log::of_all();
    log.capture.replay_secret = ReplaySecret::new(SECRET);
    let log = Arc::new(log);
    let layer = ApiMetricsLayer::new(sink(&log)).endpoint(|_| Some("/echo".into()));
    let echo = |request: Request<_>| async { Ok::<_, Infallible>(answer(request.into_body())) };
    let app = layer.layer(service_fn(echo));
    let send = async |headers: &[(&'static str, &'static str)], is_marked: bool| {
        let mut request = json(Script::new(&[Data(b"[1]")], true));
        for (name, value) in headers {
            request
                .headers_mut()
                .append(*name, HeaderValue::from_static(value));
        }
        if is_marked {
            request.extensions_mut().insert(Replayed::new());
        }
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let told = transcript(response.into_body(), &AtomicUsize::new(0));
        assert_eq!(told.len(), 3, "it is answered as any other");
        let logged = std::mem::take(&mut *log.seen.lock().unwrap());
        assert_eq!(log.held.load(Ordering::SeqCst), 0);
        (log.counted.swap(0, Ordering::SeqCst), logged)
    };
    let header = REPLAY_HEADER;
    assert_eq!(header, "x-api-metrics-replay");
    assert_eq!(send(&[], true).await, (0, vec![]));
    assert_eq!(
        send(&[("x-api-metrics-replay", SECRET)], true).await,
        (0, vec![])
    );
    // Whatever a client sends, it is counted and kept.
    let mut keys = Vec::new();
    for headers in [
        &[][..],
        &[("replayed", "true"), ("x-replayed", "1")],
        &[("x-api-metrics-replay", "true")],
        &[("x-api-metrics-replay", "0123456789abcdef0123456789abcdeF")],
        &[
            ("x-api-metrics-replay", "no"),
            ("x-api-metrics-replay", SECRET),
        ],
        &[("x-api-metrics-replay", SECRET)],
    ] {
        let (counted, logged) = send(headers, false).await;
        assert_eq!((counted, logged.len()), (1, 1), "{headers:?}");
        keys.extend(logged.into_iter().map(|seen| seen.unwrap().key));
    }
    // With the host's own secret it is counted under a consumer of its own.
    let replay = Some("<replay>".to_owned());
    assert_eq!(keys, [None, None, None, None, None, replay]);
}
