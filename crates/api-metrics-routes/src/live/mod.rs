//! Live updates by server-sent events. One poll of the store feeds all streams that show the same
//! thing to callers of the same scope.
//!
//! A [`Subscription`] says what a stream shows and how it is read. The [`Hub`] keeps one feed a
//! scope and subject: a task that reads the store on a schedule and hands each event to all streams
//! of the feed. It ends when the last stream has left.
//!
//! Bounds: streams of all, streams of one principal, and different feeds of one scope.

mod change;
mod hub;
mod open_streams;
mod stream;
mod subscription;

pub(crate) use change::HealthSample;
pub(crate) use hub::{Hub, HubLimits};
pub(crate) use stream::stream;
pub(crate) use subscription::{FeedReading, Subscription};
