//! The same work by the host's own scheduler.

use std::sync::Arc;

use api_metrics_store::store::StoreError;

use super::Shared;
use crate::task::Task;

/// Which work this process does by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Maintenance {
    /// All of it, in background tasks: flush every 10 s, the request log every 2 s, fold every 40 s, rollup every 30 s,
    /// retention every 10 min, alerts and rate limits as soon as a minute has been flushed, notices every 5 s; less
    /// often where there is no traffic. Instances that share a database agree on a leader by themselves.
    #[default]
    Background,
    /// It hands over its records; all else is left to other instances or to calls of
    /// [`ApiMetrics::maintain`](crate::ApiMetrics::maintain).
    FlushOnly,
    /// None: the host calls [`ApiMetrics::flush`](crate::ApiMetrics::flush) and
    /// [`ApiMetrics::maintain`](crate::ApiMetrics::maintain) from its own scheduler.
    Manual,
}

impl Maintenance {
    pub(super) const fn tasks(self) -> &'static [Task] {
        match self {
            Self::Background => Task::ALL,
            Self::FlushOnly => &[Task::Flush, Task::FlushRequests],
            Self::Manual => &[],
        }
    }
}

/// What a run of [`ApiMetrics::maintain`](crate::ApiMetrics::maintain) did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Maintained {
    /// Whether this process was the leader throughout; if not, another one is doing the work.
    pub led: bool,
    /// Flushes moved from the inbox into buckets.
    pub folded: u64,
    /// Coarser periods recomputed.
    pub rolled_up: u64,
    /// Floors moved and pieces of old data removed.
    pub retained: u64,
    /// Alert rules evaluated.
    pub evaluated: u64,
    /// Notices that a notifier has taken.
    pub delivered: u64,
    /// Jobs that were due and have begun.
    pub jobs: u64,
}

impl Shared {
    pub(crate) async fn maintain(self: &Arc<Self>) -> Result<Maintained, StoreError> {
        self.ensure_ready().await?;
        #[cfg(feature = "control")]
        {
            self.look();
            self.tell_health().await?;
        }
        let mut done = Maintained {
            led: true,
            ..Maintained::default()
        };
        for &task in Task::UPKEEP.iter().filter(|task| self.can(**task)) {
            loop {
                let (led, steps, more) = match task {
                    Task::RollUp => {
                        let step = self.store.roll_up().await?;
                        done.rolled_up += step.steps;
                        (step.led, step.steps, step.more)
                    }
                    Task::Retain => {
                        let step = self.store.retain().await?;
                        done.retained += step.steps;
                        (step.led, step.steps, step.more)
                    }
                    Task::FlushRequests => break,
                    Task::RetainRequests => {
                        let step = self.retain_requests().await?;
                        done.retained += step.steps;
                        (step.led, step.steps, step.more)
                    }
                    #[cfg(feature = "control")]
                    Task::Evaluate | Task::Deliver => {
                        let run = self.control_run(task, None).await?;
                        if task == Task::Evaluate {
                            done.evaluated += run.steps;
                        }
                        done.delivered += run.delivered;
                        (run.led, run.steps, run.more)
                    }
                    #[cfg(feature = "control")]
                    Task::Jobs => {
                        done.jobs += self.tend_jobs(true).await?;
                        break;
                    }
                    Task::Fold | Task::Flush => {
                        let step = self.store.fold().await?;
                        done.folded += step.batches;
                        (step.led, step.batches, step.more)
                    }
                };
                done.led &= led;
                self.health.succeeded(task);
                // Without progress another turn would only spin.
                if !led || !more || steps == 0 {
                    break;
                }
            }
        }
        Ok(done)
    }
}
