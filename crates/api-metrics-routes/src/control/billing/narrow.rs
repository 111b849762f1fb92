//! A part of what the caller may see: one tenant, or one key.
//!
//! A part is never wider than the caller's own scope: what lies outside of that is answered as
//! empty, not as forbidden, so that keys and tenants can't be probed.

use api_metrics_store::query::Scope;

use crate::{
    auth::Caller,
    request::{
        Context, MAX_TENANT_BYTES, ParamDocs, Params, Parsed, QueryParams, Text, api_key_id,
    },
    response::Problem,
    router::App,
};

/// `tenantId`.
const TENANT: Text = Text {
    name: "tenantId",
    description: "Only the keys of this tenant.",
    example: "acme",
    max_bytes: MAX_TENANT_BYTES,
};

/// `apiKeyId`, which excludes `tenantId`.
const API_KEY: Parsed<i64> = api_key_id(
    "Only the API key of this number; requests without one are not billed.",
    "3",
);

/// `tenantId` or `apiKeyId`: which part is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Only this tenant.
    tenant: Option<String>,
    /// Only this key.
    key: Option<i64>,
}

impl QueryParams for Part {
    fn describe(docs: &mut ParamDocs) {
        TENANT.describe(docs);
        API_KEY.describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        let part = Self {
            tenant: TENANT.take(params)?,
            key: API_KEY.take(params)?,
        };
        if part.tenant.is_some() && part.key.is_some() {
            return Err(Problem::parameter(
                API_KEY.name,
                "can't stand beside `tenantId`: give one of them",
            ));
        }
        Ok(part)
    }
}

impl Part {
    /// The scope of this part, never wider than the caller's own: of what lies outside of that
    /// there is nothing.
    ///
    /// # Errors
    /// Those of the store.
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
