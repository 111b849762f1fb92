//! The store behind an import.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use api_metrics::{
    ApiMetrics, Maintenance, MetricSink, Outcome, RequestRecord,
    layer::UNMATCHED,
    store::{
        control::{
            ControlStore,
            imports::{ImportRecord, ImportUndo, ImportedRequests},
        },
        query::{Detail, Filter, GroupBy, Query, TimeRange, TimeStep},
        recorder::{Recorder, RecorderOptions},
        store::{FlushError, Instance, StoreError, Writer},
        time::Granularity,
    },
};
use uuid::Uuid;

use super::{ledger::Import, routes::Routes};
use crate::{failure::Failure, format::Entry};

/// How long a database may stay away in the middle of an import.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// What is waiting for its acknowledgement, and what was acknowledged and is kept in case that the database falls
/// back, may each take so many bytes.
const MEMORY_BUDGET: usize = 12 << 20;
/// Another leader may have looked before our last flush; after this many looks it does the rest alone.
const LOOKS_AT_ANOTHER_LEADER: u32 = 20;

/// What the store holds of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Day {
    /// Unix seconds of its start in UTC.
    pub(super) start: i64,
    pub(super) requests: u64,
    pub(super) errors_4xx: u64,
    pub(super) errors_5xx: u64,
    pub(super) aborted: u64,
    pub(super) response_bytes: u64,
}

/// Whose requests they are, and how many endpoints are told apart.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    pub(super) service: String,
    pub(super) environment: String,
    pub(super) max_series: usize,
}

/// A store that takes requests in.
pub(super) struct Recording {
    /// Keeps the store open.
    metrics: ApiMetrics,
    store: Arc<dyn ControlStore>,
    labels: Labels,
    database: String,
}

impl Recording {
    /// Opens the database. One that isn't there is better known before an hour of reading.
    pub(super) async fn open(
        database: &str,
        clickhouse: Option<&str>,
        labels: Labels,
    ) -> Result<Self, Failure> {
        let mut builder = ApiMetrics::builder().database(database);
        if let Some(url) = clickhouse {
            builder = builder.clickhouse(url);
        }
        let metrics = builder
            .service(&labels.service)
            .environment(&labels.environment)
            .no_auth()
            .maintenance(Maintenance::Manual)
            .require_database()
            .start()
            .await
            .map_err(|error| Failure::failed(error.to_string()))?;
        let Some(store) = metrics.control() else {
            return Err(Failure::usage(
                "API_METRICS_OFF is set, so nothing would be recorded: unset it, or use --dry-run",
            ));
        };
        let recording = Self {
            metrics,
            store,
            labels,
            database: database.to_owned(),
        };
        let prepared = recording.store.prepare().await;
        prepared.map_err(|error| recording.failed(&error))?;
        Ok(recording)
    }

    pub(super) const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// A writer under its own fence: it may run beside the service that uses the same store, and beside
    /// other imports. `after` is the number of its last flush that is in the database.
    pub(super) fn writer(&self, id: Uuid, after: u64) -> Imported {
        let mut options = RecorderOptions::default();
        // One thread reads lines.
        options.shards = 1;
        options.max_series = self.labels.max_series;
        options.memory_budget = MEMORY_BUDGET;
        options.acknowledged_budget = Some(MEMORY_BUDGET);
        options.sketch_kind = self.store.sketch_kind();
        let recorder = Recorder::new(options);
        // Empty batches, so that the next number is the one after the fence.
        while recorder.status().last_seq < after {
            recorder.begin_batch();
        }
        recorder.acknowledge(after);
        let (service, environment) = (&self.labels.service, &self.labels.environment);
        let mut instance = Instance::new(id, service, environment);
        instance.host = "import".to_owned();
        instance.started_at = unix(SystemTime::now());
        Imported(Writer::new(instance, Arc::new(recorder)))
    }

    /// What the ledger knows of logs with this head, with how far the database holds each.
    pub(super) async fn imports(&self, head: &str) -> Result<Vec<Import>, Failure> {
        let records = self.patiently(|| self.store.imports(head)).await?;
        let mut imports = Vec::new();
        for record in records {
            let is_ours = record.service == self.labels.service
                && record.environment == self.labels.environment;
            if !is_ours {
                continue;
            }
            let fence = self.fence(record.id).await?;
            imports.extend(Import::known(record, fence));
        }
        Ok(imports)
    }

    /// Takes an import back, where that can be done exactly. `None`: another process has kept the lead.
    pub(super) async fn undo(&self, import: &Import) -> Result<Option<ImportUndo>, Failure> {
        let counts = &import.at.counts;
        let (Some(first), Some(last)) = (counts.first, counts.last) else {
            return Err(Failure::known("the import holds no request"));
        };
        let times = (first, last);
        let wanted = ImportedRequests::new(&import.record, counts.requests, times, import.fence);
        for _ in 0..LOOKS_AT_ANOTHER_LEADER {
            self.settle().await?;
            match self.patiently(|| self.store.undo_import(&wanted)).await? {
                ImportUndo::Busy => tokio::time::sleep(PAUSE / 5).await,
                done => {
                    // Coarser periods that reached beyond it are made anew.
                    self.settle().await?;
                    return Ok(Some(done));
                }
            }
        }
        Ok(None)
    }

    pub(super) async fn fence(&self, id: Uuid) -> Result<u64, Failure> {
        self.patiently(|| self.store.fence(id)).await
    }

    pub(super) async fn put(&self, import: &ImportRecord) -> Result<(), Failure> {
        self.patiently(|| self.store.put_import(import)).await
    }

    /// Flushes until the store has acknowledged everything.
    pub(super) async fn deliver(&self, imported: &Imported) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            match self.store.flush(&imported.0).await {
                Ok(flushed) => match flushed.lost {
                    None => return Ok(()),
                    Some((first, last)) => {
                        return Err(Failure::failed(format!(
                            "{}: it was restored to an earlier state and has lost the flushes {first} \
                             to {last} of this import; import the log again: it goes on where the \
                             database now is",
                            self.database
                        )));
                    }
                },
                Err(FlushError::Superseded { .. }) => {
                    return Err(Failure::failed(
                        "another process goes on with this import, where everything counts once, or has taken it back",
                    ));
                }
                Err(error) if started.elapsed() >= PATIENCE => return Err(self.failed(&error)),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The writer's process has ended in order.
    pub(super) async fn end(&self, imported: &Imported) -> Result<(), Failure> {
        self.patiently(|| self.store.end(&imported.0)).await
    }

    /// Folds and rolls up until nothing is left to do, or another process is seen to do it.
    pub(super) async fn settle(&self) -> Result<(), Failure> {
        let mut looks = 0;
        loop {
            let folded = self.patiently(|| self.store.fold()).await?;
            if folded.led && folded.more {
                continue;
            }
            if !folded.led && looks < LOOKS_AT_ANOTHER_LEADER {
                looks += 1;
                tokio::time::sleep(PAUSE / 5).await;
                continue;
            }
            break;
        }
        loop {
            let rolled = self.patiently(|| self.store.roll_up()).await?;
            if !rolled.led || !rolled.more || rolled.steps == 0 {
                return Ok(());
            }
        }
    }

    /// What the store holds of the service for the days from `first` to `last`.
    pub(super) async fn days(&self, (first, last): (i64, i64)) -> Result<Vec<Day>, Failure> {
        let range = TimeRange::new(
            Granularity::Day.floor(first),
            Granularity::Day.floor(last) + Granularity::Day.seconds(),
        );
        let mut filter = Filter::default();
        filter.service = Some(self.labels.service.clone());
        filter.environment = Some(self.labels.environment.clone());
        let mut group_by = GroupBy::default();
        group_by.time = Some(TimeStep::Fixed(Granularity::Day));
        let mut query = Query::over(range);
        query.filter = filter;
        query.group_by = group_by;
        query.detail = Detail::Counts;
        let answer = self.patiently(|| self.store.read(&query, None)).await?;
        let mut days: Vec<Day> = Vec::new();
        for row in &answer.rows {
            let Some(start) = row.group.period_start else {
                continue;
            };
            // Edges of what is kept come in finer periods.
            let start = Granularity::Day.floor(start);
            let day = match days.last_mut().filter(|day| day.start == start) {
                Some(day) => day,
                None => {
                    days.push(Day {
                        start,
                        ..Day::default()
                    });
                    let Some(day) = days.last_mut() else { continue };
                    day
                }
            };
            day.requests += row.bucket.request_count;
            day.errors_4xx += row.bucket.error_count_4xx;
            day.errors_5xx += row.bucket.error_count_5xx;
            day.aborted += row.bucket.aborted_count;
            day.response_bytes += row.bucket.response_bytes;
        }
        Ok(days)
    }

    /// Closes the database.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let closed = self.metrics.shutdown().await;
        closed.map_err(|error| Failure::failed(format!("{}: {error}", self.database)))
    }

    /// Tries again for a while what may pass by itself.
    async fn patiently<T, F>(&self, call: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let started = Instant::now();
        loop {
            match call().await {
                Ok(done) => return Ok(done),
                Err(error) if !error.may_pass() || started.elapsed() >= PATIENCE => {
                    return Err(self.failed(&error));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn failed(&self, error: &dyn std::error::Error) -> Failure {
        Failure::failed(format!("{}: {error}", self.database))
    }
}

/// What was read of one log and is not flushed yet.
pub(super) struct Imported(Writer);

impl Imported {
    /// Records one request at its own time.
    pub(super) fn record(&self, entry: &Entry<'_>, routes: Option<&Routes>) {
        let template = routes.map(|routes| routes.template(&entry.path));
        let endpoint = match template {
            Some(template) => template.unwrap_or(UNMATCHED),
            None => &entry.path,
        };
        let mut record = RequestRecord::new(entry.method, endpoint, entry.finished_at);
        record.unmatched_path = (template == Some(None)).then_some(&entry.path);
        record.status = entry.status;
        if entry.status.is_none() {
            record.outcome = Outcome::Aborted;
        }
        record.request_bytes = entry.request_bytes;
        record.response_bytes = entry.response_bytes;
        record.latency = entry.latency;
        self.0.recorder.record(&record);
    }

    /// The number that the next flush has at least.
    pub(super) fn next_flush(&self) -> u64 {
        self.0.recorder.status().last_seq + 1
    }

    /// Requests whose endpoints were too many to be told apart.
    pub(super) fn overflow(&self) -> u64 {
        self.0.recorder.status().series_overflow
    }
}

pub(super) fn unix(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        // Before 1970 rounds down, which is all a day needs.
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX) - 1,
    }
}
