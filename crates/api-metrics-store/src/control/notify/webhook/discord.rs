//! Messages for Discord's webhooks: an embed, whose colour says how much it matters.
//!
//! Nobody is ever mentioned (`allowed_mentions` is empty), and what Discord's Markdown gives a meaning is escaped.

use chrono::{DateTime, SecondsFormat};
use serde_json::json;

use crate::control::notify::{
    Notice,
    facts::{Facts, backslashed},
};

/// What Markdown gives a meaning there.
const SPECIAL: &str = "\\`*_~|>[]()#<@:-";
/// The longest title, text, fact and list, in characters. Discord takes 256, 4,096 and 1,024, and 6,000 in all.
const LONGEST: [usize; 4] = [256, 1_500, 200, 700];

/// The body for a notice: JSON.
pub(super) fn message(notice: &Notice) -> String {
    let facts = Facts::of(notice);
    let head = facts.head();
    let short = facts
        .short
        .into_iter()
        .map(|(name, value)| (name, value, true));
    let lists = facts.lists.into_iter().map(|(name, lines)| {
        // One line each, and none of them a list's.
        (name, lines.join("\n"), false)
    });
    let fields: Vec<_> = short
        .chain(lists)
        .map(|(name, value, inline)| {
            json!({"name": name, "value": cut(&backslashed(&value, SPECIAL), if inline { LONGEST[2] } else { LONGEST[3] }), "inline": inline})
        })
        .collect();
    let mut embed = json!({
        "title": cut(&backslashed(&head, SPECIAL), LONGEST[0]),
        "description": cut(&backslashed(&facts.text, SPECIAL), LONGEST[1]),
        "color": facts.color,
        "timestamp": DateTime::from_timestamp(notice.at, 0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Secs, true),
        "fields": fields,
    });
    if let (Some(url), Some(embed)) = (&notice.url, embed.as_object_mut()) {
        embed.insert("url".to_owned(), json!(url));
    }
    json!({"embeds": [embed], "allowed_mentions": {"parse": []}}).to_string()
}

/// A text of at most so many characters, which never ends within an escape.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    let backslashes = short.chars().rev().take_while(|c| *c == '\\').count();
    if backslashes % 2 == 1 {
        short.pop();
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_never_within_an_escape() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut(r"a\*cd", 3), "a…");
        assert_eq!(cut(r"\\\\abcd", 5), r"\\\\…");
    }
}
