//! Live updates by server-sent events. One poll of the store feeds all streams that show the same
//! thing to callers of the same scope.

mod change;
mod hub;
mod places;
mod stream;
mod subscription;

pub(crate) use change::HealthSample;
pub(crate) use hub::{Hub, HubLimits};
pub(crate) use stream::stream;
pub(crate) use subscription::{Reading, Subscription};
