//! The store behind an import: the only place that knows its API.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use api_metrics::{
    ApiMetrics, Capture, Maintenance, MetricSink, Outcome, RequestRecord,
    layer::UNMATCHED,
    store::{
        query::{Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep},
        store::FlushError,
        time::Granularity,
    },
};

use super::routes::Routes;
use crate::{failure::Failure, format::Entry};

/// How long a database may stay away in the middle of an import.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

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

/// A store that takes requests in.
pub(super) struct Recording {
    metrics: ApiMetrics,
    sink: Capture,
    database: String,
}

impl Recording {
    /// Connects as a process of its own with its own fence: it may run beside the service that uses
    /// the same store, and beside other imports. A database that isn't there is better known before
    /// an hour of reading, so an empty flush must succeed.
    pub(super) async fn open(
        database: &str,
        service: Option<&str>,
        environment: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut builder = ApiMetrics::builder()
            .database(database)
            .no_auth()
            .maintenance(Maintenance::Manual);
        if let Some(service) = service {
            builder = builder.service(service);
        }
        if let Some(environment) = environment {
            builder = builder.environment(environment);
        }
        let metrics = builder
            .start()
            .await
            .map_err(|error| Failure::failed(error.to_string()))?;
        if metrics.is_off() {
            return Err(Failure::usage(
                "API_METRICS_OFF is set, so nothing would be recorded: unset it, or use --dry-run",
            ));
        }
        let recording = Self {
            sink: metrics.sink(),
            metrics,
            database: database.to_owned(),
        };
        recording.deliver(Duration::ZERO).await?;
        Ok(recording)
    }

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
        self.sink.record(&record);
    }

    /// Flushes until the store has acknowledged everything.
    pub(super) async fn deliver(&self, patience: Duration) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            match self.metrics.flush().await {
                Ok(_) => return Ok(()),
                Err(error) if started.elapsed() >= patience || is_final(&error) => {
                    return Err(self.failed(&error));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    /// Folds and rolls up until nothing is left to do, or another process is seen to do it.
    pub(super) async fn settle(&self) -> Result<(), Failure> {
        for _ in 0..20 {
            let done = self
                .metrics
                .maintain()
                .await
                .map_err(|error| self.failed(&error))?;
            if done.led {
                break;
            }
            // The other leader may have looked before our last flush.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// The name of the service that the requests were recorded under.
    pub(super) fn service(&self) -> String {
        self.metrics
            .writer()
            .map_or_else(String::new, |writer| writer.instance().service.clone())
    }

    /// What the store holds of the service for the days from `first` to `last`.
    pub(super) async fn days(
        &self,
        (first, last): (SystemTime, SystemTime),
    ) -> Result<Vec<Day>, Failure> {
        let (Some(store), Some(writer)) = (self.metrics.store(), self.metrics.writer()) else {
            return Ok(Vec::new());
        };
        let instance = writer.instance();
        let query = Query {
            range: TimeRange::new(
                Granularity::Day.floor(unix(first)),
                Granularity::Day.floor(unix(last)) + Granularity::Day.seconds(),
            ),
            filter: Filter {
                service: Some(instance.service.clone()),
                environment: Some(instance.environment.clone()),
                ..Filter::default()
            },
            scope: Scope::All,
            group_by: GroupBy {
                time: Some(TimeStep::Fixed(Granularity::Day)),
                ..GroupBy::default()
            },
            detail: Detail::Counts,
            busiest: None,
        };
        let answer = store
            .read(&query, None)
            .await
            .map_err(|error| self.failed(&error))?;
        let days = answer.rows.iter().filter_map(|row| {
            Some(Day {
                start: row.group.period_start?,
                requests: row.bucket.request_count,
                errors_4xx: row.bucket.error_count_4xx,
                errors_5xx: row.bucket.error_count_5xx,
                aborted: row.bucket.aborted_count,
                response_bytes: row.bucket.response_bytes,
            })
        });
        Ok(days.collect())
    }

    /// Hands over what is left, and ends.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let closed = self.metrics.shutdown().await;
        closed.map_err(|error| Failure::failed(format!("{}: {error}", self.database)))
    }

    fn failed(&self, error: &dyn std::error::Error) -> Failure {
        Failure::failed(format!("{}: {error}", self.database))
    }
}

fn is_final(error: &FlushError) -> bool {
    matches!(error, FlushError::Superseded { .. })
}

fn unix(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        // Before 1970 rounds down, which is all a day needs.
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX) - 1,
    }
}
