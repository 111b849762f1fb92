//! `search_errors`: groups of errors of the request log, the largest or those that match words.
//!
//! Of requests only what describes the error is shown: no path, client, user, trace or line.
//!
//! By words and likeness the route searches requests, and a group is found by one of them; without words groups are
//! counted. Either way the same members are shown, so that an assistant can go from one to the other by the group's id.

use serde_json::{Value, json};

use super::super::{
    arguments::Schema,
    call::{Call, and, json_of},
    shape::{pick, pick_each, range, rows},
};
use crate::{
    request::{Form, Parsed, QueryParams as _},
    requests::{
        groups::{GroupParams, groups},
        search::{SearchParams, search as by_words},
    },
    response::Problem,
};

/// Groups where the caller names no number.
const DEFAULT: u32 = 10;
/// What is shown of a group.
const GROUP: [&str; 15] = [
    "id",
    "kind",
    "source",
    "level",
    "method",
    "endpoint",
    "status",
    "errorType",
    "message",
    "requests",
    "apiKeys",
    "versions",
    "firstAt",
    "lastAt",
    "firstSeenAt",
];

/// `limit`.
const LIMIT: Parsed<u32> = Parsed {
    name: "limit",
    description: "The most groups to answer.",
    example: Some("10"),
    form: Form::Small {
        minimum: 1,
        maximum: 20,
        default: DEFAULT,
    },
    read: |text| text.parse().ok().filter(|n| (1..=20).contains(n)),
    wrong: "no number from 1 to 20",
};

/// The arguments.
pub(in super::super) fn schema(filtered: Schema) -> Schema {
    filtered
        .of(SearchParams::describe, &["q"])
        .of(GroupParams::describe, &["status", "statusClass", "version"])
        .of(|docs| LIMIT.describe(docs), &[LIMIT.name])
}

/// Answers `search_errors`.
///
/// # Errors
/// Those of the routes, and 400 that names `limit`.
pub(in super::super) async fn search(mut call: Call<'_>) -> Result<Value, Problem> {
    let limit = call.arguments.text(LIMIT.name)?;
    let limit = limit
        .as_deref()
        .map_or(Ok(DEFAULT), |text| LIMIT.read(text))?;
    let by = call.arguments.peek("q")?;
    let pairs = and(&call.pairs()?, LIMIT.name, limit);
    let most = limit as usize;
    let mut notes = vec![
        "`requests` counts what was seen: kept requests by their weight, because the log may keep samples.".to_owned(),
    ];
    let (found, groups) = if by.is_some() {
        let found = by_words(call.state(), call.caller(), call.params(pairs)?).await?;
        let found = json_of(found.0)?;
        notes.push("Found by words and by likeness of spelling, the best first; `score` compares within this answer.".to_owned());
        let groups = rows(&found["data"]).iter().take(most).map(hit).collect();
        (found, groups)
    } else {
        let found = groups(call.state(), call.caller(), call.params(pairs)?).await?;
        let found = json_of(found.0)?;
        let groups = pick_each(&found["data"], most, &GROUP);
        (found, groups)
    };
    let summary = match (groups.len(), by.is_some()) {
        (0, _) => "No errors were found.".to_owned(),
        (n, true) => format!("{n} groups or requests that match."),
        (n, false) => format!("{n} groups of errors, those of the most requests first."),
    };
    Ok(json!({"summary": summary, "range": range(&found), "groups": groups, "notes": notes}))
}

/// A hit: its group, and what its latest request says of the error.
fn hit(found: &Value) -> Value {
    let mut shown = pick(
        found,
        &["score", "matched", "requests", "firstAt", "lastAt"],
    );
    shown["id"] = found["group"].clone();
    let request = [
        "kind",
        "method",
        "endpoint",
        "status",
        "errorType",
        "message",
        "version",
    ];
    if let (Value::Object(shown), Value::Object(request)) =
        (&mut shown, pick(&found["request"], &request))
    {
        shown.extend(request);
    }
    shown
}
