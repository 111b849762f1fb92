//! A part of what the caller may see: one tenant, or one key.

use api_metrics_store::query::Scope;
use utoipa::IntoParams;

use crate::{
    auth::Caller,
    request::{MAX_TENANT_BYTES, Params, label, take_api_key_id},
    response::Problem,
    router::App,
};

/// `tenantId` and `apiKeyId`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "describes for the document what `take_part` reads"
)]
pub(crate) struct PartParams {
    /// Only the keys of this tenant.
    #[param(example = "acme", min_length = 1, max_length = 200)]
    tenant_id: Option<String>,
    /// Only the API key of this number; requests without one are not billed.
    #[param(example = 3, minimum = 0)]
    api_key_id: Option<i64>,
}

/// Which part is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    tenant: Option<String>,
    key: Option<i64>,
}

pub(super) fn take_part(params: &mut Params) -> Result<Part, Problem> {
    let part = Part {
        tenant: label(params, "tenantId", MAX_TENANT_BYTES)?,
        key: take_api_key_id(params)?,
    };
    if part.tenant.is_some() && part.key.is_some() {
        return Err(Problem::parameter(
            "apiKeyId",
            "can't stand beside `tenantId`: give one of them",
        ));
    }
    Ok(part)
}

impl Part {
    /// The scope of this part, never wider than the caller's own: of what lies outside of that
    /// there is nothing.
    pub(super) async fn scope(&self, app: &App, caller: &Caller) -> Result<Scope, Problem> {
        let nothing = Scope::Keys(Vec::new());
        if let Some(tenant) = &self.tenant {
            return Ok(match &caller.scope {
                Scope::All => Scope::Tenant(tenant.clone()),
                Scope::Tenant(own) if own == tenant => caller.scope.clone(),
                _ => nothing,
            });
        }
        let Some(id) = self.key else {
            return Ok(caller.scope.clone());
        };
        let control = app.client.control()?;
        let found = app
            .client
            .bounded("api keys", control.keys(&caller.scope, id - 1, 1))
            .await?;
        Ok(if found.first().is_some_and(|key| key.id == id) {
            Scope::Keys(vec![id])
        } else {
            nothing
        })
    }
}
