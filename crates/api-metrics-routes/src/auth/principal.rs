//! The identity behind a request.
//!
//! A principal is who asks: a name, a role, and for roles that do not see everything a tenant or
//! API keys. Hosts make them; this crate makes one for the admin token, for a session and for each
//! valid JSON Web Token.

use api_metrics_layer::ApiKey;

/// What a principal may do.
///
/// Each route declares which roles it admits; whom it does not admit is answered 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Reads everything, totals over all tenants and the state of the service included, and changes
    /// everything.
    Admin,
    /// Reads its own tenant, and changes what belongs to it.
    Manager,
    /// Reads its own tenant, and reports for it to the collector.
    Developer,
    /// Reads its own API keys: those that it names, and those of its user and of its team.
    Viewer,
}

impl Role {
    /// The name in tokens: `admin`, `manager`, `developer`, `viewer`.
    ///
    /// ```
    /// use api_metrics_routes::Role;
    ///
    /// assert_eq!(Role::Viewer.as_str(), "viewer");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
        }
    }

    /// The role of this name; `None` where there is none.
    ///
    /// ```
    /// use api_metrics_routes::Role;
    ///
    /// assert_eq!(Role::from_name("admin"), Some(Role::Admin));
    /// assert_eq!(Role::from_name("root"), None);
    /// ```
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
    /// Its name.
    pub(crate) subject: String,
    /// Its tenant.
    pub(crate) tenant: Option<String>,
    /// What it may do.
    pub(crate) role: Role,
    /// Its API keys.
    pub(crate) keys: Vec<ApiKey>,
    /// The user that it is.
    pub(crate) user: Option<String>,
    /// The team that it is of.
    pub(crate) team: Option<String>,
}

impl Principal {
    /// A principal without tenant and keys. `subject` names it in logs, and its request limit is
    /// counted by it.
    #[must_use]
    pub fn new(subject: impl Into<String>, role: Role) -> Self {
        Self {
            subject: subject.into(),
            tenant: None,
            role,
            keys: Vec::new(),
            user: None,
            team: None,
        }
    }

    /// The tenant that it belongs to, of 1 to 200 bytes. Without one, a manager and a developer are
    /// answered 403.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Adds an API key of its own, as the host names it: all that a viewer may see. A key that was
    /// never used shows nothing.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<ApiKey>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// The user that it is: a viewer sees the API keys with this `userId`, within its tenant where it has one.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The team that it is of: a viewer sees the API keys with this `teamId`, within its tenant where it has one.
    #[must_use]
    pub fn with_team(mut self, team: impl Into<String>) -> Self {
        self.team = Some(team.into());
        self
    }

    /// Its name, as given to [`new`](Self::new).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What it may do.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The tenant that it belongs to, if it has one.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Its API keys, in the order in which they were added.
    #[must_use]
    pub fn keys(&self) -> &[ApiKey] {
        &self.keys
    }
}
