//! Bodies of the OpenTelemetry protocol, and its answers.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use prost::Message;
use serde_json::json;

use crate::response::{Kind, Problem};

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

/// Points that are not counted, and why the first of them is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rejected {
    /// How many.
    pub(super) points: i64,
    /// Why the first of them is not; the protocol has room for one text.
    pub(super) reason: String,
}

impl Rejected {
    /// Adds points for a reason. Where a metric has none, the metric itself counts as one, or nobody would learn of it.
    pub(super) fn add(&mut self, points: usize, reason: impl Into<String>) {
        if self.points == 0 {
            self.reason = reason.into();
        }
        self.points += i64::try_from(points.max(1)).unwrap_or(i64::MAX);
    }
}

impl Form {
    /// By the header.
    ///
    /// # Errors
    /// 415 for another one.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or("");
        let name = kind.split(';').next().unwrap_or("").trim();
        if name.eq_ignore_ascii_case("application/x-protobuf") {
            Ok(Self::Protobuf)
        } else if name.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else {
            let detail = "Content-Type is neither application/x-protobuf nor application/json";
            Err(Problem::new(Kind::UnsupportedMediaType, detail))
        }
    }

    /// Reads a request.
    ///
    /// # Errors
    /// 400 where it is none, and where it holds nothing though it is not empty: JSON with other names is read as one
    /// without any.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<ExportMetricsServiceRequest, Problem> {
        let bad = |why: String| Problem::new(Kind::BadBody, why);
        let sent = match self {
            Self::Protobuf => ExportMetricsServiceRequest::decode(bytes)
                .map_err(|error| bad(format!("the body is no request for metrics: {error}")))?,
            Self::Json => serde_json::from_slice::<ExportMetricsServiceRequest>(bytes)
                .map_err(|error| bad(format!("the body is no request for metrics: {error}")))?,
        };
        let is_empty = match self {
            Self::Protobuf => bytes.is_empty(),
            Self::Json => bytes
                .iter()
                .all(|byte| byte.is_ascii_whitespace() || b"{}".contains(byte)),
        };
        if sent.resource_metrics.is_empty() && !is_empty && !self.is_explicitly_empty(bytes) {
            return Err(bad("the body has no member `resourceMetrics`".to_owned()));
        }
        Ok(sent)
    }

    /// Whether JSON has the list, and nothing in it.
    fn is_explicitly_empty(self, bytes: &[u8]) -> bool {
        self == Self::Json
            && serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|body| {
                body.get("resourceMetrics")
                    .is_some_and(|list| list.is_array())
            })
    }

    /// 200 in the same form, which says what is not counted.
    pub(super) fn answer(self, rejected: &Rejected) -> Response {
        let partial = (rejected.points > 0).then(|| ExportMetricsPartialSuccess {
            rejected_data_points: rejected.points,
            error_message: rejected.reason.clone(),
        });
        let (kind, bytes) = match self {
            Self::Protobuf => {
                let answer = ExportMetricsServiceResponse {
                    partial_success: partial,
                };
                ("application/x-protobuf", answer.encode_to_vec())
            }
            Self::Json => {
                // Numbers of 64 bits are texts in this form.
                let answer = partial.map_or_else(
                    || json!({}),
                    |partial| {
                        json!({"partialSuccess": {
                            "rejectedDataPoints": partial.rejected_data_points.to_string(),
                            "errorMessage": partial.error_message,
                        }})
                    },
                );
                ("application/json", answer.to_string().into_bytes())
            }
        };
        let mut response = bytes.into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }
}
