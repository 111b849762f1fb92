#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use http::Method;
use serde_json::{Value, json};

use super::{Api, document::narrow};
use crate::{admin, ingest};

/// The documents of a host that has everything, as the handlers describe them.
fn described() -> Vec<(Api, Value)> {
    let admin = admin::tests::admin();
    [
        (Api::Admin, admin.routes().described.clone()),
        (Api::Console, admin.console().routes().described.clone()),
        (
            Api::Ingest,
            serde_json::to_value(ingest::described()).unwrap(),
        ),
        (Api::Collector, admin.collector_routes().unwrap().described),
    ]
    .into()
}

#[tokio::test]
async fn the_documents_are_what_the_handlers_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (api, described) in described() {
        if std::env::var("OPENAPI").is_ok_and(|what| what == "write") {
            let name = format!("assets/openapi/{}.json.gz", api.name());
            let file = fs::File::create(folder.join(name)).unwrap();
            let mut file = GzEncoder::new(file, Compression::best());
            file.write_all(described.to_string().as_bytes()).unwrap();
            file.finish().unwrap();
            // The page's types are made of it, and people can read it.
            if api == Api::Admin {
                let text = serde_json::to_string_pretty(&described).unwrap();
                fs::write(folder.join("dashboard/openapi.json"), text + "\n").unwrap();
            }
        } else {
            assert!(
                api.read().unwrap() == described,
                "assets/openapi/{}.json.gz is not what the handlers say; `OPENAPI=write cargo test -p \
                 api-metrics-routes --all-features --lib openapi` writes it, and then the page's types: `npm run \
                 types && npm run build` in its folder",
                api.name()
            );
        }
    }
}

#[tokio::test]
async fn every_schema_of_a_document_is_used() {
    for (api, described) in described() {
        let mut narrowed = described.clone();
        let operations = operations(&described);
        narrow(&mut narrowed, &operations);
        assert!(narrowed == described, "{}", api.name());
    }
}

#[test]
fn a_document_has_the_operations_of_its_router_and_the_schemas_that_they_use() {
    let uses = |schema: &str| json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}});
    let mut document = json!({
        "openapi": "3.1.0",
        "paths": {
            "/a": {"get": uses("A"), "post": uses("Other")},
            "/b": {"delete": uses("Other")},
            "/c": {"get": {}},
        },
        "components": {
            "schemas": {
                "A": {"properties": {"part": {"$ref": "#/components/schemas/Part"}}},
                "Part": {"items": {"$ref": "#/components/schemas/A"}},
                "Other": {},
            },
            "securitySchemes": {"bearer": {}},
        },
    });
    let has = [
        (Method::GET, "/a".to_owned()),
        (Method::GET, "/c".to_owned()),
    ];
    narrow(&mut document, &has);
    assert_eq!(
        operations(&document)
            .into_iter()
            .map(|(method, path)| (method.to_string(), path))
            .collect::<BTreeSet<_>>(),
        has.map(|(method, path)| (method.to_string(), path)).into()
    );
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["A", "Part"]);
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"],
        json!({})
    );
}

/// All operations of a document.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase().parse().unwrap(), path.clone()))
        })
        .collect()
}
