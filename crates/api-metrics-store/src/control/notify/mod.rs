//! Notices, the notifiers that deliver them, and the outbox in between.
//!
//! A notice is written to the store in the transaction that decided it, and delivered afterwards. Each
//! notifier is tried again until it takes the notice or gives up. After a crash between delivery and
//! acknowledgement a notice arrives twice, always under the same id.
//!
//! ```
//! use api_metrics_store::control::{ControlWorker, notify::BroadcastNotifier};
//!
//! let bus = BroadcastNotifier::new(64);
//! let notices = bus.subscribe();
//! let worker = ControlWorker::default().notifier(bus);
//! assert_eq!(worker.channels().collect::<Vec<_>>(), ["log", "broadcast"]);
//! # drop(notices);
//! ```

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

pub use async_trait::async_trait;
pub use broadcast::BroadcastNotifier;
pub use delivery::{Delivery, DeliveryQuery, DeliveryStatus, NoticeStore};
pub use dispatcher::Delivered;
pub(super) use dispatcher::Dispatcher;
pub use log::LogNotifier;
pub use notice::{Notice, NoticeKey, NoticeKind, NoticeRule};
pub use notifier::{Notifier, NotifyError};
pub(super) use published::Published;
pub(crate) use schedule::MAX_ATTEMPTS;
#[cfg(feature = "webhook")]
pub use webhook::{SlackNotifier, WebhookError, WebhookNotifier};
