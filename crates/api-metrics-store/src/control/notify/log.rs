//! Delivers to the log.
//!
//! | notice | level |
//! |---|---|
//! | an alert is resolved | info |
//! | severity high or critical | error |
//! | any other | warn |
//!
//! The fields are `kind`, `severity`, `id`, `title` where an alert fires, `causes`, and
//! with a public address `url`; the message is the notice's. Writing a log line
//! can't fail, so that every notice counts as delivered at its first attempt.

use async_trait::async_trait;

use super::{Notice, NoticeKind, Notifier, NotifyError};
use crate::{
    control::alerts::Severity,
    text::{Shown, escaped},
};

/// Writes a `tracing` event for every notice: an error where it is high or critical, a warning
/// where it is less, and information where something is over. The target is `api_metrics::alerts`.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::control) struct LogNotifier;

#[async_trait]
impl Notifier for LogNotifier {
    fn channel(&self) -> &str {
        "log"
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let causes = notice.causes.as_ref().map(|causes| {
            let groups = causes.groups.iter().flatten().map(|group| group.line());
            let consumers = causes.consumers.iter().flatten().map(|who| who.line());
            escaped(&groups.chain(consumers).collect::<Vec<_>>().join("; ")).into_owned()
        });
        macro_rules! write_event {
            ($level:ident) => {
                tracing::$level!(
                    target: "api_metrics::alerts",
                    kind = notice.kind.as_str(),
                    severity = notice.severity.as_str(),
                    id = %notice.id,
                    title = %Shown(&notice.title),
                    causes = causes.as_deref(),
                    url = notice.url.as_deref(),
                    "{}",
                    Shown(&notice.message)
                )
            };
        }
        if notice.kind == NoticeKind::AlertResolved {
            write_event!(info);
        } else if notice.severity >= Severity::High {
            write_event!(error);
        } else {
            write_event!(warn);
        }
        Ok(())
    }
}
