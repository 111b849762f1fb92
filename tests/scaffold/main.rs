//! What the workspace promises about itself: sizes, directions, versions, documents.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The crates that are published, in the order of their arrows: each may use those before it.
const PUBLISHED: [&str; 6] = [
    "api-metrics-layer",
    "api-metrics-store",
    "api-metrics-routes",
    "api-metrics-clickhouse",
    "api-metrics",
    "api-metrics-cli",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn metadata() -> Value {
    serde_json::from_str(&cargo(&[
        "metadata",
        "--format-version=1",
        "--all-features",
    ]))
    .unwrap()
}

fn packages(metadata: &Value) -> BTreeMap<&str, &Value> {
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect()
}

/// A Rust version as something that can be compared.
fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap_or(0))
}

/// All packages that building `name` needs, itself left out.
fn needed<'a>(
    metadata: &'a Value,
    packages: &BTreeMap<&'a str, &'a Value>,
    name: &str,
) -> Vec<&'a Value> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let start = packages
        .iter()
        .find(|(_, package)| package["name"] == name)
        .unwrap()
        .0;
    let (mut seen, mut open) = (BTreeSet::new(), vec![*start]);
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let built = dependency["dep_kinds"]
                .as_array()
                .unwrap()
                .iter()
                .any(|kind| kind["kind"] != "dev");
            if built {
                open.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    seen.remove(start);
    seen.into_iter().map(|id| packages[id]).collect()
}

#[test]
fn each_published_crates_rust_version_is_what_its_dependencies_need_and_no_more() {
    let metadata = metadata();
    let packages = packages(&metadata);
    // Edition 2024 came with this one, whatever dependencies ask for.
    let edition = (1, 85);
    for name in PUBLISHED {
        let package = packages
            .values()
            .find(|package| package["name"] == name)
            .unwrap();
        let declared = version(package["rust_version"].as_str().unwrap());
        let highest = needed(&metadata, &packages, name)
            .into_iter()
            .filter_map(|package| {
                Some((version(package["rust_version"].as_str()?), &package["name"]))
            })
            .max_by_key(|(version, _)| *version)
            .unwrap();
        assert_eq!(
            declared,
            highest.0.max(edition),
            "{name}: {} asks for {:?}",
            highest.1,
            highest.0
        );
    }
}

#[test]
fn the_layer_without_default_features_pulls_fewer_than_twenty_crates() {
    let tree = cargo(&[
        "tree",
        "-p",
        "api-metrics-layer",
        "--no-default-features",
        "-e",
        "normal",
        "--prefix",
        "none",
        "-f",
        "{p}",
    ]);
    let crates: BTreeSet<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.starts_with("api-metrics-layer "))
        .collect();
    assert!(
        !crates.is_empty() && crates.len() < 20,
        "{}: {crates:?}",
        crates.len()
    );
    assert!(
        !crates
            .iter()
            .any(|name| name.starts_with("tokio ") || name.starts_with("sqlx")),
        "{crates:?}"
    );
}

#[test]
fn arrows_between_the_published_crates_go_one_way() {
    let metadata = metadata();
    let packages = packages(&metadata);
    for (place, name) in PUBLISHED.iter().enumerate() {
        for package in needed(&metadata, &packages, name) {
            let used = package["name"].as_str().unwrap();
            if used.starts_with("api-metrics") {
                assert!(PUBLISHED[..place].contains(&used), "{name} uses {used}");
            }
        }
    }
}

#[test]
fn published_crates_carry_what_a_registry_shows_and_the_others_are_not_published() {
    let metadata = metadata();
    let members: BTreeSet<&str> = metadata["workspace_members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    let mut found = 0;
    for (id, package) in packages(&metadata) {
        if !members.contains(id) {
            continue;
        }
        let name = package["name"].as_str().unwrap();
        if PUBLISHED.contains(&name) {
            found += 1;
            assert!(package["publish"].is_null(), "{name}");
            for field in [
                "description",
                "license",
                "repository",
                "readme",
                "rust_version",
            ] {
                assert!(package[field].is_string(), "{name} has no {field}");
            }
            assert_eq!(package["license"], "MIT OR Apache-2.0");
            let readme = read(&format!("crates/{name}/README.md"));
            assert!(readme.lines().count() > 5, "{name}'s README says nothing");
        } else {
            assert_eq!(
                package["publish"],
                serde_json::json!([]),
                "{name} must not be published"
            );
        }
    }
    assert_eq!(found, PUBLISHED.len());
}

#[test]
fn the_readmes_program_is_short_and_the_one_that_is_compiled() {
    let program = |text: &str| {
        let (_, rest) = text.split_once("```rust,no_run\n").expect("a program");
        rest.split_once("```").unwrap().0.to_owned()
    };
    let shown = program(&read("README.md"));
    assert!(
        shown.lines().count() <= 20,
        "{} lines",
        shown.lines().count()
    );
    assert_eq!(shown, program(&read("crates/api-metrics/README.md")));
}

#[test]
fn unsafe_code_is_forbidden_in_every_published_crate() {
    for name in PUBLISHED {
        let source = read(&format!("crates/{name}/src/lib.rs"));
        assert!(source.contains("#![forbid(unsafe_code)]"), "{name}");
    }
}
