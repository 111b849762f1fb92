//! A zero-copy tower layer that records every HTTP and gRPC request exactly once.
#![forbid(unsafe_code)]

mod api_key;
mod body;
mod clock;
mod endpoint;
mod exchange;
mod future;
mod grpc;
mod guard;
mod in_flight;
mod label;
mod layer;
mod present;
mod record;
mod request_body;
mod service;
mod shared;
mod sink;

pub use api_key::{ApiKey, ExtractApiKey};
pub use body::ResponseBody;
pub use clock::Clock;
pub use endpoint::{Endpoint, ExtractEndpoint, FromMatchedPath};
pub use future::ResponseFuture;
pub use in_flight::InFlight;
pub use label::{
    MAX_API_KEY_BYTES, MAX_ENDPOINT_BYTES, MAX_SERVICE_BYTES, OTHER_ENDPOINT, OTHER_METHOD,
    UNMATCHED, bounded,
};
pub use layer::ApiMetricsLayer;
#[cfg(feature = "axum")]
pub use present::AxumBody;
pub use present::{AnyBody, PresentBody};
pub use record::{Outcome, Protocol, RequestRecord};
pub use request_body::CountingBody;
pub use service::ApiMetrics;
pub use sink::MetricSink;
