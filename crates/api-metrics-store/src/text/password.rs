//! What may be shown of a database's URL.
//!
//! A URL that can be read has its password at a known place. One that can't, because its password holds a
//! `/`, a `?` or an `@` that was not encoded, is still what somebody has typed, and is what errors are
//! about. So more is hidden than need be, and never less:
//!
//! | text | shown |
//! |---|---|
//! | `postgres://app:secret@db/shop` | `postgres://app:***@db/shop` |
//! | `postgres://app:a/b@c?d@db/shop` | `postgres://app:***@db/shop` |
//! | `postgres://db/shop?user=app&password=secret` | `postgres://db/shop?user=app&password=***` |
//! | `app:secret@db/shop` | `***@db/shop` |
//! | `host=db password=secret` | `host=db password=***` |

use std::borrow::Cow;

/// What the names of settings end with whose values are secrets.
const SECRET: [&str; 7] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "passphrase",
    "secret",
    "token",
];

/// The URL with its password replaced, fit for errors and logs.
///
/// ```
/// use api_metrics_store::text::without_password;
///
/// assert_eq!(without_password("postgres://app:secret@db/shop"), "postgres://app:***@db/shop");
/// ```
#[must_use]
pub fn without_password(url: &str) -> String {
    // What stands before `://` further behind is no scheme, and may hold a password.
    let with_scheme = url.split_once("://").filter(|(scheme, _)| {
        scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
    });
    let shown: Cow<'_, str> = match (with_scheme, url.rsplit_once('@')) {
        (_, None) => url.into(),
        // Without a scheme there is nothing to tell a password by.
        (None, Some((_, server))) => format!("***@{server}").into(),
        // The last `@` ends the user's part: a password that was not encoded may hold others.
        (Some((scheme, rest)), Some((_, server))) => {
            let user = rest.rsplit_once('@').map_or(rest, |(user, _)| user);
            match user.split_once(':') {
                Some((name, _)) => format!("{scheme}://{name}:***@{server}").into(),
                None => url.into(),
            }
        }
    };
    let mut without = String::with_capacity(shown.len());
    for setting in shown.split_inclusive(['?', '&', ';', ' ', '\t', '\n', '#']) {
        match setting.split_once('=') {
            Some((name, value)) if is_secret(name) => {
                let end = value
                    .chars()
                    .next_back()
                    .filter(|c| matches!(c, '?' | '&' | ';' | '#') || c.is_whitespace());
                without.push_str(name);
                without.push_str("=***");
                without.extend(end);
            }
            _ => without.push_str(setting),
        }
    }
    without
}

/// Whether a setting of this name, percent-encoded or not, is a secret.
fn is_secret(name: &str) -> bool {
    let mut bytes = name.bytes();
    let mut plain = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let code = match (byte, ahead.next(), ahead.next()) {
            (b'%', Some(high), Some(low)) => hex(high).zip(hex(low)).map(|(h, l)| h << 4 | l),
            _ => None,
        };
        plain.push(code.unwrap_or(byte).to_ascii_lowercase());
        if code.is_some() {
            bytes = ahead;
        }
    }
    SECRET.iter().any(|end| plain.ends_with(end.as_bytes()))
}

/// The value of a hexadecimal digit.
const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn passwords_are_not_told() {
        for (url, shown) in [
            ("postgres://u:p@h/d", "postgres://u:***@h/d"),
            (
                "postgres://u:p@ss:w@h:5432/d?x=1",
                "postgres://u:***@h:5432/d?x=1",
            ),
            ("postgres://u:p/s?s#w@h/d", "postgres://u:***@h/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            (
                "postgres://h/d?user=u&password=p",
                "postgres://h/d?user=u&password=***",
            ),
            (
                "postgres://h/d?PassW%6frd=p&sslmode=off",
                "postgres://h/d?PassW%6frd=***&sslmode=off",
            ),
            ("postgres:u:p@h/d", "***@h/d"),
            ("u:p@h/d", "***@h/d"),
            ("u:p@h/://", "***@h/://"),
            ("host=h password=p dbname=d", "host=h password=*** dbname=d"),
            ("sqlite:metrics.db", "sqlite:metrics.db"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    proptest! {
        #[test]
        fn no_password_is_shown_wherever_it_stands(
            odd in "[a-z0-9@:/?&#%;= .]{0,12}",
            tail in "[a-z0-9:/?&=.]{0,12}",
        ) {
            let password = format!("S3cret{odd}S3cret");
            for url in [
                format!("postgres://app:{password}@db/{tail}"),
                format!("app:{password}@db/{tail}"),
            ] {
                let shown = without_password(&url);
                prop_assert!(!shown.contains("S3cret"), "{url} {shown}");
            }
            let encoded: String = odd.chars().filter(char::is_ascii_alphanumeric).collect();
            let url = format!("postgres://db/shop?a=b&password=S3cret{encoded}&{tail}");
            let shown = without_password(&url);
            prop_assert!(!shown.contains("S3cret"), "{url} {shown}");
        }
    }
}
