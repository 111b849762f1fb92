//! The command line of `serve`, and its part of the settings file.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use api_metrics::routes::OpenApiDocument;
use clap::Args;

use crate::{
    buckets::BucketsArgs,
    failure::Failure,
    settings::{Algorithm, ServeSettings, Settings, duration},
    terminal,
};

/// The least length of an admin token: nothing but its length keeps it from being guessed.
pub(super) const LEAST_TOKEN_CHARACTERS: usize = 32;

/// The most that a limit or a quota can be, as of a single key.
const MOST_REQUESTS: u64 = 1_000_000_000_000_000;

/// What `serve` is asked for.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The address to listen on [default: 127.0.0.1:3000]. Any but a loopback address needs an admin token
    #[arg(long, env = "API_METRICS_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// Where metrics are kept: postgres://… or the path of a SQLite file [default: metrics.db]
    #[arg(
        long,
        env = "API_METRICS_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database: Option<String>,

    #[command(flatten)]
    buckets: BucketsArgs,

    /// A standby of the Postgres database, for what the dashboard reads [default: none]
    #[arg(
        long,
        env = "API_METRICS_READ_REPLICA_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    read_replica: Option<String>,

    /// The name under which this server appears among the instances [default: api-metrics]
    #[arg(long, env = "API_METRICS_SERVICE", value_name = "NAME")]
    service: Option<String>,

    /// Its environment, such as production [default: default]
    #[arg(long, env = "API_METRICS_ENVIRONMENT", value_name = "NAME")]
    environment: Option<String>,

    /// The token that signs in as admin, at least 32 characters, such as those of `openssl rand -hex 32`.
    /// Other users of this machine can see a flag: prefer the environment or --admin-token-file. Without
    /// any, the first start on a database makes one and prints it
    #[arg(
        long,
        env = "API_METRICS_ADMIN_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    admin_token: Option<String>,

    /// A file that holds the admin token
    #[arg(long, env = "API_METRICS_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,

    /// Admit everybody without a token; on loopback addresses alone
    #[arg(long)]
    no_auth: bool,

    /// A file with what verifies JSON Web Tokens: the secret of HS256, or the public key of RS256 or ES256
    /// in PEM. Then --jwt-issuer and --jwt-audience must be given
    #[arg(long, env = "API_METRICS_JWT_KEY_FILE", value_name = "FILE")]
    jwt_key_file: Option<PathBuf>,

    /// Their algorithm [default: hs256]
    #[arg(
        long,
        env = "API_METRICS_JWT_ALGORITHM",
        value_enum,
        value_name = "NAME"
    )]
    jwt_algorithm: Option<Algorithm>,

    /// Their issuer (`iss`)
    #[arg(long, env = "API_METRICS_JWT_ISSUER", value_name = "TEXT")]
    jwt_issuer: Option<String>,

    /// Their audience (`aud`)
    #[arg(long, env = "API_METRICS_JWT_AUDIENCE", value_name = "TEXT")]
    jwt_audience: Option<String>,

    /// How long minutes are kept, such as 24h [default: 24h]
    #[arg(long, env = "API_METRICS_KEEP_MINUTES", value_name = "DURATION", value_parser = duration)]
    keep_minutes: Option<Duration>,

    /// How long periods of five minutes are kept [default: 7d]
    #[arg(long, env = "API_METRICS_KEEP_FIVE_MINUTES", value_name = "DURATION", value_parser = duration)]
    keep_five_minutes: Option<Duration>,

    /// How long hours are kept [default: 90d]
    #[arg(long, env = "API_METRICS_KEEP_HOURS", value_name = "DURATION", value_parser = duration)]
    keep_hours: Option<Duration>,

    /// The most connections to the database [default: 5]
    #[arg(long, env = "API_METRICS_MAX_CONNECTIONS", value_name = "N")]
    max_connections: Option<u32>,

    /// Requests a minute of API keys without a limit of their own [default: no limit]
    #[arg(long, env = "API_METRICS_DEFAULT_RATE_LIMIT", value_name = "N")]
    default_rate_limit: Option<u64>,

    /// Requests a calendar month of API keys without a quota of their own [default: no quota]
    #[arg(long, env = "API_METRICS_DEFAULT_QUOTA", value_name = "N")]
    default_quota: Option<u64>,

    /// The OpenAPI document of a service, as JSON, for the page Coverage; may be given several times
    #[arg(
        long,
        env = "API_METRICS_OPENAPI",
        value_name = "SERVICE=FILE",
        value_delimiter = ','
    )]
    openapi: Vec<String>,

    /// What reaches the log on stderr: error, warn, info or debug [default: info]
    #[arg(long, env = "API_METRICS_LOG", value_name = "LEVEL")]
    log: Option<tracing::level_filters::LevelFilter>,
}

/// Everything that is decided before anything is opened.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) listen: SocketAddr,
    pub(super) database: String,
    pub(super) clickhouse: Option<String>,
    pub(super) read_replica: Option<String>,
    pub(super) service: String,
    pub(super) environment: String,
    pub(super) admin_token: Option<String>,
    pub(super) no_auth: bool,
    pub(super) jwt: Option<JwtSettings>,
    pub(super) keep_minutes: Option<Duration>,
    pub(super) keep_five_minutes: Option<Duration>,
    pub(super) keep_hours: Option<Duration>,
    pub(super) max_connections: Option<u32>,
    pub(super) default_rate_limit: Option<u64>,
    pub(super) default_quota: Option<u64>,
    pub(super) documents: Vec<OpenApiDocument>,
}

/// What JSON Web Tokens must hold.
#[derive(Debug)]
pub(super) struct JwtSettings {
    pub(super) key: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) issuer: String,
    pub(super) audience: String,
}

impl ServeArgs {
    /// What reaches the log.
    pub(crate) fn log(
        &self,
        settings: &ServeSettings,
    ) -> Result<tracing::level_filters::LevelFilter, Failure> {
        match (self.log, &settings.log) {
            (Some(level), _) => Ok(level),
            (None, Some(text)) => text.parse().map_err(|_| {
                Failure::usage(format!(
                    "the settings file: log is error, warn, info or debug, not {text}"
                ))
            }),
            (None, None) => Ok(tracing::level_filters::LevelFilter::INFO),
        }
    }

    /// Decides: a flag wins over the environment, and both over the file.
    pub(super) fn decide(self, settings: Settings) -> Result<Decided, Failure> {
        let clickhouse = self.buckets.url(&settings);
        let file = settings.serve;
        let kept = |flag: Option<Duration>, name: &str, text: Option<String>| match (flag, text) {
            (None, Some(text)) => duration(&text)
                .map(Some)
                .map_err(|why| Failure::usage(format!("the settings file: {name}: {why}"))),
            (flag, _) => Ok(flag),
        };
        let database = self
            .database
            .or(settings.database)
            .unwrap_or_else(|| "metrics.db".to_owned());
        terminal::hide(&database);
        let read_replica = self.read_replica.or(file.read_replica);
        if let Some(url) = &read_replica {
            terminal::hide(url);
        }
        // The more direct one wins within one source, and each source over the next.
        let token = match (self.admin_token, self.admin_token_file) {
            (Some(token), _) => Some(token),
            (None, Some(path)) => Some(secret(&path)?),
            (None, None) => match (file.admin_token, file.admin_token_file) {
                (Some(token), _) => Some(token),
                (None, Some(path)) => Some(secret(&path)?),
                (None, None) => None,
            },
        };
        let admin_token = token.filter(|token| !token.trim().is_empty());
        if let Some(token) = &admin_token {
            terminal::hide_all(token);
        }
        let jwt = jwt(
            self.jwt_key_file.or(file.jwt_key_file),
            self.jwt_algorithm.or(file.jwt_algorithm),
            self.jwt_issuer.or(file.jwt_issuer),
            self.jwt_audience.or(file.jwt_audience),
        )?;
        let no_auth = self.no_auth
            || file.no_auth.unwrap_or(false)
            || std::env::var("API_METRICS_NO_AUTH").is_ok_and(|text| text == "true" || text == "1");
        let decided = Decided {
            listen: self
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000))),
            database,
            clickhouse,
            read_replica,
            service: self
                .service
                .or(settings.service)
                .unwrap_or_else(|| "api-metrics".to_owned()),
            environment: self
                .environment
                .or(settings.environment)
                .unwrap_or_else(|| "default".to_owned()),
            admin_token,
            no_auth,
            jwt,
            keep_minutes: kept(self.keep_minutes, "keep-minutes", file.keep_minutes)?,
            keep_five_minutes: kept(
                self.keep_five_minutes,
                "keep-five-minutes",
                file.keep_five_minutes,
            )?,
            keep_hours: kept(self.keep_hours, "keep-hours", file.keep_hours)?,
            max_connections: self.max_connections.or(file.max_connections),
            default_rate_limit: self.default_rate_limit.or(file.default_rate_limit),
            default_quota: self.default_quota.or(file.default_quota),
            documents: documents(if self.openapi.is_empty() {
                file.openapi.unwrap_or_default()
            } else {
                self.openapi
            })?,
        };
        decided.check()?;
        Ok(decided)
    }
}

impl Decided {
    /// Whether everybody may reach what would be served there.
    fn check(&self) -> Result<(), Failure> {
        if let Some(token) = &self.admin_token {
            let characters = token.trim().chars().count();
            if characters < LEAST_TOKEN_CHARACTERS && !self.no_auth {
                return Err(Failure::usage(format!(
                    "the admin token has {characters} characters, and needs {LEAST_TOKEN_CHARACTERS}, such \
                     as those of `openssl rand -hex 32`"
                )));
            }
        }
        for (name, bound) in [
            ("default-rate-limit", self.default_rate_limit),
            ("default-quota", self.default_quota),
        ] {
            if bound.is_some_and(|bound| bound > MOST_REQUESTS) {
                return Err(Failure::usage(format!(
                    "{name} is at most 1,000,000,000,000,000 requests"
                )));
            }
        }
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        if self.no_auth {
            return Err(Failure::usage(format!(
                "{} can be reached by others: --no-auth is for loopback addresses",
                self.listen
            )));
        }
        if self.admin_token.is_none() {
            return Err(Failure::usage(format!(
                "{} can be reached by others: set an admin token of {LEAST_TOKEN_CHARACTERS} characters or \
                 more by API_METRICS_ADMIN_TOKEN or --admin-token-file, such as that of `openssl rand -hex \
                 32`, or listen on 127.0.0.1",
                self.listen
            )));
        }
        Ok(())
    }
}

/// The OpenAPI documents of services, each named as `SERVICE=FILE`.
fn documents(named: Vec<String>) -> Result<Vec<OpenApiDocument>, Failure> {
    let read = |one: String| {
        let Some((service, path)) = one
            .split_once('=')
            .filter(|(service, _)| !service.is_empty())
        else {
            return Err(Failure::usage(format!(
                "--openapi {one}: it is SERVICE=FILE, such as shop=openapi.json"
            )));
        };
        let wrong = |why: String| Failure::usage(format!("--openapi {path}: {why}"));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        OpenApiDocument::from_json(service, &text).map_err(|error| wrong(error.to_string()))
    };
    named.into_iter().map(read).collect()
}

/// The text of a file that holds nothing else.
fn secret(path: &std::path::Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage(format!("{}: it is empty", path.display())));
    }
    Ok(text.to_owned())
}

fn jwt(
    key_file: Option<PathBuf>,
    algorithm: Option<Algorithm>,
    issuer: Option<String>,
    audience: Option<String>,
) -> Result<Option<JwtSettings>, Failure> {
    match (key_file, issuer, audience) {
        (None, None, None) => Ok(None),
        (Some(path), Some(issuer), Some(audience)) => {
            let key = secret(&path)?;
            terminal::hide_all(&key);
            Ok(Some(JwtSettings {
                key: key.into_bytes(),
                algorithm: algorithm.unwrap_or(Algorithm::Hs256),
                issuer,
                audience,
            }))
        }
        _ => Err(Failure::usage(
            "JSON Web Tokens need all of --jwt-key-file, --jwt-issuer and --jwt-audience",
        )),
    }
}
