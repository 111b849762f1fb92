//! By which dimensions rows are grouped, and which metrics they have.
//!
//! Columns of an answer stand in the order of the declarations here, whatever the order in the
//! query.

use api_metrics_store::query::GroupBy;

use super::{Form, ParamDocs, Params, Parsed, shown};
use crate::response::{Metric, Problem};

/// The dimensions of an export that names none: what keys belong to is told by the keys.
pub(crate) const PLAIN_DIMENSIONS: [&str; 6] = [
    "service",
    "environment",
    "protocol",
    "method",
    "endpoint",
    "apiKey",
];

/// All dimensions by name, in the order of columns.
const DIMENSIONS: [&str; 8] = [
    "service",
    "environment",
    "protocol",
    "method",
    "endpoint",
    "apiKey",
    "user",
    "team",
];

/// `groupBy`, whose names are read by [`group_by`].
const GROUP_BY: Parsed<String> = Parsed {
    name: "groupBy",
    description: "Dimensions by which rows are grouped, with commas between them: service, environment, \
                  protocol, method, endpoint, apiKey, user, team.",
    example: Some("endpoint,method"),
    form: Form::Text,
    read: |text| Some(text.to_owned()),
    wrong: "no list",
};

/// `metrics`, whose names are read by [`metrics`].
const METRICS: Parsed<String> = Parsed {
    name: "metrics",
    description: "The numbers of a row, with commas between them; all by default. Without quantiles an \
                  answer is cheaper.",
    example: Some("requestCount,errorRate,p95Ms"),
    ..GROUP_BY
};

/// Adds `groupBy` and `metrics` to the document.
pub(crate) fn describe_columns(docs: &mut ParamDocs) {
    GROUP_BY.describe(docs);
    METRICS.describe(docs);
}

/// Reads `groupBy`; `default` where it is not given.
///
/// # Errors
/// 400 that names `groupBy`, where a dimension is unknown or given twice.
pub(crate) fn take_group_by(params: &mut Params, default: &[&str]) -> Result<GroupBy, Problem> {
    match GROUP_BY.take(params)? {
        None => group_by(GROUP_BY.name, default),
        Some(text) => group_by(GROUP_BY.name, &split(&text)),
    }
}

/// Reads `metrics`; all of them where it is not given.
pub(crate) fn take_metrics(params: &mut Params) -> Result<Vec<Metric>, Problem> {
    match METRICS.take(params)? {
        None => Ok(Metric::ALL.to_vec()),
        Some(text) => metrics(METRICS.name, &split(&text)),
    }
}

/// The names of a list with commas.
fn split(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).collect()
}

/// The set of these dimensions; `name` is the parameter that they came in.
///
/// # Errors
/// 400 that names the parameter, where a dimension is unknown or given twice.
pub(crate) fn group_by<S: AsRef<str>>(
    name: &'static str,
    dimensions: &[S],
) -> Result<GroupBy, Problem> {
    let mut by = GroupBy::default();
    for dimension in dimensions {
        let dimension = dimension.as_ref();
        let flag = match dimension {
            "service" => &mut by.service,
            "environment" => &mut by.environment,
            "protocol" => &mut by.protocol,
            "method" => &mut by.method,
            "endpoint" => &mut by.endpoint,
            "apiKey" => &mut by.api_key,
            "user" => &mut by.user,
            "team" => &mut by.team,
            other => {
                return Err(Problem::parameter(
                    name,
                    format!("`{}` is none of {}", shown(other), DIMENSIONS.join(", ")),
                ));
            }
        };
        if std::mem::replace(flag, true) {
            return Err(Problem::parameter(name, format!("names {dimension} twice")));
        }
    }
    Ok(by)
}

/// The metrics of these names, in the order of columns.
///
/// # Errors
/// 400 that names the parameter, where a metric is unknown.
pub(crate) fn metrics<S: AsRef<str>>(
    name: &'static str,
    names: &[S],
) -> Result<Vec<Metric>, Problem> {
    for asked in names {
        if !Metric::ALL
            .iter()
            .any(|metric| metric.name() == asked.as_ref())
        {
            return Err(Problem::parameter(
                name,
                format!(
                    "`{}` is none of {}",
                    shown(asked.as_ref()),
                    Metric::ALL.map(Metric::name).join(", ")
                ),
            ));
        }
    }
    Ok(Metric::ALL
        .into_iter()
        .filter(|metric| names.iter().any(|asked| asked.as_ref() == metric.name()))
        .collect())
}
