//! One request and the head of its answer.
//!
//! Each notice takes a connection of its own, HTTP/1.1 with `Connection: close`: notices are rare, and
//! a kept connection to a receiver could have died unseen.
//!
//! | answer | outcome |
//! |---|---|
//! | 200 to 299 | delivered |
//! | 300 to 399 | a dead letter: a redirect could lead to an address that was not checked |
//! | 408, 425, 429, 500 and above | tried again |
//! | any other | a dead letter |
//! | a broken connection | tried again |
//!
//! The head of an answer may take 16 KiB.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use hyper::{
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;

use super::{
    connect::{Connection, Connector},
    endpoint::Endpoint,
};
use crate::control::notify::NotifyError;

/// The largest head of an answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Connects, posts one body, of JSON unless a header says otherwise, and maps the answer. The caller bounds the whole by a timeout;
/// `patience` bounds the connection attempts.
///
/// # Errors
///
/// `NotifyError::Retry` or `NotifyError::Permanent`, by the table of the [module](self).
pub(in crate::control) async fn post(
    connector: &Connector,
    to: &Endpoint,
    headers: impl Iterator<Item = (HeaderName, HeaderValue)>,
    body: Bytes,
    patience: Duration,
) -> Result<(), NotifyError> {
    let mut request = Request::post(to.target.clone())
        .header(header::HOST, &to.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(
            header::USER_AGENT,
            concat!("api-metrics/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(|error| NotifyError::Permanent(format!("the request can't be made: {error}")))?;
    for (name, value) in headers {
        request.headers_mut().insert(name, value);
    }
    let status = match connector.connect(to, patience).await? {
        Connection::Plain(stream) => exchange(TokioIo::new(stream), request).await?,
        Connection::Tls(stream) => exchange(TokioIo::new(*stream), request).await?,
    };
    outcome_of(status)
}

/// Sends the request and reads the head of the answer. The answer's body is never read, so that
/// neither its length nor what it says of its length matters; the connection is dropped with it.
async fn exchange<S: Read + Write + Unpin>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, NotifyError> {
    let broken = |error: hyper::Error| NotifyError::Retry(format!("the connection broke: {error}"));
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(stream)
        .await
        .map_err(broken)?;
    let answer = pin!(sender.send_request(request));
    match select(answer, pin!(connection)).await {
        Either::Left((answer, _)) => Ok(answer.map_err(broken)?.status()),
        // It has ended, so the answer is there or will never be.
        Either::Right((ended, answer)) => match answer.await {
            Ok(answer) => Ok(answer.status()),
            Err(error) => Err(broken(ended.err().unwrap_or(error))),
        },
    }
}

/// What an answer of this status means for the delivery.
fn outcome_of(status: StatusCode) -> Result<(), NotifyError> {
    let said = format!("the receiver answered {}", status.as_u16());
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(NotifyError::Permanent(format!(
            "{said}; redirects are not followed"
        ))),
        408 | 425 | 429 | 500.. => Err(NotifyError::Retry(said)),
        _ => Err(NotifyError::Permanent(said)),
    }
}
