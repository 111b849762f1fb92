//! Bodies of the OpenTelemetry protocol, and its answers.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use prost::Message;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::response::{Kind, Problem};

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

/// Points or spans that are not taken, and why the first of them is not.
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

    /// Reads a request, whose only member is a list called `member`.
    ///
    /// # Errors
    /// 400 where it is none, and where it holds nothing though it is not empty: JSON with other names is read as one
    /// without any.
    pub(super) fn decode<T: Message + Default + DeserializeOwned>(
        self,
        bytes: &[u8],
        member: &str,
    ) -> Result<T, Problem> {
        let bad = |why: String| Problem::new(Kind::BadBody, why);
        let no_request =
            |error: String| bad(format!("the body is no request of exporters: {error}"));
        match self {
            Self::Protobuf => {
                let sent = T::decode(bytes).map_err(|error| no_request(error.to_string()))?;
                if sent.encoded_len() == 0 && !bytes.is_empty() {
                    return Err(bad(format!("the body has no list `{member}`")));
                }
                Ok(sent)
            }
            Self::Json => {
                let body: Value =
                    serde_json::from_slice(bytes).map_err(|error| no_request(error.to_string()))?;
                let is_empty = body.as_object().is_some_and(serde_json::Map::is_empty);
                if !is_empty && !body.get(member).is_some_and(Value::is_array) {
                    return Err(bad(format!("the body has no list `{member}`")));
                }
                serde_json::from_value(body).map_err(|error| no_request(error.to_string()))
            }
        }
    }

    /// 200 in the same form, which says what is not taken.
    ///
    /// `rejected_name` is how JSON calls their number; protobuf has the same bytes for all of them.
    pub(super) fn answer(self, rejected: &Rejected, rejected_name: &str) -> Response {
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
                            rejected_name: partial.rejected_data_points.to_string(),
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
