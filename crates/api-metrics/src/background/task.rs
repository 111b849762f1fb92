//! The periodic tasks: what each does, how often, and for how long it may take.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use api_metrics_store::store::{FlushError, Flushed, StoreError};
use futures_util::FutureExt;
#[cfg(feature = "control")]
use futures_util::future::join_all;
use tokio::sync::watch;

#[cfg(feature = "control")]
use super::control::ControlRun;
use super::{
    Shared,
    schedule::{Backoff, first, jittered},
};
use crate::task::Task;

impl Task {
    fn every(self, shared: &Shared) -> Duration {
        match self {
            Self::Flush => shared.flush_interval,
            // A minute's rows are written anew by each fold that finds some of it, so not with each flush. Reads
            // take what waits in the inbox from there.
            Self::Fold => {
                (4 * shared.flush_interval).clamp(Duration::from_secs(1), Duration::from_secs(40))
            }
            Self::RollUp => Duration::from_secs(30),
            // A floor moves only when two runs at least ten minutes apart agree.
            Self::Retain | Self::RetainRequests => Duration::from_secs(600),
            Self::FlushRequests => super::requests::FOLLOWED_INTERVAL,
            // Alerts are evaluated once a minute; asking more often makes that prompt, and rate limits
            // are hit within seconds.
            #[cfg(feature = "control")]
            Self::Evaluate | Self::Deliver => Duration::from_secs(5),
            // The database is asked only when a job is due, or every five seconds.
            #[cfg(feature = "control")]
            Self::Jobs => Duration::from_secs(1),
        }
    }

    /// How often where nothing happens, see [`Activity`](super::Activity); `None`: as ever.
    const fn every_at_rest(self) -> Option<Duration> {
        match self {
            Self::RollUp => Some(Duration::from_secs(60)),
            // With the next minute at the latest, which alerts wait for.
            #[cfg(feature = "control")]
            Self::Evaluate => Some(Duration::from_secs(60)),
            #[cfg(feature = "control")]
            Self::Deliver => Some(Duration::from_secs(30)),
            #[cfg(feature = "control")]
            Self::Jobs => None,
            Self::Flush
            | Self::Fold
            | Self::Retain
            | Self::FlushRequests
            | Self::RetainRequests => None,
        }
    }

    /// Beyond every timeout that the store sets for its statements: only a connection that went
    /// silent reaches it.
    const fn limit(self) -> Duration {
        match self {
            Self::Flush | Self::FlushRequests => Duration::from_secs(60),
            // A receiver has 30 s for each of an event's two notices.
            #[cfg(feature = "control")]
            Self::Deliver => Duration::from_secs(75),
            #[cfg(feature = "control")]
            Self::Evaluate | Self::Jobs => Duration::from_secs(300),
            Self::Fold | Self::RollUp | Self::Retain | Self::RetainRequests => {
                Duration::from_secs(300)
            }
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

async fn repeat(shared: &Arc<Shared>, task: Task) {
    if !shared.until_ready().await {
        return;
    }
    #[cfg(feature = "control")]
    if let (Task::Deliver, Some(control)) = (task, &shared.control) {
        // A slow receiver holds up its own channel only.
        let channels = control.worker().channels();
        join_all(channels.map(|channel| rounds(shared, task, Some(channel)))).await;
        return;
    }
    rounds(shared, task, None).await;
}

/// Run after run, with pauses between them; `channel` is the one to deliver on.
async fn rounds(shared: &Arc<Shared>, task: Task, channel: Option<&str>) {
    let every = task.every(shared);
    let mut backoff = Backoff::new(every.min(Duration::from_secs(1)), Duration::from_secs(60));
    let mut news = shared.news_for(task);
    let mut woken = task.every_at_rest().map(|_| shared.activity.woken());
    let mut pause = first(every);
    shared.health.pauses(task, pause);
    loop {
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => break,
            // New notices are delivered at once, not with the next run.
            Some(()) = news_of(&mut news) => {}
            Some(()) = news_of(&mut woken) => {}
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
        shared.health.pauses(task, pause);
    }
}

impl Shared {
    fn pause_after(&self, task: Task, every: Duration) -> Duration {
        let at_rest = task.every_at_rest().filter(|_| self.activity.is_at_rest());
        let pause = jittered(at_rest.unwrap_or(every));
        #[cfg(feature = "control")]
        if let (Task::Evaluate, Some(control)) = (task, &self.control) {
            // A minute is evaluated as soon as it can be. A little later: the database has its own clock.
            let due = control.worker().until_due(self.clock.wall());
            return pause.min(due + jittered(Duration::from_millis(500)));
        }
        let _ = task;
        pause
    }

    /// Whether there is what this task needs.
    pub(super) fn can(&self, task: Task) -> bool {
        match task {
            #[cfg(feature = "control")]
            Task::Evaluate | Task::Deliver | Task::Jobs => self.control.is_some(),
            Task::FlushRequests | Task::RetainRequests => self.requests.is_some(),
            Task::Flush | Task::Fold | Task::RollUp | Task::Retain => true,
        }
    }

    /// One run of the control plane.
    #[cfg(feature = "control")]
    pub(super) async fn control_run(
        &self,
        task: Task,
        channel: Option<&str>,
    ) -> Result<ControlRun, StoreError> {
        match (&self.control, task) {
            (Some(control), Task::Evaluate) if self.activity.is_at_rest() => {
                control.evaluate_at_rest(&self.writer).await
            }
            (Some(control), Task::Evaluate) => control.evaluate(&self.writer).await,
            (Some(control), Task::Deliver) => {
                let run = control.deliver(channel).await;
                // Those that failed are due again within seconds.
                if run.as_ref().is_ok_and(|run| run.steps > 0) {
                    self.activity.note();
                }
                run
            }
            _ => Ok(ControlRun::default()),
        }
    }

    /// What wakes this task before its time.
    fn news_for(&self, task: Task) -> Option<watch::Receiver<()>> {
        match task {
            #[cfg(feature = "control")]
            Task::Deliver => self.control.as_ref().map(super::control::Control::news),
            _ => None,
        }
    }

    /// One run of a task, its outcome noted: whether more could be done at once.
    async fn once(self: &Arc<Self>, task: Task, channel: Option<&str>) -> Result<bool, TaskError> {
        let started = std::time::Instant::now();
        let outcome = self.once_timed(task, channel).await;
        self.health.took(task, started.elapsed());
        outcome
    }

    async fn once_timed(
        self: &Arc<Self>,
        task: Task,
        channel: Option<&str>,
    ) -> Result<bool, TaskError> {
        if task == Task::Flush {
            if self.has_nothing_to_say() {
                self.health.idles();
                return Ok(false);
            }
            if self.writer.recorder.status().unflushed_records > 0 {
                self.activity.note();
            }
            return self.flush().await.map(|_| false).map_err(TaskError::Flush);
        }
        let store = &self.store;
        let run = async {
            match task {
                Task::Flush => Ok(false),
                Task::Fold => store.fold().await.map(|done| {
                    if done.rows > 0 {
                        self.activity.note();
                    }
                    done.more
                }),
                Task::RollUp => store.roll_up().await.map(|done| done.more),
                Task::Retain => store.retain().await.map(|done| done.more),
                Task::FlushRequests => self.store_due_requests().await.map(|()| false),
                Task::RetainRequests => self.retain_requests().await.map(|done| done.more),
                #[cfg(feature = "control")]
                Task::Jobs => self.tend_jobs(false).await.map(|_| false),
                #[cfg(feature = "control")]
                Task::Evaluate | Task::Deliver => {
                    let run = self.control_run(task, channel).await;
                    run.map(|done| done.more)
                }
            }
            .map_err(TaskError::Store)
        };
        #[cfg(not(feature = "control"))]
        let _ = channel;
        let outcome = tokio::time::timeout(task.limit(), run)
            .await
            .unwrap_or_else(|_| Err(TaskError::Store(timed_out())));
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
        self.writer.recorder.status().unflushed_records == 0
            && self
                .health
                .flushed_within(at_most.saturating_sub(self.flush_interval))
    }

    /// Hands over everything recorded so far, its outcome noted.
    pub(crate) async fn flush(&self) -> Result<Flushed, FlushError> {
        let outcome = tokio::time::timeout(Task::Flush.limit(), self.flush_prepared())
            .await
            .unwrap_or_else(|_| Err(FlushError::Unknown(timed_out())))
            .map_err(TaskError::Flush);
        match &outcome {
            Ok(flushed) => {
                if let Some((first, last)) = flushed.lost {
                    self.health.lost(first, last);
                }
                self.succeeded(Task::Flush);
            }
            Err(error) => self.failed(Task::Flush, error),
        }
        outcome.map_err(|error| match error {
            TaskError::Flush(error) => error,
            TaskError::Store(error) => FlushError::NotSent(error),
        })
    }

    /// Flushes, and makes the tables anew where somebody has dropped them. The flush then finds its
    /// fence behind, and sends again what is still held.
    async fn flush_prepared(&self) -> Result<Flushed, FlushError> {
        match self.store.flush(&self.writer).await {
            Err(FlushError::NotSent(error @ StoreError::Unprepared(_))) => {
                tracing::error!(
                    database = self.database,
                    %error,
                    "the tables were dropped while they were in use, and are made anew: what they held \
                     is gone unless you have a copy"
                );
                let prepared = self.store.prepare().await;
                prepared.map_err(FlushError::NotSent)?;
                self.store.flush(&self.writer).await
            }
            outcome => outcome,
        }
    }
}

/// What made a task fail.
#[derive(Debug, thiserror::Error)]
pub(super) enum TaskError {
    /// A flush.
    #[error(transparent)]
    Flush(FlushError),
    /// Any other work.
    #[error(transparent)]
    Store(StoreError),
}

impl TaskError {
    /// What the store said.
    pub(super) const fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Flush(FlushError::NotSent(error) | FlushError::Unknown(error))
            | Self::Store(error) => Some(error),
            Self::Flush(_) => None,
        }
    }
}

/// Waits for news; for ever where there is nobody to bring some.
async fn news_of(news: &mut Option<watch::Receiver<()>>) -> Option<()> {
    match news {
        Some(news) => news.changed().await.ok(),
        None => std::future::pending().await,
    }
}

fn timed_out() -> StoreError {
    StoreError::Timeout("the time limit of the background task passed".into())
}

/// What a panic said, as far as it was text.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
