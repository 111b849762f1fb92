//! Masks queries and forms: names and values.

use super::{HIDDEN, json, names::Names};
use crate::request_log::{entry::plain, scrub::scrubbed};

/// Pairs that are kept at most.
const MAX_PAIRS: usize = 200;

/// The pairs of a query or a form, decoded and masked, and whether some are missing. The last pair of one that is cut
/// has no value any more: half a secret looks like none.
pub(crate) fn mask(text: &str, is_cut: bool, names: &Names) -> (Vec<(String, String)>, bool) {
    let mut pieces: Vec<_> = text
        .split(['&', ';'])
        .filter(|piece| !piece.is_empty())
        .collect();
    if is_cut {
        pieces.pop();
    }
    let too_many = pieces.len() > MAX_PAIRS;
    let pairs = pieces.into_iter().take(MAX_PAIRS).map(|piece| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let (name, value) = (decoded(name), decoded(value));
        let value = if value.is_empty() {
            value
        } else if names.hide(&name) {
            HIDDEN.to_owned()
        } else {
            json::clean(&value, names, json::MAX_WITHIN)
        };
        (scrubbed(&plain(&name)).into_owned(), value)
    });
    (pairs.collect(), is_cut || too_many)
}

/// `%` and `+` resolved.
fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut ahead = bytes.clone();
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                match (digit(ahead.next()), digit(ahead.next())) {
                    (Some(high), Some(low)) => {
                        bytes = ahead;
                        u8::try_from(16 * high + low).unwrap_or(b'?')
                    }
                    _ => b'%',
                }
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use api_metrics_layer::Snapshots;

    use super::*;

    #[test]
    fn values_are_masked_by_name_and_scrubbed() {
        let names = Names::new(&Snapshots::default().masked_names);
        let text = "page=2&p%61ssword=hunter2&user[email]=x&q=ann%40example.org+hi&flag&d={\"pin\":7}&u=%zz&;token=a";
        let (pairs, is_cut) = mask(text, false, &names);
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("page", "2"),
                ("password", HIDDEN),
                ("user[email]", HIDDEN),
                ("q", "[email] hi"),
                ("flag", ""),
                ("d", "{\"pin\":\"[hidden]\"}"),
                ("u", "%zz"),
                ("token", HIDDEN),
            ]
        );
        assert!(!is_cut);
        let (pairs, is_cut) = mask("a=1&note=half a secr", true, &names);
        assert_eq!((pairs.len(), is_cut), (1, true));
    }
}
