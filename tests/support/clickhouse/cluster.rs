//! A cluster of real servers on this machine: two shards of two replicas, and their coordinator.

use std::{fmt::Write as _, path::PathBuf, process::Command};

use tempfile::TempDir;

use super::ask;
use crate::{
    process::{Process, free_port},
    wait::eventually,
};

/// The name under which its servers know it.
const NAME: &str = "metrics";
const SHARDS: usize = 2;
const REPLICAS: usize = 2;

/// Servers of the distribution's package, killed and removed with this value.
#[derive(Debug)]
pub struct ClickHouseCluster {
    folder: TempDir,
    coordinator: u16,
    servers: Vec<Server>,
    zookeeper: Option<Process>,
}

/// One of its servers.
#[derive(Debug)]
struct Server {
    http: u16,
    tcp: u16,
    between: u16,
    process: Option<Process>,
}

impl ClickHouseCluster {
    /// Starts all of it and waits until every server sees the coordinator.
    ///
    /// # Panics
    /// Where a program is missing or doesn't start: such a test fails, it is never skipped.
    pub async fn start() -> Self {
        let servers = (0..SHARDS * REPLICAS).map(|_| Server {
            http: free_port(),
            tcp: free_port(),
            between: free_port(),
            process: None,
        });
        let mut cluster = Self {
            folder: tempfile::tempdir().expect("the temporary folder is writable"),
            coordinator: free_port(),
            servers: servers.collect(),
            zookeeper: None,
        };
        cluster.configure();
        cluster.start_coordinator().await;
        for server in 0..cluster.servers.len() {
            cluster.spawn(server);
        }
        for server in 0..cluster.servers.len() {
            cluster.answers(server).await;
        }
        cluster
    }

    /// Its name, for `ON CLUSTER`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        NAME
    }

    /// How many servers it has: those of the first shard first.
    #[must_use]
    pub fn size(&self) -> usize {
        self.servers.len()
    }

    /// Where a server answers, now and after a restart.
    #[must_use]
    pub fn url(&self, server: usize) -> String {
        format!("http://127.0.0.1:{}", self.servers[server].http)
    }

    /// Kills a server, as a crash would.
    pub fn kill(&mut self, server: usize) {
        if let Some(process) = self.servers[server].process.take() {
            process.signal("KILL");
        }
    }

    /// Starts a server with the data that it has, and waits until it answers and sees the coordinator.
    pub async fn restart(&mut self, server: usize) {
        self.spawn(server);
        self.answers(server).await;
    }

    /// Runs a statement on a server and gives its answer.
    ///
    /// # Panics
    /// Where it fails.
    pub async fn ask(&self, server: usize, sql: &str) -> String {
        ask(&self.url(server), "", sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    async fn start_coordinator(&mut self) {
        let settings = self.file("zoo.cfg");
        let text = format!(
            "tickTime=500\ndataDir={}\nclientPort={}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n",
            self.file("zookeeper").display(),
            self.coordinator
        );
        std::fs::write(&settings, text).expect("the folder is writable");
        let process = Process::start(
            Command::new("java")
                .args(["-Xmx256m", "-cp", "/usr/share/java/*"])
                .arg("org.apache.zookeeper.server.ZooKeeperServerMain")
                .arg(settings),
        );
        self.zookeeper = Some(process);
        // It says by `srvr` in which mode it serves once it does.
        eventually("the coordinator", async || {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", self.coordinator))
                .await
                .ok()?;
            socket.write_all(b"srvr").await.ok()?;
            let mut said = String::new();
            socket.read_to_string(&mut said).await.ok()?;
            said.contains("Mode:").then_some(())
        })
        .await;
    }

    fn spawn(&mut self, server: usize) {
        let settings = self.file(&format!("{server}/config.xml"));
        let process = &mut self.servers[server].process;
        if process.is_none() {
            let mut command = Command::new(server_program());
            command.arg(format!("--config-file={}", settings.display()));
            *process = Some(Process::start(&mut command));
        }
    }

    async fn answers(&self, server: usize) {
        let seen = "SELECT name FROM system.zookeeper WHERE path = '/'";
        eventually("a server that sees its coordinator", async || {
            ask(&self.url(server), "", seen).await.ok()
        })
        .await;
    }

    fn configure(&self) {
        let users = self.file("users.xml");
        std::fs::write(&users, USERS).expect("the folder is writable");
        let mut shards = String::new();
        for shard in self.servers.chunks(REPLICAS) {
            shards.push_str("<shard><internal_replication>true</internal_replication>");
            for server in shard {
                write!(
                    shards,
                    "<replica><host>127.0.0.1</host><port>{}</port></replica>",
                    server.tcp
                )
                .expect("text can be written");
            }
            shards.push_str("</shard>");
        }
        for (place, server) in self.servers.iter().enumerate() {
            let folder = self.file(&place.to_string());
            std::fs::create_dir_all(folder.join("tmp")).expect("the folder is writable");
            let home = folder.display();
            let text = format!(
                "<yandex>\n<logger><level>warning</level><log>{home}/log</log><errorlog>{home}/errors</errorlog></logger>\n\
                 <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>\n\
                 <interserver_http_port>{between}</interserver_http_port>\
                 <interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>\n\
                 <path>{home}/</path><tmp_path>{home}/tmp/</tmp_path><users_config>{users}</users_config>\n\
                 <default_profile>default</default_profile><default_database>default</default_database>\n\
                 <mark_cache_size>67108864</mark_cache_size><keep_alive_timeout>3</keep_alive_timeout>\n\
                 <remote_servers><{NAME}>{shards}</{NAME}></remote_servers>\n\
                 <zookeeper><node index=\"1\"><host>127.0.0.1</host><port>{coordinator}</port></node>\
                 <session_timeout_ms>5000</session_timeout_ms></zookeeper>\n\
                 <macros><shard>{shard}</shard><replica>{replica}</replica></macros>\n\
                 <distributed_ddl><path>/clickhouse/ddl</path></distributed_ddl>\n</yandex>\n",
                http = server.http,
                tcp = server.tcp,
                between = server.between,
                users = users.display(),
                coordinator = self.coordinator,
                shard = place / REPLICAS,
                replica = place % REPLICAS,
            );
            std::fs::write(folder.join("config.xml"), text).expect("the folder is writable");
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Where Debian puts it, which only root has in its path.
fn server_program() -> &'static str {
    let debian = "/usr/sbin/clickhouse-server";
    if std::path::Path::new(debian).exists() {
        debian
    } else {
        "clickhouse-server"
    }
}

/// One user without a password, from this machine.
const USERS: &str = "<yandex>\n<profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>\n\
    <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>\
    <quota>default</quota></default></users>\n<quotas><default></default></quotas>\n</yandex>\n";
