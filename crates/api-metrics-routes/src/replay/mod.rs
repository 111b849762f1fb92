//! What replays requests: the host's own router, or a service at an address that the host names, and the rules.
//!
//! A router is called in this process, so nothing is sent over a network. No redirect is followed. What a replay may cost is bounded: in time ([`Replay::timeout`]), in memory
//! ([`Replay::max_body_bytes`]), and by being asked for one by one, by an admin. Which request may be sent at all is for
//! the routes to say, which know its path and what was recorded.

use std::{
    convert::Infallible,
    fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use api_metrics_layer::{LoggedBody, Replayed};
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{ConnectInfo, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE};
use tower_service::Service;

use self::deny::Denied;

#[cfg(feature = "replay-http")]
mod address;
mod deny;

#[cfg(feature = "replay-http")]
pub use address::ReplayAddressError;

/// Replays requests of the log, for admins: sends one once more into the host's own router, in this process, and shows
/// the new response beside the recorded one.
///
/// In a router such a request carries [`Replayed`] among its extensions, which no client can send: layers with a request log don't
/// count, bill or log it. What the handler does it does all the same, so GET and HEAD alone are replayed until others
/// are [allowed](Self::allow_method) by name, and never paths that sign in, pay or administer.
///
/// Clones share the router, so that it can be given after the admin was built, which it mostly holds itself:
///
/// ```
/// # fn example(store: std::sync::Arc<dyn api_metrics_routes::store::store::Store>) {
/// use api_metrics_routes::{Admin, Replay};
///
/// let replay = Replay::new();
/// let admin = Admin::builder(store).replay(replay.clone()).build();
/// let app = axum::Router::new()
///     .route("/orders/{id}", axum::routing::get(|| async { "an order" }))
///     .nest_service("/metrics", admin.router());
/// replay.serve(app.clone());
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is replayed until the admin's builder and a router have it"]
pub struct Replay {
    /// What requests are sent into, once the host has given it.
    target: Arc<OnceLock<Target>>,
    /// Methods that are replayed.
    methods: Vec<Method>,
    /// Paths that are never replayed.
    pub(crate) denied: Denied,
    /// From the call to the last byte of the response that is read.
    limit: Duration,
    /// Bytes of a response's body that are read at most.
    max_body_bytes: usize,
}

/// What requests are sent into.
#[derive(Clone)]
enum Target {
    /// A router of this process.
    Router(Router),
    /// A service at an address.
    #[cfg(feature = "replay-http")]
    Address(Box<address::Address>),
}

impl Target {
    /// Sends a request. `None` where no response came.
    async fn call(self, mut request: Request) -> Option<Response> {
        match self {
            Self::Router(mut router) => {
                request.extensions_mut().insert(Replayed::new());
                // An address of nobody, which no host trusts.
                let nobody = SocketAddr::from(([0, 0, 0, 0], 0));
                request.extensions_mut().insert(ConnectInfo(nobody));
                Some(router.call(request).await.into_response())
            }
            #[cfg(feature = "replay-http")]
            Self::Address(address) => address.call(request).await,
        }
    }
}

impl Default for Replay {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("methods", &self.methods)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// A response, or how it failed. A response of any status is one: that a replay is answered by 500 is what is looked for.
pub(crate) enum Sent {
    /// The response, and its body's beginning.
    Answered(Answered),
    /// It took longer than is allowed.
    TimedOut,
    /// The handler has panicked, its body broke off, or nobody is at the address.
    Failed,
}

/// A response as it came: nothing of it is masked yet.
pub(crate) struct Answered {
    /// Its status, of any class.
    pub(crate) status: StatusCode,
    /// All of its headers. The admin is shown those that snapshots list.
    pub(crate) headers: HeaderMap,
    /// Its body's beginning, at most [`Replay::max_body_bytes`].
    bytes: Vec<u8>,
    /// Whether the body has ended within that.
    is_whole: bool,
}

impl Answered {
    /// Its body, where it has one.
    pub(crate) fn body(&self) -> Option<LoggedBody<'_>> {
        if self.bytes.is_empty() {
            return None;
        }
        let content_type = self.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|it| it.to_str().ok());
        let mut body = LoggedBody::new(content_type.unwrap_or_default(), &self.bytes);
        body.is_whole = self.is_whole;
        Some(body)
    }
}

impl Replay {
    /// Replays GET and HEAD, for at most 10 s and 256 KiB of each response.
    pub fn new() -> Self {
        Self {
            target: Arc::default(),
            methods: vec![Method::GET, Method::HEAD],
            denied: Denied::default(),
            limit: Duration::from_secs(10),
            max_body_bytes: 256 << 10,
        }
    }

    /// Replays requests of this method, too. What they change, they change once more.
    pub fn allow_method(mut self, method: Method) -> Self {
        self.methods.push(method);
        self
    }

    /// Never replays these paths: with all below it where it begins with a slash (`/jobs`), else wherever it is a word
    /// of a segment (`wipe`). Sign-in, payment and administration are denied from the start.
    pub fn deny_path(mut self, path: &str) -> Self {
        self.denied.add(path);
        self
    }

    /// After how long a replay is given up. 10 s by default, at most a minute.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit.min(Duration::from_secs(60));
        self
    }

    /// How much of a response's body is read: 256 KiB by default, at most 1 MiB.
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes.min(1 << 20);
        self
    }

    /// Gives the router, or any other `tower` service, that requests are sent into: with the same layers that clients
    /// pass. The first one counts, for all clones.
    pub fn serve<S>(&self, service: S)
    where
        S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        let router = Router::new().fallback_service(service);
        let _ = self.target.set(Target::Router(router));
    }

    /// Sends requests over HTTP to the service at an address, such as `http://shop.internal:8080`, instead of into a router
    /// of this process: where the admin runs apart from the service. A path of the address stands before each path. Of
    /// this and [`serve`](Self::serve) the first call counts, for all clones.
    ///
    /// That service counts such requests, under the consumer `<replay>` where its
    /// [`replay_secret`](api_metrics_layer::RequestCapture::replay_secret) is this one, else as anybody's. Keep the secret
    /// where the settings of both services are kept.
    ///
    /// ```
    /// use api_metrics_layer::ReplaySecret;
    /// use api_metrics_routes::Replay;
    ///
    /// # let setting = "0123456789abcdef0123456789abcdef";
    /// let secret = ReplaySecret::new(setting).ok_or("the secret needs at least 32 characters")?;
    /// let replay = Replay::new();
    /// replay.serve_at("http://127.0.0.1:8080", &secret)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ReplayAddressError`] where the address is no URL of a scheme, a host and possibly a path.
    #[cfg(feature = "replay-http")]
    #[cfg_attr(docsrs, doc(cfg(feature = "replay-http")))]
    pub fn serve_at(
        &self,
        base: &str,
        secret: &api_metrics_layer::ReplaySecret,
    ) -> Result<(), ReplayAddressError> {
        let address = address::Address::new(base, secret)?;
        let _ = self.target.set(Target::Address(Box::new(address)));
        Ok(())
    }

    /// Whether there is a router, or an address.
    pub(crate) fn is_ready(&self) -> bool {
        self.target.get().is_some()
    }

    /// Whether the service counts what is replayed.
    pub(crate) fn is_counted(&self) -> bool {
        match self.target.get() {
            None | Some(Target::Router(_)) => false,
            #[cfg(feature = "replay-http")]
            Some(Target::Address(_)) => true,
        }
    }

    /// Whether requests of a method are replayed.
    pub(crate) fn allows(&self, method: &str) -> bool {
        self.methods
            .iter()
            .any(|allowed| allowed.as_str() == method)
    }

    /// Sends a request in a task of its own: a panic in it is nobody else's, and it is nested in no other request.
    pub(crate) async fn send(&self, request: Request) -> Sent {
        let Some(target) = self.target.get().cloned() else {
            return Sent::Failed;
        };
        let most = self.max_body_bytes;
        let task = tokio::spawn(async move {
            let response = target.call(request).await?;
            read(response, most).await
        });
        let abort = AbortOnDrop(task.abort_handle());
        let sent = tokio::time::timeout(self.limit, task).await;
        drop(abort);
        match sent {
            Ok(Ok(Some(answered))) => Sent::Answered(answered),
            Ok(Ok(None) | Err(_)) => Sent::Failed,
            Err(_) => Sent::TimedOut,
        }
    }
}

/// Ends a replay that nobody waits for any more: the admin's page was closed, or the time was up. Without it a handler
/// that hangs would stay, and each further try would add one.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads the beginning of a response, and drops the rest unread: an endless stream ends with its first `most` bytes, or
/// with the time. `None` where it breaks off with an error.
async fn read(response: Response, most: usize) -> Option<Answered> {
    let (parts, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    let mut is_whole = true;
    while let Some(frame) = next(&mut body).await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        let room = most - bytes.len();
        is_whole = data.len() <= room;
        bytes.extend_from_slice(data.get(..room).unwrap_or(&data));
        if !is_whole {
            break;
        }
    }
    Some(Answered {
        status: parts.status,
        headers: parts.headers,
        bytes,
        is_whole,
    })
}

/// The body's next frame; `None` at its end. Trailers are frames, too.
async fn next(body: &mut Body) -> Option<Result<http_body::Frame<bytes::Bytes>, axum::Error>> {
    std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx)).await
}
