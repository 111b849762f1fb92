//! Finds out who sends a request.
//!
//! It tells principals apart, not what they may do: roles are checked by the middleware, scopes by
//! the store.

use std::sync::Arc;

use api_metrics_store::{
    store::KeyOwner,
    time::{Clock, UnixSeconds},
};
use http::{Extensions, HeaderMap, Method, header};

use super::{
    AuthMethod, Caller, EndedSessions, FailedLogins, Principal, Role, Session, SignIn,
    caller::SessionWatch,
    failed_logins::{Peer, peer},
    sign_in::TokenKeys,
};
use crate::{
    read::{KeyCache, KeyIds, StoreClient},
    response::{Kind, Problem},
};

/// Knows the admin token, the sessions, the issuer of JSON Web Tokens and the keys of viewers.
#[derive(Debug)]
pub(crate) struct Authenticator {
    /// How admins sign in.
    pub(crate) sign_in: SignIn,
    /// Delays, counts and logs wrong admin tokens.
    pub(crate) failed_logins: FailedLogins,
    /// Sessions that were signed out.
    pub(crate) ended_sessions: Arc<EndedSessions>,
    /// The issuer whose tokens are taken too.
    #[cfg(feature = "jwt")]
    pub(super) jwt: Option<super::Jwt>,
    /// The numbers of viewers' keys.
    pub(super) key_cache: KeyCache,
    /// Reads the numbers of keys that are not remembered.
    pub(super) client: Arc<StoreClient>,
    /// Decides when sessions and tokens are over.
    pub(super) clock: Arc<dyn Clock>,
}

/// Who it is, how it proved that, and when that ends.
struct Identified {
    principal: Principal,
    auth_method: AuthMethod,
    expires_at: Option<UnixSeconds>,
    session: Option<SessionWatch>,
}

impl Identified {
    /// Without a session.
    const fn new(
        principal: Principal,
        auth_method: AuthMethod,
        expires_at: Option<UnixSeconds>,
    ) -> Self {
        Self {
            principal,
            auth_method,
            expires_at,
            session: None,
        }
    }
}

impl Authenticator {
    /// Reads the numbers of viewers' keys through `client`, and remembers them in `key_cache`.
    pub(crate) fn new(
        sign_in: SignIn,
        ended_sessions: EndedSessions,
        key_cache: KeyCache,
        client: Arc<StoreClient>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            sign_in,
            failed_logins: FailedLogins::default(),
            ended_sessions: Arc::new(ended_sessions),
            #[cfg(feature = "jwt")]
            jwt: None,
            key_cache,
            client,
            clock,
        }
    }

    /// Takes JSON Web Tokens too.
    #[cfg(feature = "jwt")]
    pub(crate) fn with_jwt(mut self, jwt: Option<super::Jwt>) -> Self {
        self.jwt = jwt;
        self
    }

    /// Who asks: the host's own principal, else the bearer token, else the session cookie.
    ///
    /// # Errors
    /// 401 without valid credentials, 429 where too many wrong tokens wait for theirs, 403 for a write of a
    /// session without its CSRF token or a role without its tenant, 503 while instances have
    /// not agreed on an admin token.
    pub(crate) async fn authenticate(
        &self,
        method: &Method,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Caller, Problem> {
        let Identified {
            principal,
            auth_method,
            expires_at,
            session,
        } = self.identify(method, headers, extensions).await?;
        let scope = if principal.role == Role::Viewer {
            let ids = self.key_cache.of(&principal.keys, &self.client).await?;
            let owned = self.owned(&principal).await?;
            Caller::scope(&principal, &ids, &owned)?
        } else {
            Caller::scope(&principal, &KeyIds::default(), &[])?
        };
        Ok(Caller {
            principal,
            auth_method,
            scope,
            expires_at,
            session,
        })
    }

    /// The numbers of the keys of a viewer's user and team.
    ///
    /// # Errors
    /// Those of the store.
    async fn owned(&self, principal: &Principal) -> Result<Vec<i64>, Problem> {
        let mut owner = KeyOwner::default();
        owner.tenant_id.clone_from(&principal.tenant);
        let mut of_user = owner.clone();
        of_user.user_id.clone_from(&principal.user);
        owner.team_id.clone_from(&principal.team);
        let mut owned = Vec::new();
        for owner in [of_user, owner] {
            if owner.user_id.is_some() || owner.team_id.is_some() {
                owned.extend_from_slice(&self.key_cache.owned(owner, &self.client).await?);
            }
        }
        Ok(owned)
    }

    /// Finds the principal, in the order that the crate's documentation states.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), but for the scope.
    async fn identify(
        &self,
        method: &Method,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Identified, Problem> {
        if let Some(principal) = extensions.get::<Principal>() {
            return Ok(Identified::new(principal.clone(), AuthMethod::Host, None));
        }
        if matches!(self.sign_in, SignIn::NoAuth) {
            let anyone = Principal::new("anyone", Role::Admin);
            return Ok(Identified::new(anyone, AuthMethod::NoAuth, None));
        }
        // Credentials of another scheme are for somebody else: a proxy in front that asks for a
        // password leaves them on every request of a browser that has signed in here.
        if let Some(token) = headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(bearer)
        {
            return self.by_token(token, peer(extensions)).await;
        }
        if headers.contains_key(header::COOKIE)
            && let Some(keys) = self.sign_in.keys().await?
            && let Some(session) = Session::of(headers, &keys, self.clock.unix_seconds())
        {
            let watch = SessionWatch::new(&session, self.ended_sessions.clone());
            if watch.has_ended().await {
                return Err(unauthenticated("this session was signed out"));
            }
            if !method.is_safe() && !session.admits_write(headers) {
                return Err(Problem::new(
                    Kind::BadCsrfToken,
                    "a write by a browser session needs its CSRF token in X-CSRF-Token",
                ));
            }
            let admin = Principal::new("admin", Role::Admin);
            let by_cookie = Identified::new(admin, AuthMethod::Cookie, Some(session.expires_at));
            return Ok(Identified {
                session: Some(watch),
                ..by_cookie
            });
        }
        Err(unauthenticated(
            "send `Authorization: Bearer <token>`, or sign in on the page",
        ))
    }

    /// The principal of a bearer token.
    ///
    /// # Errors
    /// 401, late where it is a guess at the admin token, or 429 where too many wait for that.
    async fn by_token(&self, token: &str, peer: Peer) -> Result<Identified, Problem> {
        #[cfg(feature = "jwt")]
        if let Some(jwt) = &self.jwt
            && let Some((principal, ends_at)) = jwt.principal(token, self.clock.unix_seconds())
        {
            return Ok(Identified::new(principal, AuthMethod::Jwt, Some(ends_at)));
        }
        let keys: Option<TokenKeys> = self.sign_in.keys().await?;
        if keys.is_some_and(|keys| keys.admits(token)) {
            let admin = Principal::new("admin", Role::Admin);
            return Ok(Identified::new(admin, AuthMethod::Bearer, None));
        }
        // One that is over, or of another issuer, is no guess at the admin token.
        #[cfg(feature = "jwt")]
        if self.jwt.is_some() && super::jwt::is_shaped(token) {
            return Err(unauthenticated("the bearer token is not valid"));
        }
        Err(self
            .refuse_wrong_token(peer, "the bearer token is not valid")
            .await)
    }

    /// Refuses a wrong admin token: 401, late, and 429 at once where many wait for theirs already. Asked
    /// only where the token is wrong: a right one always passes, or anybody could lock an operator out.
    pub(crate) async fn refuse_wrong_token(&self, peer: Peer, detail: &'static str) -> Problem {
        if self.failed_logins.delay(peer).await {
            unauthenticated(detail)
        } else {
            Problem::new(Kind::TooManyRequests, "too many wrong tokens at a time").retry_after(1)
        }
    }
}

/// The credentials of the scheme `Bearer`, whose name is case-insensitive (RFC 9110).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

/// 401 with a hint what to send.
fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail)
}
