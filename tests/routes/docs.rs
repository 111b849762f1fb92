//! docs/http-api.md shows every route, asked by curl, with its answer.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::host::Host;

const PAGE: &str = include_str!("../../docs/http-api.md");

/// A command of the page: its method, the router that it asks, the path there.
#[derive(Debug)]
struct Command {
    method: &'static str,
    router: &'static str,
    path: String,
}

/// Every command in a `console` block that asks one of our routers; each must have an answer below it.
fn commands() -> Vec<Command> {
    let blocks = PAGE.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let mut found = Vec::new();
    for part in blocks.flat_map(|block| block.split("\n$ ").map(str::to_owned)) {
        let part = part.trim_start_matches("$ ").trim_end();
        let (router, path) = if let Some((_, rest)) = part.split_once("$ADMIN") {
            ("admin", rest)
        } else if let Some((_, rest)) = part.split_once("$CONSOLE") {
            ("console", rest)
        } else {
            continue;
        };
        // A file that is saved is shown by the command after it.
        let saved = part.contains("-OJ");
        let answer = part.lines().skip(1).find(|line| !line.starts_with("  "));
        assert!(saved || answer.is_some(), "not answered: {part}");
        let of = |method: &str| part.contains(&format!("-X {method} "));
        let method = ["PUT", "PATCH", "DELETE"]
            .into_iter()
            .find(|method| of(method));
        let method = method.unwrap_or(if part.contains(" -d ") { "POST" } else { "GET" });
        let end = path.find(['"', '?']).unwrap();
        found.push(Command {
            method,
            router,
            path: path[..end].to_owned(),
        });
    }
    found
}

/// Whether a path is one of a route with `{parameters}`.
fn is_of(path: &str, route: &str) -> bool {
    let (path, route): (Vec<_>, Vec<_>) = (path.split('/').collect(), route.split('/').collect());
    let mut pairs = path.iter().zip(&route);
    path.len() == route.len() && pairs.all(|(part, name)| part == name || name.starts_with('{'))
}

#[tokio::test]
async fn every_documented_operation_is_shown_with_its_answer() {
    let host = Host::start().await;
    let commands = commands();
    let mut missing = BTreeSet::new();
    let mut operations = 0;
    let console = format!("http://{}/api/v2/console/metrics", host.address);
    for (router, base) in [("admin", host.url("")), ("console", console)] {
        let document = host.client.get(format!("{base}/openapi.json"));
        let document: Value = document.send().await.unwrap().json().await.unwrap();
        for (route, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                operations += 1;
                let shown = commands.iter().any(|command| {
                    command.router == router
                        && command.method.eq_ignore_ascii_case(method)
                        && is_of(&command.path, route)
                });
                if !shown {
                    missing.insert(format!("{router}: {method} {route}"));
                }
            }
        }
    }
    assert!(operations > 38, "{operations}");
    assert!(missing.is_empty(), "{missing:#?}");
}
