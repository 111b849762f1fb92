//! Logs of AWS's load balancers and of S3, whose fields have fixed places.

use super::{
    field::{Field, Unit},
    pattern::{Item, Pattern},
    time::TimeFormat,
};

/// Names the places of a log: `·` before a name of [`field`].
fn pattern(text: &str) -> Result<Pattern, String> {
    let mut items = Vec::new();
    for (index, part) in text.split('·').enumerate() {
        let name = part
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(part.len());
        let (name, text) = if index == 0 {
            ("", part)
        } else {
            part.split_at(name)
        };
        if index > 0 {
            items.push(Item::Field(field(name)));
        }
        items.push(Item::Text(text.as_bytes().to_vec()));
    }
    Pattern::new(items).map(Pattern::with_open_end)
}

fn field(name: &str) -> Field {
    match name {
        "answered" => Field::FinishedAt(TimeFormat::Iso),
        "received" => Field::StartedAt(TimeFormat::Clf),
        "part" => Field::LatencyPart(Unit::Seconds),
        "status" => Field::Status,
        "in" => Field::RequestTotal,
        "out" => Field::ResponseTotal,
        "body" => Field::ResponseBody,
        "request" => Field::Request,
        "agent" => Field::UserAgent,
        "milliseconds" => Field::Latency(Some(Unit::Milliseconds)),
        _ => Field::Ignored,
    }
}

/// Application Load Balancer: the latency is what passed before, in and after the target.
pub(super) fn alb() -> Result<Pattern, String> {
    pattern(
        "·type ·answered ·lb ·client ·target ·part ·part ·part ·status ·targetstatus ·in ·out \"·request\" \"·agent\" ",
    )
}

/// Classic Load Balancer, which has no type in front.
pub(super) fn elb() -> Result<Pattern, String> {
    pattern(
        "·answered ·lb ·client ·target ·part ·part ·part ·status ·targetstatus ·in ·out \"·request\" \"·agent\"",
    )
}

/// S3 server access log: the total time in milliseconds since the request was received.
pub(super) fn s3() -> Result<Pattern, String> {
    pattern(
        "·owner ·bucket [·received] ·ip ·requester ·id ·operation ·key \"·request\" ·status ·error ·body ·size ·milliseconds ·turnaround \"·referer\" \"·agent\"",
    )
}
