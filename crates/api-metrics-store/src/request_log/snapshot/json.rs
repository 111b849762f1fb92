//! Masks JSON while it is read, so that what is cut off or broken is masked as well.
//!
//! The text is read once, from front to back, and written anew: names and texts with their escapes resolved, so that
//! no way of writing a name hides it. A value whose name is masked is passed over whatever it is. Where the text ends in
//! the middle of something, that something is left out: half a secret looks like none. What is open is closed.
//!
//! A list of settings says its names otherwise: `{"name": "password", "value": "x"}`, in either order. Where the name of
//! such a pair has not come before the cut, its value is left out as well.

use std::borrow::Cow;

use super::{HIDDEN, names::Names};
use crate::request_log::{entry::plain, scrub::scrubbed};

/// Levels that are written; what lies deeper is left out.
const MAX_DEPTH: usize = 64;
/// Levels of JSON within texts of JSON.
pub(super) const MAX_WITHIN: usize = 3;
/// Stands for what was cut off.
pub(super) const CUT: &str = "[cut]";

/// JSON without its secrets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Masked {
    /// Valid JSON.
    pub(crate) text: String,
    /// Whether something is missing at its end.
    pub(crate) is_cut: bool,
}

/// Masks a JSON text, or the beginning of one; `None` where there is not one value.
pub(crate) fn mask(bytes: &[u8], names: &Names) -> Option<Masked> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // Mostly a character that was cut in two.
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
    };
    let is_cut = text.len() < bytes.len();
    let mut masked = mask_text(text, names, MAX_WITHIN)?;
    masked.is_cut |= is_cut;
    Some(masked)
}

fn mask_text(text: &str, names: &Names, within: usize) -> Option<Masked> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut mask = Mask {
        rest: text,
        names,
        within,
        out: String::with_capacity(text.len() + 16),
        open: Vec::new(),
        pairs: Vec::new(),
        hidden_from: None,
    };
    let whole = mask.run().is_some() && mask.rest.trim().is_empty();
    if mask.out.is_empty() {
        return None;
    }
    mask.close();
    Some(Masked {
        text: mask.out,
        is_cut: !whole,
    })
}

/// A text that is shown: scrubbed, and masked where it is JSON itself, at most `within` levels of that.
pub(super) fn clean(text: &str, names: &Names, within: usize) -> String {
    // Without a quotation mark there are no names in it.
    if text.trim_start().starts_with(['{', '[']) && text.contains('"') {
        let masked = within
            .checked_sub(1)
            .and_then(|within| mask_text(text, names, within));
        return masked.map_or_else(|| HIDDEN.to_owned(), |it| it.text);
    }
    scrubbed(&plain(text)).into_owned()
}

/// Members that name what stands in another one, and those in which it stands.
const KEYS: [&str; 4] = ["name", "key", "field", "parameter"];
const VALUES: [&str; 2] = ["value", "val"];

/// What an open object says of a name and its value.
#[derive(Debug, Default)]
struct Pair {
    member: Member,
    /// Whether its name was read.
    is_named: bool,
    /// Whether the value of that name is masked.
    is_hidden: bool,
    /// Where its values stand in what was written: somebody may write two.
    values: Vec<(usize, usize)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Member {
    #[default]
    Other,
    Key,
    Value,
}

struct Mask<'a> {
    rest: &'a str,
    names: &'a Names,
    within: usize,
    out: String,
    /// How the containers end that are open, the hidden ones included.
    open: Vec<char>,
    /// One for each container that is open.
    pairs: Vec<Pair>,
    /// How many containers are open around what is passed over.
    hidden_from: Option<usize>,
}

impl<'a> Mask<'a> {
    /// Reads one value. `None` where the text ends before it does, or is no JSON from here on.
    fn run(&mut self) -> Option<()> {
        loop {
            self.value()?;
            loop {
                self.skip_blanks();
                let Some(&end) = self.open.last() else {
                    return Some(());
                };
                match self.next()? {
                    ',' => {
                        if end == '}' {
                            self.skip_blanks();
                            self.name()?;
                        } else {
                            self.separate();
                        }
                        break;
                    }
                    c if c == end => self.end(),
                    _ => return None,
                }
            }
        }
    }

    /// A value, or the beginning of a container that has one.
    fn value(&mut self) -> Option<()> {
        loop {
            self.skip_blanks();
            let c = self.rest.chars().next()?;
            match c {
                '{' | '[' => {
                    self.next();
                    let end = if c == '{' { '}' } else { ']' };
                    if self.hidden_from.is_none() && self.open.len() >= MAX_DEPTH {
                        self.write_text("[deep]");
                        self.hidden_from = Some(self.open.len());
                    }
                    self.open.push(end);
                    self.pairs.push(Pair::default());
                    self.write(c);
                    self.skip_blanks();
                    if self.rest.starts_with(end) {
                        self.next();
                        self.end();
                        return Some(());
                    }
                    if c == '{' {
                        self.name()?;
                    }
                }
                '"' => {
                    let Some(text) = self.text() else {
                        self.write_text(CUT);
                        return None;
                    };
                    let clean = self.clean(&text);
                    self.write_text(&clean);
                    self.named(&text);
                    self.ended();
                    return Some(());
                }
                _ => {
                    let end = self.rest.find([',', '}', ']', ' ', '\n', '\r', '\t']);
                    let is_alone = self.open.is_empty();
                    let Some(end) = end.or(is_alone.then_some(self.rest.len())) else {
                        // It may go on beyond the cut.
                        self.write_text(CUT);
                        return None;
                    };
                    let (word, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    let is_value = matches!(word, "true" | "false" | "null")
                        || serde_json::from_str::<serde_json::Number>(word).is_ok();
                    if !is_value {
                        self.write_text(CUT);
                        return None;
                    }
                    match scrubbed(word) {
                        Cow::Borrowed(word) if self.hidden_from.is_none() => {
                            self.out.push_str(word)
                        }
                        Cow::Borrowed(_) => {}
                        Cow::Owned(mark) => self.write_text(&mark),
                    }
                    self.ended();
                    return Some(());
                }
            }
        }
    }

    /// A text that is shown: scrubbed, and masked itself where it is JSON.
    fn clean(&self, text: &str) -> String {
        if self.hidden_from.is_some() {
            return String::new();
        }
        clean(text, self.names, self.within)
    }

    /// The name of a member, its colon, and the mark where its value is masked.
    fn name(&mut self) -> Option<()> {
        let name = self.text()?;
        self.skip_blanks();
        if self.next()? != ':' {
            return None;
        }
        if self.hidden_from.is_some() {
            return Some(());
        }
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        let clean = scrubbed(&plain(&name)).into_owned();
        self.write_text(&clean);
        self.out.push(':');
        let is = |list: &[&str]| list.iter().any(|it| name.eq_ignore_ascii_case(it));
        let is_value = is(&VALUES);
        let pair_hides = self.pairs.last().is_some_and(|pair| pair.is_hidden);
        let is_hidden = self.names.hide(&name) || is_value && pair_hides;
        let at = self.out.len();
        if let Some(pair) = self.pairs.last_mut() {
            pair.member = if is(&KEYS) {
                // Hidden itself, as `key` is by default, it says the name all the same.
                Member::Key
            } else if is_value && !is_hidden {
                pair.values.push((at, at));
                Member::Value
            } else {
                Member::Other
            };
        }
        if is_hidden {
            self.write_text(HIDDEN);
            self.hidden_from = Some(self.open.len());
        }
        Some(())
    }

    /// A text was read: it may be the name of a pair, whose value may be written already.
    fn named(&mut self, text: &str) {
        let open = self.open.len();
        let Some(pair) = self.pairs.last_mut() else {
            return;
        };
        let is_passed = self.hidden_from.is_some_and(|from| from != open);
        if is_passed || pair.member != Member::Key {
            return;
        }
        pair.is_named = true;
        if self.names.hide(text) {
            pair.is_hidden = true;
            // What was written last first, so that no other place moves.
            while let Some((from, to)) = pair.values.pop() {
                let hidden = serde_json::json!(HIDDEN).to_string();
                self.out.replace_range(from..to, &hidden);
            }
        }
    }

    /// A text between quotes, its escapes resolved. `None` where it does not end.
    fn text(&mut self) -> Option<String> {
        let begin = self.rest.strip_prefix('"')?;
        let mut escaped = false;
        let end = begin.char_indices().find(|&(_, c)| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let (end, _) = end?;
        let quoted = self.rest.get(..end + 2)?;
        let text = serde_json::from_str(quoted).ok()?;
        self.rest = self.rest.get(end + 2..)?;
        Some(text)
    }

    fn separate(&mut self) {
        if self.hidden_from.is_none() {
            self.out.push(',');
        }
    }

    /// A container ends.
    fn end(&mut self) {
        self.pairs.pop();
        if let Some(end) = self.open.pop() {
            self.write(end);
        }
        self.ended();
    }

    /// A value has ended: what is passed over ends with it.
    fn ended(&mut self) {
        let (open, to) = (self.open.len(), self.out.len());
        match (self.hidden_from, self.pairs.last_mut()) {
            (Some(from), _) if from == open => self.hidden_from = None,
            (None, Some(pair)) => {
                if pair.member == Member::Value
                    && let Some((_, end)) = pair.values.last_mut()
                {
                    *end = to;
                }
                pair.member = Member::Other;
            }
            _ => {}
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    fn write(&mut self, c: char) {
        if self.hidden_from.is_none() {
            self.out.push(c);
        }
    }

    fn write_text(&mut self, text: &str) {
        if self.hidden_from.is_none() {
            self.out.push_str(&serde_json::json!(text).to_string());
        }
    }

    /// Closes what is open, so that it is JSON.
    fn close(&mut self) {
        let shown = self.hidden_from.unwrap_or(self.open.len());
        self.hidden_from = None;
        if self.out.ends_with([':', ',']) {
            self.write_text(CUT);
        }
        self.open.truncate(shown);
        self.pairs.truncate(shown);
        // From the innermost outwards, so that what is replaced moves nothing that is still to be. A value that was
        // being written when the text ended reaches to the end.
        while let Some(mut pair) = self.pairs.pop() {
            let mut is_open = pair.member == Member::Value;
            while let Some((from, to)) = pair.values.pop().filter(|_| !pair.is_named) {
                let to = if is_open { self.out.len() } else { to };
                let cut = serde_json::json!(CUT).to_string();
                self.out.replace_range(from..to, &cut);
                if is_open {
                    // What was open within it is gone with it.
                    self.open.truncate(self.pairs.len() + 1);
                }
                is_open = false;
            }
        }
        while let Some(end) = self.open.pop() {
            self.out.push(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use api_metrics_layer::Snapshots;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn names() -> Names {
        Names::new(&Snapshots::default().masked_names)
    }

    fn masked(text: &str) -> Option<(String, bool)> {
        mask(text.as_bytes(), &names()).map(|it| (it.text, it.is_cut))
    }

    #[test]
    fn members_are_masked_by_name_at_any_depth() {
        for (text, expected, is_cut) in [
            ("7", "7", false),
            ("", "", true),
            (r#"{"a":1}"#, r#"{"a":1}"#, false),
            (
                r#" { "a" : [ 1 , { "password" : { "x" : [ "y" ] } , "b" : null } ] } "#,
                r#"{"a":[1,{"password":"[hidden]","b":null}]}"#,
                false,
            ),
            (
                r#"{"pass\u0077ord":"hunter2","b":2}"#,
                r#"{"password":"[hidden]","b":2}"#,
                false,
            ),
            (
                r#"{"user":{"e-mail":"a","n":4111111111111111}}"#,
                r#"{"user":{"e-mail":"[hidden]","n":"[card]"}}"#,
                false,
            ),
            (r#"{"ann@example.org":1}"#, r#"{"[email]":1}"#, false),
            (
                r#"{"note":"{\"password\":\"hunter2\",\"x\":1}"}"#,
                r#"{"note":"{\"password\":\"[hidden]\",\"x\":1}"}"#,
                false,
            ),
            (
                r#"{"a":{},"b":[],"token":[],"c":1}"#,
                r#"{"a":{},"b":[],"token":"[hidden]","c":1}"#,
                false,
            ),
            // Pairs.
            (
                r#"[{"name":"password","value":"hunter2"},{"Field":"colour","value":"red"}]"#,
                r#"[{"name":"password","value":"[hidden]"},{"Field":"colour","value":"red"}]"#,
                false,
            ),
            (
                r#"[{"key":"pin","value":7},{"val":7,"value":[8],"Key":"pin"},{"key":"a","value":7}]"#,
                r#"[{"key":"[hidden]","value":"[hidden]"},{"val":"[hidden]","value":"[hidden]","Key":"[hidden]"},{"key":"[hidden]","value":7}]"#,
                false,
            ),
            (
                r#"{"val":"hun","value":"ter","na"#,
                r#"{"val":"[cut]","value":"[cut]"}"#,
                true,
            ),
            (
                r#"{"value":[{"b":"hunter2"}],"x":{"value":1},"field":"api_key","c":"d"}"#,
                r#"{"value":"[hidden]","x":{"value":1},"field":"api_key","c":"d"}"#,
                false,
            ),
            (
                r#"{"value":"hunter2","x":[{"value":1,"na"#,
                r#"{"value":"[cut]","x":[{"value":"[cut]"}]}"#,
                true,
            ),
            (
                r#"[{"value":{"value":2,"a":["hun","b"],"c"#,
                r#"[{"value":"[cut]"}]"#,
                true,
            ),
            (
                r#"{"name":"x","value":[1,2"#,
                r#"{"name":"x","value":[1,"[cut]"]}"#,
                true,
            ),
            // Cut.
            (r#"{"a":1,"b":"half a secr"#, r#"{"a":1,"b":"[cut]"}"#, true),
            (r#"{"a":1,"b":411111"#, r#"{"a":1,"b":"[cut]"}"#, true),
            (r#"{"a":1,"pass"#, r#"{"a":1}"#, true),
            (
                r#"{"a":1,"password":"hunt"#,
                r#"{"a":1,"password":"[hidden]"}"#,
                true,
            ),
            (
                r#"{"a":[1,{"password":["x",{"y":"hunt"#,
                r#"{"a":[1,{"password":"[hidden]"}]}"#,
                true,
            ),
            (r#"{"a":"#, r#"{"a":"[cut]"}"#, true),
            (r#"[1,"#, r#"[1,"[cut]"]"#, true),
            // Broken.
            (r#"{"a":1} {"password":"x"}"#, r#"{"a":1}"#, true),
            (r#"{"a":1]"#, r#"{"a":1}"#, true),
            (r#"{a:1}"#, r#"{}"#, true),
            (r#"{"a":hunter2}"#, r#"{"a":"[cut]"}"#, true),
        ] {
            let expected = (!expected.is_empty()).then(|| (expected.to_owned(), is_cut));
            assert_eq!(masked(text), expected, "{text}");
        }
        let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        let (text, is_cut) = masked(&deep).unwrap_or_default();
        assert!(serde_json::from_str::<Value>(&text).is_ok() && !is_cut);
    }

    /// The secret that stands wherever one is planted.
    const SECRET: &str = "zq-hunter2-qz";

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z \"\\\\{}\\[\\],:é]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let secret = prop_oneof![
                Just(json!(SECRET)),
                inner.clone().prop_map(|it| json!([SECRET, it])),
                inner.clone().prop_map(|it| json!({"x": SECRET, "y": it})),
            ];
            // Names and values in lists, the value before its name: `key` comes before `value`, `val` before `name`.
            let pair = (
                prop_oneof![Just(("key", "value")), Just(("name", "val"))],
                secret.clone(),
            )
                .prop_map(|((key, value), secret)| json!({"it": [{key: "pin", value: secret}]}));
            let name = prop_oneof!["[a-d]{1,3}", Just("päth".to_owned())];
            let masked = prop_oneof![
                Just("password"),
                Just("accessToken"),
                Just("user[e-mail]"),
                Just("CVV"),
                Just("api_key"),
            ];
            prop_oneof![
                pair,
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                (
                    prop::collection::btree_map(name, inner, 0..4),
                    masked,
                    secret
                )
                    .prop_map(|(members, name, secret)| {
                        let mut members: serde_json::Map<_, _> = members.into_iter().collect();
                        members.insert(name.to_owned(), secret);
                        Value::Object(members)
                    }),
            ]
        })
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut_no_secret_is_left_and_it_is_json(value in value(), at in 0.0..=1.0_f64, pretty: bool) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short text")]
            let cut = (text.len() as f64 * at) as usize;
            for end in [cut, text.len()] {
                let found = mask(text.as_bytes().get(..end).unwrap_or_default(), &names());
                if let Some(masked) = found {
                    // No piece of it either.
                    prop_assert!(!masked.text.contains("zq-"), "{}", masked.text);
                    prop_assert!(serde_json::from_str::<Value>(&masked.text).is_ok(), "{}", masked.text);
                    prop_assert!(end < text.len() || !masked.is_cut);
                }
            }
        }

        #[test]
        fn nothing_makes_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:a-z0-9\\\\ ]{0,80}") {
            for bytes in [&bytes, text.as_bytes()] {
                if let Some(masked) = mask(bytes, &names()) {
                    prop_assert!(serde_json::from_str::<Value>(&masked.text).is_ok(), "{}", masked.text);
                }
            }
        }
    }
}
