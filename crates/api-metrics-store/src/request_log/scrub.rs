//! Takes out of a text what identifies somebody or opens something, before it is stored.
//!
//! | found | replaced by |
//! |---|---|
//! | an e-mail address, `%40` for its sign included | `[email]` |
//! | what follows `Bearer` or `Basic` | `[token]` |
//! | a JSON Web Token | `[jwt]` |
//! | a card number that passes its check, with or without blanks or hyphens | `[card]` |
//! | 20 hexadecimal digits or more | `[hex]` |
//! | 24 letters and digits of mixed kinds or more, base64 and known forms of keys | `[secret]` |
//! | what follows `password=`, `token:` and the like | `[hidden]` |
//!
//! It errs on the side of taking out too much. UUIDs stay.

use std::borrow::Cow;

/// Names whose values are hidden, in lower case.
const SECRET_NAMES: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "authorization",
    "cookie",
    "access_key",
    "private_key",
];
/// How known forms of keys begin.
const KEY_PREFIXES: [&str; 9] = [
    "sk_live_",
    "sk_test_",
    "sk-",
    "ghp_",
    "gho_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "AKIA",
];
/// Hexadecimal digits from which on they count as a secret.
const LONG_HEX: usize = 20;
/// Letters and digits of mixed kinds from which on they count as a secret.
const LONG_MIXED: usize = 24;
/// Digits of card numbers.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// The text without what must not be stored. Borrowed where nothing had to change.
pub(crate) fn scrubbed(text: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut done = 0;
    let mut at = 0;
    let mut hide_next = None;
    while let Some((word, start)) = next_word(text, at) {
        let end = start + word.len();
        at = end;
        if !word.chars().any(char::is_alphanumeric) {
            continue;
        }
        let gap = text.get(done..start).unwrap_or_default();
        let found = match hide_next.take() {
            Some(mark) if !gap.contains('\n') => Some((start, end, mark)),
            _ => secret(text, word, start),
        };
        if let Some((from, to, mark)) = found {
            let out = out.get_or_insert_with(String::new);
            out.push_str(text.get(done..from).unwrap_or_default());
            out.push_str(mark);
            done = to;
            at = at.max(to);
            continue;
        }
        hide_next = announces(text, word, end);
    }
    match out {
        None => Cow::Borrowed(text),
        Some(mut out) => {
            out.push_str(text.get(done..).unwrap_or_default());
            Cow::Owned(out)
        }
    }
}

/// Whether a character belongs to a word: what tokens, addresses and numbers are written with.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+' | '/' | '%' | '~')
}

/// The next word from `at` on, and where it starts.
fn next_word(text: &str, at: usize) -> Option<(&str, usize)> {
    let rest = text.get(at..)?;
    let begin = rest.find(is_word)?;
    let word = rest.get(begin..)?;
    let end = word.find(|c| !is_word(c)).unwrap_or(word.len());
    Some((word.get(..end)?, at + begin))
}

/// Whether the value of this name is a secret as a whole.
pub(crate) fn hides(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let name = lower.rsplit(['.', '/']).next().unwrap_or_default();
    SECRET_NAMES.iter().any(|secret| name.ends_with(secret))
}

/// What the value after this word is to be replaced by, if it announces a secret.
fn announces(text: &str, word: &str, end: usize) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    if lower == "bearer" || lower == "basic" {
        return Some("[token]");
    }
    let is_name = hides(&lower);
    let after = text
        .get(end..)?
        .trim_start_matches(['"', '\'', '`', ']', ' ']);
    // `token: ...`, `"token":"..."`, `token=...`
    (is_name && after.starts_with(['=', ':'])).then_some("[hidden]")
}

/// The secret that this word is, begins, or holds: from where to where, and what stands for it.
fn secret(text: &str, word: &str, start: usize) -> Option<(usize, usize, &'static str)> {
    let end = start + word.len();
    if let Some(to) = card(text, start) {
        return Some((start, to, "[card]"));
    }
    if is_email(word) {
        return Some((start, end, "[email]"));
    }
    if let Some(from) = word.find("eyJ").filter(|&from| is_jwt(word, from)) {
        return Some((start + from, end, "[jwt]"));
    }
    // Base64 may hold slashes; so may paths, whose parts are looked at one by one.
    let padding = text.get(end..)?;
    let padding = padding.len() - padding.trim_start_matches('=').len();
    if (word.contains('+') || padding > 0) && is_mixed(word) {
        return Some((start, end + padding, "[secret]"));
    }
    let mut at = start;
    for piece in word.split(['/', '.', '%', '~', '@']) {
        if let Some(mark) = token(piece) {
            return Some((at, at + piece.len(), mark));
        }
        at += piece.len() + 1;
    }
    None
}

fn is_email(word: &str) -> bool {
    let word = word.replace("%40", "@");
    let Some((local, domain)) = word.rsplit_once('@') else {
        return false;
    };
    local.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '+' | '-' | '.'))
        && domain.starts_with(char::is_alphanumeric)
}

/// Three parts of base64, the first of which is JSON; a part may be cut off.
fn is_jwt(word: &str, from: usize) -> bool {
    let jwt = word.get(from..).unwrap_or_default();
    jwt.len() >= 16 && jwt.contains('.')
}

fn token(piece: &str) -> Option<&'static str> {
    if is_uuid(piece) {
        return None;
    }
    let hex = piece.len() >= LONG_HEX && piece.bytes().all(|b| b.is_ascii_hexdigit());
    if hex && piece.bytes().any(|b| b.is_ascii_digit()) {
        return Some("[hex]");
    }
    // Hexadecimal digits with something before them, such as `sess_3f2a...`.
    let long = piece.split(['_', '-']).any(|part| {
        part.len() >= LONG_HEX
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
    });
    let known = KEY_PREFIXES.iter().any(|prefix| {
        let rest = piece.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.len() >= 12)
    });
    (long || known || is_mixed(piece)).then_some("[secret]")
}

/// Whether a word is too long and of too many kinds of characters for a name.
fn is_mixed(word: &str) -> bool {
    if word.len() < LONG_MIXED {
        return false;
    }
    let count = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let digits = count(u8::is_ascii_digit);
    (upper > 0 && lower > 0 && digits > 0)
        || (digits >= 4 && upper + lower >= 4 && word.len() >= 32)
}

fn is_uuid(piece: &str) -> bool {
    piece.len() == 36 && uuid::Uuid::try_parse(piece).is_ok()
}

/// Where a card number ends that starts here.
fn card(text: &str, start: usize) -> Option<usize> {
    let before = text.get(..start)?.chars().next_back();
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let mut digits = Vec::with_capacity(19);
    let mut end = start;
    let mut separated = false;
    for (at, c) in text.get(start..)?.char_indices() {
        match c.to_digit(10) {
            Some(digit) => {
                digits.push(digit);
                end = start + at + 1;
                separated = false;
            }
            None if matches!(c, ' ' | '-') && !separated && !digits.is_empty() => separated = true,
            None => break,
        }
    }
    (CARD_DIGITS.contains(&digits.len()) && luhn(&digits)).then_some(end)
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|&digit| digit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        for (text, expected) in [
            (
                "no user ann.b+x@example.co.uk, sorry",
                "no user [email], sorry",
            ),
            ("/invite/ann%40example.org", "[email]"),
            ("<ann@localhost>", "<[email]>"),
            (
                "authorization Bearer abc.def was refused",
                "authorization Bearer [token] was refused",
            ),
            ("Basic dXNlcg==", "Basic [token]=="),
            (
                "bad eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig-nature",
                "bad [jwt]",
            ),
            ("paid by 4111 1111 1111 1111!", "paid by [card]!"),
            ("paid by 4111-1111-1111-1111", "paid by [card]"),
            ("paid by 4111111111111111.", "paid by [card]."),
            ("session 0123456789abcdef0123456789abcdef", "session [hex]"),
            ("session sess_0123456789abcdef0123", "session [secret]"),
            ("key sk_live_abcdefghijklmnop", "key [secret]"),
            ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
            ("blob q83vEjRWeJq83vEjRWeJq83vEjRWeA==", "blob [secret]"),
            ("blob q83v+jRWeJ/83vEjRWeJq83v", "blob [secret]"),
            ("/reset/Zx8Kq2LmN4pR7sT1vW5yA3bC", "/reset/[secret]"),
            ("password=hunter2 for ann", "password=[hidden] for ann"),
            (
                r#"{"db_password": "hunter2"}"#,
                r#"{"db_password": "[hidden]"}"#,
            ),
            ("X-Api-Key: k1", "X-Api-Key: [hidden]"),
            ("", ""),
        ] {
            assert_eq!(scrubbed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_message_needs_to_be_understood_stays() {
        for text in [
            "missing field `name` at line 1 column 2",
            "order 0b6b8f2c-7f0e-4b53-9d6b-0c6b3e0f1a2d is paid",
            "timeout after 30000 ms at 10.0.0.7:5432",
            "/api/v1/users/{id}/orders-of-customers",
            "relation \"api_metrics.requests_20261128\" does not exist",
            "token expired",
            "Failed to deserialize the JSON body into the target type",
            "1111 1111 1111 1112",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
        ] {
            assert!(
                matches!(scrubbed(text), Cow::Borrowed(_)),
                "{}",
                scrubbed(text)
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fail_and_a_second_time_finds_nothing_new(text in ".{0,200}") {
            let once = scrubbed(&text).into_owned();
            proptest::prop_assert!(once.len() <= 10 * text.len() + 10);
        }

        #[test]
        fn a_planted_secret_is_never_left(before in "[a-z ,.:;(){}\"']{0,20}", after in "[ ,;(){}\"']{1,5}[a-z ]{0,20}") {
            for secret in ["ann@example.org", "0123456789abcdef0123456789abcdef", "4111111111111111"] {
                let text = format!("{before} {secret}{after}");
                proptest::prop_assert!(!scrubbed(&text).contains(secret), "{}", text);
            }
        }
    }
}
