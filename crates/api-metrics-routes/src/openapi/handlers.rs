//! The documents as the handlers' attributes have it, which only a test reads. The files in `assets/openapi` are made
//! of it.
//!
//! What all operations have in common: the document's head, sign-in and errors.
//!
//! Servers are relative (`./`), so the document is right wherever the host has mounted the router.

use http::Method;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Content, Info, License, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
        ResponseBuilder, Server, Tag,
        header::HeaderBuilder,
        path::Operation,
        schema::{Object, Schema, Type},
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

use crate::{
    auth::{Access, SESSION_COOKIE},
    openapi::{Api, Route},
    response::Problem,
};

/// The document of a router before its operations are described.
pub(crate) fn head(api: Api) -> OpenApi {
    match api {
        Api::Admin => admin(),
        Api::Console => console(),
        #[cfg(feature = "ingest")]
        Api::Ingest => ingest(),
        #[cfg(feature = "ingest")]
        Api::Collector => collector(),
    }
}

/// The head of the admin's document.
fn admin() -> OpenApi {
    let mut info = Info::new("api-metrics admin", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Exact metrics of the requests that a service has served. Times are RFC 3339, rates are in \
         percent, latencies in milliseconds; what can't be said without a request is null. A range \
         is half-open. Its edges are widened to the periods that the store still keeps; `from` and \
         `to` of the answer say what it really covers."
            .to_owned(),
    );
    info.license = Some(License::new("MIT OR Apache-2.0"));
    document(
        info,
        &[
            ("metrics", "What the service has served"),
            ("requests", "Single requests, where a request log is kept"),
            ("alerts", "Alert rules, their events and their notices"),
            (
                "limits",
                "How near API keys are to their rate limits and quotas",
            ),
            ("billing", "What API keys cost"),
            ("keys", "Names, owners, limits and plans of API keys"),
            ("audit", "Who has changed or deleted what"),
            ("jobs", "Work in the background"),
            ("ingest", "Who may report requests, and what was refused"),
            ("operation", "How api-metrics itself is doing"),
        ],
    )
}

/// The head of the console's document.
fn console() -> OpenApi {
    let mut info = Info::new("api-metrics console", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "What a consumer of the API has asked for: its own keys and nothing else. Times are RFC \
         3339, rates are in percent, response times in whole milliseconds; what there is none of is \
         zero."
            .to_owned(),
    );
    info.license = Some(License::new("MIT OR Apache-2.0"));
    document(info, &[("console", "A consumer's own usage")])
}

/// The head of the document for writers.
#[cfg(feature = "ingest")]
fn ingest() -> OpenApi {
    let mut info = Info::new("api-metrics ingest", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Where services report finished requests. Each has a token of its own; what is answered with a \
         2xx is in the database, and with an idempotency key it is counted once."
            .to_owned(),
    );
    info.license = Some(License::new("MIT OR Apache-2.0"));
    document(info, &[("ingest", "What a service reports")])
}

/// The head of the collector's document.
#[cfg(feature = "ingest")]
fn collector() -> OpenApi {
    let mut info = Info::new("api-metrics collector", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Commands, agents, sessions and named numbers of users: reported, and read. Members are in snake_case, rates \
         in percent, times in milliseconds; what can't be said without an event is null."
            .to_owned(),
    );
    info.license = Some(License::new("MIT OR Apache-2.0"));
    document(
        info,
        &[
            ("write", "What is reported"),
            ("read", "What was reported"),
            ("process", "How the collector itself is doing"),
            ("aliases", "Answers in the shapes of other programs"),
        ],
    )
}

/// A document without routes.
fn document(info: Info, tags: &[(&str, &str)]) -> OpenApi {
    let mut components = Components::new();
    components
        .schemas
        .insert(Problem::name().into_owned(), Problem::schema());
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            SESSION_COOKIE,
            "A browser's session; writes need its CSRF token in X-CSRF-Token too.",
        ))),
    );
    let tags = tags.iter().map(|(name, description)| {
        let mut tag = Tag::new(*name);
        tag.description = Some((*description).to_owned());
        tag
    });
    OpenApiBuilder::new()
        .info(info)
        // Relative to where the document lies, wherever the host has mounted it.
        .servers(Some([Server::new("./")]))
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

/// Adds an operation to its document, as its handler describes it; `access` is `None` where the router asks no
/// principal.
pub(crate) fn describe<S>(document: &mut OpenApi, route: &Route<S>, access: Option<Access>) {
    let (schemas, paths, _) = &route.described;
    let mut paths = paths.clone();
    let (method, path) = (route.method.as_str(), route.path);
    assert_eq!(
        paths.paths.keys().collect::<Vec<_>>(),
        [path],
        "{method} {path}: the handler describes another path"
    );
    let item = paths.paths.entry(path.to_owned()).or_default();
    let operation = match route.method {
        Method::GET => &mut item.get,
        Method::POST => &mut item.post,
        Method::PUT => &mut item.put,
        Method::PATCH => &mut item.patch,
        Method::DELETE => &mut item.delete,
        _ => panic!("{method} {path}: no method of a document"),
    };
    let operation = operation
        .as_mut()
        .unwrap_or_else(|| panic!("{method} {path}: the handler describes another method"));
    if let Some(access) = access {
        complete(operation, access);
    }
    document.paths.merge(paths);
    let components = document.components.get_or_insert_default();
    components.schemas.extend(schemas.iter().cloned());
}

/// Moves the description of a choice to its parameter, where readers look for it.
fn describe_choices(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.description.is_none()
            && let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
        {
            parameter.description = schema.description.take();
        }
    }
}

/// Adds to an operation what its access implies: how to sign in, and the answers that the middleware in
/// front of it, its parameters and the store may give.
fn complete(operation: &mut Operation, access: Access) {
    describe_choices(operation);
    if access == Access::Open {
        operation.security = Some(vec![SecurityRequirement::default()]);
        return;
    }
    let needs = |scheme: &str| SecurityRequirement::new(scheme, [] as [&str; 0]);
    operation.security = Some(vec![needs("bearer"), needs("session")]);
    let errors = [
        ("400", "A parameter is wrong; `parameter` names it"),
        ("401", "Not signed in"),
        ("403", "The principal may not ask for this"),
        (
            "429",
            "Too many requests; `Retry-After` says when to come back",
        ),
        ("500", "A query failed; the service's log says why"),
        (
            "503",
            "The store does not answer, or there are too many streams",
        ),
        ("504", "The query took too long"),
    ];
    let too_large = ("413", "The body is larger than 64 KiB");
    let of_body = operation.request_body.is_some().then_some(too_large);
    for (status, description) in errors.into_iter().chain(of_body) {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(problem(description)));
    }
}

/// The answer of a problem document.
fn problem(description: &str) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content(
            "application/problem+json",
            Content::new(Some(RefOr::Ref(Ref::from_schema_name(Problem::name())))),
        )
        .header(
            "RateLimit",
            HeaderBuilder::new()
                .schema(Some(Object::with_type(Type::String)))
                .description(Some("What is left of the principal's limit"))
                .build(),
        )
        .build()
}
