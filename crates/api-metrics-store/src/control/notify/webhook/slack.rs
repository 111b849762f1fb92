//! Messages for Slack, and for what takes the same: Mattermost, Rocket.Chat, Discord's `/slack`.
//!
//! A message has a `text` for phones and an attachment whose colour says how much it matters: red,
//! orange, yellow, blue, and green for what is over. The characters `&`, `<` and `>` are escaped as
//! Slack asks, so that a label can't mention a channel or hide a link.

use serde_json::json;

use crate::control::notify::{Notice, facts::Facts};

/// The body for a notice: JSON.
pub(super) fn message(notice: &Notice) -> String {
    let Facts {
        title,
        tail,
        text,
        short,
        lists,
        color,
    } = Facts::of(notice);
    let text = escaped(&text);
    let short = short.into_iter().map(|(title, value)| (title, value, true));
    let lists = lists
        .into_iter()
        .map(|(title, lines)| (title, lines.join("\n"), false));
    let fields: Vec<_> = short
        .chain(lists)
        .map(|(title, value, short)| json!({"title": title, "value": escaped(&value), "short": short}))
        .collect();
    let mut body = json!({
        // What notifications on a phone show, and what those show that know no attachments.
        "text": format!("*{}*{tail}: {text}", escaped(&title)),
        "attachments": [{
            "color": format!("#{color:06x}"),
            "fallback": text,
            "fields": fields,
            "ts": notice.at,
        }],
    });
    if let (Some(url), Some(attachment)) = (&notice.url, body.pointer_mut("/attachments/0")) {
        // Slack makes the title the link.
        if let Some(attachment) = attachment.as_object_mut() {
            attachment.insert("title".to_owned(), json!("Open in the dashboard"));
            attachment.insert("title_link".to_owned(), json!(url));
        }
    }
    body.to_string()
}

/// The three characters that Slack's text gives a meaning: without this a rule's name could call
/// for everybody (`<!channel>`) or lead elsewhere.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_call_everybody_nor_link_elsewhere() {
        assert_eq!(
            escaped("<!channel> a & b <https://x|y>"),
            "&lt;!channel&gt; a &amp; b &lt;https://x|y&gt;"
        );
    }
}
