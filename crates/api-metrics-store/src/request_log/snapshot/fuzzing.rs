//! Checks of the masks over any bytes, for the fuzzer.
//!
//! The bytes are masked as a body of each type, whole and cut: nothing panics, and JSON stays JSON in which no masked
//! name has its value. They are then hidden themselves, under a masked name in a body that is otherwise known, of which
//! all may be cut off but nothing of them may be shown.

use api_metrics_layer::{LoggedBody, Snapshots};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{BodyContent, HIDDEN, Names, SnapshotBody, SnapshotMessage, json as masks};

/// The types of bodies.
const TYPES: [&str; 4] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=xx",
    "text/plain",
];

/// A byte that says how much of the bodies is left, out of 255, and the bytes.
pub(crate) fn mask(data: &[u8]) {
    let Some((&left, data)) = data.split_first() else {
        return;
    };
    for content_type in TYPES {
        for left in [left, u8::MAX] {
            let body = masked(content_type, data, left);
            if let Some(BodyContent::Json(text)) = body.map(|body| body.content) {
                stays_json(&text);
            }
        }
    }
    for left in [left, u8::MAX] {
        json_hides(data, left);
        form_hides(data, left);
        multipart_hides(data, left);
    }
}

/// A body as it is stored, with everything listed.
fn masked(content_type: &str, body: &[u8], left: u8) -> Option<SnapshotBody> {
    let mut snapshots = Snapshots::default();
    snapshots.content_types = vec!["*".to_owned()];
    let end = body.len() * usize::from(left) / usize::from(u8::MAX);
    let mut logged = LoggedBody::new(content_type, body.get(..end).unwrap_or(body));
    logged.is_whole = end == body.len();
    logged.total = body.len() as u64;
    SnapshotMessage::masked(&HeaderMap::new(), Some(logged), &snapshots).body
}

/// It is JSON, and what has a masked name is hidden. A name that was scrubbed itself is none any more.
fn stays_json(text: &str) {
    let names = Names::new(&Snapshots::default().masked_names);
    let value = serde_json::from_str::<Value>(text);
    assert!(value.is_ok(), "what is masked is JSON: {text}");
    let mut left = vec![value.unwrap_or_default()];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => {
                for (name, member) in members {
                    let is_hidden = member.as_str().is_some_and(|it| it == HIDDEN);
                    let is_masked = names.hide(&name) && !name.contains('[');
                    assert!(is_hidden || !is_masked, "{name} is shown: {text}");
                    left.push(member);
                }
            }
            _ => {}
        }
    }
}

/// A member of JSON.
fn json_hides(data: &[u8], left: u8) {
    let secret = String::from_utf8_lossy(data);
    let body = json!({
        "a": 1,
        "password": secret,
        "pin": [{"x": secret}],
        "w": [{"name": "token", "value": secret}],
        "x": [{"val": secret, "zname": 1}, {"field": "cvv", "val": [secret]}],
        "z": true,
    });
    // The name of the first pair comes after its value.
    let text = body.to_string().replace("\"zname\":1", "\"name\":\"iban\"");
    let is_cut = left < u8::MAX;
    let stored = masked(TYPES[0], text.as_bytes(), left).map(|body| body.content);
    let Some(BodyContent::Json(stored)) = stored else {
        assert!(is_cut && left < 10, "it is kept");
        return;
    };
    stays_json(&stored);
    let value = serde_json::from_str::<Value>(&stored).unwrap_or_default();
    for pointer in ["/password", "/pin", "/w/0/value", "/x/0/val", "/x/1/val"] {
        let shown = value.pointer(pointer).and_then(Value::as_str);
        let is_gone = shown.is_none_or(|it| it == HIDDEN || it == masks::CUT);
        let is_there = value.pointer(pointer).is_some();
        assert!(
            is_gone && (shown.is_some() || !is_there),
            "{pointer}: {stored}"
        );
        assert!(is_cut || shown == Some(HIDDEN), "{pointer}: {stored}");
    }
}

/// A field of a form.
fn form_hides(data: &[u8], left: u8) {
    let secret: String = data.iter().map(|byte| format!("%{byte:02x}")).collect();
    let body = format!("a=1&password=x{secret}&pin=x{secret}&z=1");
    let stored = masked(TYPES[1], body.as_bytes(), left).map(|body| body.content);
    fields_hide(stored, left);
}

/// A part of a multipart body.
fn multipart_hides(data: &[u8], left: u8) {
    if data.windows(4).any(|it| it == b"--xx") || data.ends_with(b"-") {
        return;
    }
    let mut body = Vec::new();
    for (name, secret) in [
        ("a", &b"1"[..]),
        ("password", data),
        ("pin", data),
        ("z", b"1"),
    ] {
        let head = format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(secret);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xx--\r\n");
    let stored = masked(TYPES[2], &body, left).map(|body| body.content);
    fields_hide(stored, left);
}

/// Fields `a`, `password`, `pin` and `z`, as many as are left.
fn fields_hide(stored: Option<BodyContent>, left: u8) {
    let Some(BodyContent::Form(fields)) = stored else {
        assert!(left < u8::MAX, "a form is kept");
        return;
    };
    let expected = [
        ("a", "1"),
        ("password", HIDDEN),
        ("pin", HIDDEN),
        ("z", "1"),
    ];
    assert!(
        left < u8::MAX || fields.len() == expected.len(),
        "{fields:?}"
    );
    for ((name, value), expected) in fields.iter().zip(expected) {
        assert_eq!((name.as_str(), value.as_str()), expected);
    }
}
