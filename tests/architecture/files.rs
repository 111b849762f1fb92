//! The workspace's own files.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold nothing written by hand.
const GENERATED: [&str; 6] = [
    "target",
    "node_modules",
    "assets",
    "corpus",
    "artifacts",
    ".git",
];

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/architecture stands two folders below the root")
        .to_owned()
}

/// All files at or below `path` that end in one of `extensions`, sorted. A path that doesn't exist
/// has none.
#[must_use]
pub fn below(path: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(path, extensions, &mut found);
    found.sort();
    found
}

fn collect(path: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    if path.is_file() {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        if extensions.contains(&extension) {
            found.push(path.to_owned());
        }
        return;
    }
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        // Links lead to files that are read where they are.
        if !GENERATED.contains(&name) && !path.is_symlink() {
            collect(&path, extensions, found);
        }
    }
}

/// A file's text.
#[must_use]
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
