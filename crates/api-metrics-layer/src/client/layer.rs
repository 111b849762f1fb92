//! The layer around a client, and its settings.

use std::{fmt, sync::Arc};

use http::{Extensions, Method};
use tower_layer::Layer;

use super::{BoxedErrors, ClientCall, ClientService, Partner, StdErrors, call::Shared};
use crate::{MetricSink, RequestClock, clock::Clocks};

/// Records every call of the HTTP or gRPC client that it wraps, exactly once, as an event of the kind
/// [`http-client`](crate::EventKind::HTTP_CLIENT).
///
/// | recorded | what it is |
/// |---|---|
/// | endpoint | the host, and the route template where the call has one: `payments.example/charges/{id}` |
/// | method, status | as sent; a gRPC call has the HTTP equivalent of `grpc-status` |
/// | outcome | no answer is counted as 504 or 502 ([`CallFailure`](super::CallFailure)), a call that was dropped as 499 |
/// | latency | from the call to the last byte of the answer; to its head for [streams](crate::LONG_LIVED_CONTENT_TYPES) |
/// | bytes | of the request's body where it knows its size, of the response's as they pass |
/// | unit `retries` | attempts after the first one |
/// | unit `no_answer` | 1 where there was no answer |
///
/// Never recorded: paths, queries, credentials, headers. Views without a protocol filter leave calls out, and nobody is
/// billed for them.
///
/// | setting | default | what it changes |
/// |---|---|---|
/// | [`new(sink)`](Self::new) | required | where records go |
/// | [`.host(name)`](Self::host) | the request's own host | a name for the partner, for clients of one |
/// | [`.masked_paths()`](Self::masked_paths) | off: only the host | what is recorded of a call without a template |
/// | [`.boxed_errors()`](Self::boxed_errors), [`.errors(f)`](Self::errors) | [`StdErrors`] | how the client's error is read |
///
/// ```
/// use api_metrics_layer::{ClientLayer, Endpoint, RequestRecord};
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::{BodyExt, Empty, Full};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let (sender, records) = std::sync::mpsc::channel();
/// # let sink = move |record: &RequestRecord<'_>| {
/// #     let _ = sender.send(format!("{} {} {:?}", record.method, record.endpoint, record.status));
/// # };
/// # // Any client: hyper-util's, or a tonic `Channel`.
/// # let client = service_fn(async |_: Request<Empty<Bytes>>| {
/// #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::from("paid")))
/// # });
/// let client = ServiceBuilder::new().layer(ClientLayer::new(sink)).service(client);
///
/// let mut request = Request::get("https://payments.example/charges/7?key=secret")
///     .body(Empty::<Bytes>::new())
///     .unwrap();
/// request.extensions_mut().insert(Endpoint::from("/charges/{id}"));
/// let response = client.oneshot(request).await.unwrap();
/// response.into_body().collect().await.unwrap();
/// # assert_eq!(records.recv().unwrap(), "GET payments.example/charges/{id} Some(200)");
/// # }
/// ```
///
/// # Retries
///
/// A layer inside of what retries sees each attempt, one outside the call as a whole. Put it on both sides: then a
/// call is recorded once, with its last answer, its whole time, and how often it was tried again. A clone of a request must keep its
/// extensions.
///
/// ```text
/// ServiceBuilder::new().layer(calls.clone()).retry(policy).layer(calls).service(client)
/// ```
///
/// # Timeouts
///
/// One inside of the layer is recorded as such where the error says so. One outside drops the call, which is then cancelled:
/// 499.
#[must_use = "a layer does nothing until it wraps a client"]
pub struct ClientLayer<M, C = StdErrors> {
    shared: Arc<Shared<M>>,
    errors: Arc<C>,
}

impl<M: MetricSink> ClientLayer<M> {
    /// A layer that records into `sink`.
    pub fn new(sink: M) -> Self {
        Self::of(Shared::new(sink, Clocks::system()))
    }

    /// The same with clocks of one's own, for tests.
    pub fn with_clock(sink: M, clock: impl RequestClock) -> Self {
        Self::of(Shared::new(sink, Clocks::custom(clock)))
    }

    fn of(shared: Shared<M>) -> Self {
        Self {
            shared: Arc::new(shared),
            errors: Arc::new(StdErrors),
        }
    }
}

impl<M: MetricSink, C> ClientLayer<M, C> {
    /// Records all calls under this name instead of their host. For the client of one partner, whose addresses may
    /// change, and for gRPC, whose stubs don't know their host.
    ///
    /// Has no effect once the layer was cloned or used.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.names.host = Some(name.into().into());
        }
        self
    }

    /// Records calls without a template with their path, of which only plain words are left: `/v1/charges/{}`. At most
    /// four segments; a word has up to 32 lower-case letters, `-`, `_` and `.`, and no digits. Off by default:
    /// a partner whose paths hold names of people would show them.
    ///
    /// Has no effect once the layer was cloned or used.
    pub fn masked_paths(mut self) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.names.masked_paths = true;
        }
        self
    }

    /// Reads errors of the type `Box<dyn Error + Send + Sync>`, as tower's own middleware has them.
    pub fn boxed_errors(self) -> ClientLayer<M, BoxedErrors> {
        self.errors(BoxedErrors)
    }

    /// Reads the client's errors by a function, which may know more of them than the default does.
    ///
    /// ```
    /// use api_metrics_layer::{CallFailure, ClientLayer};
    /// use tower::{BoxError, timeout::error::Elapsed};
    ///
    /// let layer = ClientLayer::new(()).errors(|error: &BoxError| match error.is::<Elapsed>() {
    ///     true => CallFailure::Timeout,
    ///     false => CallFailure::of(&**error),
    /// });
    /// # let _ = layer;
    /// ```
    pub fn errors<D>(self, errors: D) -> ClientLayer<M, D> {
        ClientLayer {
            shared: self.shared,
            errors: Arc::new(errors),
        }
    }

    /// Opens a call by hand, for a client that is no tower service. The call is recorded when what this returns says so, or is
    /// dropped. `extensions` go with the request, through everything that may retry it.
    #[must_use = "a call that is dropped at once was cancelled"]
    pub fn begin(
        &self,
        method: &Method,
        partner: &Partner<'_>,
        extensions: &mut Extensions,
    ) -> ClientCall<M> {
        ClientCall::begin(&self.shared, method, partner, extensions)
    }
}

impl<S, M, C> Layer<S> for ClientLayer<M, C> {
    type Service = ClientService<S, M, C>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService::new(inner, Arc::clone(&self.shared), Arc::clone(&self.errors))
    }
}

// Not derived: a derive would ask the sink and the function to be `Clone`.
impl<M, C> Clone for ClientLayer<M, C> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            errors: Arc::clone(&self.errors),
        }
    }
}

impl<M, C> fmt::Debug for ClientLayer<M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientLayer")
            .field("names", &self.shared.names)
            .finish_non_exhaustive()
    }
}
