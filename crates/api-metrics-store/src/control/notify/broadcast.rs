//! To whoever listens in this process.

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::{Notice, Notifier, NotifyError};

/// Hands every notice that this process delivers to all current listeners: a door to the host's
/// own event bus. Without listeners a notice counts as delivered.
#[derive(Debug, Clone)]
pub struct BroadcastNotifier {
    sender: broadcast::Sender<Notice>,
}

impl BroadcastNotifier {
    /// A channel on which a listener may fall `capacity` notices behind before it loses the oldest.
    /// At least 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            sender: broadcast::Sender::new(capacity.clamp(1, 65_536)),
        }
    }

    /// Listens from now on.
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
