//! Notices, the notifiers that deliver them, and the outbox in between.
//!
//! A notice is written to the store in the transaction that decided it, and delivered afterwards. Each
//! notifier is tried again until it takes the notice or gives up. After a crash between delivery and
//! acknowledgement a notice arrives twice, always under the same id.
//!
//! ```
//! use std::sync::Arc;
//! use api_metrics_store::control::{ControlSettings, ControlWorker, notify::BroadcastNotifier};
//!
//! let bus = BroadcastNotifier::new(64);
//! let notices = bus.subscribe();
//! let mut settings = ControlSettings::default();
//! settings.notifiers.push(Arc::new(bus));
//! let worker = ControlWorker::new(settings);
//! assert_eq!(worker.channels().collect::<Vec<_>>(), ["log", "broadcast"]);
//! # drop(notices);
//! ```
//!
//! # Which module does what
//!
//! | module | part |
//! |---|---|
//! | `notice` | the message and its JSON |
//! | `delivery` | the outbox: notices, deliveries, leases |
//! | `group` | several alerts in one notice |
//! | `channel` | how the channels are doing, and a test of one |
//! | `dispatcher` | claims deliveries and calls notifiers |
//! | `schedule` | when a failed delivery is tried again |
//! | `published` | what this process has put into the outbox already |
//! | `facts` | what a notice says to people |
//! | `log`, `broadcast`, `webhook`, `smtp` | notifiers |
//!
//! The first process that claims after a notice was written fans it out: to each channel that this process has.
//! So give all processes the same notifiers. A channel that is added later gets later notices only.

mod broadcast;
pub(super) mod channel;
pub(super) mod delivery;
pub(super) mod dispatcher;
#[cfg(any(feature = "webhook", feature = "smtp"))]
mod facts;
mod group;
mod log;
mod notice;
mod notifier;
mod published;
mod schedule;
#[cfg(feature = "smtp")]
mod smtp;
#[cfg(feature = "webhook")]
pub(super) mod webhook;

pub use async_trait::async_trait;
pub use broadcast::BroadcastNotifier;
pub use channel::{ChannelState, ChannelStore, LastDelivery, MutedChannel};
pub(crate) use delivery::NoticeStore;
pub use delivery::{Delivery, DeliveryQuery, DeliveryStatus};
pub use dispatcher::Delivered;
pub(crate) use group::WAIT_SECONDS;
pub(super) use log::LogNotifier;
pub use notice::{
    DigestSection, Notice, NoticeAlert, NoticeDigest, NoticeKey, NoticeKind, NoticeRule,
};
pub use notifier::{Notifier, NotifyError};
pub(super) use published::Published;
pub(crate) use schedule::MAX_ATTEMPTS;
#[cfg(feature = "smtp")]
pub use smtp::{SmtpEncryption, SmtpError, SmtpNotifier, SmtpOptions};
#[cfg(feature = "webhook")]
pub use webhook::{WebhookError, WebhookNotifier, WebhookOptions};
