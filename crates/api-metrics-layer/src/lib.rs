//! A zero-copy tower layer that records every HTTP and gRPC request exactly once.
#![forbid(unsafe_code)]

mod api_key;
mod label;
mod record;
mod sink;

pub use api_key::ApiKey;
pub use label::{
    MAX_API_KEY_BYTES, MAX_ENDPOINT_BYTES, MAX_SERVICE_BYTES, OTHER_ENDPOINT, OTHER_METHOD,
    UNMATCHED, bounded,
};
pub use record::{Outcome, Protocol, RequestRecord};
pub use sink::MetricSink;
