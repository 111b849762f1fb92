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
//! A day is sent until ten minutes after its end, when most of what was late is in it, and once more by a process that
//! has just started. It is sent again whenever more of it has come, for a week. A receiver that refuses one day for
//! good still gets the others.

mod bins;
mod points;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    query::{Detail, Query, TimeRange, TimeStep},
    store::{Store, StoreError},
    time::{Granularity, UnixSeconds},
};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// A day is still sent for so many seconds after its end.
const SETTLED_AFTER: i64 = 600;
/// Days that are made up for at most.
const MAX_DAYS: i64 = 7;

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
    /// The days that are over and were sent, by their start, and how many requests each had then.
    sent: Arc<Mutex<BTreeMap<UnixSeconds, u64>>>,
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
            sent: Arc::default(),
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
        let sent = self.sent().clone();
        let first = sent.keys().next().copied().unwrap_or(today - DAY);
        let first = first.clamp(today - MAX_DAYS * DAY, today);
        let totals = totals(store, TimeRange::new(first, today)).await?;
        let (mut taken, mut refused) = (0, None);
        let mut day = first;
        while day <= today {
            let total = totals.get(&day).copied().unwrap_or_default();
            let is_settled = now >= day + DAY + SETTLED_AFTER;
            if !is_settled || sent.get(&day) != Some(&total) {
                match self.send_day(store, day, now).await? {
                    Ok(bodies) => taken += bodies,
                    // Of another day it may be more willing.
                    Err(why) => refused = Some(why),
                }
            }
            if is_settled {
                // As it was before it was read: what came since then is sent the next time.
                self.sent().insert(day, total);
            }
            day += DAY;
        }
        self.sent().retain(|day, _| *day >= today - MAX_DAYS * DAY);
        refused.map_or(Ok(taken), |why| Err(OtlpPushError::Refused(why)))
    }

    /// What was sent. A poisoned lock is taken over: every entry is whole.
    fn sent(&self) -> MutexGuard<'_, BTreeMap<UnixSeconds, u64>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one day, as far as it is over: how many bodies were taken, or why one never will be.
    ///
    /// # Errors
    /// [`OtlpPushError::Store`], and [`OtlpPushError::Refused`] where another try may work.
    async fn send_day(
        &self,
        store: &dyn Store,
        day: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Result<u64, String>, OtlpPushError> {
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
        Ok(refused.map_or(Ok(taken), Err))
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

/// How many requests each day of a range has, by its start; a day without any is left out.
async fn totals(
    store: &dyn Store,
    range: TimeRange,
) -> Result<BTreeMap<UnixSeconds, u64>, StoreError> {
    if range.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut query = Query::over(range);
    query.group_by.time = Some(TimeStep::Fixed(Granularity::Day));
    query.detail = Detail::Requests;
    let rows = store.read(&query, None).await?.rows;
    let days = rows.into_iter().filter_map(|row| {
        let start = row.group.period_start?;
        Some((Granularity::Day.floor(start), row.bucket.request_count))
    });
    Ok(days.collect())
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
