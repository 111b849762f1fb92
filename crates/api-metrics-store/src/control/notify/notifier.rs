//! The trait of notifiers.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use thiserror::Error;

use super::Notice;

/// A way to deliver notices. Each notice is delivered by one process, whichever claims it first; after a
/// crash the same notice may come again, under the same id.
///
/// ```
/// use api_metrics_store::control::notify::{Notice, Notifier, NotifyError, async_trait};
///
/// /// Writes to the operator's console.
/// #[derive(Debug)]
/// struct Console;
///
/// #[async_trait]
/// impl Notifier for Console {
///     fn channel(&self) -> &str {
///         "console"
///     }
///
///     async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
///         println!("[{}] {}", notice.severity, notice.message);
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Notifier: Send + Sync + Debug + 'static {
    /// The name under which its deliveries are kept, the same in all processes and after a
    /// restart. A process only delivers for names that it has.
    fn channel(&self) -> &str;

    /// Delivers a notice.
    ///
    /// # Errors
    /// [`NotifyError::Retry`] where another attempt may work, [`NotifyError::Permanent`] where none will.
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError>;

    /// Whether alerts that fire within a few seconds come as one notice, which lists them in
    /// [`alerts`](Notice::alerts), so that one outage is one message. Such notices wait for two seconds. No by default:
    /// each alert is a notice.
    fn groups(&self) -> bool {
        false
    }
}

#[async_trait]
impl<N: Notifier + ?Sized> Notifier for Arc<N> {
    fn channel(&self) -> &str {
        self.as_ref().channel()
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.as_ref().notify(notice).await
    }

    fn groups(&self) -> bool {
        self.as_ref().groups()
    }
}

/// A notice was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// Another try may work: it is made later, each time after a longer wait.
    #[error("{0}")]
    Retry(String),
    /// No other try will: the delivery goes to the dead letters at once.
    #[error("{0}")]
    Permanent(String),
}
