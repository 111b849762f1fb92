//! `POST /query`: chosen numbers by window.
//! | `metric_types` has | answered is |
//! |---|---|
//! | a number of `/aggregated`, such as `error_rate` | that number |
//! | a name of `metrics`, such as `productivity_score` | the mean of what was reported under it in the window |
//! | any other name of a unit | null: nothing was reported under it |
//!
//! A name that is both is the reported one. All windows are answered at once, so that a range has at most as many as a
//! chart shows; `/aggregated` pages through more. Members of the body that are parameters of `/aggregated` are read by
//! the same code, and refused in the same words.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    response::Response,
};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::{
    params::{Windowed, filter},
    windows::Question,
};
use crate::{
    auth::Caller,
    request::{Context, Params, QueryParams, json_object, shown},
    response::{Problem, time, time_us},
    router::App,
};

/// The most numbers of a question.
const MAX_TYPES: usize = 32;

/// A question.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[expect(dead_code, reason = "the shape of what `query` reads")]
pub(super) struct CollectorQuery {
    /// As in `/aggregated`.
    #[cfg_attr(test, schema(example = "2026-05-17"))]
    start_date: Option<String>,
    /// As in `/aggregated`.
    end_date: Option<String>,
    /// Only this user.
    user_id: Option<String>,
    /// `1m`, `5m`, `15m`, `1h` or `1d`; `1h` by default.
    aggregation_window: Option<String>,
    /// Which numbers, 1 to 32: the names of `/aggregated`, or named numbers of users, of which the mean is answered.
    #[cfg_attr(test, schema(example = json!(["error_rate", "productivity_score"])))]
    metric_types: Vec<String>,
}

/// The chosen numbers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct CollectorAnswer {
    /// An object for each window, the earliest first: `window_start`, `window_end`, and each of `metric_types`, null
    /// where the window has none.
    #[cfg_attr(test, schema(value_type = Vec<Object>))]
    data: Vec<Chosen>,
    /// How long a window is.
    aggregation_window: &'static str,
    /// The first instant that the answer covers.
    start_date: DateTime<Utc>,
    /// The first instant that it does not cover.
    end_date: DateTime<Utc>,
    /// When the snapshot was taken, by the clock of the database.
    as_of: DateTime<Utc>,
}

/// The numbers of a window by their names, in the order in which they were asked for.
#[derive(Debug)]
pub(super) struct Chosen(Vec<(String, Value)>);

impl Serialize for Chosen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Chosen numbers by window
#[cfg_attr(test, utoipa::path(
    post,
    path = "/query",
    tag = "read",
    request_body(content = CollectorQuery, example = json!({"start_date": "2026-05-17",
        "aggregation_window": "1d", "metric_types": ["error_rate", "productivity_score"]})),
    responses(
        (status = 200, description = "The numbers", body = CollectorAnswer,
            example = json!({"data": [{"window_start": "2026-05-17T00:00:00Z", "window_end": "2026-05-18T00:00:00Z",
                "error_rate": 5.0, "productivity_score": 86.25}], "aggregation_window": "1d",
                "start_date": "2026-05-17T00:00:00Z", "end_date": "2026-05-18T00:00:00Z",
                "as_of": "2026-05-18T09:25:00.125Z"})),
        (status = 404, description = "There is no such user", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(super) async fn query(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Problem> {
    let mut members = json_object(body)?;
    let types = types(members.remove("metric_types"))?;
    // The other members are parameters of `/aggregated`, and read by the same code.
    let mut pairs = Vec::with_capacity(members.len());
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name, text)),
            _ => return Err(Problem::parameter(shown(&name), "must be a string")),
        }
    }
    let mut params = Params::from_pairs(pairs)?;
    let windowed = Windowed::take(&mut params, &Context::at(app.clock.unix_seconds()))?;
    params.finish()?;
    let compute = async {
        let question = Question {
            scope: &caller.scope,
            filter: filter(windowed.user.as_ref(), None),
            range: windowed.range,
            step: Some(windowed.step),
            window: None,
            quantiles: types.iter().any(|name| name.starts_with('p')),
        };
        let windows = question.read(&app.client).await?;
        let data = windows.rows.iter().map(|row| {
            let ends = [
                ("window_start".to_owned(), json!(row.window_start)),
                ("window_end".to_owned(), json!(row.window_end)),
            ];
            let (mut all, given) = (row.numbers(), types.iter());
            let numbers = given.map(|name| {
                let mean = row.mean(name).map(Value::from);
                (
                    name.clone(),
                    mean.or_else(|| all.remove(name)).unwrap_or_default(),
                )
            });
            Chosen(ends.into_iter().chain(numbers).collect())
        });
        Ok(CollectorAnswer {
            data: data.collect(),
            aggregation_window: windowed.step.into(),
            start_date: time(windows.range.from),
            end_date: time(windows.range.to),
            as_of: time_us(windows.as_of_us),
        })
    };
    let asked = (&windowed, &types);
    let (cached, hit) = app
        .answer(
            "collector query",
            &caller.scope,
            &asked,
            windowed.range,
            compute,
        )
        .await?;
    Ok(cached.response(&headers, hit))
}

/// The names of numbers.
///
/// # Errors
/// 400 that names `metric_types`.
fn types(value: Option<Value>) -> Result<Vec<String>, Problem> {
    let wrong = || {
        let detail = format!("must be a list of 1 to {MAX_TYPES} names of numbers");
        Problem::parameter("metric_types", detail)
    };
    let Some(Value::Array(values)) = value else {
        return Err(wrong());
    };
    if !(1..=MAX_TYPES).contains(&values.len()) {
        return Err(wrong());
    }
    let names = values.into_iter().map(|value| match value {
        Value::String(name) if api_metrics_layer::is_unit_name(&name) => Ok(name),
        _ => Err(wrong()),
    });
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    let twice = (1..)
        .zip(&names)
        .any(|(behind, name)| names.iter().skip(behind).any(|other| other == name));
    if twice {
        return Err(Problem::parameter("metric_types", "names a number twice"));
    }
    let no_number = ["window_start", "window_end", "partial", "metrics"];
    let taken = |name: &&String| no_number.contains(&name.as_str());
    match names.iter().find(taken) {
        None => Ok(names),
        Some(_) => Err(wrong()),
    }
}
