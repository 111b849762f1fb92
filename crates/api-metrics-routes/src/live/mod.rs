//! Live updates by server-sent events. One poll of the store feeds all streams that show the same
//! thing to callers of the same scope.
//!
//! A [`Subscription`] says what a stream shows and how it is read. The [`Hub`] keeps one feed a
//! scope and subject: a task that reads the store on a schedule and hands each event to all streams
//! of the feed. It ends when the last stream has left.
//!
//! What has a place of its own in what happens, as a tail of the request log, is no feed: one task reads for all of
//! them how far it has come ([`Progress`]), and each stream reads on from its own place.
//!
//! Bounds: streams of all, streams of one principal, and different feeds of one scope.

mod change;
mod hub;
mod open_streams;
mod progress;
mod stream;
mod subscription;

pub(crate) use change::HealthSample;
pub(crate) use hub::{Hub, HubLimits};
pub(crate) use progress::Progress;
pub(crate) use stream::{hello, respond, stream, while_allowed};
pub(crate) use subscription::{FeedReading, Subscription};
