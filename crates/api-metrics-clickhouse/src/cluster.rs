//! A cluster: which replica of each shard has all that was acknowledged.
//!
//! Each table is replicated, and distributed by series: all rows of a series lie in one shard. A write is acknowledged by
//! one replica of each shard that it touches, and the others fetch it from there, some time later. So before a table is
//! read, a replica of each shard is looked for that has fetched all that is in the log of its table by then, and these are
//! read, by name. What was written before is in that log: the coordinator has it before a write is acknowledged.
//!
//! Where the replica that took a write is gone before another one has fetched it, no replica has all of it, and there is no
//! answer until it is back. With the setting `insert_quorum` in the user's profile writes wait for more than one.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use api_metrics_store::store::StoreError;
use tokio::time::{Instant, sleep};

use crate::nodes::{Nodes, Setting};

type Result<T> = std::result::Result<T, StoreError>;

/// How long a replica is waited for that has all.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// A cluster that servers know by its name.
#[derive(Debug)]
pub(crate) struct Cluster {
    name: String,
    database: String,
    /// By whom its servers are asked by each other.
    user: Option<(String, Option<String>)>,
    /// Its shards, once they are known, and which replica of each was read last.
    shards: Mutex<Vec<Shard>>,
}

/// The addresses of its replicas, the one that is tried first at the front.
type Shard = Vec<String>;

impl Cluster {
    /// Of this name.
    pub(crate) const fn new(
        name: String,
        database: String,
        user: Option<(String, Option<String>)>,
    ) -> Self {
        Self {
            name,
            database,
            user,
            shards: Mutex::new(Vec::new()),
        }
    }

    /// For statements about tables: `ON CLUSTER ..`.
    pub(crate) fn on(&self) -> String {
        format!(" ON CLUSTER {}", identifier(&self.name))
    }

    /// Of an insert: it is acknowledged when each shard has taken its rows.
    pub(crate) const WRITE: [Setting; 1] = [("insert_distributed_sync", "1")];
    /// Of a statement about tables: how many seconds it waits for servers that are gone.
    pub(crate) const ALTER: [Setting; 1] = [("distributed_ddl_task_timeout", "20")];

    /// The engine of a table that others are distributed over: `by` is an expression whose remainder tells the shard.
    pub(crate) fn distributed(&self, table: &str, by: &str) -> String {
        format!(
            "Distributed({}, {}, {}, {by})",
            quoted(&self.name),
            quoted(&self.database),
            quoted(&local(table))
        )
    }

    /// What replicated engines begin with: where the coordinator keeps the table, and under which name the replica.
    pub(crate) fn replicated(&self, table: &str) -> String {
        let path = format!("/clickhouse/tables/{{shard}}/{}/{table}", self.database);
        format!("{}, '{{replica}}', ", quoted(&path))
    }

    /// An expression for the rows of a table, from replicas that have all that was acknowledged before.
    ///
    /// # Errors
    /// `StoreError::Unavailable` where there is no such replica of some shard.
    pub(crate) async fn source(&self, nodes: &Nodes, table: &str) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let missing = match self.choose(nodes, table).await {
                Ok(chosen) => return Ok(self.remote(&chosen, &self.database, &local(table))),
                Err(error) if !error.may_pass() => return Err(error),
                Err(error) => error,
            };
            if Instant::now() >= until {
                return Err(missing);
            }
            sleep(PAUSE).await;
        }
    }

    /// An expression for a system table of the same replicas.
    pub(crate) async fn system(&self, nodes: &Nodes, of: &str, table: &str) -> Result<String> {
        let chosen = self.choose(nodes, of).await?;
        Ok(self.remote(&chosen, "system", table))
    }

    /// A replica of each shard.
    async fn choose(&self, nodes: &Nodes, table: &str) -> Result<Vec<String>> {
        let mut shards = self.shards(nodes).await?;
        // Mostly those of last time, asked at once.
        let first: Vec<String> = (shards.iter())
            .filter_map(|replicas| replicas.first().cloned())
            .collect();
        if let Ok(true) = self.have_all(nodes, &first, table).await {
            return Ok(first);
        }
        let mut chosen = Vec::with_capacity(shards.len());
        for (n, replicas) in shards.iter_mut().enumerate() {
            let mut found = None;
            for (at, replica) in replicas.iter().enumerate() {
                let alone = std::slice::from_ref(replica);
                if let Ok(true) = self.have_all(nodes, alone, table).await {
                    found = Some(at);
                    break;
                }
            }
            let Some(at) = found else {
                self.remember(Vec::new());
                return Err(StoreError::Unavailable(
                    format!(
                        "no replica of shard {} of the cluster {} has all of {table}",
                        n + 1,
                        self.name
                    )
                    .into(),
                ));
            };
            replicas.rotate_left(at);
            chosen.extend(replicas.first().cloned());
        }
        self.remember(shards);
        Ok(chosen)
    }

    fn known(&self) -> Vec<Shard> {
        self.shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn remember(&self, shards: Vec<Shard>) {
        *self.shards.lock().unwrap_or_else(PoisonError::into_inner) = shards;
    }

    /// How many shards there are.
    ///
    /// # Errors
    /// As of any statement.
    pub(crate) async fn size(&self, nodes: &Nodes) -> Result<usize> {
        Ok(self.shards(nodes).await?.len())
    }

    /// The shards, as the servers know them.
    async fn shards(&self, nodes: &Nodes) -> Result<Vec<Shard>> {
        let known = self.known();
        if !known.is_empty() {
            return Ok(known);
        }
        let sql = format!(
            "SELECT shard_num, host_name, port FROM system.clusters WHERE cluster = {} ORDER BY shard_num, replica_num",
            quoted(&self.name)
        );
        let mut shards: Vec<(String, Shard)> = Vec::new();
        for line in nodes.text(&sql).await?.lines() {
            let mut fields = line.split('\t');
            let (Some(shard), Some(host), Some(port)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let replica = if host.contains(':') {
                format!("[{host}]:{port}")
            } else {
                format!("{host}:{port}")
            };
            match shards.last_mut() {
                Some((last, replicas)) if last == shard => replicas.push(replica),
                _ => shards.push((shard.to_owned(), vec![replica])),
            }
        }
        if shards.is_empty() {
            return Err(StoreError::Database(
                format!("no cluster {} is known to ClickHouse", self.name).into(),
            ));
        }
        let shards: Vec<Shard> = shards.into_iter().map(|(_, replicas)| replicas).collect();
        self.remember(shards.clone());
        Ok(shards)
    }

    /// Whether each of these replicas has fetched all that is in the log of the table.
    async fn have_all(&self, nodes: &Nodes, replicas: &[String], table: &str) -> Result<bool> {
        let of_table = format!(
            "database = {} AND table = {}",
            quoted(&self.database),
            quoted(&local(table))
        );
        let sql = format!(
            "SELECT zookeeper_path, is_readonly = 0 AND is_session_expired = 0 AND inserts_in_queue = 0, \
             log_pointer > log_max_index, log_max_index = 0 FROM {} WHERE {of_table}",
            self.remote(replicas, "system", "replicas")
        );
        let answer = nodes.text(&sql).await?;
        let mut count = 0;
        for line in answer.lines() {
            count += 1;
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                [_, "1", "1", _] => {}
                // The first entry has the number of no entry.
                [path, "1", "0", "1"] if self.is_empty(nodes, path).await? => {}
                _ => return Ok(false),
            }
        }
        Ok(count == replicas.len())
    }

    /// Whether a table's log is empty.
    async fn is_empty(&self, nodes: &Nodes, path: &str) -> Result<bool> {
        let sql = format!("SELECT count() FROM system.zookeeper WHERE path = '{path}/log'");
        Ok(nodes.text(&sql).await?.trim() == "0")
    }

    /// A table of these servers, one a shard.
    fn remote(&self, replicas: &[String], database: &str, table: &str) -> String {
        let mut text = format!(
            "remote({}, {}, {}",
            quoted(&replicas.join(",")),
            identifier(database),
            identifier(table)
        );
        if let Some((user, password)) = &self.user {
            text.push_str(", ");
            text.push_str(&quoted(user));
            if let Some(password) = password {
                text.push_str(", ");
                text.push_str(&quoted(password));
            }
        }
        text.push(')');
        text
    }
}

/// The table of each server.
pub(crate) fn local(table: &str) -> String {
    format!("{table}_local")
}

/// As a string of a statement.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_quotes_stays_one_name() {
        let user = Some(("o'neil".to_owned(), Some("a\\'b".to_owned())));
        let cluster = Cluster::new("ma`in".to_owned(), "met'rics".to_owned(), user);
        assert_eq!(cluster.on(), " ON CLUSTER `ma\\`in`");
        assert_eq!(
            cluster.remote(&["a:1".to_owned(), "b:2".to_owned()], "met'rics", "t"),
            r"remote('a:1,b:2', `met'rics`, `t`, 'o\'neil', 'a\\\'b')"
        );
    }
}
