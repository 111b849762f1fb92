//! ClickHouse, as it is today and as a distribution has it.

mod cluster;
mod engine;

pub use cluster::ClickHouseCluster;
pub use engine::{ClickHouse, ClickHouseDatabase};

/// Runs a statement over ClickHouse's HTTP interface and gives its answer.
///
/// # Errors
/// What the server says, or that it can't be reached.
pub async fn ask(url: &str, database: &str, sql: &str) -> Result<String, String> {
    let asked = reqwest::Client::new()
        .post(format!("{url}/?database={database}"))
        .body(sql.to_owned())
        .send()
        .await;
    let answer = asked.map_err(|error| error.to_string())?;
    let done = answer.status().is_success();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if done { Ok(text) } else { Err(text) }
}
