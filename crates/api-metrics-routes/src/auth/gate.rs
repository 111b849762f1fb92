//! What stands in front of every closed route: who is it, may it, and how often.

use std::sync::Arc;

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
    let (principal, via) = identify(app, method, headers, extensions).await?;
    let scope = if principal.role == Role::Viewer {
        Caller::scope(&principal, &*app.directory.get(&app.reader).await?)?
    } else {
        Caller::scope(&principal, &crate::directory::Directory::default())?
    };
    Ok(Caller {
        principal,
        via,
        scope,
    })
}

async fn identify(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<(Principal, Via), Problem> {
    if let Some(principal) = extensions.get::<Principal>() {
        return Ok((principal.clone(), Via::Host));
    }
    if matches!(app.sign_in, SignIn::NoAuth) {
        return Ok((Principal::new("anyone", Role::Admin), Via::NoAuth));
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value
            .to_str()
            .ok()
            .and_then(bearer)
            .ok_or_else(|| unauthenticated("the Authorization header is no bearer token"))?;
        let peer = peer(extensions);
        return by_token(app, token, peer).await.map(|p| (p, Via::Bearer));
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
        return Ok((Principal::new("admin", Role::Admin), Via::Cookie));
    }
    Err(unauthenticated(
        "send `Authorization: Bearer <token>`, or sign in on the page",
    ))
}

async fn by_token(app: &App, token: &str, peer: Peer) -> Result<Principal, Problem> {
    #[cfg(feature = "jwt")]
    if let Some(jwt) = &app.jwt
        && let Some(principal) = jwt.principal(token, app.clock.unix_seconds())
    {
        return Ok(principal);
    }
    let keys: Option<Keys> = app.sign_in.keys().await?;
    if keys.is_some_and(|keys| keys.admits(token)) {
        return Ok(Principal::new("admin", Role::Admin));
    }
    // A right token passes all the same: whoever shares an address with a guesser is not locked out.
    let wait = app.failures.wait(peer);
    app.failures.note(peer);
    Err(wait.map_or_else(
        || unauthenticated("the bearer token is not valid"),
        too_many_failures,
    ))
}

/// The credentials of the scheme `Bearer`, whose name is case-insensitive (RFC 9110).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

/// Too many wrong tokens came from there.
pub(crate) fn too_many_failures(wait: u64) -> Problem {
    Problem::new(Kind::TooManyRequests, "too many wrong tokens").retry_after(wait)
}

fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail)
}
