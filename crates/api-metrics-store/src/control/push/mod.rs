//! The buckets, sent to a receiver of OpenTelemetry's protocol (OTLP over HTTP, in protobuf).
//!
//! | file | what it does |
//! |---|---|
//! | `bins` | a sketch as an exponential histogram |
//! | `points` | rows as metrics, in bodies of a bounded size |
//!
//! # Exact, whatever becomes of a body
//!
//! Points are **cumulative**, and a day in UTC is their start: each says how many requests there were since midnight.
//! They are read from the database, and only what is durable is among them. So nothing has to be remembered of what
//! was sent: a body that was lost is made up for by the next one, one that comes twice adds nothing, and after a
//! restart of this service or of the receiver the numbers go on where they are. Any instance may send them.
//!
//! A day is sent until ten minutes after its end, when what was late is in it, and then once more by a process that
//! has just started. One that could not be sent is sent later, for a week.

mod bins;
mod points;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use thiserror::Error;

use super::notify::{
    NotifyError, WebhookError,
    webhook::{Connector, Endpoint, post},
};
use crate::{
    query::{Detail, Query, TimeRange},
    store::{Store, StoreError},
    time::{Granularity, UnixSeconds},
};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// A day is still sent for so many seconds after its end.
const SETTLED_AFTER: i64 = 600;
/// Days that are made up for at most.
const MAX_DAYS: i64 = 7;
/// No day was sent by this process.
const NONE: i64 = i64::MIN;

/// How an [`OtlpPush`] reaches its receiver: the defaults, of which fields are changed.
///
/// `Debug` does not show the headers' values.
#[derive(Clone)]
#[non_exhaustive]
pub struct OtlpPushOptions {
    /// Sent with each body, such as `authorization`.
    pub headers: Vec<(String, String)>,
    /// How often the numbers are sent: a minute by default, at least a second.
    pub every: Duration,
    /// How long the receiver has for a body. 10 s by default.
    pub timeout: Duration,
    /// Certificate authorities that are trusted beside those that browsers trust, each the DER of its certificate.
    pub root_certificates: Vec<Vec<u8>>,
}

impl Default for OtlpPushOptions {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            every: Duration::from_secs(60),
            timeout: Duration::from_secs(10),
            root_certificates: Vec::new(),
        }
    }
}

impl fmt::Debug for OtlpPushOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("OtlpPushOptions")
            .field("headers", &names)
            .field("every", &self.every)
            .field("timeout", &self.timeout)
            .field("root_certificates", &self.root_certificates.len())
            .finish()
    }
}

/// Why nothing can be sent, or was not.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OtlpPushError {
    /// The address or a certificate can't be used.
    #[error("the receiver can't be used: {0}")]
    Receiver(#[from] WebhookError),
    /// A header can't be used; its value is not repeated.
    #[error("the header `{0}` can't be used")]
    Header(String),
    /// The buckets could not be read.
    #[error("the buckets can't be read: {0}")]
    Store(#[from] StoreError),
    /// The receiver did not take a body. The next one says the same and more.
    #[error("the receiver did not take the metrics: {0}")]
    Refused(String),
}

/// Sends the buckets to a receiver of OTLP over HTTP, such as a collector's `http://localhost:4318/v1/metrics`.
///
/// | metric | unit | as |
/// |---|---|---|
/// | `http.server.request.duration` | s | exponential histogram; where the sketch is a t-digest, count and sum alone |
/// | `http.server.requests` | {request} | sum, by `http.response.status_code` |
/// | `http.server.request.body.size`, `http.server.response.body.size` | By | histogram with count and sum alone |
///
/// All have `http.request.method` and `http.route`, and the resource `service.name` and
/// `deployment.environment.name`. Statuses are counted by themselves, since buckets do not know latencies by status.
/// Clones share what they have sent.
#[derive(Debug, Clone)]
pub struct OtlpPush {
    endpoint: Endpoint,
    connector: Connector,
    headers: Headers,
    every: Duration,
    timeout: Duration,
    /// The start of the last day that is over and was sent.
    sent: Arc<AtomicI64>,
}

/// Headers, of which `Debug` shows the names.
#[derive(Clone)]
struct Headers(Vec<(HeaderName, HeaderValue)>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl OtlpPush {
    /// To this URL, `http` or `https`, which is used as it is. The operator chooses it: private addresses are allowed.
    ///
    /// # Errors
    /// [`OtlpPushError::Receiver`] and [`OtlpPushError::Header`]: a setting can't be used.
    pub fn new(url: &str, options: OtlpPushOptions) -> Result<Self, OtlpPushError> {
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        let mut headers = vec![(header::CONTENT_TYPE, protobuf)];
        for (name, value) in &options.headers {
            let pair = (
                HeaderName::try_from(name.as_str()),
                HeaderValue::try_from(value.as_str()),
            );
            let (Ok(header), Ok(mut value)) = pair else {
                return Err(OtlpPushError::Header(name.clone()));
            };
            value.set_sensitive(true);
            headers.push((header, value));
        }
        Ok(Self {
            endpoint: Endpoint::parse(url)?,
            connector: Connector::new(true, &options.root_certificates)?,
            headers: Headers(headers),
            every: options.every.max(Duration::from_secs(1)),
            timeout: options.timeout,
            sent: Arc::new(AtomicI64::new(NONE)),
        })
    }

    /// How often it is meant to run.
    #[must_use]
    pub fn every(&self) -> Duration {
        self.every
    }

    /// Sends what the store holds of today, and of the days before that were not sent to their end. Gives the number of
    /// bodies that the receiver has taken.
    ///
    /// # Errors
    /// [`OtlpPushError::Store`] and [`OtlpPushError::Refused`]. It may be called again at any time.
    pub async fn run(&self, store: &dyn Store, now: UnixSeconds) -> Result<u64, OtlpPushError> {
        let today = Granularity::Day.floor(now);
        let first = match self.sent.load(Ordering::Relaxed) {
            NONE => today - DAY,
            sent => (sent + DAY).clamp(today - MAX_DAYS * DAY, today),
        };
        let mut taken = 0;
        let mut day = first;
        while day <= today {
            taken += self.send_day(store, day, now).await?;
            if now >= day + DAY + SETTLED_AFTER {
                self.sent.fetch_max(day, Ordering::Relaxed);
            }
            day += DAY;
        }
        Ok(taken)
    }

    /// Sends one day, as far as it is over.
    async fn send_day(
        &self,
        store: &dyn Store,
        day: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<u64, OtlpPushError> {
        let end = (Granularity::Minute.floor(now) + 60).min(day + DAY);
        let mut query = Query::over(TimeRange::new(day, end));
        query.group_by.service = true;
        query.group_by.environment = true;
        query.group_by.method = true;
        query.group_by.endpoint = true;
        query.detail = Detail::Quantiles;
        // Without what this process has not flushed: a crash would take it back, and no sum may fall.
        let answer = store.read(&query, None).await?;
        let (mut taken, mut refused) = (0, None);
        for body in points::bodies(&answer.rows, points::Span::of(day, now)) {
            match self.send(body.into()).await {
                Ok(()) => taken += 1,
                // The others are of other endpoints, and may be better.
                Err(NotifyError::Permanent(why)) => refused = Some(why),
                Err(NotifyError::Retry(why)) => return Err(OtlpPushError::Refused(why)),
            }
        }
        refused.map_or(Ok(taken), |why| Err(OtlpPushError::Refused(why)))
    }

    async fn send(&self, body: Bytes) -> Result<(), NotifyError> {
        let headers = self.headers.0.iter().cloned();
        let exchange = post(&self.connector, &self.endpoint, headers, body, self.timeout);
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let why = format!("no answer within {:?}", self.timeout);
                Err(NotifyError::Retry(why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn whoever_logs_it_logs_no_secret() {
        let mut options = OtlpPushOptions {
            headers: vec![("authorization".to_owned(), "Bearer s3cret".to_owned())],
            ..OtlpPushOptions::default()
        };
        let push = OtlpPush::new("https://example.com/hidden", options.clone()).unwrap();
        for shown in [format!("{options:?}"), format!("{push:?}")] {
            assert!(
                !shown.contains("s3cret") && !shown.contains("hidden"),
                "{shown}"
            );
        }
        options.headers[0].1 = "s3cret\n".to_owned();
        let error = OtlpPush::new("https://example.com/", options).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the header `authorization` can't be used"
        );
        assert!(OtlpPush::new("ftp://example.com/", OtlpPushOptions::default()).is_err());
    }
}
