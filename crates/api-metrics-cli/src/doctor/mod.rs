//! `api-metrics doctor`: what is wrong with a database and its settings, and what to do.

mod database;
mod notifiers;
mod state;

use std::borrow::Cow;

use clap::Args;
use serde_json::{Value, json};

use crate::{buckets::BucketsArgs, failure::Failure, settings::Settings, terminal};

/// What `doctor` is asked for.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The database: postgres://… or the path of a SQLite file [default: metrics.db]
    #[arg(
        long,
        env = "API_METRICS_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database: Option<String>,

    #[command(flatten)]
    buckets: BucketsArgs,

    /// Send no test notice to the notifiers that the environment names
    #[arg(long)]
    no_notices: bool,

    /// Tell the result as JSON
    #[arg(long)]
    json: bool,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It works, and somebody should look at it.
    Odd,
    /// It does not work.
    Bad,
    /// It could not be found out.
    Unknown,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Odd => "warning",
            Self::Bad => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
struct Check {
    name: Cow<'static, str>,
    verdict: Verdict,
    found: String,
    /// What to do, where there is something.
    advice: Option<String>,
}

impl Check {
    fn new(name: impl Into<Cow<'static, str>>, verdict: Verdict, found: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            verdict,
            found: found.into(),
            advice: None,
        }
    }

    fn good(name: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self::new(name, Verdict::Good, found)
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// Looks at everything; fails where a check did.
pub(crate) async fn run(args: DoctorArgs, settings: Settings) -> Result<(), Failure> {
    let clickhouse = args.buckets.url(&settings);
    let database = args.database.or(settings.database);
    let database = database.unwrap_or_else(|| "metrics.db".to_owned());
    terminal::hide(&database);
    let mut checks = Vec::new();
    if let Some(opened) = database::open(&database, clickhouse.as_deref(), &mut checks).await {
        opened.look(&database, &mut checks).await;
    }
    notifiers::look(!args.no_notices, &mut checks).await;
    tell(&checks, args.json);
    let bad: Vec<&str> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Bad)
        .map(|check| &*check.name)
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("failed: {}", bad.join(", "))))
}

fn tell(checks: &[Check], as_json: bool) {
    if as_json {
        let checks: Vec<Value> = checks
            .iter()
            .map(|check| {
                json!({
                    "name": check.name,
                    "verdict": check.verdict.name(),
                    "found": check.found,
                    "advice": check.advice,
                })
            })
            .collect();
        let text = json!({ "checks": checks }).to_string();
        terminal::out(&terminal::escaped_json(&text));
        return;
    }
    for check in checks {
        let line = format!(
            "{:<8} {:<14} {}",
            check.verdict.name(),
            check.name,
            check.found
        );
        terminal::out(&terminal::escaped_line(&line));
        if let Some(advice) = &check.advice {
            terminal::out(&terminal::escaped_line(&format!("{:<23} -> {advice}", "")));
        }
    }
}
