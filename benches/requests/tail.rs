//! How long after a request its row is with whoever follows the log in another instance.

use std::time::{Duration, Instant};

use api_metrics::{ApiMetrics, Keep, RequestLog};
use api_metrics_benches::Dice;
use api_metrics_layer::{ErrorDetail, LoggedError, LoggedRequest, RequestLogSink, RequestRecord};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::number;
use api_metrics_benches::measure::Table;

async fn instance(database: &str) -> ApiMetrics {
    let mut log = RequestLog::new();
    log.keep = Keep::Everything;
    let builder = ApiMetrics::builder().database(database);
    builder.request_log(log).no_auth().start().await.unwrap()
}

/// One instance serves, at times of its own; another one has the reader.
pub async fn run(database: &str, table: &mut Table) {
    let serving = instance(database).await;
    let reading = instance(database).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().nest_service("/admin", reading.admin());
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let mut stream = TcpStream::connect(address).await.unwrap();
    let question = format!("GET /admin/api-requests/stream HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    // The first event says that the tail has begun.
    while !lines
        .next_line()
        .await
        .unwrap()
        .unwrap()
        .starts_with("event:")
    {}

    let log = serving.request_log().unwrap();
    let mut dice = Dice(3);
    let mut times = Vec::new();
    for n in 0..number("BENCH_SECONDS", 60) {
        tokio::time::sleep(Duration::from_millis(100 + dice.roll(1_500))).await;
        let detail = ErrorDetail::new(format!("planted {n} of the tail"));
        let mut record = RequestRecord::new("GET", "/tail", std::time::SystemTime::now());
        record.status = Some(500);
        let mut request = LoggedRequest::new(&record);
        request.error = LoggedError::told(&detail);
        let shown = Instant::now();
        log.log(&request);
        let planted = format!("planted {n} of the tail");
        while !lines.next_line().await.unwrap().unwrap().contains(&planted) {}
        times.push(shown.elapsed());
    }
    let note = format!("{} requests", times.len());
    table.add("from the request to another instance's tail", times, note);
    server.abort();
    serving.shutdown().await.unwrap();
    reading.shutdown().await.unwrap();
}
