//! `api-metrics verify`: sends requests to a service that has the layer, and proves that each is counted.

mod load;
mod recorded;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use http::Uri;
use serde_json::json;

use self::{
    load::{Answered, Load},
    recorded::Recorded,
};
use crate::{
    api::{self, Api, plain_http},
    failure::Failure,
    settings::duration,
    terminal,
};

/// How many requests are sent to a loopback address, unless more or fewer are asked for.
const REQUESTS: u64 = 10_000;
/// How long the service may take to flush and the store to answer. Answers may be cached for a flush interval.
const PATIENCE: Duration = Duration::from_secs(90);

/// What `verify` is asked for.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Where the service answers, such as http://127.0.0.1:3000/api/products
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,

    /// Where its admin is [default: /admin of the first URL]
    #[arg(long, value_name = "URL")]
    admin: Option<String>,

    /// A file that holds the admin token; API_METRICS_ADMIN_TOKEN without it
    #[arg(long, env = "API_METRICS_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,

    /// How many requests are sent [default: 10000 to a loopback address; must be given for others]
    #[arg(long, value_name = "N")]
    requests: Option<u64>,

    /// End after this time, however many were sent
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    duration: Option<Duration>,

    /// How many requests are open at once
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    concurrency: u16,

    /// At most so many requests a second; 0 for as many as the service takes
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    rate: u32,

    /// Tell the result as JSON
    #[arg(long)]
    json: bool,
}

impl VerifyArgs {
    fn requests(&self, urls: &[Uri]) -> Result<u64, Failure> {
        let is_loopback = |uri: &Uri| {
            let host = uri.host().unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let is_local = |ip: std::net::IpAddr| ip.is_loopback();
            host == "localhost" || host.parse().is_ok_and(is_local)
        };
        match self.requests {
            Some(0) => Err(Failure::usage("--requests is at least 1")),
            Some(requests) => Ok(requests),
            None if urls.iter().all(is_loopback) => Ok(REQUESTS),
            None => Err(Failure::usage(
                "the service is on another machine: say by --requests how many requests it shall get",
            )),
        }
    }
}

/// Sends, waits until all is flushed, and compares.
pub(crate) async fn run(args: VerifyArgs) -> Result<(), Failure> {
    let urls = args.urls.iter().map(|url| plain_http(url));
    let urls = urls.collect::<Result<Vec<Uri>, Failure>>()?;
    let requests = args.requests(&urls)?;
    let admin = match &args.admin {
        Some(admin) => admin.clone(),
        None => {
            let authority = urls.first().and_then(Uri::authority);
            format!(
                "http://{}/admin",
                authority.map_or("", |name| name.as_str())
            )
        }
    };
    let token = api::admin_token(args.admin_token_file.as_deref())?;
    let api = Api::remote(&admin, token)?;
    let started = chrono::Utc::now();
    let before = Recorded::read(&api, started).await?;
    let load = Load {
        urls,
        requests,
        duration: args.duration,
        concurrency: args.concurrency.into(),
        rate: args.rate,
    };
    let answered = load.send().await?;
    let after = recorded::settled(&api, started, &before, &answered, PATIENCE).await?;
    tell(&args, &answered, &after)?;
    after.proves(&answered)
}

fn tell(args: &VerifyArgs, answered: &Answered, after: &Recorded) -> Result<(), Failure> {
    let seconds = answered.took.as_secs_f64().max(0.001);
    let rate = answered.sent as f64 / seconds;
    if args.json {
        let value = json!({
            "sent": answered.sent,
            "answered": answered.answered(),
            "failed": answered.failed,
            "recorded": after.requests,
            "seconds": seconds,
            "requestsPerSecond": rate,
            "statuses": answered.statuses.iter().map(|(s, n)| (s.to_string(), *n)).collect::<std::collections::BTreeMap<_, _>>(),
            "recordedStatuses": after.statuses.iter().map(|(s, n)| (s.to_string(), *n)).collect::<std::collections::BTreeMap<_, _>>(),
            "recordedEndpoints": after.endpoints,
            "p50Ms": {"here": answered.quantile_ms(0.5), "recorded": after.p50_ms},
            "p95Ms": {"here": answered.quantile_ms(0.95), "recorded": after.p95_ms},
            "p99Ms": {"here": answered.quantile_ms(0.99), "recorded": after.p99_ms},
            "proven": after.proves(answered).is_ok(),
        });
        terminal::out(&terminal::escaped_json(&value.to_string()));
        return Ok(());
    }
    terminal::out(&format!(
        "sent {} requests in {seconds:.1} s ({rate:.0} a second), {} answered, {} failed",
        answered.sent,
        answered.answered(),
        answered.failed
    ));
    terminal::out(&format!("recorded {} requests", after.requests));
    terminal::out(&format!(
        "{:<40} {:>10} {:>10}",
        "status", "answered", "recorded"
    ));
    let statuses = answered.statuses.keys().chain(after.statuses.keys());
    let statuses: std::collections::BTreeSet<_> = statuses.collect();
    for status in statuses {
        let of = |counts: &std::collections::BTreeMap<u16, u64>| *counts.get(status).unwrap_or(&0);
        terminal::out(&format!(
            "{status:<40} {:>10} {:>10}",
            of(&answered.statuses),
            of(&after.statuses)
        ));
    }
    terminal::out(&format!("{:<51} {:>10}", "endpoint", "recorded"));
    for (endpoint, count) in &after.endpoints {
        terminal::out(&terminal::escaped_line(&format!(
            "{endpoint:<51} {count:>10}"
        )));
    }
    let ms = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.3}"));
    terminal::out(&format!(
        "{:<40} {:>10} {:>10}",
        "latency in ms", "here", "recorded"
    ));
    for (name, here, there) in [
        ("p50", 0.5, after.p50_ms),
        ("p95", 0.95, after.p95_ms),
        ("p99", 0.99, after.p99_ms),
    ] {
        terminal::out(&format!(
            "{name:<40} {:>10} {:>10}",
            ms(answered.quantile_ms(here)),
            ms(there)
        ));
    }
    Ok(())
}
