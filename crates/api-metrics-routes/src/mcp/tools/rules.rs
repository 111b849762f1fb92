//! `explain_alert` and `dry_run_rule`: why a rule fires, and when one would have fired.
//!
//! Why a rule does not fire is mostly one of four: it is switched off, its last window had too few requests, it is
//! within its cooldown, or the value is simply on the other side of the threshold. The rule's own state tells them
//! apart, because the control worker keeps the value of the last window that it evaluated; nothing is evaluated here.
//!
//! A dry run evaluates the worker's own code over the past. It is for those who may make rules, as its route is, though
//! it writes nothing: it reads up to 10,080 windows.

use serde_json::{Map, Value, json};

use super::{
    super::{
        arguments::Schema,
        call::{Call, json_of},
        shape::{number, pick, pick_each, put, rows, shown, text},
    },
    incident::{EVENT, RULE, latest},
};
use crate::{
    control::alerts::{dry_run as dry, rules},
    request::{Body, Form, Id, Parsed},
    response::Problem,
};

/// Rules that are listed.
const RULES: usize = 30;
/// Events that are named.
const EVENTS: usize = 5;
/// What is shown of a rule's state.
const STATE: [&str; 5] = ["state", "stateSince", "value", "evaluatedTo", "lastFiredAt"];

/// `alertId`.
const ALERT: Parsed<i64> = Parsed {
    name: "alertId",
    description: "The number of the rule. Without it the rules are listed.",
    example: Some("1"),
    form: Form::Number(1),
    read: |text| text.parse().ok().filter(|id| *id > 0),
    wrong: "no number of a rule",
};

/// The arguments of `explain_alert`.
pub(in super::super) fn schema() -> Schema {
    Schema::default().of(|docs| ALERT.describe(docs), &[ALERT.name])
}

/// The arguments of `dry_run_rule`.
pub(in super::super) fn dry_run_schema(range: Schema) -> Schema {
    let text = |description: &str| json!({"type": "string", "description": description});
    let number = |description: &str| json!({"type": "number", "description": description});
    let rule = json!({
        "type": "object",
        "description": "The rule, with the members of POST /api-alerts.",
        "properties": {
            "name": text("A name for people."),
            "alertType": text("error_rate (percent), response_time (milliseconds), rate_limit (percent of the limit), \
                request_volume, bandwidth (bytes), unit, or anomaly (deviations from the same hour of the week)."),
            "comparison": text("gt, lt, gte or lte."),
            "thresholdValue": number("In the unit of the type."),
            "windowMinutes": number("Whole minutes that are looked at together, 1 to 1440; 5 by default."),
            "cooldownMinutes": number("Minutes between two firings; 30 by default."),
            "minRequests": number("A window with fewer requests is not evaluated."),
            "quantile": number("For response times: which quantile, such as 0.95; the mean without it."),
            "serviceFilter": text("Only this service."),
            "environmentFilter": text("Only this environment."),
            "endpointFilter": text("Only this endpoint, exactly or as a glob: `GET /users/*`."),
            "apiKeyFilter": number("Only the API key of this number."),
        },
        "required": ["name", "alertType", "comparison", "thresholdValue"],
    });
    range.own("rule", rule).required("rule")
}

/// Answers `explain_alert`.
///
/// # Errors
/// Those of the routes, and 400 that names `alertId`.
pub(in super::super) async fn explain(mut call: Call<'_>) -> Result<Value, Problem> {
    let Some(id) = call.arguments.text(ALERT.name)? else {
        return list(&call).await;
    };
    let id = ALERT.read(&id)?;
    let none = || call.params(Vec::new());
    let rule = rules::one(call.state(), call.caller(), Id(id), none()?).await?;
    let rule = json_of(rule.0)?;
    let events = latest(&call, (ALERT.name, &id.to_string()), EVENTS).await?;
    let mut answer = Map::new();
    let said = format!("{}: {}", text(&rule, "name"), why(&rule));
    answer.insert("summary".to_owned(), said.into());
    answer.insert("rule".to_owned(), pick(&rule, &RULE));
    answer.insert("current".to_owned(), pick(&rule, &STATE));
    put(
        &mut answer,
        "latestEvents",
        pick_each(&events, EVENTS, &EVENT).into(),
    );
    let notes = [
        "`value` is that of the window which ends at `evaluatedTo`; windows end on whole minutes (UTC).",
    ];
    answer.insert("notes".to_owned(), json!(notes));
    Ok(Value::Object(answer))
}

/// The rules, by number.
///
/// # Errors
/// Those of the route.
async fn list(call: &Call<'_>) -> Result<Value, Problem> {
    let pairs = vec![("limit".to_owned(), RULES.to_string())];
    let found = rules::list(call.state(), call.caller(), call.params(pairs)?).await?;
    let found = json_of(found.0)?;
    let members = [
        "id",
        "name",
        "alertType",
        "enabled",
        "state",
        "value",
        "thresholdValue",
    ];
    let rules = pick_each(&found["data"], RULES, &members);
    let more = if found["nextCursor"].is_null() {
        ""
    } else {
        "; there are more"
    };
    let summary = format!(
        "{} rules{more}. Call again with `alertId` for one of them.",
        rules.len()
    );
    Ok(json!({"summary": summary, "rules": rules}))
}

/// Why a rule fires or does not, in words.
fn why(rule: &Value) -> String {
    let (value, threshold) = (number(rule, "value"), number(rule, "thresholdValue"));
    let condition = format!(
        "{} {}",
        match text(rule, "comparison") {
            "gt" => ">",
            "gte" => ">=",
            "lt" => "<",
            _ => "<=",
        },
        shown(threshold, "")
    );
    let since = text(rule, "stateSince");
    if rule["enabled"] == json!(false) {
        return "it is switched off and is not evaluated".to_owned();
    }
    let Some(value) = value else {
        return format!(
            "its last window was not evaluated: it had fewer than {} requests, or nothing to measure; it fires at \
             {condition}, and is {}",
            rule["minRequests"],
            text(rule, "state"),
        );
    };
    let value = shown(Some(value), "");
    match text(rule, "state") {
        "firing" => format!("it fires since {since}: its value {value} is {condition}"),
        "pending" => format!(
            "its value {value} is {condition} since {since}, but it has fired less than {} minutes before (its cooldown)",
            rule["cooldownMinutes"]
        ),
        state => format!("it does not fire ({state}): its value {value} is not {condition}"),
    }
}

/// Answers `dry_run_rule`.
///
/// # Errors
/// Those of the route: 400 that names `rule`, a member of it, or an argument.
pub(in super::super) async fn dry_run(mut call: Call<'_>) -> Result<Value, Problem> {
    let mut members = Map::new();
    if let Some(rule) = call.arguments.value("rule") {
        members.insert("rule".to_owned(), rule);
    }
    for (name, value) in call.pairs()? {
        members.insert(name, value.into());
    }
    let body = Body::from(members);
    let found = dry::dry_run(call.state(), call.caller(), call.params(Vec::new())?, body).await?;
    let found = json_of(found.0)?;
    let events = rows(&found["events"]);
    let summary = format!(
        "It would have fired {} times: {} of {} windows breached.",
        events.len(),
        found["breaches"],
        found["windows"]
    );
    let mut notes = vec![
        "Nothing was written and no notice was sent. The running minute is left out.".to_owned(),
    ];
    if events.len() > EVENTS {
        notes.push(format!("The first {EVENTS} events of {}.", events.len()));
    }
    if text(&found, "step") != "1m" {
        notes.push(
            "Minutes of the range are no longer kept: windows lie further apart than in reality."
                .to_owned(),
        );
    }
    let event = ["firedAt", "resolvedAt", "value", "message"];
    Ok(json!({
        "summary": summary,
        "range": pick(&found, &["from", "to", "step"]),
        "windows": found["windows"],
        "breaches": found["breaches"],
        "fired": events.len(),
        "events": pick_each(&found["events"], EVENTS, &event),
        "notes": notes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_a_rule_is_explained() {
        let rule = |state: &str, value: Value, enabled: bool| {
            json!({"state": state, "value": value, "enabled": enabled, "comparison": "gt", "thresholdValue": 10.0,
                "minRequests": 20, "cooldownMinutes": 30, "stateSince": "2026-05-18T09:00:00Z"})
        };
        let told = |state, value, enabled| why(&rule(state, value, enabled));
        assert!(told("firing", json!(12.345), true).contains("12.35 is > 10"));
        assert!(told("pending", json!(12.0), true).contains("less than 30 minutes before"));
        assert!(told("ok", json!(3.0), true).contains("3 is not > 10"));
        assert!(told("ok", Value::Null, true).contains("fewer than 20 requests"));
        assert!(told("firing", json!(12.0), false).contains("switched off"));
    }
}
