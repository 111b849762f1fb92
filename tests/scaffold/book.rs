//! The book: no page is forgotten, no link leads nowhere, every program is compiled.

use std::collections::{BTreeMap, BTreeSet};

use super::{read, root};

/// The pages, by their paths within `docs`, with their text.
fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for folder in ["", "decisions/"] {
        for entry in std::fs::read_dir(root().join("docs").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                let path = format!("{folder}{name}");
                let text = read(&format!("docs/{path}"));
                pages.insert(path, text);
            }
        }
    }
    pages
}

/// A page without the blocks of code.
fn prose(text: &str) -> String {
    let mut code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if !code {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// The targets of a page's links.
fn links(text: &str) -> Vec<String> {
    prose(text)
        .split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split([')', ' ']).next()?.to_owned()))
        .collect()
}

/// The names by which headings are linked, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    prose(text)
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|heading| {
            heading
                .trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter_map(|c| match c {
                    ' ' => Some('-'),
                    '-' | '_' => Some(c),
                    c if c.is_alphanumeric() => Some(c),
                    _ => None,
                })
                .collect()
        })
        .collect()
}

#[test]
fn the_summary_has_every_page_once() {
    let pages = pages();
    let listed = links(&pages["SUMMARY.md"]);
    let known: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(known.len(), listed.len(), "a page is listed twice");
    for page in pages.keys().filter(|page| *page != "SUMMARY.md") {
        assert!(known.contains(page), "docs/SUMMARY.md lacks {page}");
    }
    assert_eq!(
        known.len(),
        pages.len() - 1,
        "docs/SUMMARY.md lists too much"
    );
}

#[test]
fn links_to_headings_lead_to_them() {
    let pages = pages();
    let mut found = 0;
    for (page, text) in &pages {
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in links(text).iter().filter(|link| !link.contains("://")) {
            let Some((path, anchor)) = link.split_once('#') else {
                continue;
            };
            let target = match path {
                "" => text.clone(),
                path => read(&format!("docs/{folder}/{path}")),
            };
            assert!(anchors(&target).contains(anchor), "docs/{page}: {link}");
            found += 1;
        }
    }
    assert!(found > 50, "{found} links to headings");
}

#[test]
fn every_page_ends_with_what_to_read_next() {
    for (page, text) in pages() {
        if page.starts_with("decisions/") || ["README.md", "SUMMARY.md"].contains(&page.as_str()) {
            continue;
        }
        let last = text.lines().rfind(|line| line.starts_with("## "));
        assert_eq!(last, Some("## What to read next"), "docs/{page}");
    }
}

#[test]
fn every_program_of_the_book_is_compiled() {
    let compiled = read("tests/support/book.rs");
    for (page, text) in pages() {
        if text.lines().any(|line| line.starts_with("```rust")) {
            assert!(compiled.contains(&format!("\"{page}\"")), "docs/{page}");
            assert!(!text.contains("```rust,ignore"), "docs/{page}");
        }
    }
}
