//! `/v1/templates`: the route templates of a writer's service.

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::Value;

use super::{
    IngestState,
    writer::{Authenticated, Counted, Templates},
};
use crate::{
    request::{Body, present, wrong},
    response::{Kind, Problem},
};

/// Route templates, in axum's syntax.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct RouteTemplates {
    /// Each begins with `/`; `{name}` stands for a segment, `{*name}` for the rest.
    #[cfg_attr(test, schema(example = json!(["/users/{id}", "/files/{*path}"])))]
    templates: Vec<String>,
}

/// The route templates of the token's service
#[cfg_attr(test, utoipa::path(
    get,
    path = "/v1/templates",
    operation_id = "get_templates",
    tag = "ingest",
    responses((status = 200, description = "The templates", body = RouteTemplates)),
    security(("bearer" = [])),
))]
pub(super) async fn get_templates(
    State(state): State<IngestState>,
    Authenticated(writer): Authenticated,
) -> Result<Json<RouteTemplates>, Problem> {
    if let Some(problem) = state.0.writers.count(&writer, Counted::Read).refusal() {
        return Err(problem);
    }
    let templates = writer.token.templates.clone();
    Ok(Json(RouteTemplates { templates }))
}

/// Replace the route templates of the token's service
///
/// Items that come with a `path` are matched against them. At most 2,000.
#[cfg_attr(test, utoipa::path(
    put,
    path = "/v1/templates",
    operation_id = "put_templates",
    tag = "ingest",
    request_body(content = RouteTemplates, example = json!({"templates": ["/users/{id}"]})),
    responses(
        (status = 200, description = "The templates", body = RouteTemplates),
        (status = 400, description = "A template is wrong; `detail` names it", body = Problem,
            content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
))]
pub(super) async fn put_templates(
    State(state): State<IngestState>,
    Authenticated(writer): Authenticated,
    mut body: Body,
) -> Result<Json<RouteTemplates>, Problem> {
    if let Some(problem) = state.0.writers.count(&writer, Counted::One).refusal() {
        return Err(problem);
    }
    let templates = read(&mut body)?;
    body.finish()?;
    let store = &state.0.store;
    if !store
        .put_ingest_templates(writer.token.id, &templates)
        .await?
    {
        return Err(Problem::new(
            Kind::Unauthenticated,
            "there is no such token any more",
        ));
    }
    state.0.writers.forget();
    Ok(Json(RouteTemplates { templates }))
}

/// The member `templates`.
///
/// # Errors
/// 400 that names what is wrong.
pub(crate) fn read(body: &mut Body) -> Result<Vec<String>, Problem> {
    let templates = present("templates", body.value("templates"))?;
    let Some(list) = templates.as_array() else {
        return Err(wrong("templates", &templates, "a list of route templates"));
    };
    let texts = list.iter().map(Value::as_str);
    let texts: Option<Vec<String>> = texts.map(|text| text.map(str::to_owned)).collect();
    let texts = texts.ok_or_else(|| {
        Problem::parameter("templates", "holds something that is no route template")
    })?;
    Templates::new(&texts).map_err(|why| Problem::parameter("templates", why))?;
    Ok(texts)
}
