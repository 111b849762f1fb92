//! Delivers to subscribers in this process.
//!
//! Each notice is delivered by one process. With several processes a subscriber sees only the notices
//! that its own process has claimed; subscribe in every process, or use a webhook.
//!
//! A subscriber that falls behind by more than the capacity loses the oldest notices and gets
//! `RecvError::Lagged` with their number. The delivery counts as made in any case: the outbox still
//! holds the notice, to be read with [`ControlStore::deliveries`](crate::control::ControlStore::deliveries).

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::{Notice, Notifier, NotifyError};

/// Delivers notices to all current subscribers in this process, such as your own event bus. Without
/// subscribers a notice counts as delivered.
#[derive(Debug, Clone)]
pub struct BroadcastNotifier {
    sender: broadcast::Sender<Notice>,
}

impl BroadcastNotifier {
    /// A channel on which a subscriber may fall `capacity` notices behind before it loses the oldest.
    /// At least 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            sender: broadcast::Sender::new(capacity.clamp(1, 65_536)),
        }
    }

    /// Subscribes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.sender.subscribe()
    }
}

#[async_trait]
impl Notifier for BroadcastNotifier {
    fn channel(&self) -> &str {
        "broadcast"
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        // An error only says that nobody listens.
        let _ = self.sender.send(notice.clone());
        Ok(())
    }
}
