//! The views of a dashboard over HTTP.

use api_metrics_store::{postgres::PostgresStore, sqlite::SqliteStore, store::StoreOptions};
use sqlx::PgPool;

use crate::{Place, client::Connection, open, server::Server};
use api_metrics_benches::{
    fill::{self, Random, Size, now, record_every_series},
    measure::Table,
};

/// Name and path.
const VIEWS: [(&str, &str); 10] = [
    ("summary 24 h", "/api-metrics/summary"),
    ("endpoints 24 h", "/api-metrics/endpoints"),
    (
        "endpoints 24 h, 1,000 a page",
        "/api-metrics/endpoints?limit=1000",
    ),
    ("rows over 24 h", "/api-metrics?period=24h"),
    ("heatmap 24 h", "/api-metrics/heatmap?period=24h"),
    (
        "heatmap 7 d by weekday",
        "/api-metrics/heatmap?layout=weekday&period=7d",
    ),
    ("keys 24 h", "/api-metrics/keys"),
    ("top consumers 24 h", "/api-metrics/top-consumers"),
    ("days 30 d", "/api-metrics/daily?period=30d"),
    ("realtime", "/api-metrics/realtime"),
];

pub async fn run(place: &Place) {
    let size = Size::from_env();
    match place {
        Place::Postgres { scratch, new } => {
            let pool = PgPool::connect_with(scratch.options()).await.unwrap();
            let store = PostgresStore::from_pool(pool.clone(), StoreOptions::default());
            if *new {
                fill::prepare(&store, size).await;
                fill::postgres(&pool, size).await;
            }
            fill::empty_inbox(&pool).await;
            pool.close().await;
        }
        Place::Sqlite(path) => {
            let options = StoreOptions::default();
            let store = SqliteStore::open(path.to_str().unwrap(), options).unwrap();
            fill::prepare(&store, size).await;
            fill::sqlite(store.pool(), size).await;
            store.pool().close().await;
        }
    }
    // A realistic inbox: the last two flushes of one instance.
    let store = open(&place.url());
    let (background, mut random) = (fill::writer(), Random::new(3));
    for _ in 0..2 {
        record_every_series(&background, size, now(), &mut random);
        store.flush(&background).await.unwrap();
    }
    for (title, settings) in [("uncached", ["uncached"].as_slice()), ("cached", &[])] {
        let server = Server::start(&place.url(), settings);
        let mut connection = Connection::open(server.address).await;
        let mut table = Table::new(if title == "cached" {
            "over HTTP, cached"
        } else {
            "over HTTP, uncached"
        });
        println!("{}, {title}, {} series", place.name(), size.series());
        for (name, path) in VIEWS {
            table
                .measure(
                    name,
                    async || connection.get(path).await.0,
                    |body| format!("{:.1} KB", body.len() as f64 / 1e3),
                )
                .await;
        }
        table.print();
    }
}
