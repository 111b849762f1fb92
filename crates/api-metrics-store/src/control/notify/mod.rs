//! Telling people: notices, the ways that they go, and the outbox behind them.
//!
//! What is to be told is written to the store in the transaction that decided it, and handed to
//! the notifiers afterwards, again and again until each has taken it or given up. A notice can
//! therefore arrive twice, after a crash between delivery and its acknowledgement, always under
//! the same id.

mod broadcast;
mod delivery;
mod dispatcher;
mod log;
mod notice;
mod notifier;
mod published;
mod schedule;
#[cfg(feature = "webhook")]
mod webhook;

pub use broadcast::BroadcastNotifier;
pub use delivery::{Delivery, DeliveryQuery, DeliveryStatus, NoticeStore};
pub use dispatcher::{Delivered, Dispatcher};
pub use log::LogNotifier;
pub use notice::{Notice, NoticeKey, NoticeKind, NoticeRule};
pub use notifier::{Notifier, NotifyError};
pub use published::Published;
pub(crate) use schedule::MAX_ATTEMPTS;
#[cfg(feature = "webhook")]
pub use webhook::{SlackNotifier, WebhookError, WebhookNotifier};
