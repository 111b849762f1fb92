//! The dashboard behind the host's own login: no admin token, and who signs in sees what its role may see.
//!
//! ```text
//! cargo run --example host_login
//! ```
//!
//! Then open the address that it prints, as `olga` (operator) or `max` (manager of the tenant acme); the
//! passwords are the names.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use api_metrics::{ApiMetrics, Principal, Role};
use api_metrics_examples::Settings;
use axum::{
    Form, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "The dashboard behind a login of the service's own.",
        "127.0.0.1:3000",
        "host-login.db",
    );
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("host-login")
        .start()
        .await?;
    let listener = TcpListener::bind(&settings.listen).await?;
    println!("http://{}/login", listener.local_addr()?);
    axum::serve(listener, app(&metrics))
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

fn app(metrics: &ApiMetrics) -> Router {
    let sessions = Sessions::default();
    let admin = metrics
        .admin()
        .layer(from_fn_with_state(sessions.clone(), require));
    Router::new()
        .route("/", get(async || Redirect::to("/login")))
        .route("/login", get(page).post(login))
        .with_state(sessions)
        .layer(metrics.layer())
        .nest_service("/admin", admin)
}

/// Who is signed in, by the text of the cookie. A real service keeps this in its database, with an end.
#[derive(Debug, Clone, Default)]
struct Sessions(Arc<Mutex<HashMap<String, Principal>>>);

impl Sessions {
    fn of(&self, headers: &HeaderMap) -> Option<Principal> {
        let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
        let session = cookies
            .split("; ")
            .find_map(|cookie| cookie.strip_prefix("shop_session="))?;
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(session).cloned()
    }

    fn begin(&self, principal: Principal) -> String {
        let session = uuid::Uuid::new_v4().simple().to_string();
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(session.clone(), principal);
        session
    }
}

/// Around the admin: hands it the identity, so that it asks for no token.
async fn require(State(sessions): State<Sessions>, mut request: Request, next: Next) -> Response {
    let Some(principal) = sessions.of(request.headers()) else {
        return Redirect::to("/login").into_response();
    };
    // The admin checks its own sessions against forged writes; those of the host are the host's concern.
    // `SameSite=Strict` keeps the cookie from other sites, and this from whatever sends it nonetheless.
    let foreign = request
        .headers()
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    if foreign && request.method() != Method::GET {
        return StatusCode::FORBIDDEN.into_response();
    }
    request.extensions_mut().insert(principal);
    next.run(request).await
}

async fn page() -> Html<&'static str> {
    Html(
        "<!doctype html><title>Sign in</title><form method=post><input name=name placeholder=olga autofocus> \
         <input name=password type=password> <button>Sign in</button></form>",
    )
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
}

async fn login(State(sessions): State<Sessions>, Form(login): Form<Login>) -> Response {
    let principal = match (login.name.as_str(), login.password.as_str()) {
        ("olga", "olga") => Principal::new("olga", Role::Admin),
        ("max", "max") => Principal::new("max", Role::Manager).with_tenant("acme"),
        _ => return (StatusCode::UNAUTHORIZED, "unknown name or password\n").into_response(),
    };
    let session = sessions.begin(principal);
    // Over HTTPS, add `Secure`.
    let cookie = format!("shop_session={session}; HttpOnly; SameSite=Strict; Path=/");
    let mut response = Redirect::to("/admin/").into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use reqwest::{Client, redirect::Policy};

    use super::*;

    #[tokio::test]
    async fn the_hosts_sessions_open_the_admin_as_far_as_their_roles_go() {
        let file = std::env::temp_dir().join(format!("{}.db", uuid::Uuid::new_v4()));
        let metrics = ApiMetrics::builder().embedded(&file).start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = app(&metrics);
        tokio::spawn(async { axum::serve(listener, app).await });

        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let summary = format!("{base}/admin/api-metrics/summary?period=1h");
        let status = format!("{base}/admin/api-status");
        let without = http.get(&summary).send().await.unwrap();
        assert_eq!(without.status(), StatusCode::SEE_OTHER);
        for (name, operates) in [("olga", true), ("max", false)] {
            let form = format!("name={name}&password={name}");
            let login = http
                .post(format!("{base}/login"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form)
                .send()
                .await
                .unwrap();
            let cookie = login.headers()["set-cookie"].to_str().unwrap().to_owned();
            let cookie = cookie.split(';').next().unwrap().to_owned();
            let ask = |url: &str| http.get(url).header("cookie", &cookie).send();
            assert_eq!(ask(&summary).await.unwrap().status(), StatusCode::OK);
            let expected = if operates {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(ask(&status).await.unwrap().status(), expected, "{name}");
            let forged = http
                .post(format!("{base}/admin/api-alerts"))
                .header("cookie", &cookie)
                .header("sec-fetch-site", "cross-site")
                .send()
                .await
                .unwrap();
            assert_eq!(forged.status(), StatusCode::FORBIDDEN);
        }
        metrics.shutdown().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
