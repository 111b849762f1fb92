//! The periodic tasks: what each does, how often, and for how long it may take.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use api_metrics_store::store::{FlushError, Flushed, StoreError};
use futures_util::{FutureExt, future::join_all};

use super::{
    Shared,
    schedule::{Backoff, first, jittered},
};

/// Work that comes again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Memory to store.
    Flush,
    /// Inbox to buckets.
    Fold,
    /// Buckets to coarser buckets.
    RollUp,
    /// Floors, and what lies below them.
    Retain,
    /// Buckets to alerts, limits and quotas.
    Judge,
    /// What is to be told, to whom.
    Deliver,
}

impl Task {
    pub(crate) const ALL: [Self; 6] = [
        Self::Flush,
        Self::Fold,
        Self::RollUp,
        Self::Retain,
        Self::Judge,
        Self::Deliver,
    ];
    /// All but the one that takes records out of memory.
    pub(super) const UPKEEP: [Self; 5] = [
        Self::Fold,
        Self::RollUp,
        Self::Retain,
        Self::Judge,
        Self::Deliver,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Fold => "fold",
            Self::RollUp => "rollup",
            Self::Retain => "retention",
            Self::Judge => "alerts",
            Self::Deliver => "notices",
        }
    }

    fn every(self, shared: &Shared) -> Duration {
        match self {
            Self::Flush => shared.flush_interval,
            Self::Fold => Duration::from_secs(10),
            Self::RollUp => Duration::from_secs(30),
            // A floor moves only when two runs at least ten minutes apart agree.
            Self::Retain => Duration::from_secs(600),
            // Alerts are judged once a minute; asking more often makes that prompt, and rate limits
            // are hit within seconds.
            Self::Judge | Self::Deliver => Duration::from_secs(5),
        }
    }

    /// Beyond every timeout that the store sets for its statements: only a connection that went
    /// silent reaches it.
    const fn limit(self) -> Duration {
        match self {
            Self::Flush => Duration::from_secs(60),
            // A receiver has 30 s for each of an event's two notices.
            Self::Deliver => Duration::from_secs(75),
            Self::Fold | Self::RollUp | Self::Retain | Self::Judge => Duration::from_secs(300),
        }
    }
}

/// Runs a task until the process stops. A panic in it is reported and does not end it.
pub(super) async fn supervise(shared: Arc<Shared>, task: Task) {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    loop {
        shared.health.runs(task);
        let Err(panic) = AssertUnwindSafe(repeat(&shared, task)).catch_unwind().await else {
            break;
        };
        let message = panic_message(panic.as_ref());
        tracing::error!(
            task = task.name(),
            message,
            "a background task panicked and is started again"
        );
        shared.health.panicked(task, message);
        if shared.stopped_within(backoff.pause()).await {
            break;
        }
    }
    shared.health.ended(task);
}

async fn repeat(shared: &Shared, task: Task) {
    if !shared.until_ready().await {
        return;
    }
    if task == Task::Deliver {
        // A slow receiver holds up its own channel only.
        let channels = shared.watch.channels();
        join_all(channels.map(|channel| rounds(shared, task, channel))).await;
    } else {
        rounds(shared, task, "").await;
    }
}

/// Run after run, with pauses between them; `channel` is the one to deliver on.
async fn rounds(shared: &Shared, task: Task, channel: &str) {
    let every = task.every(shared);
    let mut backoff = Backoff::new(every.min(Duration::from_secs(1)), Duration::from_secs(60));
    let mut news = shared.news.subscribe();
    let mut pause = first(every);
    loop {
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => break,
            // What was decided is told at once, not with the next turn.
            Ok(()) = news.changed(), if task == Task::Deliver => {}
            () = tokio::time::sleep(pause) => {}
        }
        // A stop does not cut a transaction short: it is bounded, and the shutdown has its own deadline.
        pause = match shared.once(task, channel).await {
            Ok(more) => {
                backoff.reset();
                if more {
                    Duration::ZERO
                } else {
                    shared.pause_after(task, every)
                }
            }
            Err(_) => backoff.pause(),
        };
    }
}

impl Shared {
    fn pause_after(&self, task: Task, every: Duration) -> Duration {
        let pause = jittered(every);
        if task != Task::Judge {
            return pause;
        }
        // A minute is judged as soon as it can be. A little later: the database has its own clock.
        let due = self.watch.until_due(self.clock.wall()) + jittered(Duration::from_millis(500));
        pause.min(due)
    }

    /// One run of a task, its outcome noted: whether more could be done at once.
    async fn once(&self, task: Task, channel: &str) -> Result<bool, FlushError> {
        if task == Task::Flush {
            if self.has_nothing_to_say() {
                self.health.idles();
                return Ok(false);
            }
            return self.flush().await.map(|_| false);
        }
        let store = &self.store;
        let own = Some(&*self.writer);
        let run = async {
            match task {
                Task::Flush => Ok(false),
                Task::Fold => store.fold().await.map(|done| done.more),
                Task::RollUp => store.roll_up().await.map(|done| done.more),
                Task::Retain => store.retain().await.map(|done| done.more),
                Task::Judge => self.watch.judge(&**store, own).await.map(|done| {
                    if done.has_news() {
                        self.news.send_replace(());
                    }
                    false
                }),
                Task::Deliver => {
                    let told = self.watch.deliver_on(&**store, channel).await;
                    told.map(|done| done.more)
                }
            }
            .map_err(FlushError::NotSent)
        };
        let outcome = tokio::time::timeout(task.limit(), run)
            .await
            .unwrap_or_else(|_| Err(FlushError::Unknown(timed_out())));
        match &outcome {
            Ok(_) => self.succeeded(task),
            Err(error) => self.failed(task, error),
        }
        outcome
    }

    /// Whether a flush would be empty, and the last one is young enough to stand for it: that the
    /// database answers, and that it is not one of before a restore, is asked in time to send again what
    /// is still held.
    fn has_nothing_to_say(&self) -> bool {
        let at_most = (3 * self.flush_interval).min(Duration::from_secs(30));
        self.writer.recorder().unflushed_records() == 0
            && self
                .health
                .flushed_within(at_most.saturating_sub(self.flush_interval))
    }

    /// Hands over everything recorded so far, its outcome noted.
    pub(crate) async fn flush(&self) -> Result<Flushed, FlushError> {
        let outcome = tokio::time::timeout(Task::Flush.limit(), self.store.flush(&self.writer))
            .await
            .unwrap_or_else(|_| Err(FlushError::Unknown(timed_out())));
        match &outcome {
            Ok(flushed) => {
                if let Some((first, last)) = flushed.lost {
                    self.health.lost(first, last);
                }
                self.succeeded(Task::Flush);
            }
            Err(error) => self.failed(Task::Flush, error),
        }
        outcome
    }
}

fn timed_out() -> StoreError {
    StoreError::Unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
}

/// What a panic said, as far as it was text.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
