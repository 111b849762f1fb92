//! `GET`, `POST` and `DELETE /session`: who is signed in, the browser's sign-in and sign-out.
//!
//! The page sends JSON and gets the CSRF token; a form without scripts is redirected to the page.

use api_metrics_store::query::Scope;
use axum::{
    Form, Json,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Caller, Session, peer},
    response::{Kind, Problem, time},
    router::App,
};

/// The body of a sign-in.
#[derive(Deserialize)]
struct Credentials {
    /// The admin token.
    token: String,
}

/// The answer to a sign-in by JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    /// What writes have to carry in `X-CSRF-Token`.
    csrf_token: String,
    /// When the session ends.
    expires_at: DateTime<Utc>,
}

/// Who is signed in, as far as the page needs it: what it offers, and whether somebody else has come.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedIn {
    /// The name of the principal.
    subject: String,
    /// `admin`, `manager`, `developer` or `viewer`.
    role: &'static str,
    /// The tenant that it belongs to.
    tenant_id: Option<String>,
    /// The numbers of its API keys, where it sees no others.
    api_key_ids: Option<Vec<i64>>,
    /// When its session ends, where that is known.
    expires_at: Option<DateTime<Utc>>,
}

/// Tells who the caller is.
pub(super) async fn who(caller: Caller) -> Response {
    let signed_in = SignedIn {
        subject: caller.principal.subject().to_owned(),
        role: caller.principal.role().as_str(),
        tenant_id: caller.principal.tenant().map(str::to_owned),
        expires_at: caller.expires_at.map(time),
        api_key_ids: match caller.scope {
            Scope::Keys(ids) => Some(ids),
            Scope::All | Scope::Tenant(_) => None,
        },
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(signed_in)).into_response()
}

/// Takes the admin token as JSON or from a form, and starts a session.
pub(super) async fn sign_in(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let by_form = is_form(&headers);
    let peer = peer(request.extensions());
    let wrong_body = |status| {
        let expected = "send {\"token\": \"...\"} as JSON, or a form with `token`";
        Problem::body(status, expected)
    };
    let credentials = if by_form {
        let form = Form::<Credentials>::from_request(request, &()).await;
        form.map(|Form(credentials)| credentials)
            .map_err(|rejection| wrong_body(rejection.status()))?
    } else {
        let json = Json::<Credentials>::from_request(request, &()).await;
        json.map(|Json(credentials)| credentials)
            .map_err(|rejection| wrong_body(rejection.status()))?
    };
    let Some(keys) = app.auth.sign_in.keys().await? else {
        return Err(Problem::new(
            Kind::NotFound,
            "this admin is open: there is nothing to sign in to",
        ));
    };
    if !keys.admits(credentials.token.trim()) {
        return Err(app
            .auth
            .refuse_wrong_token(peer, "this is not the admin token")
            .await);
    }
    let session = Session::start(&keys, app.clock.unix_seconds())
        .map_err(|_| Problem::new(Kind::Internal, "the operating system gave no random bytes"))?;
    let mut response = if by_form {
        // Relative to the mount point, wherever that is.
        (StatusCode::SEE_OTHER, [(header::LOCATION, "./")]).into_response()
    } else {
        Json(Started {
            csrf_token: session.csrf.clone(),
            expires_at: time(session.expires_at),
        })
        .into_response()
    };
    set_cookies(&mut response, session.set_cookies(is_https(&headers)));
    Ok(response)
}

/// Ends the browser's session in all instances: a copy of the cookie is of no use any more, and streams
/// that it has opened end with their next event.
///
/// # Errors
/// 403 without the CSRF token; 503 where the store did not answer, so that other instances have not heard
/// of it. Sending it again is safe.
pub(super) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(keys) = app.auth.sign_in.keys().await?
        && let Some(session) = Session::of(&headers, &keys, app.clock.unix_seconds())
    {
        if !session.admits_write(&headers) {
            return Err(Problem::new(
                Kind::BadCsrfToken,
                "signing out needs the session's CSRF token in X-CSRF-Token",
            ));
        }
        app.auth.ended_sessions.end(&session).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookies(&mut response, Session::clear_cookies(is_https(&headers)));
    Ok(response)
}

/// Adds `Set-Cookie` headers.
fn set_cookies(response: &mut Response, cookies: [Option<HeaderValue>; 2]) {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Whether the body is an HTML form's.
fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// Whether the browser came by HTTPS. The `Origin` of a sign-in is what the browser itself saw,
/// before any proxy that ended TLS.
fn is_https(headers: &HeaderMap) -> bool {
    let starts = |name: &str, prefix: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with(prefix))
    };
    starts("origin", "https://") || starts("x-forwarded-proto", "https")
}
