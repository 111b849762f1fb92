//! The identity behind a request.

use api_metrics_layer::ApiKey;

/// What a principal may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Everything, totals over all tenants and the state of the service included.
    Admin,
    /// Reads its own tenant, and changes what belongs to it.
    Manager,
    /// Reads its own tenant.
    Developer,
    /// Reads its own API keys.
    Viewer,
}

impl Role {
    /// The name in tokens: `admin`, `manager`, `developer`, `viewer`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::Manager, Self::Developer, Self::Viewer]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// An identity that the host has verified, or that this crate has.
///
/// A host that has authentication of its own puts one into the request's extensions, in a layer
/// around the router; nothing else is then asked of the caller.
///
/// ```
/// use api_metrics_routes::{Principal, Role};
///
/// let consumer = Principal::new("user-7", Role::Viewer).with_key("key-of-user-7");
/// # let mut request = http::Request::new(());
/// request.extensions_mut().insert(consumer);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub(crate) subject: String,
    pub(crate) tenant: Option<String>,
    pub(crate) role: Role,
    pub(crate) keys: Vec<ApiKey>,
}

impl Principal {
    /// A principal without tenant and keys. `subject` names it in logs and is what its rate limit
    /// is counted by.
    #[must_use]
    pub fn new(subject: impl Into<String>, role: Role) -> Self {
        Self {
            subject: subject.into(),
            tenant: None,
            role,
            keys: Vec::new(),
        }
    }

    /// The tenant that it belongs to. Without one, a manager and a developer may see nothing.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Adds an API key of its own: all that a viewer may see.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<ApiKey>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Its name.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Its tenant.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Its API keys.
    #[must_use]
    pub fn keys(&self) -> &[ApiKey] {
        &self.keys
    }
}
