//! Settings from environment variables, for whatever the code left open.

use std::time::Duration;

use super::{Builder, Database};
use crate::StartError;

/// The values of environment variables; a function, so that tests need not change the process's.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own environment. An empty variable counts as unset, as shells make them.
pub(super) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Builder {
    pub(super) fn fill_from(mut self, variables: Lookup<'_>) -> Result<Self, StartError> {
        let text = |name: &str| variables(name);
        if self.database.is_none() {
            self.database = text("API_METRICS_DATABASE_URL").map(Database::Url);
        }
        self.read_replica = self
            .read_replica
            .or_else(|| text("API_METRICS_READ_REPLICA_URL"));
        self.clickhouse = self
            .clickhouse
            .or_else(|| text("API_METRICS_CLICKHOUSE_URL"));
        self.service = self
            .service
            .or_else(|| text("API_METRICS_SERVICE"))
            .or_else(|| text("OTEL_SERVICE_NAME"));
        self.environment = self.environment.or_else(|| text("API_METRICS_ENVIRONMENT"));
        self.version = self.version.or_else(|| text("API_METRICS_VERSION"));
        self.admin_token = self.admin_token.or_else(|| text("API_METRICS_ADMIN_TOKEN"));
        #[cfg(feature = "control")]
        self.control.fill_from(variables)?;
        #[cfg(feature = "otlp-push")]
        self.fill_push_from(variables)?;
        let number = "a whole number above 0";
        fill(
            variables,
            &mut self.max_series,
            "API_METRICS_MAX_SERIES",
            number,
            count,
        )?;
        fill(
            variables,
            &mut self.max_keys,
            "API_METRICS_MAX_KEYS",
            number,
            count,
        )?;
        fill(
            variables,
            &mut self.allow_short_admin_token,
            "API_METRICS_ALLOW_SHORT_ADMIN_TOKEN",
            "true or false",
            flag,
        )?;
        fill(
            variables,
            &mut self.no_auth,
            "API_METRICS_NO_AUTH",
            "true or false",
            flag,
        )?;
        fill(
            variables,
            &mut self.off,
            "API_METRICS_OFF",
            "true or false",
            flag,
        )?;
        fill(
            variables,
            &mut self.flush_interval,
            "API_METRICS_FLUSH_INTERVAL",
            "a number of seconds above 0",
            seconds,
        )?;
        fill(
            variables,
            &mut self.sketch_kind,
            "API_METRICS_SKETCH",
            "histogram or tdigest",
            |value| value.parse().ok(),
        )?;
        fill(
            variables,
            &mut self.headers_quantiles,
            "API_METRICS_HEADERS_QUANTILES",
            "true or false",
            flag,
        )?;
        Ok(self)
    }
}

#[cfg(feature = "control")]
impl super::control::ControlBuilder {
    fn fill_from(&mut self, variables: Lookup<'_>) -> Result<(), StartError> {
        self.variables = super::notifiers::VARIABLES
            .iter()
            .filter_map(|name| Some((*name, variables(name)?)))
            .collect();
        if self.public_url.is_none() {
            self.public_url = variables("API_METRICS_PUBLIC_URL");
        }
        let number = "a whole number from 0 to 1,000,000,000,000,000";
        fill(
            variables,
            &mut self.default_rate_limit,
            "API_METRICS_DEFAULT_RATE_LIMIT",
            number,
            bound,
        )?;
        fill(
            variables,
            &mut self.default_quota,
            "API_METRICS_DEFAULT_QUOTA",
            number,
            bound,
        )?;
        fill(
            variables,
            &mut self.weekly_digest,
            "API_METRICS_WEEKLY_DIGEST",
            "a weekday, a whole hour and a zone, such as Mon 08:00 Europe/Berlin",
            |text| text.parse().ok(),
        )?;
        fill(
            variables,
            &mut self.health_rules,
            "API_METRICS_HEALTH_RULES",
            "true or false",
            flag,
        )?;
        fill(
            variables,
            &mut self.status_counts,
            "API_METRICS_STATUS_COUNTS",
            "all, or classes and codes such as 2xx,3xx,404",
            |value| value.parse().ok(),
        )
    }
}

fn fill<T>(
    variables: Lookup<'_>,
    setting: &mut Option<T>,
    name: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<(), StartError> {
    if setting.is_some() {
        return Ok(());
    }
    let Some(value) = variables(name) else {
        return Ok(());
    };
    match parse(value.trim()) {
        Some(parsed) => *setting = Some(parsed),
        None => {
            return Err(StartError::Setting {
                name,
                value,
                expected,
            });
        }
    }
    Ok(())
}

fn count(value: &str) -> Option<usize> {
    value.parse().ok().filter(|&n| n > 0)
}

/// A limit or a quota, at most what a key can have.
#[cfg(feature = "control")]
fn bound(value: &str) -> Option<u64> {
    value.parse().ok().filter(|&n| n <= 1_000_000_000_000_000)
}

pub(super) fn flag(value: &str) -> Option<bool> {
    match value {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn seconds(value: &str) -> Option<Duration> {
    let seconds: f64 = value.parse().ok()?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|interval| !interval.is_zero())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use api_metrics_store::sketch::SketchKind;

    use super::*;

    fn with(values: &[(&str, &str)]) -> Result<Builder, StartError> {
        filled(Builder::default(), values)
    }

    fn filled(builder: Builder, values: &[(&str, &str)]) -> Result<Builder, StartError> {
        builder.fill_from(&|name| {
            let found = values.iter().find(|(n, _)| *n == name)?;
            Some(found.1.to_owned())
        })
    }

    #[test]
    fn every_variable_reaches_its_setting() {
        let builder = with(&[
            ("API_METRICS_DATABASE_URL", "postgres://db/app"),
            ("API_METRICS_READ_REPLICA_URL", "postgres://standby/app"),
            ("API_METRICS_CLICKHOUSE_URL", "http://ch:8123/app"),
            ("API_METRICS_SERVICE", "orders"),
            ("API_METRICS_ENVIRONMENT", "staging"),
            ("API_METRICS_VERSION", "1.2.3"),
            ("API_METRICS_ADMIN_TOKEN", "secret"),
            ("API_METRICS_ALLOW_SHORT_ADMIN_TOKEN", "true"),
            ("API_METRICS_NO_AUTH", "true"),
            ("API_METRICS_OFF", "0"),
            ("API_METRICS_FLUSH_INTERVAL", "2.5"),
            ("API_METRICS_MAX_SERIES", "77"),
            ("API_METRICS_MAX_KEYS", "88"),
            ("API_METRICS_SKETCH", "tdigest"),
            ("API_METRICS_HEADERS_QUANTILES", "true"),
        ])
        .unwrap();
        assert!(matches!(builder.database, Some(Database::Url(url)) if url == "postgres://db/app"));
        assert_eq!(
            builder.read_replica.as_deref(),
            Some("postgres://standby/app")
        );
        assert_eq!(builder.clickhouse.as_deref(), Some("http://ch:8123/app"));
        assert_eq!(builder.service.as_deref(), Some("orders"));
        assert_eq!(builder.environment.as_deref(), Some("staging"));
        assert_eq!(builder.version.as_deref(), Some("1.2.3"));
        assert_eq!(builder.admin_token.as_deref(), Some("secret"));
        assert_eq!(builder.allow_short_admin_token, Some(true));
        assert_eq!(builder.no_auth, Some(true));
        assert_eq!(builder.off, Some(false));
        assert_eq!(builder.flush_interval, Some(Duration::from_millis(2_500)));
        assert_eq!(builder.max_series, Some(77));
        assert_eq!(builder.max_keys, Some(88));
        assert_eq!(builder.sketch_kind, Some(SketchKind::TDigest));
        assert_eq!(builder.headers_quantiles, Some(true));
    }

    #[test]
    fn what_the_code_sets_wins_over_the_environment() {
        let builder = filled(
            Builder::default()
                .database("metrics.db")
                .service("code")
                .flush_interval(Duration::from_secs(1)),
            &[
                ("API_METRICS_DATABASE_URL", "postgres://db/app"),
                ("API_METRICS_SERVICE", "environment"),
                // Not even looked at: a bad value for a setting that the code made is no error.
                ("API_METRICS_FLUSH_INTERVAL", "often"),
            ],
        )
        .unwrap();
        assert!(matches!(builder.database, Some(Database::Url(url)) if url == "metrics.db"));
        assert_eq!(builder.service.as_deref(), Some("code"));
        assert_eq!(builder.flush_interval, Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_value_that_means_nothing_is_an_error_that_names_variable_and_value() {
        for (name, value) in [
            ("API_METRICS_NO_AUTH", "maybe"),
            ("API_METRICS_OFF", "yes"),
            ("API_METRICS_FLUSH_INTERVAL", "0"),
            ("API_METRICS_FLUSH_INTERVAL", "-1"),
            ("API_METRICS_FLUSH_INTERVAL", "NaN"),
            ("API_METRICS_MAX_SERIES", "0"),
            ("API_METRICS_MAX_KEYS", "many"),
            ("API_METRICS_SKETCH", "gk"),
            #[cfg(feature = "control")]
            ("API_METRICS_STATUS_COUNTS", "2xx,ok"),
            #[cfg(feature = "control")]
            ("API_METRICS_DEFAULT_RATE_LIMIT", "-1"),
            #[cfg(feature = "control")]
            ("API_METRICS_DEFAULT_QUOTA", "1e6"),
            #[cfg(feature = "control")]
            ("API_METRICS_HEALTH_RULES", "some"),
        ] {
            let error = with(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
    }

    #[cfg(feature = "control")]
    #[test]
    fn which_answers_count_is_the_codes_or_else_the_environments() {
        use api_metrics_store::control::quotas::QuotaSettings;

        let counts = [("API_METRICS_STATUS_COUNTS", "2xx, 404")];
        let control = with(&counts).unwrap().control;
        assert_eq!(control.quotas().status_counts.to_string(), "2xx,404");
        assert_eq!(control.billing().status_counts.to_string(), "2xx,404");
        let code = Builder::default().quotas(QuotaSettings::default());
        let control = filled(code, &counts).unwrap().control;
        assert_eq!(control.quotas().status_counts.to_string(), "all");
        assert_eq!(control.billing().status_counts.to_string(), "2xx,404");
    }

    #[cfg(feature = "control")]
    #[test]
    fn default_bounds_are_the_codes_or_else_the_environments() {
        use api_metrics_store::control::{limits::LimitSettings, quotas::QuotaSettings};

        let said = [
            ("API_METRICS_DEFAULT_RATE_LIMIT", "600"),
            ("API_METRICS_DEFAULT_QUOTA", "50000"),
        ];
        let bounds = |builder: Builder| {
            let control = filled(builder, &said).unwrap().control;
            (
                control.limits().default_rate_limit,
                control.quotas().default_quota,
            )
        };
        assert_eq!(bounds(Builder::default()), (Some(600), Some(50_000)));
        let own = Builder::default().default_rate_limit(60).default_quota(5);
        assert_eq!(bounds(own), (Some(60), Some(5)));
        // Settings that say nothing of it leave it open.
        let settings = Builder::default()
            .limits(LimitSettings::default())
            .quotas(QuotaSettings::default());
        assert_eq!(bounds(settings), (Some(600), Some(50_000)));
    }

    #[test]
    fn the_service_name_of_opentelemetry_is_the_second_choice() {
        let builder = with(&[("OTEL_SERVICE_NAME", "otel")]).unwrap();
        assert_eq!(builder.service.as_deref(), Some("otel"));
        let builder = with(&[
            ("OTEL_SERVICE_NAME", "otel"),
            ("API_METRICS_SERVICE", "own"),
        ])
        .unwrap();
        assert_eq!(builder.service.as_deref(), Some("own"));
    }
}
