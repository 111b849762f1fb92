//! Masks the parts of a multipart body, where a host has listed the type.

use super::{HIDDEN, json, names::Names};
use crate::request_log::{entry::plain, scrub::scrubbed};

/// Parts that are kept at most.
const MAX_PARTS: usize = 100;

/// The parts as names and values, masked, and whether some are missing: the last one of a body that was cut is left
/// out, because half a secret looks like none. A file is told by its size alone. `None` where it is no multipart.
pub(super) fn mask(
    body: &[u8],
    content_type: &str,
    names: &Names,
) -> Option<(Vec<(String, String)>, bool)> {
    let boundary = parameter(content_type, "boundary").filter(|it| !it.is_empty())?;
    let text = String::from_utf8_lossy(body);
    let delimiter = format!("--{boundary}");
    let mut parts = text.split(delimiter.as_str()).skip(1).peekable();
    let mut pairs = Vec::new();
    let mut is_cut = true;
    while let Some(part) = parts.next() {
        if part.starts_with("--") {
            is_cut = false;
            break;
        }
        if parts.peek().is_none() || pairs.len() == MAX_PARTS {
            break;
        }
        let Some((head, value)) = part.split_once("\r\n\r\n") else {
            continue;
        };
        let head = head.to_owned();
        let disposition = head.lines().find(|line| is_disposition(line));
        let disposition = disposition.unwrap_or_default();
        let name = parameter(disposition, "name").unwrap_or_default();
        let value = value.strip_suffix("\r\n").unwrap_or(value);
        let is_file = ["filename", "filename*"]
            .iter()
            .any(|name| parameter(disposition, name).is_some());
        let shown = if names.hide(name) {
            HIDDEN.to_owned()
        } else if is_file {
            format!("[file of {} bytes]", value.len())
        } else {
            json::clean(value, names, json::MAX_WITHIN)
        };
        pairs.push((scrubbed(&plain(name)).into_owned(), shown));
    }
    Some((pairs, is_cut))
}

fn is_disposition(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("content-disposition")
}

/// A parameter of a header's value, without its quotation marks.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|piece| {
        let (found, value) = piece.split_once('=')?;
        let is_it = found.trim().eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use api_metrics_layer::Snapshots;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"xx\"";
    const BODY: &str = "--xx\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n\
        --xx\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nwrite to ann@example.org\r\n\
        --xx\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.png\"\r\nContent-Type: image/png\r\n\r\n\u{1}\u{2}\r\n\
        --xx\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"pin\": 7}\r\n--xx--\r\n";

    fn names() -> Names {
        Names::new(&Snapshots::default().masked_names)
    }

    #[test]
    fn parts_are_masked_by_name_and_files_are_told_by_their_size() {
        let (pairs, is_cut) = mask(BODY.as_bytes(), TYPE, &names()).unwrap_or_default();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("password", HIDDEN),
                ("note", "write to [email]"),
                ("photo", "[file of 2 bytes]"),
                ("data", "{\"pin\":\"[hidden]\"}"),
            ]
        );
        assert!(!is_cut);
        assert_eq!(mask(BODY.as_bytes(), "multipart/form-data", &names()), None);
    }

    #[test]
    fn wherever_it_is_cut_nothing_of_a_secret_is_left() {
        for end in 0..BODY.len() {
            let Some(begin) = BODY.as_bytes().get(..end) else {
                continue;
            };
            let found = mask(begin, TYPE, &names());
            let (pairs, is_cut) = found.unwrap_or_default();
            assert!(is_cut, "{end}");
            for (_, value) in pairs {
                assert!(!value.contains("hun") && !value.contains("ann"), "{value}");
            }
        }
    }
}
