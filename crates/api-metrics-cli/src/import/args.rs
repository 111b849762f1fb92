//! The command line of `import`, and its part of the settings file.

use std::{path::PathBuf, time::Duration};

use api_metrics::{layer::MAX_SERVICE_BYTES, store::text::is_plain};
use clap::Args;

use super::{
    filter::{self, Bots, Filter, MaxBad, Statuses, When},
    log::FLUSH_INTERVAL,
    recording::Labels,
    routes::Routes,
};
use crate::{
    buckets::BucketsArgs,
    failure::Failure,
    format::{Format, LineOptions, Unit},
    settings::duration,
    terminal,
};

/// What `import` is asked for.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Access logs: files, patterns such as 'access.log*', or - for stdin. Plain, gzip, zstd, xz or bzip2
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<String>,

    /// Where to record: postgres://… or the path of a SQLite file [default: metrics.db]
    #[arg(
        long,
        env = "API_METRICS_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(super) database: Option<String>,

    #[command(flatten)]
    buckets: BucketsArgs,

    /// Its URL, once all settings are known.
    #[arg(skip)]
    pub(super) clickhouse: Option<String>,

    /// The name of the service that the log is of [default: api-metrics]
    #[arg(long, env = "API_METRICS_SERVICE", value_name = "NAME")]
    pub(super) service: Option<String>,

    /// Its environment, such as production [default: default]
    #[arg(long, env = "API_METRICS_ENVIRONMENT", value_name = "NAME")]
    pub(super) environment: Option<String>,

    /// The format by name, or nginx's log_format, Apache's LogFormat or Envoy's format as it stands in the
    /// server's configuration. Without it the first 100 lines decide
    #[arg(long, env = "API_METRICS_FORMAT", value_name = "NAME|STRING")]
    pub(super) format: Option<String>,

    /// Where a JSON log has a field: MEANING=PATH[:UNIT], such as latency=took.total:ms. Meanings: time,
    /// start, request, method, path, status, bytes, request-bytes, latency, user-agent
    #[arg(long = "field", value_name = "MEANING=PATH")]
    pub(super) fields: Vec<String>,

    /// The unit of request times, whatever the format says: s, ms, us, ns, or written (250ms)
    #[arg(long, env = "API_METRICS_TIME_UNIT", value_name = "UNIT")]
    pub(super) time_unit: Option<Unit>,

    /// The longest request time that is plausible; lines with longer ones are refused [default: 1d]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) max_time: Option<Duration>,

    /// The zone of times that name none, such as +02:00 [default: UTC]
    #[arg(long, value_name = "OFFSET", value_parser = filter::utc_offset, allow_hyphen_values = true)]
    pub(super) utc_offset: Option<i32>,

    /// Route templates, one a line: /users/{id} or /users/:id. What matches none is <unmatched>. Without
    /// the file the path without its query is the endpoint
    #[arg(long, env = "API_METRICS_ROUTES", value_name = "FILE")]
    pub(super) routes: Option<PathBuf>,

    /// How many endpoints and methods are told apart in one log; further ones count as <other>
    /// [default: 10000]
    #[arg(long, env = "API_METRICS_MAX_SERIES", value_name = "N")]
    pub(super) max_series: Option<usize>,

    /// Only requests at or after this time: 2015-05-17 (UTC) or 2015-05-17T10:05:03+02:00
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<When>,

    /// Only requests before this time
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<When>,

    /// Only these statuses: 404, 5xx, 200-299, or several with commas; 499 where nothing was sent
    #[arg(long, value_name = "STATUSES")]
    pub(super) status: Option<Statuses>,

    /// Only paths of this pattern, such as '/api/*'
    #[arg(long = "path", value_name = "PATTERN")]
    pub(super) paths: Vec<glob::Pattern>,

    /// No paths of this pattern
    #[arg(long = "not-path", value_name = "PATTERN")]
    pub(super) not_paths: Vec<glob::Pattern>,

    /// Leave robots out, or take them alone, by their user agent
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) bots: Option<Bots>,

    /// Read and tell, but record nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Where to write the lines that can't be read, as they are
    #[arg(long, value_name = "FILE")]
    pub(super) reject_file: Option<PathBuf>,

    /// How many unreadable lines are too many: a number, or a share such as 1%. Then the import stops, and
    /// the exit code is 3
    #[arg(long, env = "API_METRICS_MAX_BAD", value_name = "N|N%")]
    pub(super) max_bad: Option<MaxBad>,

    /// Go on with what is appended to the last file, through its rotation, until SIGINT or SIGTERM
    #[arg(long)]
    pub(super) follow: bool,

    /// How often what came is recorded while a log is followed [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) flush_every: Option<Duration>,

    /// Import a log that was imported before once more
    #[arg(long)]
    pub(super) force: bool,

    /// Take imports of these logs back, where their service holds nothing else in the same periods; else say why that
    /// can't be done
    #[arg(long, conflicts_with_all = ["force", "follow", "dry_run"])]
    pub(super) undo: bool,

    /// Tell the result as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl ImportArgs {
    /// Fills what the command line and the environment leave open.
    pub(crate) fn fill(&mut self, settings: crate::settings::Settings) -> Result<(), Failure> {
        let wrong = |why: String| Failure::usage(format!("the settings file: {why}"));
        self.clickhouse = self.buckets.url(&settings);
        let import = settings.import;
        terminal::hide(settings.database.as_deref().unwrap_or_default());
        self.database = self.database.take().or(settings.database);
        self.service = self.service.take().or(settings.service);
        self.environment = self.environment.take().or(settings.environment);
        self.format = self.format.take().or(import.format);
        self.routes = self.routes.take().or(import.routes);
        self.reject_file = self.reject_file.take().or(import.reject_file);
        if self.fields.is_empty() {
            self.fields = import.fields.unwrap_or_default();
        }
        if let (None, Some(text)) = (self.time_unit, import.time_unit) {
            self.time_unit = Some(text.parse().map_err(wrong)?);
        }
        if let (None, Some(text)) = (self.max_time, import.max_time) {
            self.max_time = Some(duration(&text).map_err(wrong)?);
        }
        self.max_series = self.max_series.or(import.max_series);
        if let (None, Some(text)) = (self.flush_every, import.flush_every) {
            self.flush_every = Some(duration(&text).map_err(wrong)?);
        }
        if let (None, Some(text)) = (self.utc_offset, import.utc_offset) {
            self.utc_offset = Some(filter::utc_offset(&text).map_err(wrong)?);
        }
        if let (None, Some(text)) = (self.max_bad, import.max_bad) {
            self.max_bad = Some(text.parse().map_err(wrong)?);
        }
        Ok(())
    }

    pub(super) fn reading(&self) -> LineOptions {
        let default = LineOptions::default();
        LineOptions {
            time_unit: self.time_unit,
            max_time: self.max_time.unwrap_or(default.max_time),
            utc_offset: self.utc_offset.unwrap_or(default.utc_offset),
        }
    }

    pub(super) fn filter(&self) -> Filter {
        Filter {
            since: self.since,
            until: self.until,
            statuses: self.status.clone(),
            paths: self.paths.clone(),
            not_paths: self.not_paths.clone(),
            bots: self.bots,
        }
    }

    /// By which options lines are chosen and read, for the ledger.
    pub(super) fn options(&self, format: &Format, routes: Option<&Routes>) -> String {
        let mut options = vec![format!("--format {format}")];
        let mut add = |name: &str, value: Option<String>| {
            options.extend(value.map(|value| format!("--{name} {value}")));
        };
        for field in &self.fields {
            add("field", Some(field.clone()));
        }
        add("time-unit", self.time_unit.map(|unit| unit.to_string()));
        add(
            "max-time",
            self.max_time.map(|time| format!("{}ms", time.as_millis())),
        );
        add(
            "utc-offset",
            self.utc_offset.map(|offset| offset.to_string()),
        );
        add("routes", routes.map(|routes| routes.digest().to_owned()));
        add("since", self.since.map(|when| when.to_string()));
        add("until", self.until.map(|when| when.to_string()));
        add("status", self.status.as_ref().map(ToString::to_string));
        for path in &self.paths {
            add("path", Some(path.to_string()));
        }
        for path in &self.not_paths {
            add("not-path", Some(path.to_string()));
        }
        add("bots", self.bots.map(|bots| bots.to_string()));
        options.join(" ")
    }

    pub(super) fn labels(&self) -> Result<Labels, Failure> {
        let name = |what: &str, name: &Option<String>, default: &str| {
            let name = name.clone().unwrap_or_else(|| default.to_owned());
            if name.len() > MAX_SERVICE_BYTES || !is_plain(&name) {
                return Err(Failure::usage(format!(
                    "--{what} is a name of at most {MAX_SERVICE_BYTES} bytes without control characters"
                )));
            }
            Ok(name)
        };
        Ok(Labels {
            service: name("service", &self.service, "api-metrics")?,
            environment: name("environment", &self.environment, "default")?,
            max_series: self.max_series.unwrap_or(10_000),
        })
    }

    pub(super) fn flush_interval(&self) -> Duration {
        self.flush_every.unwrap_or(FLUSH_INTERVAL)
    }

    pub(super) fn database(&self) -> &str {
        self.database.as_deref().unwrap_or("metrics.db")
    }
}
