//! `top` on a real pseudo-terminal.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use api_metrics_tests::{Process, Proxy, SqliteFile, process::isolated};
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::{
    api_metrics,
    serve::{Server, TOKEN},
};

/// A program on a terminal of its own.
struct OnTerminal {
    child: Child,
    keys: File,
    written: Arc<Mutex<Vec<u8>>>,
}

impl OnTerminal {
    fn start(command: &mut Command, columns: u16, rows: u16) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let side = || -> OwnedFd {
            let name = name.to_str().unwrap();
            File::options()
                .read(true)
                .write(true)
                .open(name)
                .unwrap()
                .into()
        };
        let child = isolated(command)
            .env("TERM", "xterm-256color")
            .stdin(Stdio::from(side()))
            .stdout(Stdio::from(side()))
            .stderr(Stdio::from(side()))
            .spawn()
            .unwrap();
        let written: Arc<Mutex<Vec<u8>>> = Arc::default();
        let mut screen = File::from(terminal.try_clone().unwrap());
        let into = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(read) = screen.read(&mut bytes) {
                into.lock().unwrap().extend_from_slice(&bytes[..read]);
            }
        });
        Self {
            child,
            keys: File::from(terminal),
            written,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until all of it is on the screen; answers the screen.
    fn shows(&self, wanted: &[&str]) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let screen = screen(&self.raw());
            if wanted.iter().all(|word| screen.contains(word)) {
                return screen;
            }
            assert!(
                Instant::now() < until,
                "{wanted:?} is not on the screen:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Everything that was written to the terminal.
    fn raw(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    fn ends(mut self) -> (std::process::ExitStatus, String) {
        let status = self.child.wait().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let written = self.written.lock().unwrap();
        (status, String::from_utf8_lossy(&written).into_owned())
    }
}

/// What a terminal shows that was told all this: it knows texts, positions and how to clear itself.
fn screen(raw: &str) -> String {
    let mut rows = vec![vec![' '; 200]; 60];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut characters = raw.chars();
    while let Some(c) = characters.next() {
        if c != '\u{1b}' {
            match c {
                '\r' => column = 0,
                '\n' => row += 1,
                c => {
                    rows[row][column] = c;
                    column += 1;
                }
            }
            continue;
        }
        if characters.next() != Some('[') {
            continue;
        }
        let mut numbers = String::new();
        let order = characters.by_ref().find(|c| {
            numbers.push(*c);
            c.is_ascii_alphabetic()
        });
        match order {
            Some('H') => {
                let mut at = numbers.trim_end_matches('H').split(';');
                let mut next = || at.next().and_then(|n| n.parse().ok()).unwrap_or(1_usize) - 1;
                (row, column) = (next(), next());
            }
            Some('J') => rows.iter_mut().for_each(|row| row.fill(' ')),
            _ => {}
        }
    }
    let lines: Vec<String> = rows
        .into_iter()
        .map(|row| row.into_iter().collect())
        .collect();
    lines.join("\n")
}

/// A server with traffic of the last minutes.
fn server_with_traffic() -> (SqliteFile, Server) {
    let database = SqliteFile::create();
    let folder = tempfile::tempdir().unwrap();
    let now = chrono::Utc::now() - chrono::TimeDelta::seconds(70);
    let time = now.format("%d/%b/%Y:%H:%M:%S +0000");
    let line =
        |path: &str, status: u16| format!("h - - [{time}] \"GET {path} HTTP/1.1\" {status} 5000\n");
    let log = folder.path().join("access.log");
    let text = line("/orders", 200).repeat(30) + &line("/broken", 500).repeat(10);
    std::fs::write(&log, text).unwrap();
    let url = database.url();
    let mut command = api_metrics(&["import", "--service", "shop", "--database", &url]);
    assert!(Process::start(command.arg(log)).ended().status.success());
    let server = Server::on(&url);
    (database, server)
}

fn top(server: &Server) -> Command {
    let mut command = api_metrics(&["top", "--server", &server.url]);
    command.env("API_METRICS_ADMIN_TOKEN", TOKEN);
    command
}

#[test]
fn traffic_is_shown_sorted_filtered_and_looked_into_on_a_terminal_of_80_by_24() {
    let (_database, server) = server_with_traffic();
    let mut screen = OnTerminal::start(&mut top(&server), 80, 24);
    let shown = screen.shows(&[
        "40 requests",
        "errors 25.00%",
        "GET /orders",
        "GET /broken",
        "alerts: none fires",
        "last flush",
        "q quit",
    ]);
    assert!(screen.raw().contains("\u{1b}[38;5;"));
    let first = |text: &str| text.find("GET /orders").unwrap() < text.find("GET /broken").unwrap();
    assert!(first(&shown));
    screen.press("s");
    let shown = screen.shows(&["by error rate", "GET /orders", "GET /broken"]);
    assert!(!first(&shown));
    screen.press("/orders\r");
    let shown = screen.shows(&["filter: orders", "(1)"]);
    assert!(!shown.contains("GET /broken"));
    screen.press("\r");
    screen.shows(&["30 requests", "errors 0.00%"]);
    screen.press("\u{1b}");
    screen.shows(&["40 requests"]);
    screen.press("r");
    screen.shows(&["range 1h"]);
    screen.press("\t");
    screen.shows(&["Consumers by"]);
    screen.press("?");
    screen.shows(&["look into an endpoint"]);
    screen.press("q");
    let (status, left) = screen.ends();
    assert!(status.success());
    // The terminal is as it was: the other screen is left, the cursor is back.
    assert!(
        left.contains("\u{1b}[?1049l") && left.contains("\u{1b}[?25h"),
        "{left:?}"
    );
    assert!(server.end("TERM").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn live_numbers_come_by_the_stream_which_is_opened_again_after_it_broke() {
    let (database, server) = server_with_traffic();
    let target = server.url.strip_prefix("http://").unwrap().parse().unwrap();
    let mut wire = Proxy::reserve();
    wire.connect(target);
    let url = format!("http://{}", wire.address());
    let mut command = api_metrics(&["top", "--server", &url]);
    command.env("API_METRICS_ADMIN_TOKEN", TOKEN);
    let mut screen = OnTerminal::start(&mut command, 120, 30);
    screen.shows(&["40 requests", "UTC, stream"]);
    // Of an endpoint alone there is a stream of its own.
    screen.press("\r");
    screen.shows(&["30 requests", "UTC, stream"]);
    screen.press("\u{1b}");
    screen.shows(&["40 requests", "UTC, stream"]);
    wire.cut().await;
    screen.shows(&["STALE", "GET /orders"]);
    // Meanwhile there is more to be seen.
    let folder = tempfile::tempdir().unwrap();
    let now = chrono::Utc::now() - chrono::TimeDelta::seconds(30);
    let time = now.format("%d/%b/%Y:%H:%M:%S +0000");
    let log = folder.path().join("more.log");
    let line = format!("h - - [{time}] \"GET /more HTTP/1.1\" 200 5000\n");
    std::fs::write(&log, line.repeat(7)).unwrap();
    let database = database.url();
    let mut command = api_metrics(&["import", "--service", "shop", "--database", &database]);
    assert!(Process::start(command.arg(log)).ended().status.success());
    wire.connect(target);
    let shown = screen.shows(&["47 requests", "GET /more", "UTC, stream"]);
    assert!(!shown.contains("STALE"), "{shown}");
    screen.press("q");
    assert!(screen.ends().0.success());
    assert!(server.end("TERM").status.success());
}

#[test]
fn no_colour_is_used_where_nobody_wants_any_and_a_server_that_is_gone_is_said_to_be() {
    let (_database, server) = server_with_traffic();
    let mut screen = OnTerminal::start(top(&server).env("NO_COLOR", "1"), 120, 40);
    screen.shows(&["40 requests", "GET /broken"]);
    let raw = screen.raw();
    let has_colour = raw.split("\u{1b}[").any(|order| {
        let (numbers, rest) =
            order.split_at(order.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0));
        rest.starts_with('m') && numbers.split(';').any(|n| matches!(n, "31" | "33" | "38"))
    });
    assert!(!has_colour, "{raw:?}");
    assert!(server.end("TERM").status.success());
    screen.shows(&["STALE", "GET /broken"]);
    screen.press("\u{3}");
    assert!(screen.ends().0.success());
}

#[test]
fn without_a_terminal_a_server_or_the_token_it_says_so() {
    let (_database, server) = server_with_traffic();
    let ended = Process::start(&mut top(&server)).ended();
    assert_eq!(ended.status.code(), Some(2), "{}", ended.output);
    assert!(ended.output.contains("terminal"), "{}", ended.output);
    for (server, token) in [
        ("http://127.0.0.1:1", TOKEN),
        (server.url.as_str(), "wrong"),
    ] {
        let mut command = api_metrics(&["top", "--server", server]);
        let screen = OnTerminal::start(command.env("API_METRICS_ADMIN_TOKEN", token), 80, 24);
        let (status, said) = screen.ends();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(!said.contains("\u{1b}[?1049h"), "{said:?}");
    }
}
