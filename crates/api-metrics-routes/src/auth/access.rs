//! What a route asks of its callers.
//!
//! There are five, and every route has exactly one.
//! | | admin | manager | developer | viewer |
//! |---|---|---|---|---|
//! | `Read` | everything | its tenant | its tenant | its keys |
//! | `Report` | yes | its tenant | its tenant | no |
//! | `Write` | everything | its tenant | no | no |
//! | `Operate` | yes | no | no | no |

use crate::auth::Role;

/// Declared with every route; a route can't be added without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Access {
    /// Anyone, without credentials: probes, sign-in, the document, the page and its assets.
    Open,
    /// Any principal; it sees what its scope holds.
    Read,
    /// Admins, and managers within their own tenant: what changes something.
    #[cfg_attr(
        not(any(test, feature = "control")),
        expect(dead_code, reason = "only the control plane is written to")
    )]
    Write,
    /// Admins, managers and developers: what reports of their own organisation.
    #[cfg(feature = "ingest")]
    Report,
    /// Admins: the state of the service is no tenant's business.
    Operate,
}

impl Access {
    /// Whether a principal of this role may use the route.
    pub(crate) const fn admits(self, role: Role) -> bool {
        match self {
            Self::Open | Self::Read => true,
            #[cfg(feature = "ingest")]
            Self::Report => !matches!(role, Role::Viewer),
            Self::Write => matches!(role, Role::Admin | Role::Manager),
            Self::Operate => matches!(role, Role::Admin),
        }
    }
}
