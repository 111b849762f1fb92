//! One connection, of which a test decides when it is cut.

use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, task::JoinHandle};

use super::bound;

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

pub(crate) fn empty() -> Body {
    Empty::new().boxed_unsync()
}

pub(crate) fn body(data: impl Into<Bytes>) -> Body {
    Full::new(data.into()).boxed_unsync()
}

enum Sender {
    H1(http1::SendRequest<Body>),
    H2(http2::SendRequest<Body>),
}

pub(crate) struct Client {
    sender: Sender,
    connection: JoinHandle<()>,
}

impl Client {
    pub(crate) async fn h1(addr: SocketAddr) -> Self {
        let io = TokioIo::new(TcpStream::connect(addr).await.unwrap());
        let (sender, connection) = http1::handshake(io).await.unwrap();
        let connection = tokio::spawn(async {
            let _ = connection.with_upgrades().await;
        });
        Self {
            sender: Sender::H1(sender),
            connection,
        }
    }

    pub(crate) async fn h2(addr: SocketAddr) -> Self {
        let io = TokioIo::new(TcpStream::connect(addr).await.unwrap());
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        let connection = tokio::spawn(async {
            let _ = connection.await;
        });
        Self {
            sender: Sender::H2(sender),
            connection,
        }
    }

    /// Sends a request; the answer is its head, and the body to be read or not.
    pub(crate) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        match &mut self.sender {
            Sender::H1(sender) => {
                bound("readiness", sender.ready()).await?;
                bound("a response", sender.send_request(request)).await
            }
            Sender::H2(sender) => {
                bound("readiness", sender.ready()).await?;
                bound("a response", sender.send_request(request)).await
            }
        }
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn exchange(&mut self, request: Request<Body>) -> Response<Bytes> {
        let (parts, body) = self.send(request).await.unwrap().into_parts();
        let body = bound("the body", body.collect()).await.unwrap().to_bytes();
        Response::from_parts(parts, body)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Response<Bytes> {
        let request = self.request("GET", path).body(empty()).unwrap();
        self.exchange(request).await
    }

    /// A request in the form that the connection's version wants.
    pub(crate) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let builder = Request::builder().method(method);
        match self.sender {
            Sender::H1(_) => builder.uri(path).header("host", "localhost"),
            Sender::H2(_) => builder.uri(format!("http://localhost{path}")),
        }
    }

    /// Closes the socket, whatever is under way.
    pub(crate) async fn cut(mut self) {
        self.connection.abort();
        let _ = (&mut self.connection).await;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
