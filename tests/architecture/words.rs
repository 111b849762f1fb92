//! Words that this project has given up for the field's own, and openings that say nothing.

use api_metrics_architecture::files;

/// Words that may stand nowhere, and words that may not name a type, a line each.
const RETIRED: &str = include_str!("retired.txt");

/// The words of one section of the list.
fn section(name: &str) -> Vec<&'static str> {
    let heading = format!("[{name}]");
    let words: Vec<_> = RETIRED
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty())
        .collect();
    assert!(words.len() > 10, "{heading} has words");
    words
}

const PLACES: [&str; 7] = [
    "crates",
    "docs",
    "examples",
    "tests",
    "benches",
    "migrations",
    "README.md",
];

/// Every place where `text` holds `word` as a whole word.
fn lines_with(text: &str, word: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let whole = line.match_indices(word).any(|(at, _)| {
            !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word)
        });
        if whole {
            lines.push(number + 1);
        }
    }
    lines
}

/// The lines of docs that say of an error only whose it is.
fn empty_errors(text: &str) -> Vec<usize> {
    let said = |line: &str| line.trim_start_matches(['/', '!', ' ']).trim() == "The database's.";
    let all = text.lines().enumerate();
    all.filter(|(_, line)| said(line))
        .map(|(n, _)| n + 1)
        .collect()
}

/// Types that the text defines under a retired name.
fn types(text: &str, retired: &[&'static str]) -> Vec<(usize, &'static str)> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let defines = ["struct", "enum", "trait", "type"].contains(&pair[0]);
            let name = retired.iter().find(|name| **name == pair[1]);
            if let Some(name) = name
                && defines
                && !line.trim_start().starts_with("//")
            {
                all.push((number + 1, *name));
            }
        }
    }
    all
}

#[test]
fn words_that_were_given_up_stay_away() {
    let (anywhere, names) = (section("anywhere"), section("types"));
    let mut complaints = Vec::new();
    let own = files::root().join("tests/architecture");
    for place in PLACES {
        let all = files::below(
            &files::root().join(place),
            &["rs", "md", "sql", "ts", "tsx", "mjs"],
        );
        for file in all.iter().filter(|file| !file.starts_with(&own)) {
            let text = files::text(file);
            let name = file.strip_prefix(files::root()).unwrap().display();
            for word in &anywhere {
                for line in lines_with(&text, word) {
                    complaints.push(format!("{name}:{line}: {word}"));
                }
            }
            for line in empty_errors(&text) {
                complaints.push(format!("{name}:{line}: name the errors"));
            }
            if file.extension().is_some_and(|e| e == "rs") {
                for (line, of) in types(&text, &names) {
                    complaints.push(format!("{name}:{line}: a type called {of}"));
                }
            }
        }
    }
    let shown = complaints.iter().take(60).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    assert!(
        complaints.is_empty(),
        "{} places:\n{}",
        complaints.len(),
        shown.join("\n")
    );
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert_eq!(
        lines_with("a word\nwording\nx_word\n(word)", "word"),
        [1, 4]
    );
    assert_eq!(
        empty_errors("/// # Errors\n///\n/// The database's.\n/// The database's own."),
        [3]
    );
    assert_eq!(
        types(
            "pub(crate) struct Old<'a> {\n// a struct Old\nOld::new()",
            &["Old"]
        ),
        [(1, "Old")]
    );
}
