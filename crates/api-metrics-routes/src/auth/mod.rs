//! Who asks, and what they may see.

mod access;
mod authenticator;
mod caller;
mod failed_logins;
#[cfg(feature = "jwt")]
mod jwt;
mod middleware;
mod principal;
mod secret;
mod session;
mod sign_in;
mod throttle;

pub(crate) use access::Access;
pub(crate) use authenticator::Authenticator;
pub(crate) use caller::{AuthMethod, Caller, Identity};
pub(crate) use failed_logins::{FailedLogins, peer};
#[cfg(feature = "jwt")]
pub use jwt::{ClaimNames, Jwt, JwtKeyError};
pub(crate) use middleware::AuthMiddleware;
pub use principal::{Principal, Role};
pub(crate) use session::{SESSION_COOKIE, Session};
pub(crate) use sign_in::SignIn;
pub(crate) use throttle::Throttle;

#[cfg(test)]
mod tests;
