//! A cluster of real servers on this machine: two shards of two replicas, and their coordinator.

use std::{
    fmt::Write as _,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use api_metrics_clickhouse::ClickHouse as ChStore;
use tempfile::TempDir;

use super::ask;
use crate::{
    process::{Process, free_port},
    wait::eventually,
};

/// The name under which its servers know it.
const NAME: &str = "metrics";

/// Servers of the distribution's package, killed and removed with this value.
#[derive(Debug)]
pub struct ClickHouseCluster {
    folder: TempDir,
    coordinator: u16,
    servers: Vec<Server>,
    /// Of one shard.
    replicas: usize,
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
    /// Two shards of two replicas, as [`of`](Self::of) starts them.
    ///
    /// # Panics
    /// As that does.
    pub async fn start() -> Self {
        Self::of(2, 2).await
    }

    /// Starts all of it and waits until every server sees the coordinator.
    ///
    /// # Panics
    /// Where a program is missing or doesn't start: such a test fails, it is never skipped.
    pub async fn of(shards: usize, replicas: usize) -> Self {
        let servers = (0..shards * replicas).map(|_| Server {
            http: free_port(),
            tcp: free_port(),
            between: free_port(),
            process: None,
        });
        let mut cluster = Self {
            folder: tempfile::tempdir().expect("the temporary folder is writable"),
            coordinator: free_port(),
            servers: servers.collect(),
            replicas,
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

    /// A connection of a store to a new database on all of its servers.
    ///
    /// # Panics
    /// Where it can't be created.
    pub async fn database(&self, name: &str) -> ChStore {
        self.ask(0, &format!("CREATE DATABASE {name} ON CLUSTER {NAME}"))
            .await;
        let url = format!("{}/{name}?cluster={NAME}", self.urls());
        ChStore::connect_lazy(&url).expect("its address is a URL")
    }

    /// Its name, for `ON CLUSTER`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        NAME
    }

    /// The address that names all of its servers.
    #[must_use]
    pub fn urls(&self) -> String {
        let servers = self.servers.iter();
        let hosts: Vec<String> = servers
            .map(|server| format!("127.0.0.1:{}", server.http))
            .collect();
        format!("http://{}", hosts.join(","))
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

    /// The processor time of all servers that run.
    ///
    /// # Panics
    /// Where the system doesn't tell.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let running = self
            .servers
            .iter()
            .filter_map(|server| server.process.as_ref());
        running.map(|process| processor_time(process.id())).sum()
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

    /// Kills the coordinator, as a crash would.
    pub fn kill_coordinator(&mut self) {
        if let Some(process) = self.zookeeper.take() {
            process.signal("KILL");
        }
    }

    /// Starts the coordinator with what it knows, and waits until it serves.
    ///
    /// # Panics
    /// Where it doesn't start.
    pub async fn start_coordinator(&mut self) {
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
        let address = ("127.0.0.1", self.coordinator);
        eventually("the coordinator", async || {
            tokio::time::timeout(Duration::from_secs(2), is_serving(address))
                .await
                .ok()?
                .ok()?
                .then_some(())
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

    /// Waits until a server answers. One that was killed at a bad moment may end again while it starts, and is started
    /// once more, as any supervisor would.
    async fn answers(&mut self, server: usize) {
        let (url, errors) = (self.url(server), self.file(&format!("{server}/errors")));
        for _ in 0..4 {
            let until = Instant::now() + Duration::from_secs(15);
            while Instant::now() < until {
                let seen = "SELECT name FROM system.zookeeper WHERE path = '/'";
                if ask(&url, "", seen).await.is_ok() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            self.kill(server);
            self.spawn(server);
        }
        let errors = std::fs::read_to_string(errors).unwrap_or_default();
        let lines: Vec<&str> = errors.lines().rev().take(20).collect();
        panic!("server {server} never came back:\n{}", lines.join("\n"));
    }

    fn configure(&self) {
        let users = self.file("users.xml");
        std::fs::write(&users, USERS).expect("the folder is writable");
        let mut shards = String::new();
        for shard in self.servers.chunks(self.replicas) {
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
                shard = place / self.replicas,
                replica = place % self.replicas,
            );
            std::fs::write(folder.join("config.xml"), text).expect("the folder is writable");
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Whether a coordinator says in which mode it serves.
async fn is_serving(address: (&str, u16)) -> std::io::Result<bool> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(address).await?;
    // Where nobody listens yet on a port of the range for clients, a socket may find itself there.
    if socket.local_addr()? == socket.peer_addr()? {
        return Ok(false);
    }
    socket.write_all(b"srvr").await?;
    let mut said = String::new();
    socket.read_to_string(&mut said).await?;
    Ok(said.contains("Mode:"))
}

/// What a process has used, in hundredths of a second.
fn processor_time(id: u32) -> Duration {
    let told = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
    // The name, in parentheses, may hold anything.
    let (_, fields) = told.rsplit_once(')').expect("it has a name");
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(|field| field.parse::<u64>().expect("a number"));
    Duration::from_millis(ticks.sum::<u64>() * 10)
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
