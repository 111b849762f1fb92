//! Wrong credentials: what counts as a guess, and whose business it is.

use api_metrics_routes::Jwt;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::header;
use serde_json::{Value, json};

use crate::host::{Host, NOW, TOKEN, problem};

const SECRET: &[u8] = b"a secret of at least 32 bytes for tests";

pub(crate) fn jwt() -> Jwt {
    Jwt::hs256(SECRET, "https://id.example.com", "metrics").unwrap()
}

/// A token of this issuer that is over at `ends_at`.
pub(crate) fn token(subject: &str, role: &str, key: &str, ends_at: i64) -> String {
    let claims = json!({"sub": subject, "role": role, "keys": [key], "exp": ends_at,
        "iss": "https://id.example.com", "aud": "metrics"});
    let key = EncodingKey::from_secret(SECRET);
    encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}

/// A host that takes tokens of this issuer.
pub(crate) async fn issuer() -> Host {
    Host::start_with(|builder| builder.token(TOKEN).jwt(jwt())).await
}

#[test]
fn a_secret_that_can_be_found_by_trying_is_refused() {
    for short in [&b""[..], b"secret", &SECRET[..31]] {
        let error = Jwt::hs256(short, "i", "a").unwrap_err().to_string();
        assert!(error.contains(&format!("{} bytes", short.len())), "{error}");
    }
    assert!(Jwt::hs256(&SECRET[..32], "i", "a").is_ok());
}

#[tokio::test]
async fn a_token_that_is_over_is_no_guess() {
    let host = issuer().await;
    let ask = async |token: &str| {
        let request = host.client.get(host.url("/api-metrics/summary"));
        request.bearer_auth(token).send().await.unwrap()
    };
    let over = token("a", "viewer", "alpha", NOW - 60);
    // A page that is left open asks on and on.
    for _ in 0..70 {
        problem(ask(&over).await, 401).await;
    }
    problem(ask("a guess").await, 401).await;
    // What only looks a little like one is.
    for _ in 0..59 {
        problem(ask("not.a.token").await, 401).await;
    }
    problem(ask("not.a.token").await, 429).await;
    problem(ask(&over).await, 401).await;
}

#[tokio::test]
async fn a_password_for_a_proxy_in_front_does_not_hide_the_session() {
    let host = Host::start().await;
    let request = host.client.post(host.url("/session"));
    let started = request.json(&json!({"token": TOKEN})).send().await.unwrap();
    let cookie = started.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let ask = async |authorization: &str, cookie: &str| {
        let request = host.client.get(host.url("/api-metrics/summary"));
        let request = request.header(header::AUTHORIZATION, authorization);
        request.header(header::COOKIE, cookie).send().await.unwrap()
    };
    for other in ["Basic b3BzOnBhc3N3b3Jk", "Negotiate YII=", "garbage"] {
        assert_eq!(ask(other, &cookie).await.status(), 200, "{other}");
        problem(ask(other, "theme=dark").await, 401).await;
    }
    // A bearer token is for us: a wrong one is not passed over.
    problem(ask("Bearer wrong", &cookie).await, 401).await;
    let body: Value = ask("bearer  the operator's own token", "theme=dark")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(body["totalRequests"], 0);
}
