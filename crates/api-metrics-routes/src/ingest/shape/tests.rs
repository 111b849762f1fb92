#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

const USER: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_779_096_300)
}

fn of(shape: Shape, item: Value) -> Result<IngestItem, String> {
    read(shape, item, None, now(), now())
        .map_err(|problem| problem.named().unwrap_or_default().to_owned())
}

fn command() -> Value {
    json!({"user_id": USER, "command_name": "deploy", "execution_time_ms": 5, "status": "success"})
}

fn agent() -> Value {
    json!({"user_id": USER, "agent_name": "reviewer", "interaction_type": "review",
        "execution_time_ms": 5, "status": "success"})
}

#[test]
fn each_status_counts_as_that_of_an_event() {
    for (status, counted, ended) in [
        ("success", Some(200), Outcome::Completed),
        ("error", None, Outcome::Failed),
        ("timeout", Some(504), Outcome::Failed),
        ("cancelled", None, Outcome::Aborted),
    ] {
        let mut item = command();
        item["status"] = json!(status);
        let read = of(Shape::Command, item).unwrap();
        assert_eq!((read.status, read.outcome), (counted, ended), "{status}");
        assert_eq!(read.latency, Some(Duration::from_millis(5)));
        assert_eq!(read.protocol.as_str(), "command");
        assert_eq!(read.endpoint, "deploy");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let long = "x".repeat(256);
    for (shape, base, name, value) in [
        (Shape::Command, command(), "user_id", json!("ann")),
        (
            Shape::Command,
            command(),
            "user_id",
            json!("6f9619ff8b864d01b42d00cf4fc964ff"),
        ),
        (Shape::Command, command(), "user_id", json!(null)),
        (Shape::Command, command(), "command_name", json!("")),
        (Shape::Command, command(), "command_name", json!(long)),
        (Shape::Command, command(), "command_name", json!("a\0b")),
        (
            Shape::Command,
            command(),
            "execution_time_ms",
            json!(3_600_001),
        ),
        (Shape::Command, command(), "execution_time_ms", json!(-1)),
        (Shape::Command, command(), "execution_time_ms", json!(1.5)),
        (Shape::Command, command(), "status", json!("fine")),
        (Shape::Command, command(), "status", json!(null)),
        (Shape::Command, command(), "context", json!("s-1")),
        (
            Shape::Command,
            command(),
            "context",
            json!({"x": "y".repeat(4_096)}),
        ),
        (Shape::Command, command(), "timestamp", json!(1_779_096_300)),
        (
            Shape::Command,
            command(),
            "timestamp",
            json!("2027-01-01T00:00:00Z"),
        ),
        (Shape::Command, command(), "agent_name", json!("x")),
        (Shape::Command, command(), "metrics", json!({"x": 1})),
        (Shape::Agent, agent(), "interaction_type", json!(7)),
        (Shape::Agent, agent(), "input_tokens", json!(-7)),
        (Shape::Agent, agent(), "output_tokens", json!(u64::MAX)),
        (
            Shape::Productivity,
            json!({"user_id": USER}),
            "metrics",
            json!({}),
        ),
        (
            Shape::Productivity,
            json!({"user_id": USER}),
            "metrics",
            json!({"a b": 1}),
        ),
        (
            Shape::Productivity,
            json!({"user_id": USER}),
            "metrics",
            json!({"a": "1"}),
        ),
        (
            Shape::Productivity,
            json!({"user_id": USER}),
            "metrics",
            json!({"__proto__": 1}),
        ),
        (
            Shape::SessionStart,
            json!({"user_id": USER}),
            "status",
            json!("success"),
        ),
    ] {
        let mut item = base.clone();
        item[name] = value;
        assert_eq!(of(shape, item.clone()).unwrap_err(), name, "{item}");
        if shape != Shape::Productivity {
            assert!(of(shape, base).is_ok());
        }
    }
    assert_eq!(of(Shape::Command, json!(7)).unwrap_err(), "");
    assert_eq!(of(Shape::SessionEnd, json!({})).unwrap_err(), "session_id");
}

#[test]
fn bounds_belong_to_what_is_taken() {
    let mut item = command();
    item["command_name"] = json!("é".repeat(255));
    item["execution_time_ms"] = json!(3_600_000);
    item["user_id"] = json!(USER.to_uppercase());
    let read = of(Shape::Command, item).unwrap();
    assert_eq!(
        read.user.unwrap().as_str(),
        USER,
        "one user, whatever the case"
    );
}

#[test]
fn what_changes_objects_of_javascript_is_dropped_at_any_depth() {
    let mut item = command();
    item["context"] = json!({"session_id": "s-1", "__proto__": {"x": 1}, "constructor": 1,
        "deep": [{"prototype": 1, "kept": {"__proto__": 1, "n": 2}}]});
    let read = of(Shape::Command, item).unwrap();
    assert_eq!(read.request_id.as_deref(), Some("s-1"));
    let mut context = read.context;
    context.sort();
    let expected = [
        ("deep".to_owned(), r#"[{"kept":{"n":2}}]"#.to_owned()),
        ("session_id".to_owned(), "s-1".to_owned()),
    ];
    assert_eq!(context, expected);
}

#[test]
fn a_session_lasts_from_its_start_to_its_end() {
    let started = 1_779_096_300_000 - 90_000;
    let session = CollectorSession::new(Uuid::nil(), 1, USER, started);
    let end = |item| read(Shape::SessionEnd, item, Some(&session), now(), now());
    let read = end(json!({"metrics": {"score": 1}})).unwrap();
    assert_eq!(read.latency, Some(Duration::from_secs(90)));
    assert_eq!((read.method, read.status), ("end", Some(200)));
    assert_eq!(read.user.unwrap().as_str(), USER);
    let early = end(json!({"end_time": "2026-05-18T09:00:00Z"})).unwrap_err();
    assert_eq!(early.named(), Some("end_time"));
}

#[test]
fn a_shape_is_read_by_the_name_that_it_is_kept_by() {
    for shape in Shape::ALL {
        assert_eq!(Shape::of(shape.as_str()), Some(shape));
    }
    assert_eq!(Shape::of("other"), None);
}
