//! Which names have values that are masked.

/// Letters from which on a name is found within others, too.
const FOUND_WITHIN: usize = 5;

/// Names whose values are masked, made ready for comparing.
#[derive(Debug, Clone)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// Those of a list, in any way of writing them.
    pub(crate) fn new(names: &[String]) -> Self {
        let names = names.iter().map(|name| words(name).concat());
        Self(names.filter(|name| !name.is_empty()).collect())
    }

    /// Whether the value of this name is masked: words of it, one after the other, are one of the list, in singular
    /// or plural; or a long one of the list stands within it.
    pub(crate) fn hide(&self, name: &str) -> bool {
        if crate::request_log::scrub::hides(name) {
            return true;
        }
        let words = words(name);
        let all = words.concat();
        self.0.iter().any(|masked| {
            (masked.chars().count() >= FOUND_WITHIN && all.contains(masked.as_str()))
                || is_run(&words, masked)
        })
    }
}

/// Whether words that follow each other are `masked`.
fn is_run(words: &[String], masked: &str) -> bool {
    (0..words.len()).any(|from| {
        let mut rest = masked;
        for word in words.iter().skip(from) {
            if word.strip_suffix('s') == Some(rest) {
                return true;
            }
            match rest.strip_prefix(word.as_str()) {
                Some("") => return true,
                Some(after) => rest = after,
                None => return false,
            }
        }
        false
    })
}

/// The words of a name in lower case: `cardNumber`, `CARD-number` and `card_number` are two.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        // `userID` and `XMLToken` break before the last capital.
        let begins = c.is_uppercase() && (!before.is_uppercase() || next_is_lower)
            || c.is_numeric() != before.is_numeric();
        if (begins || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use api_metrics_layer::Snapshots;

    use super::*;

    #[test]
    fn names_are_found_by_their_words_however_they_are_written() {
        let mut names = Snapshots::default().masked_names;
        names.push("Customer-No".to_owned());
        let names = Names::new(&names);
        for hidden in [
            "password",
            "PASSWORD",
            "oldPasswordHash",
            "user[password]",
            "api-key",
            "apiKey",
            "APIKey",
            "X-API-KEY",
            "api_keys",
            "cardNumber",
            "CARD2",
            "pin",
            "userPIN",
            "pins",
            "e-mail",
            "email_address",
            "SSN",
            "customerNo",
            "customer_no",
            "db.password",
            "access_token",
            "Set-Cookie",
        ] {
            assert!(names.hide(hidden), "{hidden}");
        }
        for shown in [
            "discard", "spinning", "pinned", "name", "id", "monkey", "amount", "customer", "",
            "page",
        ] {
            assert!(!names.hide(shown), "{shown}");
        }
    }
}
