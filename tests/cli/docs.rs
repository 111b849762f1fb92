//! What docs/import.md, docs/server.md, docs/ingest.md and docs/collector.md show, as it stands there.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use api_metrics_tests::{PgDatabase, Process, process::isolated};

use crate::serve::TOKEN;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The text of each fenced block of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    for line in page.lines() {
        match &mut inside {
            None if line == format!("```{language}") => inside = Some(String::new()),
            Some(block) if line == "```" => {
                blocks.push(std::mem::take(block));
                inside = None;
            }
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    blocks
}

/// A folder with the program in its PATH and the logs that the pages speak of.
struct Desk {
    folder: tempfile::TempDir,
    listen: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        symlink(crate::PROGRAM, bin.join("api-metrics")).unwrap();
        let mut access = String::new();
        let (mut timed, mut tomcat, mut json) = (String::new(), String::new(), String::new());
        for i in 0..2_000 {
            let time = format!("17/May/2015:10:{:02}:{:02} +0000", i / 60 % 60, i % 60);
            let status = match i % 50 {
                0 => 404,
                1 => 500,
                _ => 200,
            };
            let bytes = i * 7 % 5_000;
            let line = format!(
                "192.0.2.1 - - [{time}] \"GET /orders/{} HTTP/1.1\" {status} {bytes}",
                i % 9
            );
            writeln!(access, "{line} \"-\" \"curl/8.0\"").unwrap();
            if i < 100 {
                writeln!(timed, "{line} \"-\" \"curl/8.0\" 0.250").unwrap();
                writeln!(tomcat, "{line} 250").unwrap();
                let at = 1_431_857_103_000_u64 + i;
                writeln!(
                    json,
                    "{{\"at\":{at},\"req\":{{\"method\":\"GET\",\"url\":\"/a?b\"}},\"res\":{{\"code\":200}},\"took\":1500}}"
                )
                .unwrap();
            }
        }
        for (name, text) in [
            ("access.log", access),
            ("timed.log", timed),
            ("tomcat.log", tomcat),
            ("app.json", json),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let listen = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = listen.local_addr().unwrap().to_string();
        Self { folder, listen }
    }

    fn bash(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        let path = std::env::var("PATH").unwrap();
        let bin = self.folder.path().join("bin");
        isolated(&mut command)
            .args(["-c", script])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", bin.display()));
        command
    }

    /// Runs every command of a page and compares what it says with the lines below it; `…` stands for
    /// anything.
    fn run(&self, page: &str) -> usize {
        let mut count = 0;
        for block in blocks(page, "console") {
            let mut steps: Vec<(&str, Vec<&str>)> = Vec::new();
            for line in block.lines() {
                match line.strip_prefix("$ ") {
                    Some(command) => steps.push((command, Vec::new())),
                    None => steps.last_mut().unwrap().1.push(line),
                }
            }
            for (command, expected) in steps {
                if command.starts_with("cargo install") {
                    continue;
                }
                count += 1;
                let said = if command == "api-metrics serve" {
                    self.serve()
                } else {
                    let output = self
                        .bash(&format!("{{ {command}; }} 2>&1"))
                        .output()
                        .unwrap();
                    assert!(output.status.success(), "{command}: {output:?}");
                    String::from_utf8_lossy(&output.stdout).into_owned()
                };
                for line in expected {
                    let found = said.lines().any(|said| is_like(said, line));
                    assert!(found, "{command}\nmisses: {line}\nsays:\n{said}");
                }
            }
        }
        count
    }

    /// Starts the server on a free port, and ends it when it serves.
    fn serve(&self) -> String {
        let mut child = self
            .bash("exec api-metrics serve")
            .env("API_METRICS_LISTEN", &self.listen)
            .env("API_METRICS_ADMIN_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let id = child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(child.wait().unwrap().success());
        line.replace(&self.listen, "127.0.0.1:3000")
    }
}

/// Whether a line is the expected one, in which `…` stands for anything.
fn is_like(said: &str, expected: &str) -> bool {
    let mut rest = said;
    for (at, piece) in expected.split('…').enumerate() {
        match rest.find(piece) {
            Some(0) => rest = &rest[piece.len()..],
            Some(found) if at > 0 => rest = &rest[found + piece.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || expected.ends_with('…')
}

#[test]
fn the_commands_of_the_page_on_imports_say_what_stands_below_them() {
    let desk = Desk::new();
    assert!(desk.run(&page("import.md")) >= 6);
}

#[test]
fn the_commands_of_the_page_on_the_server_say_what_stands_below_them() {
    let desk = Desk::new();
    assert!(desk.run(&page("server.md")) >= 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_page_on_ingest_say_what_stands_below_them() {
    let desk = Desk::new();
    let database = desk.folder.path().join("ingest.db");
    let server = crate::serve::Server::on(database.to_str().unwrap());
    let mut secret = String::new();
    let mut count = 0;
    for block in blocks(&page("ingest.md"), "console") {
        let lines: Vec<&str> = block.lines().collect();
        for pair in lines.chunks(2) {
            let [command, expected] = pair else {
                panic!("{pair:?}")
            };
            let command = command.strip_prefix("$ ").unwrap();
            let output = desk
                .bash(command)
                .env("METRICS", &server.url)
                .env("ADMIN_TOKEN", TOKEN)
                .env("INGEST_TOKEN", &secret)
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(is_like(&said, expected), "{command}\n{expected}\n{said}");
            if let Some((_, rest)) = said.split_once("\"secret\":\"") {
                secret = rest.split('"').next().unwrap().to_owned();
            }
            count += 1;
        }
    }
    assert!(count >= 6);
    assert!(server.end("TERM").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_page_on_the_collector_say_what_stands_below_them() {
    let desk = Desk::new();
    let database = desk.folder.path().join("collector.db");
    let server = crate::serve::Server::on(database.to_str().unwrap());
    let mut count = 0;
    for block in blocks(&page("collector.md"), "console") {
        let lines: Vec<&str> = block.lines().collect();
        for pair in lines.chunks(2) {
            let [command, expected] = pair else {
                panic!("{pair:?}")
            };
            let command = command.strip_prefix("$ ").unwrap();
            let output = desk
                .bash(command)
                .env("METRICS", &server.url)
                .env("ADMIN_TOKEN", TOKEN)
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(is_like(&said, expected), "{command}\n{expected}\n{said}");
            count += 1;
        }
    }
    assert!(count >= 8);
    assert!(server.end("TERM").status.success());
}

#[test]
fn the_settings_files_of_both_pages_are_understood() {
    let desk = Desk::new();
    for name in ["import.md", "server.md"] {
        let settings = blocks(&page(name), "toml").concat();
        std::fs::write(desk.folder.path().join("settings.toml"), settings).unwrap();
        // The file is read before the command line's other settings are.
        let output = desk
            .bash("api-metrics import access.log --dry-run --routes <(echo /a) --reject-file r --config settings.toml")
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
    }
}

/// `KEY=value` lines of a unit.
fn environment(unit: &str) -> BTreeMap<&str, &str> {
    unit.lines()
        .filter_map(|line| line.strip_prefix("Environment=")?.split_once('='))
        .collect()
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_its_command_serves() {
    let units = blocks(&page("server.md"), "ini");
    let unit = units.first().unwrap();
    let desk = Desk::new();
    let program = desk.folder.path().join("bin/api-metrics");
    let program = program.to_str().unwrap();
    let file = desk.folder.path().join("api-metrics.service");
    std::fs::write(&file, unit.replace("/usr/local/bin/api-metrics", program)).unwrap();
    // Machines with another supervisor lack it; the command is started below all the same.
    if let Ok(checked) = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&file)
        .output()
    {
        let said = String::from_utf8_lossy(&checked.stderr);
        let ours: Vec<_> = said
            .lines()
            .filter(|line| line.contains("api-metrics.service"))
            .collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    let mut words = start.split(' ');
    assert_eq!(words.next(), Some("/usr/local/bin/api-metrics"));
    let mut command = Command::new(crate::PROGRAM);
    command.args(words).current_dir(desk.folder.path());
    for (name, value) in environment(unit) {
        command.env(name, value.replace("/var/lib/api-metrics/", ""));
    }
    serves(command.env("API_METRICS_LISTEN", "127.0.0.1:0"));
    assert!(desk.folder.path().join("metrics.db").is_file());
}

fn serves(command: &mut Command) {
    let mut running = Process::start(command);
    running.line(|line| line.contains(" serves http://").then_some(()));
    running.signal("TERM");
    assert!(running.ended().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_containers_run_what_there_is() {
    let page = page("server.md");
    let recipe = blocks(&page, "dockerfile").concat();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = std::fs::read_to_string(root.join("crates/api-metrics-cli/Cargo.toml")).unwrap();
    assert!(
        recipe.contains("-p api-metrics-cli") && manifest.contains("name = \"api-metrics-cli\"")
    );
    assert!(
        recipe.contains("target/release/api-metrics ")
            && manifest.contains("name = \"api-metrics\"")
    );
    let rust = recipe
        .split("rust:")
        .nth(1)
        .unwrap()
        .split('-')
        .next()
        .unwrap();
    let least = manifest
        .split("rust-version = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let minor = |version: &str| version.split('.').nth(1).unwrap().parse::<u32>().unwrap();
    assert!(minor(rust) >= minor(least), "{rust} {least}");
    // The compose file's service, with the database of this run and the secret where it can be read.
    let compose = blocks(&page, "yaml").concat();
    let variables: BTreeMap<&str, &str> = compose
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .filter(|(name, _)| name.starts_with("API_METRICS_"))
        .collect();
    assert_eq!(variables.len(), 3, "{variables:?}");
    let folder = tempfile::tempdir().unwrap();
    let secret: PathBuf = folder.path().join("admin_token");
    std::fs::write(&secret, format!("{TOKEN}\n")).unwrap();
    let database = PgDatabase::create().await;
    let mut command = Command::new(crate::PROGRAM);
    command.arg("serve");
    for (name, value) in variables {
        let value = match name {
            "API_METRICS_DATABASE_URL" => database.url(),
            "API_METRICS_ADMIN_TOKEN_FILE" => secret.display().to_string(),
            _ => value.replace(":3000", ":0"),
        };
        command.env(name, value);
    }
    serves(&mut command);
}
