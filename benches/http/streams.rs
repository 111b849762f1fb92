//! Two thousand that watch one process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinSet, time::sleep};

use crate::{
    Place,
    client::Connection,
    open,
    server::{LIVE, Server},
};
use api_metrics_benches::fill::{self, Random, now};

/// How long each state is watched.
const SPAN: Duration = Duration::from_secs(60);

pub async fn run(place: &Place) {
    let wanted: usize = std::env::var("BENCH_STREAMS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2_000);
    let store = open(&place.url());
    store.prepare().await.unwrap();
    let (writer, mut random) = (fill::writer(), Random::new(1));
    for minutes in 0..10 {
        fill::record_every_series(&writer, LIVE, now() - minutes * 60, &mut random);
    }
    store.flush(&writer).await.unwrap();
    while store.fold().await.unwrap().more {}
    drop(store);

    println!("{}, {wanted} streams", place.name());
    // One feed for all of them, then fifty: each endpoint of so many its own.
    for feeds in [1, 50] {
        let server = Server::start(&place.url(), &["live"]);
        // Warm: one that watches.
        let paths: Arc<[String]> = (0..feeds)
            .map(|n| match feeds {
                1 => "/api-metrics/stream".to_owned(),
                _ => format!("/api-metrics/stream?endpoint=/api/v1/resource{n}/%7Bid%7D"),
            })
            .collect();
        let bytes = Arc::new(AtomicU64::new(0));
        let mut watchers = JoinSet::new();
        let mut counts: Vec<Arc<AtomicU64>> = Vec::new();
        for (state, streams) in [("one stream", 1), ("all streams", wanted)] {
            while counts.len() < streams {
                let (events, bytes, paths) =
                    (Arc::<AtomicU64>::default(), bytes.clone(), paths.clone());
                counts.push(events.clone());
                let mut connection = Connection::open(server.address).await;
                connection.ask(&paths[counts.len() % feeds]).await;
                watchers.spawn(async move {
                    while let Some(piece) = connection.chunk().await {
                        bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
                        let text = String::from_utf8_lossy(&piece);
                        let seen = text.matches("event: metrics-update").count() as u64;
                        events.fetch_add(seen, Ordering::Relaxed);
                    }
                });
            }
            sleep(Duration::from_secs(10)).await;
            let before = (server.processor_time(), bytes.load(Ordering::Relaxed));
            counts
                .iter()
                .for_each(|count| count.store(0, Ordering::Relaxed));
            sleep(SPAN).await;
            let used = server.processor_time() - before.0;
            let sent = bytes.load(Ordering::Relaxed) - before.1;
            let of_one = counts.iter().map(|count| count.load(Ordering::Relaxed));
            println!(
                "  {feeds} feeds, {state}: {:.1} MiB resident, {:.1}% of one core, {} to {} events each and {:.1} MB in {} s",
                server.memory().0 as f64 / 1024.0,
                used.as_secs_f64() / SPAN.as_secs_f64() * 100.0,
                of_one.clone().min().unwrap_or_default(),
                of_one.max().unwrap_or_default(),
                sent as f64 / 1e6,
                SPAN.as_secs(),
            );
        }
        assert_eq!(watchers.len(), wanted, "no stream was broken off");
        watchers.shutdown().await;
    }
}
