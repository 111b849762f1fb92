//! An alert from its cause to those who hear of it: a service that begins to fail, a rule made over
//! HTTP, a signed webhook to a receiver, and the process's own event bus.
//!
//! ```text
//! cargo run --example alerts
//! ```
//!
//! Takes three to four minutes, because rules look at whole minutes: one that is well, one that is
//! not, one that is well again. `--help` lists the settings.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

mod receiver;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use api_metrics::{
    ApiMetrics,
    store::control::notify::{Notice, NoticeKind, WebhookNotifier, WebhookOptions},
};
use api_metrics_examples::Settings;
use axum::{Router, http::StatusCode, routing::get};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc},
    time::MissedTickBehavior,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SECRET: &str = "shared by the service and the receiver";
const TOKEN: &str = "alerts-token-0123456789abcdef-0123456789";
/// Longer than a minute, its flush and its evaluation.
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::from_command_line(
        "A service that begins to fail, a rule, a signed webhook and the event bus. Takes three to four minutes.",
        "127.0.0.1:0",
        "alerts-metrics.db",
    );
    // Where webhooks arrive; in production another machine's.
    let (messages, mut webhooks) = mpsc::unbounded_channel();
    let hooks = serve("127.0.0.1:0", receiver::router(SECRET, messages)).await?;

    // On this machine's own network, so that has to be allowed.
    let mut options = WebhookOptions::default();
    options.secret = Some(SECRET.to_owned());
    options.allow_private = true;
    let hook = WebhookNotifier::new(&format!("{hooks}/hook"), options)?;
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .service("segments")
        .admin_token(TOKEN)
        .flush_interval(Duration::from_secs(1))
        .notifier(hook)
        .start()
        .await?;
    let mut bus = metrics.notices().ok_or("metrics are off")?;

    let percent = Arc::new(AtomicU32::new(1));
    let base = serve(
        &settings.listen,
        service(Arc::clone(&percent))
            .layer(metrics.layer())
            .nest_service("/admin", metrics.admin()),
    )
    .await?;
    let client = Client::builder().timeout(Duration::from_secs(5)).build()?;
    create_rule(&client, &base).await?;
    tokio::spawn(traffic(client.clone(), format!("{base}/api/segments")));
    println!("a service at {base}: 50 requests a second, of which 1% fail");
    println!("waiting for the next minute, so that there is one to compare with");
    until_next_minute().await;
    until_next_minute().await;

    percent.store(15, Ordering::Relaxed);
    let onset = Instant::now();
    println!("   0 s  15% fail from now on");
    let fired = heard(onset, &mut bus, &mut webhooks, NoticeKind::AlertFired).await?;

    percent.store(1, Ordering::Relaxed);
    println!("{}  mended: 1% fail again", since(onset));
    let over = heard(onset, &mut bus, &mut webhooks, NoticeKind::AlertResolved).await?;
    if fired.event_id != over.event_id {
        return Err("the end is of another event".into());
    }
    metrics.shutdown().await?;
    println!(
        "{}  each notice arrived once, and both are of one event",
        since(onset)
    );
    Ok(())
}

/// Serves on this address of the machine.
async fn serve(listen: &str, router: Router) -> Result<String, Failure> {
    let listener = TcpListener::bind(listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(base)
}

/// A service of which `percent` of the answers fail.
fn service(percent: Arc<AtomicU32>) -> Router {
    let turn = Arc::new(AtomicU64::new(0));
    Router::new().route(
        "/api/segments",
        get(async move || {
            let turn = turn.fetch_add(1, Ordering::Relaxed) % 100;
            if turn < u64::from(percent.load(Ordering::Relaxed)) {
                (StatusCode::SERVICE_UNAVAILABLE, "no segments\n")
            } else {
                (StatusCode::OK, "segments\n")
            }
        }),
    )
}

/// As the dashboard does it, or a script.
async fn create_rule(client: &Client, base: &str) -> Result<(), Failure> {
    let rule = json!({
        "name": "segments fail", "alertType": "error_rate", "comparison": "gt",
        "thresholdValue": 10, "endpointFilter": "/api/segments", "windowMinutes": 1,
        "cooldownMinutes": 30, "minRequests": 100, "severity": "high"
    });
    let made = client
        .post(format!("{base}/admin/api-alerts"))
        .bearer_auth(TOKEN)
        .json(&rule)
        .send()
        .await?
        .error_for_status()?;
    println!("rule {}", made.json::<Value>().await?["id"]);
    Ok(())
}

async fn traffic(client: Client, url: String) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let request = client.get(&url).send();
        tokio::spawn(async move {
            if let Ok(response) = request.await {
                let _ = response.bytes().await;
            }
        });
    }
}

async fn until_next_minute() {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let rest = 60_000 - now.as_millis() % 60_000;
    tokio::time::sleep(Duration::from_millis(
        u64::try_from(rest).unwrap_or_default(),
    ))
    .await;
}

/// Waits until a notice of this kind has come both ways.
async fn heard(
    onset: Instant,
    bus: &mut broadcast::Receiver<Notice>,
    webhooks: &mut mpsc::UnboundedReceiver<Value>,
    kind: NoticeKind,
) -> Result<Notice, Failure> {
    let (mut from_bus, mut from_webhook) = (None, None);
    let both = async {
        while from_bus.is_none() || from_webhook.is_none() {
            tokio::select! {
                notice = bus.recv() => {
                    let notice = notice?;
                    println!("{}  event bus: {}", since(onset), notice.message);
                    from_bus = Some(notice).filter(|notice| notice.kind == kind).or(from_bus.take());
                }
                Some(body) = webhooks.recv() => {
                    println!("{}  webhook: {body}", since(onset));
                    from_webhook = Some(body).filter(|b| b["kind"] == <&str>::from(kind)).or(from_webhook.take());
                }
            }
        }
        Ok::<_, Failure>(())
    };
    tokio::time::timeout(PATIENCE, both)
        .await
        .map_err(|_| format!("nothing was told within {PATIENCE:?}"))??;
    from_bus.ok_or_else(|| "nothing was told".into())
}

fn since(onset: Instant) -> String {
    format!("{:4} s", onset.elapsed().as_secs())
}
