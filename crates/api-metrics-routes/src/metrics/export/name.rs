//! The name of an exported file: its range and its filters.
//!
//! A filter is a caller's text, so only letters and digits of it reach the header.

use crate::{metrics::series::RowParams, response::time};

/// Characters of a filter that stand in a file name.
const MAX_FILTER: usize = 40;

/// The name of the file that a browser saves.
pub(super) fn file_name(asked: &RowParams, granularity: &str, extension: &str) -> String {
    let at = |seconds| time(seconds).format("%Y%m%dT%H%MZ").to_string();
    let mut name = format!(
        "api-metrics_{}_{}_{}",
        at(asked.range.from),
        at(asked.range.to),
        granularity
    );
    let filter = &asked.filter;
    let key = filter.api_key_id.map(|id| format!("key-{id}"));
    for part in [
        &filter.service,
        &filter.environment,
        &filter.protocol,
        &filter.method,
        &filter.endpoint,
        &key,
    ]
    .into_iter()
    .flatten()
    {
        name.push('_');
        name.push_str(&plain(part));
    }
    format!("{name}.{extension}")
}

/// What every file system and every header takes.
fn plain(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MAX_FILTER)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    while out.contains("--") {
        out = out.replace("--", "-");
    }
    out.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_filter_can_not_leave_the_file_name() {
        assert_eq!(plain("/users/{id}"), "users-id");
        assert_eq!(plain("\"; filename=../../x"), "filename-x");
        assert_eq!(plain("\r\nSet-Cookie: a=b"), "Set-Cookie-a-b");
    }
}
