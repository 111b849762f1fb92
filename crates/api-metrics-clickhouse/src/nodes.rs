//! Statements over HTTP, on whichever server answers.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use api_metrics_store::store::StoreError;
use bytes::Bytes;
use clickhouse::{Client, query::BytesCursor};
use tokio::time::timeout;

use crate::error::{late, of};

type Result<T> = std::result::Result<T, StoreError>;

/// How long a statement may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A setting of a statement.
pub(crate) type Setting = (&'static str, &'static str);

/// The servers that were named. Each statement goes to the one that answered last, and to the next ones where that fails.
///
/// All that is sent here may be done twice.
pub(crate) struct Nodes {
    clients: Vec<Client>,
    /// The index of the one that is asked first.
    first: AtomicUsize,
}

impl Nodes {
    /// These servers, the first one first.
    pub(crate) const fn new(clients: Vec<Client>) -> Self {
        Self {
            clients,
            first: AtomicUsize::new(0),
        }
    }

    /// Does something on the first server with which it works.
    async fn on_any<T, F: Future<Output = Result<T>>>(
        &self,
        run: impl Fn(Client) -> F,
    ) -> Result<T> {
        let first = self.first.load(Ordering::Relaxed);
        let (before, from) = self.clients.split_at(first.min(self.clients.len()));
        let mut last = None;
        for (n, client) in from.iter().chain(before).enumerate() {
            let done = timeout(LIMIT, run(client.clone())).await;
            match done.unwrap_or_else(|_| Err(late(LIMIT))) {
                Err(error) if error.may_pass() => last = Some(error),
                done => {
                    if n > 0 {
                        let at = (first + n) % self.clients.len();
                        self.first.store(at, Ordering::Relaxed);
                    }
                    return done;
                }
            }
        }
        Err(last.unwrap_or_else(|| StoreError::Unavailable("no server is named".into())))
    }

    /// Runs a statement that answers nothing.
    pub(crate) async fn run(&self, sql: &str, settings: &[Setting]) -> Result<()> {
        self.on_any(|client: Client| async move {
            let mut query = client.query_raw(sql);
            query = query.with_setting("max_query_size", "1000000000");
            for (setting, value) in settings {
                query = query.with_setting(*setting, *value);
            }
            query.execute().await.map_err(of)
        })
        .await
    }

    /// The answer to a statement, as text: lines of fields with tabs between.
    pub(crate) async fn text(&self, sql: &str) -> Result<String> {
        self.on_any(|client: Client| async move {
            let query = client.query_raw(sql).with_setting("wait_end_of_query", "1");
            let mut bytes = query.fetch_bytes("TabSeparated").map_err(of)?;
            let bytes = bytes.collect().await.map_err(of)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
        .await
    }

    /// The answer to a statement, as rows in their binary form. It has begun when this returns.
    pub(crate) async fn rows(
        &self,
        sql: &str,
        settings: &[Setting],
    ) -> Result<(Bytes, BytesCursor)> {
        self.on_any(|client: Client| async move {
            let mut query = client.query_raw(sql);
            // An error in the middle of an answer comes as an error, and not as rows.
            for (setting, value) in [
                ("wait_end_of_query", "1"),
                ("max_query_size", "1000000000"),
                ("max_ast_elements", "100000000"),
                ("max_expanded_ast_elements", "100000000"),
            ]
            .iter()
            .chain(settings)
            {
                query = query.with_setting(*setting, *value);
            }
            let mut answer = query.fetch_bytes("RowBinary").map_err(of)?;
            let begin = answer.next().await.map_err(of)?;
            Ok((begin.unwrap_or_default(), answer))
        })
        .await
    }

    /// Writes rows that were encoded, as one insert.
    pub(crate) async fn insert(&self, sql: &str, rows: Bytes, settings: &[Setting]) -> Result<()> {
        self.on_any(|client: Client| {
            let rows = rows.clone();
            async move {
                let mut insert = client.insert_formatted_with(sql);
                for (setting, value) in settings {
                    insert = insert.with_setting(*setting, *value);
                }
                insert.send(rows).await.map_err(of)?;
                insert.end().await.map_err(of)
            }
        })
        .await
    }
}
