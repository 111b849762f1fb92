//! Group commit: batches that arrive while one group commits become the next one.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    batch::{IngestAnswer, IngestBatch},
    commit::{BatchOutcome, Group, Service},
    log::IngestLog,
    store::IngestStore,
    token::IngestToken,
};
use crate::store::{FlushError, Instance, StoreError};

/// The most items of one transaction, which bounds how long it takes.
const ITEMS_A_GROUP: usize = 20_000;
/// The most items that wait for one service and tenant, and for all together. More are refused, so that memory stays
/// bounded.
const MAX_WAITING: usize = 200_000;
const MAX_WAITING_IN_ALL: usize = 400_000;
/// How often a group whose outcome is unknown is looked for.
const ATTEMPTS: u32 = 3;
/// How long a broken connection is left alone.
const PAUSE: Duration = Duration::from_millis(200);
/// How often old batches and dead letters are removed.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Why a batch was not acknowledged.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The idempotency key was used for another batch in the last 24 hours.
    #[error("the idempotency key was used for another batch")]
    KeyReused,
    /// More waits for the database than fits into memory. Nothing of the batch is counted.
    #[error("too many requests wait for the database")]
    Busy,
    /// The database did not take it. Nothing of the batch is counted.
    #[error("{0}")]
    Store(Arc<StoreError>),
    /// Nobody knows whether the database took it: sent again with its key, it is counted once.
    #[error("whether the batch is counted is not known: {0}")]
    Unknown(Arc<StoreError>),
}

/// Takes batches of any service and commits those of one service and tenant together.
///
/// Cheap to clone; clones share everything. Must be used within a Tokio runtime. A batch that was
/// submitted is committed also where nobody waits for its answer any more.
#[derive(Clone)]
pub struct IngestQueue(Arc<Shared>);

/// A service, its environment, and the tenant that it reports for: what one tenant reports takes no other's place.
type Reporter = (String, String, Option<String>);

struct Shared {
    store: Arc<dyn IngestStore>,
    host: String,
    log: Option<IngestLog>,
    services: Mutex<HashMap<Reporter, Arc<ServiceQueue>>>,
    /// Items that wait, of all services together.
    waiting: AtomicUsize,
    forgotten_at: Mutex<Option<Instant>>,
}

/// The batches of one service and tenant.
struct ServiceQueue {
    service: Service,
    waiting: Mutex<Backlog>,
}

#[derive(Default)]
struct Backlog {
    batches: Vec<Submitted>,
    items: usize,
    /// Whether a task commits.
    running: bool,
}

/// A batch and where its answer goes.
struct Submitted {
    token: Arc<IngestToken>,
    batch: IngestBatch,
    answer: oneshot::Sender<Result<IngestAnswer, IngestError>>,
}

impl IngestQueue {
    /// A queue into this store. `host` is the machine's name, for people who read the status.
    #[must_use]
    pub fn new(store: Arc<dyn IngestStore>, host: impl Into<String>) -> Self {
        Self::assemble(store, host.into(), None)
    }

    /// The same, with a log to which everything is offered once it is counted.
    #[must_use]
    pub fn with_log(store: Arc<dyn IngestStore>, host: impl Into<String>, log: IngestLog) -> Self {
        Self::assemble(store, host.into(), Some(log))
    }

    fn assemble(store: Arc<dyn IngestStore>, host: String, log: Option<IngestLog>) -> Self {
        Self(Arc::new(Shared {
            store,
            host,
            log,
            services: Mutex::default(),
            waiting: AtomicUsize::new(0),
            forgotten_at: Mutex::default(),
        }))
    }

    /// Items that wait to be committed, of all services together.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// Counts a batch of the token's service. Durable when it returns an answer.
    ///
    /// # Errors
    /// See [`IngestError`].
    pub async fn submit(
        &self,
        token: &IngestToken,
        batch: IngestBatch,
    ) -> Result<IngestAnswer, IngestError> {
        let queue = self.0.service(token);
        let (answer, answered) = oneshot::channel();
        let submitted = Submitted {
            token: Arc::new(token.clone()),
            batch,
            answer,
        };
        if queue.push(submitted, &self.0.waiting)? {
            // In a task of its own, so that a client that leaves interrupts nobody's commit.
            let shared = Arc::clone(&self.0);
            tokio::spawn(async move { shared.drain(&queue).await });
        }
        match answered.await {
            Ok(answer) => answer,
            // The runtime is shutting down.
            Err(_) => Err(IngestError::Unknown(Arc::new(StoreError::Unavailable(
                "the process ends".into(),
            )))),
        }
    }
}

impl ServiceQueue {
    /// Adds a batch; says whether somebody has to start committing.
    fn push(&self, submitted: Submitted, all: &AtomicUsize) -> Result<bool, IngestError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let items = submitted.batch.len();
        let in_all = all.load(Ordering::Relaxed);
        if waiting.items + items > MAX_WAITING || in_all + items > MAX_WAITING_IN_ALL {
            return Err(IngestError::Busy);
        }
        waiting.items += items;
        all.fetch_add(items, Ordering::Relaxed);
        waiting.batches.push(submitted);
        let start = !waiting.running;
        waiting.running = true;
        Ok(start)
    }

    /// The next group; `None` ends the task.
    fn next(&self, all: &AtomicUsize) -> Option<Vec<Submitted>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut items = 0;
        let fitting = waiting.batches.iter().take_while(|one| {
            let first = items == 0;
            items += one.batch.len();
            first || items <= ITEMS_A_GROUP
        });
        let fitting = fitting.count();
        if fitting == 0 {
            waiting.running = false;
            return None;
        }
        let group: Vec<Submitted> = waiting.batches.drain(..fitting).collect();
        let taken: usize = group.iter().map(|one| one.batch.len()).sum();
        waiting.items = waiting.items.saturating_sub(taken);
        all.fetch_sub(taken, Ordering::Relaxed);
        Some(group)
    }
}

impl Shared {
    fn service(&self, token: &IngestToken) -> Arc<ServiceQueue> {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (
            token.service.clone(),
            token.environment.clone(),
            token.tenant_id.clone(),
        );
        let queue = services.entry(name).or_insert_with(|| {
            let mut instance = Instance::new(Uuid::new_v4(), &token.service, &token.environment);
            instance.host.clone_from(&self.host);
            Arc::new(ServiceQueue {
                service: Service::new(instance),
                waiting: Mutex::default(),
            })
        });
        Arc::clone(queue)
    }

    /// Commits group after group until none waits.
    async fn drain(&self, queue: &ServiceQueue) {
        while let Some(submitted) = queue.next(&self.waiting) {
            let mut members = Vec::with_capacity(submitted.len());
            let mut answers = Vec::with_capacity(submitted.len());
            for one in submitted {
                members.push((one.token, one.batch));
                answers.push(one.answer);
            }
            let mut group = Group::new(members);
            let outcome = self.commit(&queue.service, &mut group).await;
            // Who has left gets no answer.
            match outcome {
                Ok(outcomes) => {
                    self.offer(&group, &outcomes);
                    for (answer, outcome) in answers.into_iter().zip(outcomes) {
                        drop(answer.send(match outcome {
                            BatchOutcome::Answered(answer) => Ok(answer),
                            BatchOutcome::KeyReused => Err(IngestError::KeyReused),
                        }));
                    }
                }
                Err(error) => {
                    for answer in answers {
                        drop(answer.send(Err(error.clone())));
                    }
                }
            }
            self.forget().await;
        }
    }

    /// Offers what was counted to the request log.
    fn offer(&self, group: &Group, outcomes: &[BatchOutcome]) {
        let Some(log) = &self.log else {
            return;
        };
        for ((token, batch), outcome) in group.members.iter().zip(outcomes) {
            if let BatchOutcome::Answered(answer) = outcome {
                log.offer(token, batch, answer);
            }
        }
    }

    /// Commits a group; where the outcome is unknown, asks the database what it was.
    async fn commit(
        &self,
        service: &Service,
        group: &mut Group,
    ) -> Result<Vec<BatchOutcome>, IngestError> {
        let mut unknown = None;
        for _ in 0..ATTEMPTS {
            match self.store.commit_group(service, group).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(FlushError::Unknown(error)) => {
                    unknown = Some(Arc::new(error));
                    tokio::time::sleep(PAUSE).await;
                }
                Err(FlushError::NotSent(error)) => {
                    let error = Arc::new(error);
                    // What an earlier attempt has done is still unknown.
                    return Err(match unknown {
                        Some(earlier) => IngestError::Unknown(earlier),
                        None => IngestError::Store(error),
                    });
                }
                Err(superseded @ FlushError::Superseded { .. }) => {
                    let error = StoreError::Corrupt(superseded.to_string());
                    return Err(IngestError::Store(Arc::new(error)));
                }
            }
        }
        let error = unknown.unwrap_or_else(|| Arc::new(StoreError::Corrupt("no attempt".into())));
        Err(IngestError::Unknown(error))
    }

    /// Removes what is too old, once a minute.
    async fn forget(&self) {
        {
            let mut forgotten = self
                .forgotten_at
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if forgotten.is_some_and(|at| at.elapsed() < FORGET_EVERY) {
                return;
            }
            *forgotten = Some(Instant::now());
        }
        if let Err(error) = self.store.forget_ingested().await {
            tracing::warn!(%error, "old ingest batches could not be removed; they will be later");
        }
    }
}

impl fmt::Debug for IngestQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngestQueue")
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
