//! What a document offers, beside what was called.
//!
//! A recorded endpoint is an operation's where their methods agree and their shapes do, below one of the operation's
//! bases or without any. `HEAD` is an operation of its own where the document has one, and else belongs to its `GET`,
//! as routers answer it. `OPTIONS` that nobody has documented is the browsers' own question and no endpoint.

use std::collections::{BTreeMap, HashMap};

use crate::contract::{OpenApiDocument, Operation, Shape};

/// Requests to one endpoint of the document's service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    /// A standard method, or `_OTHER`.
    pub(super) method: String,
    /// The recorded route template.
    pub(super) endpoint: String,
    /// Requests in the range.
    pub(super) requests: u64,
    /// Those of them that were answered with 4xx or 5xx.
    pub(super) errors: u64,
}

/// An operation with what was called of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Covered<'a> {
    /// As its document has it.
    pub(super) operation: &'a Operation,
    /// Requests under all of its endpoints.
    pub(super) requests: u64,
    /// Those of them that were answered with 4xx or 5xx.
    pub(super) errors: u64,
    /// Under which methods and endpoints it was recorded, the most called first.
    pub(super) endpoints: Vec<&'a Called>,
}

/// A document beside the requests of its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison<'a> {
    /// In the document's order.
    pub(super) operations: Vec<Covered<'a>>,
    /// Called and not documented, the most called first.
    pub(super) undocumented: Vec<&'a Called>,
}

/// Compares a document with what was called of its service. Each request is an operation's or undocumented, but for
/// `OPTIONS`.
///
/// O(n) in the operations' shapes and in what was called, beside sorting what is undocumented.
pub(super) fn compare<'a>(document: &'a OpenApiDocument, called: &'a [Called]) -> Comparison<'a> {
    let mut places: HashMap<(&str, &Shape), usize> = HashMap::new();
    for (place, operation) in document.operations.iter().enumerate() {
        for shape in &operation.shapes {
            // What an operation is in the document's own words goes before what another one is below a base.
            places.entry((&operation.method, shape)).or_insert(place);
        }
    }
    for (place, operation) in document.operations.iter().enumerate() {
        for shape in operation
            .shapes
            .iter()
            .filter(|shape| operation.is_plain(shape))
        {
            places.insert((&operation.method, shape), place);
        }
    }
    let of = |method: &str, shape: &Shape| places.get(&(method, shape)).copied();
    let mut found: BTreeMap<usize, Vec<&Called>> = BTreeMap::new();
    let mut undocumented = Vec::new();
    for one in called {
        let shape = Shape::of("", &one.endpoint);
        let rest = shape.with_a_parameter_for_the_rest();
        let shapes = [Some(&shape), rest.as_ref()];
        let at = |method: &str| {
            shapes
                .into_iter()
                .flatten()
                .find_map(|shape| of(method, shape))
        };
        let place = at(&one.method).or_else(|| (one.method == "HEAD").then(|| at("GET")).flatten());
        match place {
            Some(place) => found.entry(place).or_default().push(one),
            None if one.method == "OPTIONS" => {}
            None => undocumented.push(one),
        }
    }
    let most_first = |a: &&Called, b: &&Called| {
        let labels = |one: &Called| (one.endpoint.clone(), one.method.clone());
        b.requests
            .cmp(&a.requests)
            .then_with(|| labels(a).cmp(&labels(b)))
    };
    undocumented.sort_by(most_first);
    let operations = document.operations.iter().enumerate();
    let operations = operations.map(|(place, operation)| {
        let mut endpoints = found.remove(&place).unwrap_or_default();
        endpoints.sort_by(most_first);
        Covered {
            operation,
            requests: endpoints.iter().map(|one| one.requests).sum(),
            errors: endpoints.iter().map(|one| one.errors).sum(),
            endpoints,
        }
    });
    Comparison {
        operations: operations.collect(),
        undocumented,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document(servers: serde_json::Value, paths: &[(&str, &str)]) -> OpenApiDocument {
        let mut all = serde_json::Map::new();
        for (path, method) in paths {
            let item = all.entry((*path).to_owned()).or_insert_with(|| json!({}));
            item[*method] = json!({});
        }
        let document = json!({"openapi": "3.1.0", "servers": servers, "paths": all});
        OpenApiDocument::from_json("shop", &document.to_string()).unwrap()
    }

    fn called(method: &str, endpoint: &str, requests: u64) -> Called {
        Called {
            method: method.to_owned(),
            endpoint: endpoint.to_owned(),
            requests,
            errors: requests / 2,
        }
    }

    fn told(document: &OpenApiDocument, all: &[Called]) -> (Vec<(String, u64)>, Vec<String>) {
        let compared = compare(document, all);
        let operations = compared.operations.iter();
        let operations = operations.map(|one| {
            (
                format!("{} {}", one.operation.method, one.operation.path),
                one.requests,
            )
        });
        let undocumented = compared.undocumented.iter();
        let undocumented = undocumented.map(|one| format!("{} {}", one.method, one.endpoint));
        (operations.collect(), undocumented.collect())
    }

    #[test]
    fn an_operation_is_known_by_its_shape_below_each_base_and_without_any() {
        let document = document(
            json!([{"url": "https://api.example/v1"}]),
            &[
                ("/users/{id}", "get"),
                ("/users/{id}", "delete"),
                ("/health", "get"),
            ],
        );
        let all = [
            called("GET", "/v1/users/{user_id}", 5),
            called("GET", "/users/:id", 2),
            called("GET", "/v2/users/{id}", 7),
            called("POST", "/users/{id}", 9),
        ];
        let (operations, undocumented) = told(&document, &all);
        assert_eq!(
            operations,
            [
                ("GET /health".to_owned(), 0),
                ("GET /users/{id}".to_owned(), 7),
                ("DELETE /users/{id}".to_owned(), 0),
            ]
        );
        assert_eq!(undocumented, ["POST /users/{id}", "GET /v2/users/{id}"]);
    }

    #[test]
    fn head_belongs_to_get_and_an_undocumented_options_to_nobody() {
        let document = document(
            json!([]),
            &[("/a", "get"), ("/b", "head"), ("/c", "options")],
        );
        let all = [
            called("HEAD", "/a", 1),
            called("HEAD", "/b", 2),
            called("OPTIONS", "/a", 4),
            called("OPTIONS", "/c", 8),
        ];
        let (operations, undocumented) = told(&document, &all);
        let counts: Vec<u64> = operations.iter().map(|(_, requests)| *requests).collect();
        assert_eq!(counts, [1, 2, 8]);
        assert_eq!(undocumented, [""; 0]);
    }

    #[test]
    fn the_rest_of_a_path_may_be_documented_as_a_parameter() {
        let document = document(json!([]), &[("/files/{path}", "get")]);
        let (operations, undocumented) = told(&document, &[called("GET", "/files/{*path}", 3)]);
        assert_eq!((operations[0].1, undocumented.len()), (3, 0));
    }

    #[test]
    fn a_path_that_reads_like_another_ones_base_is_its_own() {
        // With the base `/v1`, `/a` is also at `/v1/a`, which the document has too.
        let document = document(json!([{"url": "/v1"}]), &[("/a", "get"), ("/v1/a", "get")]);
        let (operations, _) = told(&document, &[called("GET", "/v1/a", 3)]);
        assert_eq!(
            operations,
            [("GET /a".to_owned(), 0), ("GET /v1/a".to_owned(), 3)]
        );
    }

    proptest! {
        #[test]
        fn every_request_is_an_operations_or_undocumented(
            paths in proptest::collection::vec(("(/(a|b|\\{x\\})){1,3}", prop::sample::select(vec!["get", "post"])), 0..8),
            all in proptest::collection::vec(
                ("(/(v1|a|b|\\{y\\}|\\{\\*z\\})){1,3}", prop::sample::select(vec!["GET", "POST", "HEAD"]), 0_u64..100),
                0..12,
            ),
        ) {
            let paths: Vec<_> = paths.iter().map(|(path, method)| (path.as_str(), *method)).collect();
            let document = document(json!([{"url": "/v1"}]), &paths);
            let all: Vec<_> = all.iter().map(|(endpoint, method, n)| called(method, endpoint, *n)).collect();
            let compared = compare(&document, &all);
            let covered: u64 = compared.operations.iter().map(|one| one.requests).sum();
            let others: u64 = compared.undocumented.iter().map(|one| one.requests).sum();
            prop_assert_eq!(covered + others, all.iter().map(|one| one.requests).sum::<u64>());
            prop_assert_eq!(compared.operations.len(), document.operations.len());
        }
    }
}
