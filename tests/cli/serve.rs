//! `serve`: who may reach it, what it serves, and how it ends.

use std::{
    net::SocketAddr,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use api_metrics_tests::{PgDatabase, Process, SqliteFile, process::Ended, random::Random, sized};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::api_metrics;
use api_metrics_tests::stored;

/// 64 characters.
pub(crate) const TOKEN: &str = "3f1d0c9b8a7e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5c4b3a29180716f5e4";

/// A server on a free port of the loopback, and its address.
pub(crate) struct Server {
    running: Process,
    pub(crate) url: String,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let command = command
            .env("API_METRICS_LISTEN", "127.0.0.1:0")
            .env("API_METRICS_ADMIN_TOKEN", TOKEN);
        let mut running = Process::start(command);
        let url = running.line(|line| {
            let (_, rest) = line.split_once("serves ")?;
            rest.split_once("/admin/").map(|(url, _)| url.to_owned())
        });
        Self { running, url }
    }

    pub(crate) fn on(database: &str) -> Self {
        Self::start(&mut api_metrics(&["serve", "--database", database]))
    }

    async fn get(&self, path: &str, token: &str) -> (StatusCode, String) {
        let request = Client::new()
            .get(format!("{}{path}", self.url))
            .bearer_auth(token);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path, TOKEN).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The number of its process.
    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.running.id()
    }

    pub(crate) fn end(self, signal: &str) -> Ended {
        self.running.signal(signal);
        self.running.ended()
    }
}

fn ended(command: &mut Command) -> Ended {
    Process::start(command).ended()
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// 300 lines of today, which the dashboard's first view covers.
fn log_of_today(folder: &Path) -> PathBuf {
    let now = chrono::Utc::now() - chrono::TimeDelta::minutes(3);
    let line = format!(
        "h - - [{}] \"GET /a HTTP/1.1\" 200 5\n",
        now.format("%d/%b/%Y:%H:%M:%S +0000")
    );
    written(folder, "access.log", &line.repeat(300))
}

async fn serves_what_was_imported(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::on(url);
    let mut import = api_metrics(&["import", "--database", url, "--service", "shop"]);
    let imported = ended(import.arg(log_of_today(folder.path())));
    assert!(imported.status.success(), "{}", imported.output);
    let summary = server.json("/admin/api-metrics/summary?period=1h").await;
    assert_eq!(summary["totalRequests"], 300, "{summary}");
    let (status, page) = server.get("/admin/", TOKEN).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("<div id=\"root\">") || page.contains("<script"),
        "{page}"
    );
    for path in ["/admin/health/live", "/admin/health/ready"] {
        let answer = Client::new().get(format!("{}{path}", server.url)).send();
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK, "{path}");
    }
    let first = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let first = first.get(&server.url).send().await.unwrap();
    assert_eq!(first.headers()["location"], "/admin/");
    let wrong = "0".repeat(64);
    let (status, _) = server.get("/admin/api-metrics/summary", &wrong).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let ended = server.end("TERM");
    assert!(ended.status.success(), "{}", ended.output);
    assert!(!ended.output.contains(TOKEN), "{}", ended.output);
    assert_eq!(
        stored::requests(&*stored::open(url), Some("shop")).await,
        300
    );
}

#[tokio::test]
async fn a_server_on_sqlite_shows_what_was_imported_beside_it() {
    serves_what_was_imported(&SqliteFile::create().url()).await;
}

#[tokio::test]
async fn a_server_on_postgres_shows_what_was_imported_beside_it() {
    let database = PgDatabase::create().await;
    serves_what_was_imported(&database.url()).await;
}

#[test]
fn an_address_that_others_reach_needs_a_long_admin_token() {
    let database = SqliteFile::create();
    let folder = tempfile::tempdir().unwrap();
    let short = written(folder.path(), "short", "short\n");
    let short = short.to_str().unwrap();
    let url = database.url();
    for arguments in [
        &["--listen", "0.0.0.0:0"][..],
        &["--listen", "[::]:0"],
        &["--listen", "192.0.2.1:80"],
        &["--listen", "0.0.0.0:0", "--no-auth"],
        &["--listen", "0.0.0.0:0", "--no-auth", "--admin-token", TOKEN],
        &["--listen", "0.0.0.0:0", "--admin-token", "short"],
        &["--listen", "0.0.0.0:0", "--admin-token-file", short],
        &["--listen", "0.0.0.0:0", "--admin-token", ""],
        &["--admin-token", "short"],
        &["--listen", "nonsense"],
    ] {
        let mut command = api_metrics(&["serve", "--database", &url]);
        let refused = ended(command.args(arguments));
        assert_eq!(
            refused.status.code(),
            Some(2),
            "{arguments:?}: {}",
            refused.output
        );
    }
    let mut command = api_metrics(&["serve", "--listen", "0.0.0.0:0"]);
    let refused = ended(command.env("API_METRICS_ALLOW_SHORT_ADMIN_TOKEN", "true"));
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        refused.output.contains("API_METRICS_ADMIN_TOKEN") && refused.output.contains("openssl"),
        "{}",
        refused.output
    );
}

#[tokio::test]
async fn with_a_token_of_a_file_it_may_listen_everywhere() {
    let database = SqliteFile::create();
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "token", &format!("{TOKEN}\n"));
    let mut command = api_metrics(&["serve", "--listen", "0.0.0.0:0", "--admin-token-file"]);
    command.arg(file).args(["--database", &database.url()]);
    let mut running = Process::start(&mut command);
    let address: SocketAddr = running.line(|line| {
        let (_, rest) = line.split_once("serves http://")?;
        rest.split_once("/admin/")?.0.parse().ok()
    });
    let url = format!(
        "http://127.0.0.1:{}/admin/api-metrics/summary",
        address.port()
    );
    let answer = Client::new().get(&url).bearer_auth(TOKEN).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    let answer = Client::new().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    running.signal("INT");
    assert!(running.ended().status.success());
}

#[tokio::test]
async fn keys_without_their_own_bounds_have_those_of_flags_or_of_the_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("metrics.db");
    let database = database.to_str().unwrap();
    let file = written(
        folder.path(),
        "settings.toml",
        "[serve]\ndefault-rate-limit = 60\ndefault-quota = 5000\n",
    );
    let server = Server::start(
        api_metrics(&[
            "serve",
            "--database",
            database,
            "--default-rate-limit",
            "600",
        ])
        .env("API_METRICS_CONFIG", file),
    );
    let made = Client::new()
        .post(format!("{}/admin/api-keys", server.url))
        .bearer_auth(TOKEN)
        .json(&json!({"externalId": "bare"}))
        .send();
    assert_eq!(made.await.unwrap().status(), StatusCode::CREATED);
    let limits = server.json("/admin/api-metrics/limits").await;
    let bare = &limits["data"][0];
    // The flag wins over the file.
    assert_eq!(
        (&bare["rate"]["limit"], &bare["rate"]["isDefault"]),
        (&json!(600), &json!(true))
    );
    assert_eq!(
        (&bare["quota"]["limit"], &bare["quota"]["isDefault"]),
        (&json!(5_000), &json!(true))
    );
    assert_eq!(
        (&limits["defaultRateLimit"], &limits["defaultQuota"]),
        (&json!(600), &json!(5_000))
    );
    assert!(server.end("TERM").status.success());
    // What is no limit is no setting.
    let wrong = ended(&mut api_metrics(&[
        "serve",
        "--database",
        database,
        "--default-quota",
        "2000000000000000",
    ]));
    assert_eq!(wrong.status.code(), Some(2), "{}", wrong.output);
}

#[tokio::test]
async fn a_first_start_without_a_token_prints_one_that_signs_in() {
    let database = SqliteFile::create();
    let url = database.url();
    let mut command = api_metrics(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    let mut running = Process::start(&mut command);
    let mut address = None;
    let mut token = None;
    let (address, token) = running.line(|line| {
        if let Some((_, rest)) = line.split_once("serves ") {
            address = rest.split_once("/admin/").map(|(url, _)| url.to_owned());
        }
        let is_token = |word: &&str| {
            word.len() >= 32
                && word
                    .chars()
                    .all(|c| c.is_alphanumeric() || "-_".contains(c))
        };
        token = token
            .take()
            .or_else(|| line.split_whitespace().find(is_token).map(str::to_owned));
        address.clone().zip(token.clone())
    });
    let answer = Client::new()
        .get(format!("{address}/admin/api-metrics/summary"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    running.signal("TERM");
    assert!(running.ended().status.success());
}

fn signed(secret: &[u8], claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({"alg": "HS256", "typ": "JWT"});
    let text = format!("{}.{}", encode(&head), encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.as_bytes());
    format!(
        "{text}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

#[tokio::test]
async fn json_web_tokens_sign_in_to_admin_and_console_by_their_role() {
    let database = SqliteFile::create();
    let folder = tempfile::tempdir().unwrap();
    let secret = "a-secret-of-more-than-32-bytes-for-tests";
    let key = written(folder.path(), "jwt", secret);
    let settings = written(
        folder.path(),
        "settings.toml",
        &format!(
            "database = {:?}\n[serve]\njwt-key-file = {key:?}\njwt-issuer = \"sign-in\"\njwt-audience = \"metrics\"\n",
            database.url()
        ),
    );
    let mut command = api_metrics(&["serve", "--config"]);
    let server = Server::start(command.arg(settings));
    let exp = chrono::Utc::now().timestamp() + 600;
    let token = |secret: &str, role: &str| {
        let claims = json!({"iss": "sign-in", "aud": "metrics", "sub": "ann", "role": role,
            "keys": ["k"], "exp": exp});
        signed(secret.as_bytes(), &claims)
    };
    let (status, text) = server
        .get("/admin/api-status", &token(secret, "admin"))
        .await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let (status, _) = server
        .get("/admin/api-status", &token(secret, "viewer"))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let forged = token("another-secret-of-more-than-32-bytes-!!", "admin");
    let (status, _) = server.get("/admin/api-status", &forged).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, text) = server
        .get("/console/summary", &token(secret, "viewer"))
        .await;
    assert_ne!(status, StatusCode::UNAUTHORIZED, "{text}");
    let ended = server.end("TERM");
    assert!(ended.status.success(), "{}", ended.output);
    for arguments in [
        &["--jwt-issuer", "a"][..],
        &[
            "--jwt-key-file",
            "/nowhere",
            "--jwt-issuer",
            "a",
            "--jwt-audience",
            "b",
        ],
    ] {
        let refused = crate::serve::ended(api_metrics(&["serve"]).args(arguments));
        assert_eq!(refused.status.code(), Some(2), "{}", refused.output);
    }
}

#[tokio::test]
async fn an_open_event_stream_and_a_silent_client_do_not_hold_the_end_up() {
    let database = SqliteFile::create();
    let server = Server::on(&database.url());
    let stream = Client::new()
        .get(format!("{}/admin/api-metrics/stream", server.url))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let silent = tokio::net::TcpStream::connect(server.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let started = std::time::Instant::now();
    let ended = server.end("TERM");
    assert!(ended.status.success(), "{}", ended.output);
    assert!(started.elapsed() < Duration::from_secs(12));
    drop((stream, silent));
}

#[test]
fn what_can_not_be_served_is_named_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = ended(&mut api_metrics(&["serve", "--listen", &address]));
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(refused.output.contains(&address), "{}", refused.output);
    let database = folder.path().join("nowhere/metrics.db");
    let mut command = api_metrics(&["serve", "--listen", "127.0.0.1:0", "--database"]);
    let refused = ended(command.arg(&database));
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(refused.output.contains("nowhere"), "{}", refused.output);
}

#[test]
fn a_supervisor_is_told_when_it_is_ready_and_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let supervisor = UnixDatagram::bind(&path).unwrap();
    supervisor
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let told = || {
        let mut bytes = [0; 64];
        let read = supervisor.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    };
    let database = SqliteFile::create();
    let mut command = api_metrics(&["serve", "--database", &database.url()]);
    let server = Server::start(command.env("NOTIFY_SOCKET", &path));
    assert_eq!(told(), "READY=1");
    assert!(server.end("HUP").status.success());
    assert_eq!(told(), "STOPPING=1");
}

/// Reports to a server that is killed again and again, as a client sends them: the same report, under its
/// key, until somebody says that it is there.
async fn reports_outlive_kills(database: &str) {
    let mut server = Server::on(database);
    let client = Client::new();
    let body = json!({"name": "ci", "service": "checkout", "environment": "production"});
    let made = client
        .post(format!("{}/admin/ingest-tokens", server.url))
        .bearer_auth(TOKEN)
        .json(&body);
    let made: Value = made.send().await.unwrap().json().await.unwrap();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let mut random = Random::new(11);
    let reports: Vec<(String, Vec<Value>)> = (0..sized(2_000, 120))
        .map(|n| {
            let items = (0..=random.index(20)).map(
                |i| json!({"method": "GET", "endpoint": format!("/{}", i % 3), "status": 200}),
            );
            (format!("report {n}"), items.collect())
        })
        .collect();
    let expected: usize = reports.iter().map(|(_, items)| items.len()).sum();
    let mut waiting = reports;
    let mut kills = 0;
    while !waiting.is_empty() {
        // Some are under way when the server dies.
        let victims = kills < sized(30, 5);
        let after = random.below(60);
        let sends = waiting.iter().map(|(key, items)| {
            let request = client
                .post(format!("{}/ingest/v1/requests", server.url))
                .bearer_auth(&secret)
                .header("Idempotency-Key", key)
                .json(items);
            async move {
                request
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status() == 200)
            }
        });
        let sends: Vec<_> = sends.collect();
        let all = async {
            let answers = futures_util::stream::iter(sends);
            futures_util::StreamExt::collect::<Vec<bool>>(futures_util::StreamExt::buffered(
                answers, 16,
            ))
            .await
        };
        let kill = async {
            if victims {
                tokio::time::sleep(Duration::from_millis(after)).await;
                server.running.signal("KILL");
            }
        };
        let (arrived, ()) = tokio::join!(all, kill);
        let mut arrived = arrived.into_iter();
        waiting.retain(|_| !arrived.next().unwrap());
        if victims {
            kills += 1;
            drop(server.running.ended());
            server = Server::on(database);
        }
    }
    assert!(kills >= sized(30, 5));
    let counted = server
        .json("/admin/api-metrics/summary?period=1h&service=checkout")
        .await;
    assert_eq!(counted["totalRequests"], expected);
    assert!(server.end("TERM").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_counted_once_though_the_server_on_sqlite_is_killed() {
    reports_outlive_kills(&SqliteFile::on_disk().url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_counted_once_though_the_server_on_postgres_is_killed() {
    let database = PgDatabase::create().await;
    reports_outlive_kills(&database.url()).await;
}
