//! Whose something is to be.

use api_metrics_store::query::Scope;

use crate::{
    auth::Caller,
    response::{Kind, Problem},
};

/// The tenant of what is made or changed: what an admin says, and for everybody else its own.
///
/// # Errors
/// 403 where somebody names another tenant than its own, or may not change anything.
pub(super) fn own_tenant(caller: &Caller, said: Option<String>) -> Result<Option<String>, Problem> {
    match &caller.scope {
        Scope::All => Ok(said),
        Scope::Tenant(own) => match said {
            Some(other) if other != *own => Err(Problem::new(
                Kind::Forbidden,
                "`tenantId` is not the caller's own",
            )),
            _ => Ok(Some(own.clone())),
        },
        Scope::Keys(_) => Err(Problem::new(
            Kind::Forbidden,
            "this role may not change anything",
        )),
    }
}
