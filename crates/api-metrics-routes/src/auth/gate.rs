//! What stands in front of every closed route: who is it, may it, and how often.

use std::sync::Arc;

use api_metrics_store::time::UnixSeconds;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap, Method, header};

use super::{Access, Caller, Principal, Role, Session, Throttle, Via, failures::Peer, peer};
use crate::{
    app::App,
    auth::sign_in::{Keys, SignIn},
    problem::{Kind, Problem},
};

/// Lets a request pass to its route, or answers in its place. Nothing of the request but its method
/// and headers has been looked at before.
pub(crate) async fn gate(
    State((app, throttle, access)): State<(App, Arc<Throttle>, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    if access == Access::Open {
        return next.run(request).await;
    }
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let caller = match authenticate(&app, &method, &headers, request.extensions()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let verdict = throttle.check(&caller, &method);
    let mut response = if let Some(problem) = verdict.refusal() {
        problem.into_response()
    } else if access.admits(caller.principal.role) {
        request.extensions_mut().insert(caller);
        next.run(request).await
    } else {
        Problem::new(Kind::Forbidden, "this role may not ask for this").into_response()
    };
    verdict.write(response.headers_mut());
    response
}

/// Who asks: the host's own principal, else the bearer token, else the session cookie.
pub(crate) async fn authenticate(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Caller, Problem> {
    let (principal, via, expires_at) = identify(app, method, headers, extensions).await?;
    let scope = if principal.role == Role::Viewer {
        Caller::scope(
            &principal,
            &*app.directory.of(&principal, &app.reader).await?,
        )?
    } else {
        Caller::scope(&principal, &crate::directory::Directory::default())?
    };
    Ok(Caller {
        principal,
        via,
        scope,
        expires_at,
    })
}

/// Who it is, how it said so, and when that ends.
type Known = (Principal, Via, Option<UnixSeconds>);

async fn identify(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Known, Problem> {
    if let Some(principal) = extensions.get::<Principal>() {
        return Ok((principal.clone(), Via::Host, None));
    }
    if matches!(app.sign_in, SignIn::NoAuth) {
        return Ok((Principal::new("anyone", Role::Admin), Via::NoAuth, None));
    }
    // Credentials of another scheme are for somebody else: a proxy in front that asks for a password
    // leaves them on every request of a browser that has signed in here.
    if let Some(token) = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(bearer)
    {
        return by_token(app, token, peer(extensions)).await;
    }
    if headers.contains_key(header::COOKIE)
        && let Some(keys) = app.sign_in.keys().await?
        && let Some(session) = Session::of(headers, &keys, app.clock.unix_seconds())
    {
        if !method.is_safe() && !session.admits_write(headers) {
            return Err(Problem::new(
                Kind::BadCsrfToken,
                "a write by a browser session needs its CSRF token in X-CSRF-Token",
            ));
        }
        let admin = Principal::new("admin", Role::Admin);
        return Ok((admin, Via::Cookie, Some(session.expires_at)));
    }
    Err(unauthenticated(
        "send `Authorization: Bearer <token>`, or sign in on the page",
    ))
}

async fn by_token(app: &App, token: &str, peer: Peer) -> Result<Known, Problem> {
    #[cfg(feature = "jwt")]
    if let Some(jwt) = &app.jwt
        && let Some((principal, ends_at)) = jwt.principal(token, app.clock.unix_seconds())
    {
        return Ok((principal, Via::Jwt, Some(ends_at)));
    }
    let keys: Option<Keys> = app.sign_in.keys().await?;
    if keys.is_some_and(|keys| keys.admits(token)) {
        return Ok((Principal::new("admin", Role::Admin), Via::Bearer, None));
    }
    // One that is over, or of another issuer, is no guess at the admin token.
    #[cfg(feature = "jwt")]
    if app.jwt.is_some() && super::jwt::is_shaped(token) {
        return Err(unauthenticated("the bearer token is not valid"));
    }
    Err(refuse_wrong_token(
        app,
        peer,
        "the bearer token is not valid",
    ))
}

/// Refuses a wrong admin token: 401, and 429 from whom too many came. Asked only where the token is
/// wrong: a right one always passes, or whoever shares an address with a guesser were locked out.
pub(crate) fn refuse_wrong_token(app: &App, peer: Peer, detail: &'static str) -> Problem {
    let wait = app.failures.wait(peer);
    app.failures.note(peer);
    wait.map_or_else(
        || unauthenticated(detail),
        |wait| Problem::new(Kind::TooManyRequests, "too many wrong tokens").retry_after(wait),
    )
}

/// The credentials of the scheme `Bearer`, whose name is case-insensitive (RFC 9110).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail)
}
