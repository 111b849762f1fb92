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
        // A part without a name that can be read may be any.
        let shown = if name.is_empty() || names.hide(&name) {
            HIDDEN.to_owned()
        } else if is_file {
            format!("[file of {} bytes]", value.len())
        } else {
            json::clean(value, names, json::MAX_WITHIN)
        };
        pairs.push((scrubbed(&plain(&name)).into_owned(), shown));
    }
    Some((pairs, is_cut))
}

fn is_disposition(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("content-disposition")
}

/// A parameter of a header's value, without its quotation marks. What stands between those may be a semicolon.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (found, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let mut text = String::new();
        let quoted = after.strip_prefix('"');
        let mut chars = quoted.unwrap_or(after).chars();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted.is_some() => break,
                '\\' if quoted.is_some() => text.extend(chars.next()),
                ';' if quoted.is_none() => break,
                c => text.push(c),
            }
        }
        let found = found.trim_matches([' ', '\t', ';']);
        if found.eq_ignore_ascii_case(name) {
            let text = if quoted.is_some() { &text } else { text.trim() };
            return Some(text.to_owned());
        }
        rest = chars.as_str();
    }
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
    fn no_way_of_writing_a_name_shows_its_value() {
        for head in [
            "Content-Disposition: form-data; name=password",
            "Content-Disposition: form-data; name=\"a;password\"",
            "Content-Disposition: form-data; x=\"; name=b\"; Name = \"pass\\word\"",
            "Content-Disposition: form-data; name*=utf-8''pass%77ord",
            "Content-Disposition: form-data",
            "X: y",
        ] {
            let body = format!("--xx\r\n{head}\r\n\r\nhunter2\r\n--xx--");
            let (pairs, _) = mask(body.as_bytes(), TYPE, &names()).unwrap_or_default();
            let values: Vec<_> = pairs.iter().map(|(_, value)| value.as_str()).collect();
            assert_eq!(values, [HIDDEN], "{head}");
        }
    }

    #[test]
    fn wherever_it_is_cut_nothing_of_a_secret_is_left() {
        // Its end is known by the two hyphens alone.
        for end in 0..BODY.len() - 2 {
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
