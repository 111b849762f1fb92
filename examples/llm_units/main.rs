//! Units for a proxy before a language model: tokens and scores of each answer, whole or streamed.
//!
//! `cargo run --example llm_units`, then `curl -d 'what is a unit?' localhost:3000/chat` and
//! `curl -d 'what is a unit?' localhost:3000/stream`; `/admin` shows the tokens of each consumer.
#![allow(clippy::print_stdout)]

use std::{convert::Infallible, error::Error};

use api_metrics::ApiMetrics;
use api_metrics_examples::Settings;
use api_metrics_layer::{ApiKey, ApiMetricsLayer, MetricSink, Units};
use axum::{Extension, Router, body::Body, response::IntoResponse, routing::post};
use http::request::Parts;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_command_line(
        "A proxy before a language model that counts tokens.",
        "127.0.0.1:3000",
        "llm-units.db",
    );
    let metrics = ApiMetrics::builder()
        .database(&settings.database)
        .start()
        .await?;
    let app = app(metrics.sink()).nest_service("/admin", metrics.admin());
    let listener = TcpListener::bind(&settings.listen).await?;
    println!("http://{}/admin", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(metrics.shutdown_on(api_metrics::shutdown_signal()))
        .await?;
    Ok(metrics.shutdown().await?)
}

fn app(sink: impl MetricSink) -> Router {
    // A real proxy verifies the credential; this one takes everybody's word.
    let consumer = |request: &Parts| {
        let name = request.headers.get("x-consumer")?.to_str().ok()?;
        Some(ApiKey::from(name))
    };
    Router::new()
        .route("/chat", post(chat))
        .route("/stream", post(stream))
        .layer(ApiMetricsLayer::new(sink).for_axum().api_key(consumer))
}

/// What the model behind the proxy answers: each word of the question once more.
fn model(question: &str) -> impl Iterator<Item = String> + Send + use<> {
    let words: Vec<_> = question.split_whitespace().map(str::to_owned).collect();
    words.into_iter().map(|word| word + " ")
}

/// Counts when the answer is there.
async fn chat(question: String) -> impl IntoResponse {
    let answer: Vec<_> = model(&question).collect();
    let units = Units::new()
        .add("tokens_in", question.split_whitespace().count() as u64)
        .add("tokens_out", answer.len() as u64)
        .gauge("score", 0.87);
    (Extension(units), answer.concat())
}

/// Counts while the answer passes: what a caller that leaves has got is what it used.
async fn stream(question: String) -> impl IntoResponse {
    let asked = question.split_whitespace().count() as u64;
    let units = Units::new().add("tokens_in", asked);
    let shared = Extension(units.clone());
    let pieces = model(&question).map(move |piece| {
        units.count("tokens_out", 1);
        Ok::<_, Infallible>(piece)
    });
    (shared, Body::from_stream(tokio_stream::iter(pieces)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use api_metrics_layer::RequestRecord;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[tokio::test]
    async fn an_answer_counts_its_tokens_whole_or_streamed() {
        let (sender, mut counted) = unbounded_channel();
        let sink = move |record: &RequestRecord<'_>| {
            let units = record.units.map(|units| format!("{units:?}"));
            sender.send(units.unwrap_or_default()).unwrap();
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, app(sink)).await.unwrap() });
        for path in ["/chat", "/stream"] {
            let asked = reqwest::Client::new().post(format!("{origin}{path}"));
            let answer = asked.body("what is a unit?").send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), "what is a unit? ");
            let units = counted.recv().await.unwrap();
            assert!(units.contains("\"tokens_in\": Sum(4)"), "{units}");
            assert!(units.contains("\"tokens_out\": Sum(4)"), "{units}");
        }
    }
}
