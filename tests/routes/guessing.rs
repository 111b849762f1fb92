//! Wrong credentials: what counts as a guess, and whose business it is.

use api_metrics_routes::Jwt;
use reqwest::header;
use serde_json::{Value, json};

use crate::{
    host::{Host, NOW, TOKEN, problem},
    signer::Signer,
};

const SECRET: &[u8] = b"a secret of at least 32 bytes for tests";

pub(crate) fn jwt() -> Jwt {
    Jwt::hs256(SECRET, "https://id.example.com", "metrics").unwrap()
}

/// A token of this issuer that is over at `ends_at`.
pub(crate) fn token(subject: &str, role: &str, key: &str, ends_at: i64) -> String {
    let claims = json!({"sub": subject, "role": role, "keys": [key], "exp": ends_at,
        "iss": "https://id.example.com", "aud": "metrics"});
    Signer::Hs256(SECRET).sign(&claims)
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
    // A page that is left open asks on and on, and is answered at once.
    for _ in 0..70 {
        problem(ask(&over).await, 401).await;
    }
    assert_eq!(wrong_tokens(&host).await, 0);
    // What only looks a little like one is a guess.
    problem(ask("a guess").await, 401).await;
    problem(ask("not.a.token").await, 401).await;
    assert_eq!(wrong_tokens(&host).await, 2);
}

/// What the process has counted, as Prometheus reads it.
async fn wrong_tokens(host: &Host) -> u64 {
    let text = host.get("/metrics").await.text().await.unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("api_metrics_wrong_admin_tokens_total "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn wrong_tokens_are_answered_late_sixteen_at_a_time_and_right_ones_pass_at_once() {
    let host = Host::start().await;
    let begin = std::time::Instant::now();
    // At both doors.
    let guesses = (0..40).map(|n| {
        let ask = host.client.get(host.url("/api-status"));
        let sign_in = host.client.post(host.url("/session"));
        let guess = if n % 2 == 0 {
            ask.bearer_auth(format!("guess {n}"))
        } else {
            sign_in.json(&json!({"token": format!("guess {n}")}))
        };
        async move {
            let answer = guess.send().await.unwrap();
            let status = answer.status().as_u16();
            if status == 429 {
                assert_eq!(answer.headers()["retry-after"], "1");
            } else {
                let late = begin.elapsed();
                assert!(late >= std::time::Duration::from_millis(500), "{late:?}");
            }
            problem(answer, status).await;
            status
        }
    });
    let right = async {
        for _ in 0..20 {
            assert_eq!(host.get("/api-status").await.status(), 200);
        }
    };
    let (statuses, ()) = tokio::join!(futures_util::future::join_all(guesses), right);
    let count = |status| statuses.iter().filter(|one| **one == status).count();
    // On a slow machine some come when the first have been answered.
    assert!(count(401) >= 16 && count(429) > 0, "{statuses:?}");
    assert_eq!(count(401) + count(429), 40);
    assert_eq!(wrong_tokens(&host).await, 40);
}

#[tokio::test]
async fn a_short_admin_token_is_not_taken_unless_that_is_allowed() {
    let short = "thirty-one characters are short";
    assert_eq!(short.len(), 31);
    let ask = async |host: &Host| {
        let request = host.client.get(host.url("/api-status"));
        request.bearer_auth(short).send().await.unwrap()
    };
    let host = Host::start_with(|builder| builder.token(short)).await;
    problem(ask(&host).await, 401).await;
    let host = Host::start_with(|builder| builder.token(short).allow_short_token()).await;
    assert_eq!(ask(&host).await.status(), 200);
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
    let body: Value = ask(
        "bearer  the operator's own token, 32 characters or more",
        "theme=dark",
    )
    .await
    .json()
    .await
    .unwrap();
    assert_eq!(body["totalRequests"], 0);
}
