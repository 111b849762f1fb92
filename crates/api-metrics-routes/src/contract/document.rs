//! What a service says that it offers: an OpenAPI document, read as far as coverage needs it.
//!
//! Versions 3.x and 2.0, as JSON. Of each operation its method, its path, what it is called and whether it is
//! deprecated are read; nothing is fetched, and references to other documents are refused.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::template::Shape;

/// The largest document, in bytes.
const MAX_BYTES: usize = 8 << 20;
/// The most operations of a document.
const MAX_OPERATIONS: usize = 10_000;
/// The most servers of a document or of one of its paths.
const MAX_SERVERS: usize = 20;
/// The methods that an OpenAPI document has.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Why a document can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the OpenAPI document can't be used: {0}")]
pub struct OpenApiError(String);

/// A refusal.
///
/// # Errors
/// Always, with this reason.
fn unusable<T>(why: impl Into<String>) -> Result<T, OpenApiError> {
    Err(OpenApiError(why.into()))
}

/// An OpenAPI document of one service, for the coverage of its API: what is never called, what is called and not
/// documented, and who still calls what is deprecated.
///
/// ```
/// use api_metrics_routes::OpenApiDocument;
///
/// let text = r#"{
///     "openapi": "3.1.0",
///     "info": {"title": "Shop", "version": "1"},
///     "paths": {"/orders/{id}": {"get": {"responses": {}}, "delete": {"deprecated": true, "responses": {}}}}
/// }"#;
/// let document = OpenApiDocument::from_json("shop", text)?;
/// # Ok::<(), api_metrics_routes::OpenApiError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OpenApiDocument {
    /// Under which name it records.
    pub(crate) service: String,
    /// What it calls its API.
    pub(crate) title: Option<String>,
    /// In the document's order.
    pub(crate) operations: Vec<Operation>,
}

/// Something that a document offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// In capitals.
    pub(crate) method: String,
    /// As the document has it.
    pub(crate) path: String,
    /// What the document calls it.
    pub(crate) id: Option<String>,
    /// What it does, in a line.
    pub(crate) summary: Option<String>,
    /// Whether the document says that it is to go.
    pub(crate) is_deprecated: bool,
    /// Where it may be: below each of its servers' paths, and without them, as where a proxy cuts them off.
    pub(crate) shapes: BTreeSet<Shape>,
}

impl Operation {
    /// Whether a shape is that of its path alone, without a base.
    pub(crate) fn is_plain(&self, shape: &Shape) -> bool {
        *shape == Shape::of("", &self.path)
    }
}

impl OpenApiDocument {
    /// Reads a document of the service that records under this name.
    ///
    /// # Errors
    /// [`OpenApiError`] where it is no JSON, no OpenAPI document of version 2.0 or 3, or larger than 8 MiB or 10,000
    /// operations, or refers to another document for a path.
    pub fn from_json(service: impl Into<String>, text: &str) -> Result<Self, OpenApiError> {
        if text.len() > MAX_BYTES {
            return unusable(format!(
                "it has {} bytes, and 8 MiB at most are read",
                text.len()
            ));
        }
        let document: Value = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => return unusable(format!("it is no JSON: {error}")),
        };
        let Some(document) = document.as_object() else {
            return unusable("it is no JSON object");
        };
        let bases = match (text_of(document, "openapi"), text_of(document, "swagger")) {
            (Some(version), _) if version.starts_with("3.") => bases_of(document)?,
            (None, Some("2.0")) => base_path(document).into_iter().collect(),
            (Some(version), _) | (None, Some(version)) => {
                return unusable(format!(
                    "its version is {version:?}, and 2.0 and 3.x are known"
                ));
            }
            (None, None) => return unusable("it has neither `openapi` nor `swagger`"),
        };
        let Some(paths) = document.get("paths").and_then(Value::as_object) else {
            return unusable("it has no `paths`");
        };
        let mut operations = Vec::new();
        for (path, item) in paths {
            // Extensions of the specification's.
            if path.starts_with("x-") {
                continue;
            }
            let Some(item) = item.as_object() else {
                return unusable(format!("`paths` has {path:?}, which is no object"));
            };
            let item = resolved(document, item, path)?;
            let of_path = own_bases(item)?;
            for method in METHODS {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                let Some(operation) = operation.as_object() else {
                    return unusable(format!(
                        "{} of {path:?} is no object",
                        method.to_uppercase()
                    ));
                };
                if operations.len() == MAX_OPERATIONS {
                    return unusable("it has more than 10,000 operations");
                }
                let own = own_bases(operation)?;
                let bases = own.as_ref().or(of_path.as_ref()).unwrap_or(&bases);
                let below = bases.iter().map(|base| Shape::of(base, path));
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    id: text_of(operation, "operationId").map(str::to_owned),
                    summary: text_of(operation, "summary").map(str::to_owned),
                    is_deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
                    shapes: below.chain([Shape::of("", path)]).collect(),
                });
            }
        }
        let info = document.get("info").and_then(Value::as_object);
        Ok(Self {
            service: service.into(),
            title: info
                .and_then(|info| text_of(info, "title"))
                .map(str::to_owned),
            operations,
        })
    }
}

/// A member that is text.
fn text_of<'a>(object: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    object.get(member).and_then(Value::as_str)
}

/// A path's item, or what it refers to within the document.
///
/// # Errors
/// Where it refers to anything else, or refers on.
fn resolved<'a>(
    document: &'a Map<String, Value>,
    item: &'a Map<String, Value>,
    path: &str,
) -> Result<&'a Map<String, Value>, OpenApiError> {
    let Some(reference) = text_of(item, "$ref") else {
        return Ok(item);
    };
    let found = reference.strip_prefix("#/").and_then(|pointer| {
        let mut steps = pointer
            .split('/')
            .map(|step| step.replace("~1", "/").replace("~0", "~"));
        let first = document.get(&steps.next()?)?;
        steps.try_fold(first, |at, step| at.get(&step))?.as_object()
    });
    match found {
        // One that refers on is left to tools that bundle documents.
        Some(found) if !found.contains_key("$ref") => Ok(found),
        _ => unusable(format!(
            "{path:?} refers to {reference:?}, which is not in it: bundle the document into one"
        )),
    }
}

/// The base paths of a document's servers.
///
/// # Errors
/// As [`own_bases`].
fn bases_of(document: &Map<String, Value>) -> Result<BTreeSet<String>, OpenApiError> {
    Ok(own_bases(document)?.unwrap_or_default())
}

/// The base paths of the servers that are named here; `None` where none are.
///
/// # Errors
/// Where there are more than 20 of them.
fn own_bases(object: &Map<String, Value>) -> Result<Option<BTreeSet<String>>, OpenApiError> {
    let Some(servers) = object.get("servers").and_then(Value::as_array) else {
        return Ok(None);
    };
    if servers.len() > MAX_SERVERS {
        return unusable("it has more than 20 servers at one place");
    }
    let bases = servers
        .iter()
        .filter_map(Value::as_object)
        .filter_map(|server| {
            let mut url = text_of(server, "url")?.to_owned();
            let variables = server.get("variables").and_then(Value::as_object);
            for (name, variable) in variables.into_iter().flatten() {
                let default = variable.get("default").and_then(Value::as_str);
                url = url.replace(&format!("{{{name}}}"), default.unwrap_or_default());
            }
            Some(path_of(&url).to_owned())
        });
    Ok(Some(bases.filter(|base| !base.is_empty()).collect()))
}

/// The base path of version 2.0.
fn base_path(document: &Map<String, Value>) -> Option<String> {
    text_of(document, "basePath").map(|base| path_of(base).to_owned())
}

/// The path of a URL, which may be nothing else.
fn path_of(url: &str) -> &str {
    let after = url.find("://").map_or(url, |at| {
        let rest = url.get(at + 3..).unwrap_or_default();
        rest.find('/')
            .and_then(|at| rest.get(at..))
            .unwrap_or_default()
    });
    let end = after.find(['?', '#']).unwrap_or(after.len());
    after.get(..end).unwrap_or_default().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(document: &Value) -> Result<OpenApiDocument, OpenApiError> {
        OpenApiDocument::from_json("shop", &document.to_string())
    }

    fn shapes(document: &Value) -> Vec<(String, Vec<Shape>)> {
        let read = read(document).unwrap();
        let operations = read.operations.into_iter();
        operations
            .map(|one| {
                (
                    format!("{} {}", one.method, one.path),
                    one.shapes.into_iter().collect(),
                )
            })
            .collect()
    }

    #[test]
    fn operations_are_read_with_what_they_are_called() {
        let document = read(&json!({
            "openapi": "3.0.3",
            "info": {"title": "Shop", "version": "1"},
            "paths": {
                "/orders": {
                    "summary": "no method",
                    "parameters": [],
                    "get": {"operationId": "list", "summary": "Lists orders"},
                    "post": {"deprecated": true},
                },
                "x-internal": 7,
            },
        }))
        .unwrap();
        assert_eq!(document.title.as_deref(), Some("Shop"));
        let [get, post] = document.operations.as_slice() else {
            panic!("{document:?}");
        };
        assert_eq!(
            (get.method.as_str(), get.id.as_deref()),
            ("GET", Some("list"))
        );
        assert_eq!(get.summary.as_deref(), Some("Lists orders"));
        assert!(!get.is_deprecated && post.is_deprecated);
    }

    #[test]
    fn an_operation_is_below_each_of_its_servers_and_without_them() {
        let at = |base: &str| Shape::of(base, "/orders");
        let mut document = json!({
            "openapi": "3.1.0",
            "servers": [
                {"url": "https://{host}.example/{version}/", "variables": {
                    "host": {"default": "api"}, "version": {"default": "v2"}}},
                {"url": "/v1"},
                {"url": "https://api.example"},
            ],
            "paths": {"/orders": {"get": {}}},
        });
        let mut wanted = vec![at(""), at("/v1"), at("/v2")];
        wanted.sort();
        assert_eq!(shapes(&document), [("GET /orders".to_owned(), wanted)]);
        document["paths"]["/orders"]["servers"] = json!([{"url": "/of-the-path"}]);
        assert_eq!(
            shapes(&document)[0].1,
            [at("/of-the-path"), at("")]
                .into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        );
        document["paths"]["/orders"]["get"]["servers"] = json!([{"url": "/own"}]);
        assert!(shapes(&document)[0].1.contains(&at("/own")));
        let old = json!({"swagger": "2.0", "basePath": "/v1", "paths": {"/orders": {"get": {}}}});
        assert!(shapes(&old)[0].1.contains(&at("/v1")));
    }

    #[test]
    fn a_path_may_refer_to_another_place_of_the_document_and_to_nothing_else() {
        let mut document = json!({
            "openapi": "3.1.0",
            "components": {"pathItems": {"orders/list": {"get": {"operationId": "list"}}}},
            "paths": {"/orders": {"$ref": "#/components/pathItems/orders~1list"}},
        });
        assert_eq!(
            read(&document).unwrap().operations[0].id.as_deref(),
            Some("list")
        );
        for elsewhere in [
            "./orders.json",
            "#/components/pathItems/none",
            "https://example/x.json#/a",
        ] {
            document["paths"]["/orders"]["$ref"] = json!(elsewhere);
            let error = read(&document).unwrap_err().to_string();
            assert!(
                error.contains(elsewhere) && error.contains("bundle"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_no_document_is_refused_by_name() {
        for (text, why) in [
            ("openapi: 3.1.0", "no JSON"),
            ("[]", "no JSON object"),
            ("{}", "neither `openapi` nor `swagger`"),
            (r#"{"openapi":"4.0.0","paths":{}}"#, "4.0.0"),
            (r#"{"swagger":"1.2","paths":{}}"#, "1.2"),
            (r#"{"openapi":"3.1.0"}"#, "no `paths`"),
            (r#"{"openapi":"3.1.0","paths":{"/a":7}}"#, "/a"),
            (
                r#"{"openapi":"3.1.0","paths":{"/a":{"get":7}}}"#,
                "GET of \"/a\"",
            ),
        ] {
            let error = OpenApiDocument::from_json("shop", text)
                .unwrap_err()
                .to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let large = format!("{}{}", " ".repeat(MAX_BYTES), "{}");
        let error = OpenApiDocument::from_json("shop", &large).unwrap_err();
        assert!(error.to_string().contains("8 MiB"), "{error}");
        let paths: Map<String, Value> = (0..=MAX_OPERATIONS)
            .map(|n| (format!("/{n}"), json!({"get": {}})))
            .collect();
        let error = read(&json!({"openapi": "3.1.0", "paths": paths})).unwrap_err();
        assert!(error.to_string().contains("10,000"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}") {
            drop(OpenApiDocument::from_json("shop", &text));
        }

        #[test]
        fn no_servers_or_references_make_it_panic(url in "\\PC{0,40}", reference in "\\PC{0,40}", path in "\\PC{0,40}") {
            let document = json!({
                "openapi": "3.0.0",
                "servers": [{"url": url, "variables": {"a": {"default": "b"}}}],
                "paths": {path: {"$ref": reference, "get": {}}},
            });
            drop(read(&document));
        }
    }
}
