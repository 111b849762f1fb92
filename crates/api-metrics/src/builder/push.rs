//! The buckets, sent to a receiver of OpenTelemetry's protocol.

use std::sync::Arc;

use api_metrics_store::control::push::{OtlpPush, OtlpPushOptions};

use super::{Builder, environment::Lookup};
use crate::{ApiMetrics, StartError, background::Shared};

/// The job that sends them.
const JOB: &str = "otlp-push";
/// Names the receiver.
const URL: &str = "API_METRICS_OTLP_PUSH_URL";
/// What is sent with each body.
const HEADERS: &str = "API_METRICS_OTLP_PUSH_HEADERS";

#[cfg_attr(docsrs, doc(cfg(feature = "otlp-push")))]
impl Builder {
    /// Sends the buckets to a receiver of OpenTelemetry's protocol, such as a collector. It runs as the job `otlp-push`,
    /// in one instance at a time, and is tried again as every job is.
    ///
    /// `API_METRICS_OTLP_PUSH_URL`, with `API_METRICS_OTLP_PUSH_HEADERS` as OpenTelemetry writes headers:
    /// `authorization=Bearer%20secret,x-scope=shop`.
    ///
    /// ```
    /// # fn example() -> Result<(), api_metrics::store::control::push::OtlpPushError> {
    /// use api_metrics::{ApiMetrics, store::control::push::{OtlpPush, OtlpPushOptions}};
    ///
    /// let push = OtlpPush::new("http://localhost:4318/v1/metrics", OtlpPushOptions::default())?;
    /// let builder = ApiMetrics::builder().otlp_push(push);
    /// # Ok(())
    /// # }
    /// ```
    pub fn otlp_push(mut self, push: OtlpPush) -> Self {
        self.otlp_push = Some(push);
        self
    }

    pub(super) fn fill_push_from(&mut self, variables: Lookup<'_>) -> Result<(), StartError> {
        if self.otlp_push.is_some() {
            return Ok(());
        }
        let Some(url) = variables(URL) else {
            return Ok(());
        };
        let mut options = OtlpPushOptions::default();
        if let Some(headers) = variables(HEADERS) {
            options.headers = read_headers(&headers).ok_or(StartError::Setting {
                name: HEADERS,
                // It holds secrets.
                value: "set".to_owned(),
                expected: "name=value,name=value, with %20 for a space",
            })?;
        }
        let push =
            OtlpPush::new(&url, options).map_err(|source| StartError::OtlpPush { source })?;
        self.otlp_push = Some(push);
        Ok(())
    }
}

/// Schedules it.
pub(super) fn schedule(metrics: &ApiMetrics, shared: &Arc<Shared>, push: OtlpPush) {
    let store = Arc::clone(&shared.store);
    let clock = Arc::clone(&shared.clock);
    metrics.job(JOB).every(push.every()).run(move || {
        let (push, store, clock) = (push.clone(), Arc::clone(&store), Arc::clone(&clock));
        async move { push.run(&*store, clock.unix_seconds()).await.map(drop) }
    });
}

/// Names and values, percent-encoded as OpenTelemetry has them.
fn read_headers(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_owned(), decoded(value.trim())?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn headers_are_written_as_opentelemetry_writes_them() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read_headers("authorization=Bearer%20a=b, x-scope=shop,").unwrap(),
            [pair("authorization", "Bearer a=b"), pair("x-scope", "shop")]
        );
        for wrong in ["authorization", "a=%2", "a=%zz", "a=%ff"] {
            assert_eq!(read_headers(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_wrong_receiver_is_told_by_its_variable_and_without_its_secret() {
        let told = |url: &'static str, headers: &'static str| {
            let variables = move |name: &str| match name {
                URL => Some(url.to_owned()),
                HEADERS => Some(headers.to_owned()),
                _ => None,
            };
            let error = Builder::default().fill_push_from(&variables).unwrap_err();
            error.to_string()
        };
        for (url, headers, name) in [
            ("https://user:s3cret@example.com/", "", URL),
            ("https://example.com/", "s3cret", HEADERS),
            ("https://example.com/", "a=s3cret%0a", URL),
        ] {
            let told = told(url, headers);
            assert!(told.contains(name) && !told.contains("s3cret"), "{told}");
        }
    }
}
