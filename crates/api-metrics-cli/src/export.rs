//! `api-metrics export`: rows for other programs.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use http_body_util::BodyExt;

use crate::{
    api::{Source, encoded},
    failure::Failure,
    settings::Settings,
};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Json,
    Ndjson,
}

/// What `export` is asked for.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    source: Source,

    /// How the rows are written
    #[arg(long, value_enum, default_value = "csv", value_name = "FORMAT")]
    format: Format,

    /// The last so long, such as 24h or 30d
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["from", "to"])]
    period: Option<String>,

    /// From this time on: 2026-11-20 or 2026-11-20T10:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// Up to this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,

    /// The length of a row: auto, none, 1m, 5m, 15m, 30m, 1h, 6h, 12h, 1d, 1w or 1mo
    #[arg(long, value_name = "STEP")]
    granularity: Option<String>,

    /// The zone of hours and days, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,

    /// By what rows are told apart: service, environment, protocol, method, endpoint, apiKey
    #[arg(long, value_name = "NAMES")]
    group_by: Option<String>,

    /// Which numbers a row has, such as requestCount,p95Ms
    #[arg(long, value_name = "NAMES")]
    metrics: Option<String>,

    /// One service alone
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// One endpoint alone
    #[arg(long, value_name = "TEMPLATE")]
    endpoint: Option<String>,

    /// Where to write [default: stdout]. A file appears under its name when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl ExportArgs {
    fn query(&self) -> String {
        let format = match self.format {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
        };
        let mut query = format!("/api-metrics/export?format={format}");
        for (name, value) in [
            ("period", &self.period),
            ("from", &self.from),
            ("to", &self.to),
            ("granularity", &self.granularity),
            ("tz", &self.tz),
            ("groupBy", &self.group_by),
            ("metrics", &self.metrics),
            ("service", &self.service),
            ("endpoint", &self.endpoint),
        ] {
            if let Some(value) = value {
                query += &format!("&{name}={}", encoded(value));
            }
        }
        query
    }
}

/// Exports.
pub(crate) async fn run(args: ExportArgs, settings: Settings) -> Result<(), Failure> {
    let api = args.source.open(&settings).await?;
    let mut body = api.get(&args.query()).await?.into_body();
    let mut output = Output::new(args.output)?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Failure::failed(format!("the export broke off and is not whole: {error}"))
        })?;
        if let Some(data) = frame.data_ref()
            && !output.write(data)?
        {
            // Whoever reads has had enough.
            return Ok(());
        }
    }
    output.finish()
}

/// Where bytes go: stdout, or a file that gets its name when it is whole.
enum Output {
    Stdout(io::Stdout),
    File {
        file: File,
        partial: PathBuf,
        path: PathBuf,
    },
    /// A device or a pipe, which is written to as it is.
    Device(File, PathBuf),
}

impl Output {
    fn new(path: Option<PathBuf>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::Stdout(io::stdout()));
        };
        let failed = |error| Failure::failed(format!("{}: {error}", path.display()));
        if path.metadata().is_ok_and(|about| !about.is_file()) {
            let file = File::options().write(true).open(&path).map_err(failed)?;
            return Ok(Self::Device(file, path));
        }
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(failed)?;
        Ok(Self::File {
            file,
            partial,
            path,
        })
    }

    /// False where nobody reads any more.
    fn write(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        let (written, name) = match self {
            Self::Stdout(stdout) => (stdout.lock().write_all(bytes), "stdout".to_owned()),
            Self::File { file, path, .. } | Self::Device(file, path) => {
                (file.write_all(bytes), path.display().to_string())
            }
        };
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::failed(format!("{name}: {error}"))),
        }
    }

    fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut stdout) => match stdout.flush() {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(Failure::failed(format!("stdout: {error}")))
                }
                _ => Ok(()),
            },
            Self::File {
                file,
                partial,
                path,
            } => file
                .sync_all()
                .and_then(|()| std::fs::rename(&partial, &path))
                .map_err(|error| Failure::failed(format!("{}: {error}", path.display()))),
            Self::Device(..) => Ok(()),
        }
    }
}
