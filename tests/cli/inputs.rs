//! Where logs come from: files, patterns, stdin, compressed, in UTF-16, and while they are written.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Stdio},
};

use api_metrics_tests::{
    Process, SqliteFile, eventually,
    process::{Ended, isolated},
};
use serde_json::Value;

use crate::api_metrics;
use api_metrics_tests::stored;

fn line(path: &str) -> String {
    format!("h - - [17/May/2015:10:05:03 +0000] \"GET {path} HTTP/1.1\" 200 5 \"-\" \"curl/8.0\"\n")
}

fn lines(count: usize) -> String {
    (0..count).map(|i| line(&format!("/{}", i % 7))).collect()
}

/// The answer of a dry run of these arguments, which must succeed.
fn dry(arguments: &[&str]) -> Value {
    let mut command = api_metrics(&["import", "--dry-run", "--json"]);
    let output = isolated(command.args(arguments)).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ended(arguments: &[&str]) -> Ended {
    Process::start(&mut api_metrics(arguments)).ended()
}

fn with_stdin(arguments: &[&str]) -> Child {
    isolated(&mut api_metrics(arguments))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn several_files_patterns_and_stdin_are_imported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for (name, count) in [("access.log.1", 3), ("access.log.2", 4), ("other", 5)] {
        let log = line(&format!("/{name}")) + &lines(count - 1);
        std::fs::write(folder.path().join(name), log).unwrap();
    }
    let pattern = folder.path().join("access.log*");
    let other = folder.path().join("other");
    let database = SqliteFile::create();
    let mut child = with_stdin(&[
        "import",
        text(&pattern),
        text(&other),
        "-",
        "--database",
        &database.url(),
        "--service",
        "shop",
        "--json",
    ]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines(6).as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["total"]["requests"], 18);
    assert_eq!(answer["logs"].as_array().unwrap().len(), 4);
    assert_eq!(answer["logs"][3]["name"], "stdin");
    assert_eq!(answer["service"], "shop");
    assert_eq!(answer["days"][0]["requests"], 18);
    let requests = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { stored::requests(&*stored::open(&database.url()), Some("shop")).await });
    assert_eq!(requests, 18);
    let none = folder.path().join("nothing*");
    assert_eq!(
        ended(&["import", "--dry-run", text(&none)]).status.code(),
        Some(1)
    );
    let twice = ended(&["import", "--dry-run", text(&other), text(&other)]);
    assert_eq!(twice.status.code(), Some(2), "{}", twice.output);
}

#[test]
fn compressed_logs_are_known_by_what_they_hold_with_zeros_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let plain = lines(5_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(plain.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let by_program = |program: &str| {
        let mut child = std::process::Command::new(program)
            .arg("-c")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut stdin = child.stdin.take().unwrap();
        let plain = plain.clone();
        let writer = std::thread::spawn(move || stdin.write_all(plain.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output.stdout
    };
    let mut compressed = vec![gzip];
    for program in ["xz", "bzip2", "zstd"] {
        // Minimal machines lack some; the decoders' own tests have bytes of each kind.
        let there = std::process::Command::new(program)
            .arg("--version")
            .output()
            .is_ok();
        if there {
            compressed.push(by_program(program));
        }
    }
    for bytes in compressed {
        let twice = [&bytes[..], &bytes, &[0; 4_096]].concat();
        std::fs::write(&path, twice).unwrap();
        assert_eq!(dry(&[text(&path)])["total"]["requests"], 10_000);
    }
}

#[test]
fn logs_in_utf_16_are_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u_ex.log");
    let log = "\u{feff}#Software: Microsoft Internet Information Services 10.0\r\n\
               #Fields: date time cs-method cs-uri-stem sc-status time-taken\r\n\
               2026-11-26 10:00:00 GET /größe 200 250\r\n";
    let bytes: Vec<u8> = log.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&path, bytes).unwrap();
    let answer = dry(&[text(&path)]);
    assert_eq!(answer["total"]["requests"], 1);
    assert_eq!(answer["total"]["withTime"], 1);
    assert_eq!(answer["total"]["unreadable"], 0);
}

#[test]
fn a_log_is_followed_through_its_rotation_until_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let database = SqliteFile::create();
    std::fs::write(&path, lines(10)).unwrap();
    let url = database.url();
    let mut command = api_metrics(&["import", "--follow", text(&path), "--database", &url]);
    let mut running = Process::start(command.args(["--flush-every", "100ms"]));
    // Then the tables are there.
    running.line(|line| line.contains("format combined").then_some(()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stands_at = |expected: u64| {
        runtime.block_on(async {
            let what = format!("{expected} requests");
            eventually(&what, || async {
                let requests = stored::requests(&*stored::open(&database.url()), None).await;
                (requests == expected).then_some(())
            })
            .await;
        });
    };
    stands_at(10);
    // A line in two halves is one line.
    let mut log = std::fs::File::options().append(true).open(&path).unwrap();
    let (first, second) = (line("/half"), line("/whole"));
    log.write_all(&first.as_bytes()[..20]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    log.write_all(&first.as_bytes()[20..]).unwrap();
    log.write_all(second.as_bytes()).unwrap();
    stands_at(12);
    // Renamed and made anew; what the server still writes into the old one counts.
    std::fs::rename(&path, folder.path().join("access.log.1")).unwrap();
    log.write_all(line("/late").as_bytes()).unwrap();
    std::fs::write(&path, lines(3)).unwrap();
    stands_at(16);
    // Copied and emptied.
    std::fs::write(&path, lines(1)).unwrap();
    stands_at(17);
    running.signal("TERM");
    let ended = running.ended();
    assert!(ended.status.success(), "{}", ended.output);
    assert!(
        ended.output.contains("17 requests recorded"),
        "{}",
        ended.output
    );
}

#[test]
fn a_signal_ends_an_import_from_a_silent_pipe_and_keeps_what_was_read() {
    let database = SqliteFile::create();
    let mut child = with_stdin(&["import", "-", "--database", &database.url()]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines(5).as_bytes()).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let id = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("5 requests recorded"), "{said}");
}

#[test]
fn filters_choose_requests_and_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let log = [
        line("/api/a"),
        line("/api/b").replace("17/May", "18/May"),
        line("/health"),
        line("/api/c").replace(" 200 ", " 503 "),
        line("/api/d").replace("curl/8.0", "Googlebot/2.1"),
    ];
    std::fs::write(&path, log.concat()).unwrap();
    for (arguments, requests) in [
        (&["--since", "2015-05-18"][..], 1),
        (&["--until", "2015-05-18"], 4),
        (&["--status", "5xx"], 1),
        (&["--path", "/api/*"], 4),
        (&["--not-path", "/health"], 4),
        (&["--bots", "exclude"], 4),
        (&["--bots", "only"], 1),
        (
            &["--bots", "exclude", "--status", "200", "--path", "/api/*"],
            2,
        ),
    ] {
        let mut all = vec![text(&path)];
        all.extend(arguments);
        let answer = dry(&all);
        assert_eq!(answer["total"]["requests"], requests, "{arguments:?}");
        assert_eq!(answer["total"]["leftOut"], 5 - requests, "{arguments:?}");
    }
}
