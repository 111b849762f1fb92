//! The arrows between modules against `arrows.txt`.
//!
//! `ARROWS=print cargo test -p api-metrics-architecture arrows` prints the list as the code is now;
//! `ARROWS=write` writes it. A reviewer sees the difference.

use std::{collections::BTreeMap, env, fmt::Write as _, fs};

use api_metrics_architecture::{Crate, Graph, files, list};

const CRATES: [&str; 5] = [
    "api-metrics-layer",
    "api-metrics-store",
    "api-metrics-routes",
    "api-metrics",
    "api-metrics-cli",
];

fn read(name: &str) -> Crate {
    Crate::read(&files::root().join("crates").join(name).join("src/lib.rs"))
}

/// The crates among themselves, by their manifests.
fn crates() -> Graph {
    let mut graph = Graph::default();
    for name in CRATES {
        graph.arrows.entry(name.to_owned()).or_default();
        let manifest = files::text(&files::root().join("crates").join(name).join("Cargo.toml"));
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let (key, _) = line.split_once(['=', '.', ' ']).unwrap_or((line, ""));
            if section == "[dependencies]" && CRATES.contains(&key) {
                graph.add(name, key);
            }
        }
    }
    graph
}

fn present() -> Vec<(&'static str, Graph)> {
    let mut all = vec![("crates", crates())];
    all.extend(CRATES.map(|name| (name, read(name).graph())));
    all
}

#[test]
fn modules_use_only_what_the_list_allows() {
    let file = files::root().join("tests/architecture/arrows.txt");
    let text = files::text(&file);
    let present = present();
    let head = text.split("\n[").next().unwrap_or_default().trim_end();
    let mut printed = head.to_owned();
    for (name, graph) in &present {
        printed.push_str("\n\n");
        printed.push_str(list::print(name, graph).trim_end());
    }
    printed.push('\n');
    match env::var("ARROWS").as_deref() {
        Ok("print") => println!("{printed}"),
        Ok("write") => fs::write(&file, &printed).unwrap(),
        _ => {}
    }

    let allowed = list::parse(&files::text(&file)).unwrap();
    let mut complaints = String::new();
    let none = Graph::default();
    for (name, graph) in &present {
        let allowed = allowed.get(*name).unwrap_or(&none);
        let mut places = BTreeMap::new();
        if *name != "crates" {
            for arrow in read(name).arrows() {
                places.entry((arrow.from, arrow.to)).or_insert(arrow.place);
            }
        }
        let at = |from: &str, to: &str| {
            let place = places.get(&(from.to_owned(), to.to_owned()));
            place.map_or("", String::as_str)
        };
        for (from, to) in graph.without(allowed) {
            let place = at(from, to);
            writeln!(complaints, "{name}: {from} -> {to} is not listed ({place})").unwrap();
        }
        for (from, to) in allowed.without(graph) {
            writeln!(
                complaints,
                "{name}: {from} -> {to} is listed and no longer there"
            )
            .unwrap();
        }
        for module in allowed
            .arrows
            .keys()
            .filter(|m| !graph.arrows.contains_key(*m))
        {
            writeln!(complaints, "{name}: {module} is listed and no longer there").unwrap();
        }
        for module in graph
            .arrows
            .keys()
            .filter(|m| !allowed.arrows.contains_key(*m))
        {
            writeln!(complaints, "{name}: {module} is not listed").unwrap();
        }
        if let Some(cycle) = graph.cycle() {
            writeln!(complaints, "{name}: a cycle, {}", cycle.join(" -> ")).unwrap();
            for pair in cycle.windows(2) {
                writeln!(complaints, "    {}", at(pair[0], pair[1])).unwrap();
            }
        }
    }
    for name in allowed
        .keys()
        .filter(|name| !present.iter().any(|(p, _)| p == *name))
    {
        writeln!(complaints, "{name} is listed and no crate").unwrap();
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}
