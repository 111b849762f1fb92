//! Gentle traffic from a real HTTP client, so that there is something to look at.

use std::{
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use reqwest::{Client, Method};
use tokio::{sync::Semaphore, task::JoinHandle, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{api::USERS, auth};

/// The header in which the traffic tells the country of its callers.
pub(crate) const COUNTRY: &str = "x-demo-country";
/// Where they are, some more often than others.
const COUNTRIES: [&str; 8] = ["DE", "DE", "DE", "FR", "FR", "US", "BR", "JP"];
/// Requests under way at once: a service that got slow is not buried by its own demo.
const MOST_AT_ONCE: usize = 128;

/// Starts it; at a rate of 0 it does nothing.
pub(crate) fn start(
    address: SocketAddr,
    rate: f64,
    stopping: CancellationToken,
) -> reqwest::Result<JoinHandle<()>> {
    let client = Client::builder().timeout(Duration::from_secs(10)).build()?;
    // Whoever listens on all addresses is reached on this machine's own.
    let host = if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    };
    Ok(tokio::spawn(async move {
        if rate > 0.0 {
            let traffic = run(client, host.into(), Duration::from_secs_f64(1.0 / rate));
            tokio::select! {
                () = stopping.cancelled() => {}
                () = traffic => {}
            }
        }
    }))
}

async fn run(client: Client, host: Arc<str>, pause: Duration) {
    let slots = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            continue;
        };
        let request = pick(&client, &host);
        tokio::spawn(async move {
            // What comes of it is for the metrics to say.
            if let Ok(response) = request.send().await {
                let _ = response.bytes().await;
            }
            drop(slot);
        });
    }
}

/// A mix as services see it: mostly reads, some writes, a few mistakes, now and then a stray.
fn pick(client: &Client, host: &str) -> reqwest::RequestBuilder {
    let dice = random(100);
    let (method, path) = match dice {
        0..45 => (Method::GET, format!("/api/users/{}", 1 + random(USERS))),
        45..48 => (
            Method::GET,
            format!("/api/users/{}", USERS + 1 + random(50)),
        ),
        48..63 => (Method::GET, "/api/orders".to_owned()),
        63..72 => (Method::POST, "/api/orders".to_owned()),
        72..84 => (Method::GET, "/api/flaky".to_owned()),
        84..88 => (Method::GET, format!("/api/reports/{}", 2020 + random(6))),
        88..96 => (
            Method::GET,
            format!("/api/teams/t{}/members/ada", random(9)),
        ),
        96..98 => (Method::GET, format!("/wp-login-{}.php", random(1_000))),
        _ => (Method::PUT, "/api/orders".to_owned()),
    };
    let mut request = client.request(method.clone(), format!("{host}{path}"));
    // Half of them belong to a trace, as a gateway in front of the service would begin it.
    if random(2) == 0 {
        let trace = uuid::Uuid::new_v4().simple().to_string();
        let span = trace.get(..16).unwrap_or_default();
        request = request.header("traceparent", format!("00-{trace}-{span}-01"));
    }
    let agent = match random(4) {
        0 | 1 => "shop-android/4.2",
        2 => "shop-ios/4.1",
        _ => "partner-sync/0.9 (+https://partner.example)",
    };
    request = request.header("user-agent", agent);
    // Of one in nine nobody knows it.
    let place = usize::try_from(random(9)).unwrap_or_default();
    if let Some(country) = COUNTRIES.get(place) {
        request = request.header(COUNTRY, *country);
    }
    if method == Method::POST {
        request = request.json(&serde_json::json!({
            "item": format!("item {}", random(20)),
            // One in ten is a mistake.
            "quantity": random(10),
        }));
    }
    // Half of the callers are known, unevenly; some send a key that nobody has.
    let consumer = match random(20) {
        0..5 => auth::CONSUMERS.first(),
        5..8 => auth::CONSUMERS.get(1),
        8..10 => auth::CONSUMERS.get(2),
        10 => auth::CONSUMERS.get(3),
        11 if random(5) == 0 => Some(&("demo-key-stolen", "nobody")),
        _ => None,
    };
    match consumer {
        Some((secret, _)) => request
            .header(auth::HEADER, *secret)
            .header(auth::USER, format!("u-{}", 1 + random(12))),
        None => request,
    }
}

/// Any number below `bound`.
fn random(bound: u64) -> u64 {
    RandomState::new().hash_one(0_u8) % bound.max(1)
}
