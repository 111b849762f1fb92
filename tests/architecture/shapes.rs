//! Sizes and shapes of the source.

use std::path::{Path, PathBuf};

use api_metrics_architecture::{files, syntax::is_test};
use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Fields, Visibility,
    visit::{self, Visit},
};

/// More lines than these hold more than one idea.
const MOST_LINES: usize = 600;
/// Of all lines of a crate outside of its tests, in percent.
const LEAST_DOCS: usize = 20;

fn relative(file: &Path) -> String {
    file.strip_prefix(files::root())
        .unwrap()
        .display()
        .to_string()
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let mut long = Vec::new();
    let all = files::below(&files::root(), &["rs", "ts", "tsx"]);
    assert!(all.len() > 200, "all files are found");
    for file in all {
        let lines = files::text(&file).lines().count();
        // The API's types are made from its document.
        if lines > MOST_LINES && !file.ends_with("api/schema.d.ts") {
            long.push(format!("{}: {lines} lines", relative(&file)));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// The files of a crate that are not tests.
fn source(name: &str) -> Vec<PathBuf> {
    let root = files::root().join("crates").join(name).join("src");
    let mut all = files::below(&root, &["rs"]);
    all.retain(|file| {
        let inside = file.strip_prefix(&root).unwrap();
        let mut parts = inside.components().map(|part| part.as_os_str());
        !parts.any(|part| part == "tests" || part == "tests.rs")
    });
    assert!(!all.is_empty(), "{name} has source");
    all
}

#[test]
fn a_fifth_of_the_lines_explains_the_others() {
    let mut few = Vec::new();
    for name in ["api-metrics-store", "api-metrics-routes"] {
        let (mut docs, mut lines) = (0, 0);
        for file in source(name) {
            let text = files::text(&file);
            // Tests stand at a file's end.
            let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or(&text);
            for line in shipped.lines().map(str::trim) {
                let explains = line.starts_with("///") || line.starts_with("//!");
                docs += usize::from(explains);
                lines += usize::from(explains || !(line.is_empty() || line.starts_with("//")));
            }
        }
        let percent = 100.0 * docs as f64 / lines as f64;
        println!(
            "{name}: {docs} of {lines} lines of code and documentation explain, {percent:.1}%"
        );
        if 100 * docs < LEAST_DOCS * lines {
            few.push(format!("{name}: {percent:.1}%"));
        }
    }
    assert!(few.is_empty(), "less than {LEAST_DOCS}%: {few:?}");
}

/// What the tests below look for in one file.
#[derive(Default)]
struct Found {
    exhaustive: Vec<String>,
    statements: Vec<String>,
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
        let grows = |a: &Attribute| a.path().is_ident("non_exhaustive");
        if let Fields::Named(fields) = &item.fields
            && public(&item.vis)
            && fields.named.iter().any(|field| public(&field.vis))
            && !item.attrs.iter().any(grows)
        {
            self.exhaustive.push(item.ident.to_string());
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if let Some(name) = &item.ident
            && holds_sql(item.mac.tokens.clone())
        {
            self.statements.push(name.to_string());
        }
    }
}

/// Whether a literal among the tokens is a piece of a statement.
fn holds_sql(tokens: TokenStream) -> bool {
    const WORDS: [&str; 9] = [
        "SELECT ", "INSERT ", "UPDATE ", "DELETE ", " FROM ", " WHERE ", " JOIN ", "CREATE ",
        "GROUP BY",
    ];
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => holds_sql(group.stream()),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            WORDS.iter().any(|word| text.contains(word))
        }
        _ => false,
    })
}

fn found(files: &[PathBuf]) -> Vec<(String, Found)> {
    let read = |file: &PathBuf| {
        let mut found = Found::default();
        found.visit_file(&syn::parse_file(&files::text(file)).unwrap());
        (relative(file), found)
    };
    files.iter().map(read).collect()
}

#[test]
fn no_statement_is_written_in_a_macro() {
    let all = found(&files::below(&files::root().join("crates"), &["rs"]));
    let with: Vec<_> = all
        .iter()
        .filter(|(_, f)| !f.statements.is_empty())
        .collect();
    let named: Vec<_> = with.iter().map(|(file, f)| (file, &f.statements)).collect();
    assert!(named.is_empty(), "{named:#?}");
}

#[test]
fn public_structs_of_the_store_can_grow() {
    let all = found(&source("api-metrics-store"));
    let with: Vec<_> = all
        .iter()
        .filter(|(_, f)| !f.exhaustive.is_empty())
        .collect();
    let named: Vec<_> = with.iter().map(|(file, f)| (file, &f.exhaustive)).collect();
    assert!(
        named.is_empty(),
        "exhaustive, with public fields: {named:#?}"
    );
}

#[test]
fn the_checks_see_what_they_look_for() {
    let text = r#"
        pub struct Open { pub x: u8 }
        #[non_exhaustive] pub struct Grows { pub x: u8 }
        pub struct Closed { x: u8 }
        struct Private { pub x: u8 }
        macro_rules! sql { () => { concat!("SELECT ", "x") } }
        macro_rules! plain { () => { "nothing" } }
        fn f() { macro_rules! inner { () => { "DELETE FROM x" } } }
        #[cfg(test)] mod tests { pub struct OfTests { pub x: u8 } }
    "#;
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(text).unwrap());
    assert_eq!(found.exhaustive, ["Open"]);
    assert_eq!(found.statements, ["sql", "inner"]);
}
