//! Live updates by server-sent events. One poll of the store feeds all that watch the same thing.

mod hub;
mod live;
mod pulse;
mod snapshot;

pub(crate) use hub::{Hub, HubLimits, Watch};
pub(crate) use live::live;
pub(crate) use pulse::Vitals;
pub(crate) use snapshot::{Snapshot, snapshot};
