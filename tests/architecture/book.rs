//! The book and the other documents: no page is forgotten, no link leads nowhere, every program is compiled.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
    process::Command,
};

use api_metrics_architecture::files;

/// Languages of blocks that no program of ours reads: drawings, transcripts, files of other tools.
const FREE: [&str; 11] = [
    "console",
    "dockerfile",
    "ini",
    "json",
    "mermaid",
    "postgresql",
    "sql",
    "sqlite",
    "text",
    "toml",
    "yaml",
];

/// The pages, by their paths within `docs`, with their text.
fn pages() -> BTreeMap<String, String> {
    let docs = files::root().join("docs");
    let pages = files::below(&docs, &["md"]).into_iter().map(|path| {
        let name = path.strip_prefix(&docs).unwrap().to_str().unwrap();
        (name.to_owned(), files::text(&path))
    });
    pages.collect()
}

/// Everything that people read: the book, the READMEs, the changelog, what GitHub shows.
fn documents() -> Vec<PathBuf> {
    let root = files::root();
    let mut all = files::below(&root, &["md"]);
    all.retain(|path| !path.starts_with(root.join("tests/fuzzing")));
    all
}

/// A text without its blocks of code.
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

/// The targets of a text's links and pictures.
fn links(text: &str) -> Vec<String> {
    prose(text)
        .split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split([')', ' ']).next()?.to_owned()))
        .collect()
}

/// The names by which headings are linked, as GitHub and mdBook make them. Of two equal ones the
/// second gets a number.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    let mut all = BTreeSet::new();
    for line in prose(text).lines() {
        let Some(heading) = line.strip_prefix('#') else {
            continue;
        };
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let anchor: String = heading
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('-'),
                '-' | '_' => Some(c),
                c if c.is_alphanumeric() => Some(c),
                _ => None,
            })
            .collect();
        let before = seen.entry(anchor.clone()).or_default();
        all.insert(match *before {
            0 => anchor,
            n => format!("{anchor}-{n}"),
        });
        *before += 1;
    }
    all
}

/// `folder` and what a link adds to it, without `..`: case counts on every system.
fn joined(folder: &Path, link: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

/// What is wrong about the links of a document.
fn broken(document: &Path) -> Vec<String> {
    let text = files::text(document);
    let folder = document.parent().unwrap();
    let mut wrong = Vec::new();
    for link in links(&text) {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target = match path {
            "" => document.to_owned(),
            path => joined(folder, path),
        };
        if !target.exists() {
            wrong.push(format!("{}: {link} leads nowhere", document.display()));
        } else if !anchor.is_empty() && !anchors(&files::text(&target)).contains(anchor) {
            wrong.push(format!("{}: {link} names no heading", document.display()));
        }
    }
    wrong
}

/// The blocks of code of a text: the first line's words after the fence, and the lines.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut block: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            match block.take() {
                Some(ended) => all.push(ended),
                None => block = Some((language.to_owned(), String::new())),
            }
        } else if let Some((_, lines)) = &mut block {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    assert!(block.is_none(), "a block of code has no end");
    all
}

/// Whether a shell understands the commands, without running them.
fn is_shell(code: &str) -> bool {
    let checked = Command::new("bash").args(["-n", "-c", code]).output();
    !code.trim().is_empty() && checked.unwrap().status.success()
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
fn links_lead_to_files_and_headings() {
    let documents = documents();
    assert!(documents.len() > 40, "{} documents", documents.len());
    let wrong: Vec<String> = documents.iter().flat_map(|path| broken(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_broken_link_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    write(
        "other.md",
        "# Other\n\n## Two words, `code`\n\n## Same\n\n## Same\n",
    );
    let fine = "[a](other.md) [b](other.md#two-words-code) [c](#here) [d](other.md#same-1) [e](https://x.y#z)";
    let page = write(
        "page.md",
        &format!("# Here\n{fine}\n```text\n[x](none.md)\n```\n"),
    );
    assert!(broken(&page).is_empty());
    for link in [
        "none.md",
        "other.md#none",
        "#none",
        "other.md#same-2",
        "Other.md",
    ] {
        let page = write("page.md", &format!("# Here\n[a]({link})\n"));
        assert_eq!(broken(&page).len(), 1, "{link}");
    }
}

#[test]
fn every_page_begins_with_its_purpose_and_ends_with_what_to_read_next() {
    for (page, text) in pages() {
        if page.starts_with("decisions/") || ["README.md", "SUMMARY.md"].contains(&page.as_str()) {
            continue;
        }
        let first = text.split("\n\n").nth(1).unwrap_or_default();
        assert!(first.starts_with("This page "), "docs/{page} says: {first}");
        let last = text.lines().rfind(|line| line.starts_with("## "));
        assert_eq!(last, Some("## What to read next"), "docs/{page}");
        let next = text.rsplit("## What to read next").next().unwrap();
        assert!(!links(next).is_empty(), "docs/{page} leads nowhere");
    }
}

#[test]
fn every_program_of_the_book_is_compiled() {
    let compiled = files::text(&files::root().join("tests/support/book.rs"));
    for (page, text) in pages() {
        for (language, code) in blocks(&text) {
            let mut words = language.split(',');
            match words.next().unwrap() {
                "rust" => {
                    assert!(compiled.contains(&format!("\"{page}\"")), "docs/{page}");
                    assert!(
                        words.all(|word| word == "no_run"),
                        "docs/{page}: {language}"
                    );
                }
                "sh" => assert!(is_shell(&code), "docs/{page}: no shell reads {code}"),
                other => assert!(FREE.contains(&other), "docs/{page}: a block of `{other}`"),
            }
        }
    }
}

#[test]
fn what_is_no_shell_is_found() {
    assert!(is_shell("for n in 1 2; do echo $n; done"));
    for wrong in ["", "if true", "echo 'a"] {
        assert!(!is_shell(wrong), "{wrong}");
    }
}

#[test]
fn the_cookbook_has_twenty_recipes_that_are_run() {
    let text = &pages()["cookbook.md"];
    let recipes: Vec<&str> = text.split("\n## ").skip(1).collect();
    let recipes = &recipes[..recipes.len() - 1];
    assert_eq!(recipes.len(), 20);
    for recipe in recipes {
        let name = recipe.lines().next().unwrap();
        let blocks = blocks(recipe);
        assert_eq!(blocks.len(), 1, "{name}");
        assert_eq!(blocks[0].0, "rust", "{name} is run");
        assert!(blocks[0].1.contains("assert"), "{name} says what comes out");
        let shown = blocks[0].1.lines().filter(|line| !line.starts_with("# "));
        assert!(shown.count() <= 45, "{name} is short");
    }
    // Its table leads to each of them.
    let table = text.split("\n## ").next().unwrap();
    assert_eq!(
        links(table)
            .iter()
            .filter(|link| link.starts_with('#'))
            .count(),
        20
    );
}
