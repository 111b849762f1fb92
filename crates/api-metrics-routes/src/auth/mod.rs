//! Who asks, and what they may see.
//!
//! A request passes [`AuthMiddleware`], which asks the [`Authenticator`] who sends it, the
//! [`Throttle`] whether it may send one more, and the route's [`Access`] whether its role may use
//! the route. The handler then finds a [`Caller`] in the request.
//!
//! A caller's `scope` is what it may see: everything, a tenant, or some API keys. Every query
//! carries it to the store, which leaves out all else.

mod access;
mod authenticator;
mod caller;
mod ended_sessions;
mod failed_logins;
#[cfg(feature = "jwt")]
mod jwt;
mod middleware;
mod principal;
#[cfg(feature = "jwt")]
mod public_key;
mod secret;
mod session;
mod sign_in;
#[cfg(feature = "jwt")]
mod signed_token;
mod throttle;

pub(crate) use access::Access;
pub(crate) use authenticator::Authenticator;
pub(crate) use caller::{AuthMethod, Caller, Identity, within};
pub(crate) use ended_sessions::EndedSessions;
pub(crate) use failed_logins::{FailedLogins, peer};
#[cfg(feature = "jwt")]
pub use jwt::{ClaimNames, Jwt, JwtKeyError};
pub(crate) use middleware::AuthMiddleware;
pub use principal::{Principal, Role};
#[cfg(test)]
pub(crate) use session::SESSION_COOKIE;
pub(crate) use session::Session;
pub(crate) use sign_in::SignIn;
pub(crate) use throttle::Throttle;
#[cfg(feature = "ingest")]
pub(crate) use throttle::{Organisation, RequestLimit, Verdict};

#[cfg(test)]
mod tests;
