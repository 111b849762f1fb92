//! The one way from a route to the store: own data first, a bound on time and on concurrency.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api_metrics_store::{
    query::{Answer, Query},
    store::{Store, StoreError, Writer},
};
use tokio::{sync::Semaphore, time::timeout};

use crate::problem::{Kind, Problem};

mod probe;
mod times;

pub(crate) use probe::StoreProbe;
pub(crate) use times::{BOUNDS_MS, QueryTimes, QueryTimesNow};

/// Reads on behalf of all routes.
#[derive(Debug)]
pub(crate) struct Reader {
    store: Arc<dyn Store>,
    writer: Option<Arc<Writer>>,
    /// Dashboards must not take all of the host's database connections.
    permits: Semaphore,
    limit: Duration,
    slow: Duration,
    times: QueryTimes,
}

impl Reader {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        writer: Option<Arc<Writer>>,
        concurrency: usize,
        limit: Duration,
        slow: Duration,
    ) -> Self {
        Self {
            store,
            writer,
            permits: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            limit,
            slow,
            times: QueryTimes::default(),
        }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn writer(&self) -> Option<&Arc<Writer>> {
        self.writer.as_ref()
    }

    pub(crate) fn times(&self) -> &QueryTimes {
        &self.times
    }

    /// Answers `query` from the store and from what this process has not flushed yet.
    pub(crate) async fn read(&self, query: &Query) -> Result<Answer, Problem> {
        self.watched("read", Some(query), async {
            // Before the store's snapshot is taken: what is flushed in between is then in both, and
            // the store leaves out what its fence row says it has. The other way round, a flush in
            // between would be in neither.
            let own = self
                .writer
                .as_deref()
                .filter(|writer| may_matter(query, writer))
                .map(|writer| (writer, capture(query, writer)));
            self.store.read(query, own).await
        })
        .await
    }

    /// Runs one question to the store within the bounds of time and concurrency.
    pub(crate) async fn bounded<T>(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, Problem> {
        self.watched(what, None, work).await
    }

    async fn watched<T>(
        &self,
        what: &'static str,
        query: Option<&Query>,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, Problem> {
        let started = Instant::now();
        let outcome = timeout(self.limit, async {
            let _permit = self.permits.acquire().await;
            work.await
        })
        .await;
        let took = started.elapsed();
        self.times.add(took, matches!(outcome, Ok(Ok(_))));
        if took >= self.slow {
            // With what was asked, so that somebody can ask it again.
            let query = query.map(tracing::field::debug);
            tracing::warn!(what, ?took, query, "a query of the metrics store was slow");
        }
        match outcome {
            Ok(result) => result.map_err(Problem::from),
            Err(_) => Err(Problem::new(
                Kind::TimedOut,
                format!("no answer within {} s; ask for less", self.limit.as_secs()),
            )),
        }
    }
}

/// Whether the writer's records can be in the answer at all.
fn may_matter(query: &Query, writer: &Writer) -> bool {
    let instance = writer.instance();
    let same =
        |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
    same(&query.filter.service, &instance.service)
        && same(&query.filter.environment, &instance.environment)
}

/// What the recorder holds of the question. The range is a day wider on both sides, because the
/// store snaps edges outward to the periods that it still keeps, at most days, and decides itself.
fn capture(query: &Query, writer: &Writer) -> api_metrics_store::recorder::OwnDeltas {
    const DAY: i64 = 86_400;
    let from = query.range.from.saturating_sub(DAY);
    let to = query.range.to.saturating_add(DAY);
    writer.recorder().capture(&|series, period| {
        from <= period
            && period < to
            && query
                .filter
                .endpoint
                .as_deref()
                .is_none_or(|endpoint| endpoint == &*series.endpoint)
            && query
                .filter
                .method
                .as_deref()
                .is_none_or(|method| method == series.method)
            && query
                .filter
                .protocol
                .as_deref()
                .is_none_or(|protocol| protocol == series.protocol.as_str())
    })
}
