//! A principal together with how it proved itself and what it may see.
//!
//! Handlers take a [`Caller`] as an argument. It is there because
//! [`AuthMiddleware`](super::AuthMiddleware) put it there; a handler of a route without the
//! middleware is answered 401.

use std::sync::Arc;

use api_metrics_store::{query::Scope, time::UnixSeconds};
use axum::extract::{FromRequestParts, Query};
use http::request::Parts;

use crate::{
    auth::{EndedSessions, Principal, Role, Session},
    read::KeyIds,
    request::{TENANT, is_tenant},
    response::{Kind, Problem},
};

/// How a caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AuthMethod {
    /// The host said so.
    Host,
    /// By the admin token.
    Bearer,
    /// By a JSON Web Token.
    #[cfg(feature = "jwt")]
    Jwt,
    /// By a browser session: writes need a CSRF token.
    Cookie,
    /// Nobody asked.
    NoAuth,
}

/// Who asks. Set by the middleware in front of every closed route.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who it is.
    pub(crate) principal: Principal,
    /// How it proved that.
    pub(crate) auth_method: AuthMethod,
    /// What it may see.
    pub(crate) scope: Scope,
    /// When its token or session ends, where that is known.
    pub(crate) expires_at: Option<UnixSeconds>,
    /// The browser session that it came by.
    pub(crate) session: Option<SessionWatch>,
}

/// Tells whether a browser session was signed out since, for what goes on after its request was
/// admitted.
#[derive(Debug, Clone)]
pub(crate) struct SessionWatch {
    /// The session.
    id: String,
    /// When it ends by itself.
    expires_at: UnixSeconds,
    /// Knows which were signed out.
    ended: Arc<EndedSessions>,
}

impl SessionWatch {
    /// Watches a session.
    pub(super) fn new(session: &Session, ended: Arc<EndedSessions>) -> Self {
        Self {
            id: session.id(),
            expires_at: session.expires_at,
            ended,
        }
    }

    /// Whether it was signed out, here or in another instance.
    pub(crate) async fn has_ended(&self) -> bool {
        self.ended.contain(&self.id, self.expires_at).await
    }
}

/// What tells callers apart where each has limits of its own. The name alone would let a token of
/// one issuer use up what belongs to another's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    /// How it proved that.
    auth_method: AuthMethod,
    /// Its role.
    role: Role,
    /// Its tenant.
    tenant: Option<String>,
    /// Its name.
    subject: String,
}

impl Caller {
    /// What its request limit and its streams are counted by.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            auth_method: self.auth_method,
            role: self.principal.role,
            tenant: self.principal.tenant.clone(),
            subject: self.principal.subject.clone(),
        }
    }

    /// What `principal` may see. The numbers of keys come from `ids`, those of its user's and its team's keys are
    /// `owned`; a key that the store has not seen yet has no records that could be shown.
    ///
    /// # Errors
    /// 403 where a manager or developer has no tenant.
    pub(crate) fn scope(
        principal: &Principal,
        ids: &KeyIds,
        owned: &[i64],
    ) -> Result<Scope, Problem> {
        match principal.role {
            Role::Admin => Ok(Scope::All),
            Role::Manager | Role::Developer => principal
                .tenant
                .clone()
                .filter(|tenant| is_tenant(tenant))
                .map(Scope::Tenant)
                .ok_or_else(|| Problem::new(Kind::Forbidden, "this role needs a tenant")),
            Role::Viewer => {
                let mut ids: Vec<i64> = principal
                    .keys
                    .iter()
                    .filter_map(|key| ids.id_of(&key.to_string()))
                    .chain(owned.iter().copied())
                    .collect();
                ids.sort_unstable();
                ids.dedup();
                Ok(Scope::Keys(ids))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            // Only a route without the middleware gets here, and the table of routes makes none.
            Problem::new(Kind::Unauthenticated, "no credentials were checked")
        })?;
        Ok(match tenant_of(parts) {
            Some(tenant) => Self {
                scope: within(caller.scope, tenant, caller.principal.tenant()),
                ..caller
            },
            None => caller,
        })
    }
}

/// The tenant that a query string narrows the answer to. Routes that know no such parameter refuse it.
///
/// It is read here and not by the handlers, so that none of them can forget to apply it: caches, streams
/// and the row-level security of the database see the narrowed scope as if it were the caller's own.
fn tenant_of(parts: &Parts) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).ok()?;
    let mut pairs = pairs.into_iter();
    pairs
        .find(|(name, _)| name == TENANT.name)
        .map(|(_, tenant)| tenant)
}

/// The part of a scope that belongs to one tenant; nothing where it lies outside, so that tenants can't be
/// probed. A viewer's keys are those of its own tenant, where it names one.
pub(crate) fn within(scope: Scope, tenant: String, own: Option<&str>) -> Scope {
    match scope {
        Scope::Keys(keys) if own == Some(tenant.as_str()) => Scope::Keys(keys),
        Scope::All => Scope::Tenant(tenant),
        Scope::Tenant(own) if own == tenant => Scope::Tenant(own),
        Scope::Tenant(_) | Scope::Keys(_) => Scope::Keys(Vec::new()),
    }
}
