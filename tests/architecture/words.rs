//! Words that this project has given up for the field's own, and openings that say nothing.

use api_metrics_architecture::files;

/// Anywhere in code, comments, documents and statements.
const TEXTS: [&str; 17] = [
    "So many",
    "hand-over",
    "hand-overs",
    "handover",
    "Act",
    "Acts",
    "acts",
    "ActTx",
    "Tally",
    "tally",
    "tallies",
    "Courier",
    "Busiest",
    "premerged",
    "pre-merged",
    "set aside",
    "set_aside",
];

/// As the name of a type.
const TYPES: [&str; 38] = [
    "Arm",
    "Ask",
    "Asked",
    "Below",
    "Busiest",
    "Choice",
    "Courier",
    "Directory",
    "Duty",
    "Exchange",
    "Extract",
    "Fact",
    "Failures",
    "Fresh",
    "Gate",
    "Held",
    "Judgement",
    "Known",
    "Lane",
    "Life",
    "Opening",
    "Pace",
    "Pick",
    "Places",
    "Pulse",
    "Quiet",
    "Reading",
    "Seen",
    "Tally",
    "Turn",
    "Turns",
    "Usual",
    "Via",
    "Vitals",
    "Waiting",
    "Walk",
    "Watched",
    "World",
];

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

/// Types that the text defines under a name of [`TYPES`].
fn types(text: &str) -> Vec<(usize, &'static str)> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let defines = ["struct", "enum", "trait", "type"].contains(&pair[0]);
            let name = TYPES.iter().find(|name| **name == pair[1]);
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
            for word in TEXTS {
                for line in lines_with(&text, word) {
                    complaints.push(format!("{name}:{line}: {word}"));
                }
            }
            for line in empty_errors(&text) {
                complaints.push(format!("{name}:{line}: name the errors"));
            }
            if file.extension().is_some_and(|e| e == "rs") {
                for (line, of) in types(&text) {
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
        lines_with("a tally\ntallying\nx_tally\n(tally)", "tally"),
        [1, 4]
    );
    assert_eq!(
        empty_errors("/// # Errors\n///\n/// The database's.\n/// The database's own."),
        [3]
    );
    assert_eq!(
        types("pub(crate) struct Lane<'a> {\n// a struct Lane\nLane::new()"),
        [(1, "Lane")]
    );
}
