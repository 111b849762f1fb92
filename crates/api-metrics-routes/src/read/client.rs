//! The one way from a route to the store: own data first, a bound on time and on concurrency.
//!
//! Queries also see what this process has recorded and not flushed. That is taken from the recorder
//! before the store's snapshot, and the store leaves out what its fence row says it has already.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

#[cfg(feature = "control")]
use api_metrics_store::control::ControlStore;
use api_metrics_store::{
    calendar::Kept,
    query::{Answer, Detail, Filter, Query, Scope, TimeRange},
    request_log::{Embedder, NgramEmbedder, RequestLogStore},
    store::{ApiKeyInfo, KeyOwner, Store, StoreError, Writer},
};
use tokio::{sync::Semaphore, time::timeout};

use super::QueryTimes;
use crate::{
    response::{Kind, Problem},
    ttl_cache::TtlCache,
};

/// Reads on behalf of all routes.
#[derive(Debug)]
pub(crate) struct StoreClient {
    /// The store that holds the buckets.
    store: Arc<dyn Store>,
    /// The store of the control plane.
    #[cfg(feature = "control")]
    pub(super) control: Option<Arc<dyn ControlStore>>,
    /// The store of the request log.
    requests: Option<Arc<dyn RequestLogStore>>,
    /// Tells how alike errors are.
    embedder: Arc<dyn Embedder>,
    /// This process's own recorder, where it has one.
    writer: Option<Arc<Writer>>,
    /// Dashboards must not take all of the host's database connections.
    permits: Semaphore,
    /// How long a question may take.
    limit: Duration,
    /// From how long on a question is logged.
    slow: Duration,
    /// How long queries took.
    times: QueryTimes,
    /// Since when the store kept periods when it was asked last.
    kept: Mutex<Option<Kept>>,
    /// What ranges held a moment ago.
    states: TtlCache<(Scope, TimeRange), RangeState, Problem>,
}

/// How much the store holds of a range: what answers about it depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RangeState {
    /// Requests in the range; records are only ever added.
    requests: u64,
    /// The range as it can be cut.
    range: TimeRange,
    /// Since when periods are kept.
    kept: Kept,
}

/// Ranges whose state is remembered.
const STATES: usize = 10_000;

impl StoreClient {
    /// Reads `store`, and what `writer` has not flushed. At most `concurrency` queries run at once,
    /// each for at most `limit`; from `slow` on they are logged. A late record in a range is noticed within
    /// `revalidate`.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        writer: Option<Arc<Writer>>,
        concurrency: usize,
        limit: Duration,
        slow: Duration,
        revalidate: Duration,
    ) -> Self {
        Self {
            store,
            #[cfg(feature = "control")]
            control: None,
            requests: None,
            embedder: Arc::new(NgramEmbedder::default()),
            writer,
            permits: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            limit,
            slow,
            times: QueryTimes::default(),
            kept: Mutex::default(),
            states: TtlCache::new(STATES, revalidate),
        }
    }

    /// Adds the store that keeps the request log, where there is one.
    pub(crate) fn with_requests(mut self, requests: Option<Arc<dyn RequestLogStore>>) -> Self {
        self.requests = requests;
        self
    }

    /// Replaces what tells how alike errors are.
    pub(crate) fn with_embedder(mut self, embedder: Option<Arc<dyn Embedder>>) -> Self {
        if let Some(embedder) = embedder {
            self.embedder = embedder;
        }
        self
    }

    /// What tells how alike errors are.
    pub(crate) fn embedder(&self) -> &dyn Embedder {
        &*self.embedder
    }

    /// Whether there is a request log. Its routes are mounted only then.
    pub(crate) const fn has_requests(&self) -> bool {
        self.requests.is_some()
    }

    /// The store of the request log.
    ///
    /// # Errors
    /// 404 where the admin was built without one.
    pub(crate) fn requests(&self) -> Result<&dyn RequestLogStore, Problem> {
        self.requests
            .as_deref()
            .ok_or_else(|| Problem::new(Kind::NotFound, "there is no such route"))
    }

    /// The store that holds the buckets.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// This process's own recorder, where it has one.
    pub(crate) fn writer(&self) -> Option<&Arc<Writer>> {
        self.writer.as_ref()
    }

    /// How long queries took.
    pub(crate) fn times(&self) -> &QueryTimes {
        &self.times
    }

    /// Answers `query` from the store and from what this process has not flushed yet.
    ///
    /// # Errors
    /// 503 where the store does not answer, 504 past the limit of time, 500 where the query
    /// failed.
    pub(crate) async fn read(&self, query: &Query) -> Result<Answer, Problem> {
        let [answer] = self.read_all(std::array::from_ref(query)).await?;
        Ok(answer)
    }

    /// Answers questions of one scope and filter from one snapshot.
    pub(crate) async fn read_all<const N: usize>(
        &self,
        queries: &[Query; N],
    ) -> Result<[Answer; N], Problem> {
        let answers = self.read_each(queries).await?;
        answers
            .try_into()
            .map_err(|_| StoreError::Corrupt("questions without an answer".into()).into())
    }

    /// The same for any number of questions; each has its answer.
    pub(crate) async fn read_each(&self, queries: &[Query]) -> Result<Vec<Answer>, Problem> {
        self.watched("read", queries, async {
            // Before the store's snapshot is taken: what is flushed in between is then in both, and
            // the store leaves out what its fence row says it has. The other way round, a flush in
            // between would be in neither.
            let own = self
                .writer
                .as_deref()
                .filter(|writer| queries.iter().any(|query| may_matter(query, writer)))
                .map(|writer| (writer, capture(queries, writer)));
            let answers = self.store.read_all(queries, own).await?;
            if let Some(answer) = answers.last() {
                *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.kept);
            }
            Ok(answers)
        })
        .await
    }

    /// Since when the store kept periods when it was asked last; it may have moved on since.
    pub(crate) fn last_kept(&self) -> Option<Kept> {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a filter by an endpoint or an API key that nothing is known of: its zeros would look like an
    /// endpoint without traffic. `matched` is what the answer to the filter says.
    ///
    /// # Errors
    /// 404 where the endpoint or the key has never been seen, or the caller may not see it; those of the store.
    pub(crate) async fn found(
        &self,
        scope: &Scope,
        filter: &Filter,
        matched: bool,
    ) -> Result<(), Problem> {
        if matched {
            return Ok(());
        }
        let nobody = |what| Err(Problem::new(Kind::NotFound, what));
        if filter.endpoint.is_some() {
            return nobody("nothing has been recorded for this endpoint");
        }
        if filter.user_id.is_some() || filter.team_id.is_some() {
            // It may be there before its first request, and be another's.
            let mut owner = KeyOwner::default();
            owner.user_id.clone_from(&filter.user_id);
            owner.team_id.clone_from(&filter.team_id);
            let keys = self.store.api_keys_of(&owner);
            let keys = self.bounded("api keys", keys).await?;
            return if keys.iter().any(|key| may_see(scope, key)) {
                Ok(())
            } else {
                nobody("there is no API key of this user or team")
            };
        }
        let Some(id) = filter.api_key_id.filter(|id| *id != 0) else {
            return Ok(());
        };
        // A key may be there before its first request.
        let keys = self
            .bounded("api keys", self.store.api_keys(Some(&[id])))
            .await?;
        if keys.iter().any(|key| may_see(scope, key)) {
            return Ok(());
        }
        nobody("there is no such API key")
    }

    /// What the store held of a range a moment ago, within a scope. Every record that arrives for the range
    /// changes it, and so does the removal of old periods.
    ///
    /// # Errors
    /// Those of [`read`](Self::read). A failure is not remembered.
    pub(crate) async fn state_of(
        &self,
        scope: &Scope,
        range: TimeRange,
    ) -> Result<RangeState, Problem> {
        let read = async {
            let mut query = Query::over(range);
            query.scope = scope.clone();
            query.detail = Detail::Requests;
            let answer = self.read(&query).await?;
            Ok::<_, Problem>(RangeState {
                requests: answer.total().map_or(0, |total| total.request_count),
                range: answer.range,
                kept: answer.kept,
            })
        };
        self.states.get_or((scope.clone(), range), read).await
    }

    /// Runs one question to the store within the bounds of time and concurrency.
    ///
    /// # Errors
    /// 503 where the store does not answer, 504 past the limit of time, 500 where the query
    /// failed. A conflict is 409, an invalid value 400.
    pub(crate) async fn bounded<T: Send>(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, Problem> {
        self.watched(what, &[], work).await
    }

    /// Bounds one question, and keeps its time.
    async fn watched<T: Send>(
        &self,
        what: &'static str,
        queries: &[Query],
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, Problem> {
        let mut answer = None;
        let work = Box::pin(async {
            let outcome = work.await;
            answer.insert(outcome).is_ok()
        });
        self.watch(what, queries, work).await;
        match answer {
            Some(outcome) => outcome.map_err(Problem::from),
            None => Err(Problem::new(
                Kind::TimedOut,
                format!("no answer within {} s; ask for less", self.limit.as_secs()),
            )),
        }
    }

    /// Carries out work that says whether it succeeded, unless its time is over. It is of one type for all questions, since
    /// each other type would bring a copy of this code.
    async fn watch(
        &self,
        what: &'static str,
        queries: &[Query],
        work: Pin<Box<dyn Future<Output = bool> + Send + '_>>,
    ) {
        let started = Instant::now();
        let outcome = timeout(self.limit, async {
            let _permit = self.permits.acquire().await;
            work.await
        })
        .await;
        let took = started.elapsed();
        self.times.add(took, outcome == Ok(true));
        if took >= self.slow {
            // With what was asked, so that somebody can ask it again.
            tracing::warn!(
                what,
                ?took,
                ?queries,
                "a query of the metrics store was slow"
            );
        }
    }
}

/// Whether a caller of this scope may see a key.
fn may_see(scope: &Scope, key: &ApiKeyInfo) -> bool {
    match scope {
        Scope::All => true,
        Scope::Tenant(tenant) => key.tenant_id.as_ref() == Some(tenant),
        Scope::Keys(ids) => ids.contains(&key.id),
    }
}

/// Whether the writer's records can be in the answer at all.
fn may_matter(query: &Query, writer: &Writer) -> bool {
    let instance = &writer.instance;
    let same =
        |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
    same(&query.filter.service, &instance.service)
        && same(&query.filter.environment, &instance.environment)
}

/// What the recorder holds of the questions. Ranges are a day wider on both sides, because the
/// store snaps edges outward to the periods that it still keeps, at most days, and decides itself.
fn capture(queries: &[Query], writer: &Writer) -> api_metrics_store::recorder::OwnDeltas {
    const DAY: i64 = 86_400;
    let is = |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
    writer.recorder.capture(&|series, period| {
        queries.iter().any(|query| {
            query.range.from.saturating_sub(DAY) <= period
                && period < query.range.to.saturating_add(DAY)
                && is(&query.filter.endpoint, &series.endpoint)
                && is(&query.filter.method, series.method)
                && query.filter.admits_protocol(series.protocol.as_str())
        })
    })
}
