//! `/ingest-tokens`: who may report, and for which service. A secret is shown once.
//!
//! Tokens are never changed but by their own writers, who put route templates; who needs another tenant or
//! service makes another token. Revoking is for good, so that a leaked secret never comes back to life. Both
//! are in the audit trail.

use api_metrics_store::ingest::{IngestToken, NewIngestToken};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;

use crate::{
    auth::Caller,
    ingest::read_templates,
    request::{Body, Id, Validated, nothing, present, required, wrong},
    response::{Problem, time},
    router::App,
};

/// A writer's token, without its secret.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = IngestToken))]
pub(crate) struct IngestTokenView {
    /// Its number.
    id: i64,
    /// A name for people.
    name: String,
    /// The service that its requests are of.
    service: String,
    /// Its environment.
    environment: String,
    /// Whose API keys its requests may name; null: all.
    tenant_id: Option<String>,
    /// The service's route templates, for requests that come with a path.
    templates: Vec<String>,
    /// The origins of pages that use it, which write `webrtc` alone; empty: it is a service's.
    origins: Vec<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Who has made it.
    created_by: String,
    /// Since when it is refused; null: it is good.
    revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; null: never.
    last_used_at: Option<DateTime<Utc>>,
    /// By which part of itself a quantile of the service may be off, because of what it reports by OpenTelemetry: 0.41
    /// is 41%. Null: by no more than our own, 1%.
    quantile_error: Option<f64>,
}

impl From<IngestToken> for IngestTokenView {
    fn from(token: IngestToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            service: token.service,
            environment: token.environment,
            tenant_id: token.tenant_id,
            templates: token.templates,
            origins: token.origins,
            created_at: time(token.created_at),
            created_by: token.created_by,
            revoked_at: token.revoked_at.map(time),
            last_used_at: token.last_used_at.map(time),
            quantile_error: token.quantile_error,
        }
    }
}

/// All tokens.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct IngestTokenList {
    /// The newest first, revoked ones included.
    data: Vec<IngestTokenView>,
}

/// A token that was just made.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct NewIngestTokenView {
    /// The token.
    token: IngestTokenView,
    /// Its secret, which is kept nowhere: `Authorization: Bearer amw_...`.
    secret: String,
}

/// A token before it is made.
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(rename_all = "camelCase"))]
#[expect(dead_code, reason = "the shape of what `create` reads")]
pub(crate) struct IngestTokenBody {
    /// A name for people, 1 to 128 bytes.
    #[cfg_attr(test, schema(example = "checkout in production"))]
    name: String,
    /// The service that its requests are of.
    #[cfg_attr(test, schema(example = "checkout"))]
    service: String,
    /// Its environment; `default` by default.
    #[cfg_attr(test, schema(example = "production"))]
    environment: Option<String>,
    /// Whose API keys its requests may name; all by default.
    tenant_id: Option<String>,
    /// The service's route templates, for requests that come with a path.
    templates: Option<Vec<String>>,
    /// The origins of pages that use it, at most 20: it is then a browser's, which writes `webrtc` alone and is
    /// never billed.
    #[cfg_attr(test, schema(example = json!(["https://app.example"])))]
    origins: Option<Vec<String>>,
}

/// The tokens of writers
#[cfg_attr(test, utoipa::path(
    get,
    path = "/ingest-tokens",
    operation_id = "list_ingest_tokens",
    tag = "ingest",
    responses((status = 200, description = "The tokens", body = IngestTokenList,
        example = json!({"data": [{"id": 1, "name": "checkout in production", "service": "checkout",
            "environment": "production", "tenantId": null, "templates": [], "origins": [],
            "createdAt": "2026-05-18T09:00:00Z", "createdBy": "admin", "revokedAt": null,
            "lastUsedAt": "2026-05-18T09:25:00Z", "quantileError": null}]}))),
))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Validated<()>,
) -> Result<Json<IngestTokenList>, Problem> {
    let ingest = app.ingest()?;
    let tokens = ingest.store().ingest_tokens();
    let tokens = app.client.bounded("ingest tokens", tokens).await?;
    Ok(Json(IngestTokenList {
        data: tokens.into_iter().map(IngestTokenView::from).collect(),
    }))
}

/// Makes a token for a writer
///
/// Its secret is in the answer and can't be asked for again.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/ingest-tokens",
    operation_id = "create_ingest_token",
    tag = "ingest",
    request_body(content = IngestTokenBody, example = json!({"name": "checkout in production",
        "service": "checkout", "environment": "production"})),
    responses((status = 201, description = "The token and its secret", body = NewIngestTokenView,
        example = json!({"token": {"id": 1, "name": "checkout in production", "service": "checkout",
            "environment": "production", "tenantId": null, "templates": [], "origins": [],
            "createdAt": "2026-05-18T09:00:00Z", "createdBy": "admin", "revokedAt": null,
            "lastUsedAt": null, "quantileError": null}, "secret": "amw_0f6d5a4e3b2c4d1e8f90a1b2c3d4e5f60f6d5a4e3b2c4d1e8f90a1b2c3d4e5f6"}))),
))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    _: Validated<()>,
    mut body: Body,
) -> Result<(StatusCode, Json<NewIngestTokenView>), Problem> {
    let name = present("name", body.text("name")?)?;
    let service = present("service", body.text("service")?)?;
    let environment = required("environment", body.text("environment")?)?;
    let environment = environment.unwrap_or_else(|| "default".to_owned());
    let mut new = NewIngestToken::new(name, service, environment);
    new.tenant_id = body.text("tenantId")?.flatten();
    if body.has("templates") {
        new.templates = read_templates(&mut body)?;
    }
    if let Some(origins) = required("origins", body.value("origins"))? {
        new.origins = serde_json::from_value(origins.clone())
            .map_err(|_| wrong("origins", &origins, "a list of origins"))?;
    }
    body.finish_with(&["templates"])?;
    let ingest = app.ingest()?;
    let actor = &caller.principal.subject;
    let made = ingest.store().create_ingest_token(&new, actor);
    let (token, secret) = app.client.bounded("make an ingest token", made).await?;
    let made = NewIngestTokenView {
        token: token.into(),
        secret,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a token, for good
///
/// It is refused within ten seconds.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/ingest-tokens/{id}",
    operation_id = "revoke_ingest_token",
    tag = "ingest",
    params(("id" = i64, Path, description = "The token's number")),
    responses(
        (status = 200, description = "The token", body = IngestTokenView,
            example = json!({"id": 1, "name": "checkout in production", "service": "checkout",
                "environment": "production", "tenantId": null, "templates": [], "origins": [],
                "createdAt": "2026-05-18T09:00:00Z", "createdBy": "admin",
                "revokedAt": "2026-05-18T10:00:00Z", "lastUsedAt": "2026-05-18T09:25:00Z", "quantileError": null})),
        (status = 404, description = "There is no such token", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    _: Validated<()>,
) -> Result<Json<IngestTokenView>, Problem> {
    let ingest = app.ingest()?;
    let actor = &caller.principal.subject;
    let revoked = ingest.store().revoke_ingest_token(id, actor);
    let revoked = app
        .client
        .bounded("revoke an ingest token", revoked)
        .await?;
    ingest.forget_tokens();
    Ok(Json(revoked.ok_or_else(nothing)?.into()))
}
