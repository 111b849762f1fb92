//! Outgoing calls: a layer around a client, which records each call as an event of the kind
//! [`http-client`](crate::EventKind::HTTP_CLIENT).
//!
//! | file | role |
//! |---|---|
//! | `layer` | the layer and its settings |
//! | `service`, `future`, `body` | the client behind it, and how a call passes through |
//! | `call` | the guard that records a call exactly once, on whichever path it ends |
//! | `failure` | why there was no answer |
//! | `partner` | the name of a call: whom it went to, and which of its routes |

mod body;
mod call;
mod failure;
mod future;
mod layer;
mod partner;
mod service;

pub use self::{
    body::ClientBody,
    call::ClientCall,
    failure::{BoxedErrors, CallFailure, ReadFailure, StdErrors},
    future::ClientFuture,
    layer::ClientLayer,
    partner::{Partner, UNKNOWN_HOST},
    service::ClientService,
};
