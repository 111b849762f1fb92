//! Who asks, and what they may see.

mod access;
mod caller;
mod failures;
mod gate;
#[cfg(feature = "jwt")]
mod jwt;
mod principal;
mod secret;
mod session;
mod sign_in;
mod throttle;

pub(crate) use access::Access;
pub(crate) use caller::{Caller, Identity, Via};
pub(crate) use failures::{Failures, peer};
pub(crate) use gate::{authenticate, gate, refuse_wrong_token};
#[cfg(feature = "jwt")]
pub use jwt::{ClaimNames, Jwt, JwtKeyError};
pub use principal::{Principal, Role};
pub(crate) use session::{SESSION_COOKIE, Session};
pub(crate) use sign_in::SignIn;
pub(crate) use throttle::Throttle;

#[cfg(test)]
mod tests;
