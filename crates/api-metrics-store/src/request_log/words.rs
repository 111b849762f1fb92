//! The words of a request, by which it is found. Both databases index and look for the same ones.

/// The longest word, in bytes. Longer ones are cut, in texts as in questions.
const MAX_WORD: usize = 48;
/// Words of one request.
pub(crate) const MAX_WORDS: usize = 256;

/// The different words of some texts: letters and digits in lower case, separated by blanks.
pub(crate) fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    all_words(texts, MAX_WORDS)
}

/// The same for another number of words.
pub(crate) fn all_words<'a>(texts: impl IntoIterator<Item = &'a str>, max: usize) -> String {
    let mut found = Vec::new();
    for text in texts {
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            if word.is_empty() || found.len() == max {
                continue;
            }
            let mut lower = word.to_lowercase();
            // Some capitals become a letter and a mark, which would not be found as one word.
            lower.retain(char::is_alphanumeric);
            let end = (0..=MAX_WORD)
                .rev()
                .find(|&end| lower.is_char_boundary(end));
            lower.truncate(end.unwrap_or_default());
            if !lower.is_empty() && !found.contains(&lower) {
                found.push(lower);
            }
        }
    }
    found.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_in_lower_case_each_once() {
        assert_eq!(
            words(["GET /Users/{id}", "no user 'Zoë' in users"]),
            "get users id no user zoë in"
        );
        assert_eq!(words(["", "!? -- "]), "");
        let long = "ü".repeat(100);
        assert_eq!(words([long.as_str()]), "ü".repeat(MAX_WORD / 2));
    }
}
