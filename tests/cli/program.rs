//! How the program behaves: help, exit codes, settings, passwords, hostile text, closed pipes.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use api_metrics_tests::{
    Process, SqliteFile,
    process::{Ended, isolated},
};

use crate::api_metrics;
use api_metrics_tests::stored;

const LINE: &str = "h - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 5\n";

fn ended(command: &mut Command) -> Ended {
    Process::start(command).ended()
}

fn written(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn help_has_examples_and_names_only_what_works() {
    let help = ended(&mut api_metrics(&["--help"]));
    assert!(help.status.success());
    for word in [
        "serve",
        "import",
        "doctor",
        "verify",
        "export",
        "report",
        "move",
        "completions",
        "Exit codes",
    ] {
        assert!(help.output.contains(word), "{}", help.output);
    }
    let help = ended(&mut api_metrics(&["import", "--help"]));
    assert!(help.output.contains("Examples:"), "{}", help.output);
    let version = ended(&mut api_metrics(&["--version"]));
    assert_eq!(
        version.output,
        concat!("api-metrics ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn completions_are_those_of_the_shell() {
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef"),
        ("fish", "complete -c"),
    ] {
        let script = ended(&mut api_metrics(&["completions", shell]));
        assert!(
            script.status.success() && script.output.contains(word),
            "{shell}"
        );
        assert!(script.output.contains("max-bad"), "{shell}");
    }
}

#[test]
fn exit_codes_tell_scripts_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(
        folder.path(),
        "access.log",
        LINE.repeat(99) + "what is this\n",
    );
    let log = log.to_str().unwrap();
    for (arguments, code) in [
        (&[log][..], 0),
        (&["/nowhere/access.log"], 1),
        (&[log, "--format", "nonsense"], 2),
        (&[log, "--format", "$status"], 2),
        (&[log, "--time-unit", "y"], 2),
        (&[log, "--reject-file", log], 2),
        (&[log, "--nonsense"], 2),
        (&[log, "--max-bad", "1%"], 0),
        (&[log, "--max-bad", "1"], 0),
        (&[log, "--max-bad", "0.5%"], 3),
        (&[log, "--max-bad", "0"], 3),
        (&[log, "--format", "iis"], 3),
    ] {
        let ended = ended(api_metrics(&["import", "--dry-run"]).args(arguments));
        assert_eq!(
            ended.status.code(),
            Some(code),
            "{arguments:?}: {}",
            ended.output
        );
    }
}

#[test]
fn a_file_that_is_no_log_is_named_and_nothing_of_it_is_stored() {
    let database = SqliteFile::create();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.log");
    let notes = "some notes\nand some more\n".repeat(500);
    let text = written(folder.path(), "notes.txt", notes);
    let picture: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let binary = written(folder.path(), "picture.png", picture);
    let broken = written(folder.path(), "broken.gz", [0x1f, 0x8b, 8, 0, 1, 2, 3]);
    for path in [&missing, &text, &binary, &broken, &folder.path().to_owned()] {
        let mut command = api_metrics(&["import", "--database", &database.url()]);
        let ended = ended(command.arg(path));
        assert!(!ended.status.success(), "{}", ended.output);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(ended.output.contains(name), "{}", ended.output);
    }
    let rows = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { stored::requests(&*stored::open(&database.url()), None).await });
    assert_eq!(rows, 0);
}

#[test]
fn what_can_not_be_read_is_kept_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let bad = "what \u{1b}[2J is this\nand this\n";
    let log = written(folder.path(), "access.log", format!("{LINE}{bad}{LINE}"));
    let rejects = folder.path().join("rejects");
    let mut command = api_metrics(&["import", "--dry-run"]);
    let ended = ended(command.arg(&log).arg("--reject-file").arg(&rejects));
    assert!(ended.status.success(), "{}", ended.output);
    assert!(
        ended.output.contains("unreadable lines: 2-3"),
        "{}",
        ended.output
    );
    assert_eq!(std::fs::read_to_string(rejects).unwrap(), bad);
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_stays_what_it_is() {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let folder = tempfile::tempdir().unwrap();
    let log = written(folder.path(), "access.log", format!("{LINE}what is this\n"));
    let about = |path: &str| {
        let about = std::fs::metadata(path).unwrap();
        assert!(about.file_type().is_char_device());
        (about.mode(), about.uid(), about.ino())
    };
    let before = about("/dev/null");
    for arguments in [
        &["--dry-run", "--reject-file", "/dev/null"][..],
        &["--database", "/dev/null"],
        &["--database", "/dev/null", "--reject-file", "/dev/null"],
    ] {
        let mut command = api_metrics(&["import"]);
        ended(command.args(arguments).arg(&log));
        assert_eq!(about("/dev/null"), before, "{arguments:?}");
    }
}

#[test]
fn a_request_that_has_not_happened_yet_is_refused_with_what_decides_it() {
    let folder = tempfile::tempdir().unwrap();
    let future = LINE.replace("17/May/2015", "01/Jan/2099");
    let log = written(folder.path(), "access.log", format!("{LINE}{future}"));
    let database = SqliteFile::create();
    let ended = ended(api_metrics(&["import", "--database", &database.url()]).arg(&log));
    for said in [
        "1 requests recorded, 1 unreadable",
        "2099-01-01T10:05:03Z",
        "--utc-offset",
    ] {
        assert!(ended.output.contains(said), "{}", ended.output);
    }
    // Alone it is a log all the same.
    std::fs::write(&log, future).unwrap();
    let alone = self::ended(api_metrics(&["import", "--dry-run"]).arg(&log));
    assert!(alone.status.success(), "{}", alone.output);
}

#[test]
fn the_summary_tells_how_many_lines_had_a_time_and_which_fields_were_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let timed = LINE.replace(" 5\n", " 5 \"-\" \"ua\" 250000\n");
    let log = written(folder.path(), "access.log", &timed);
    let mut command = api_metrics(&["import", "--dry-run"]);
    let guessed = ended(command.arg(&log));
    for said in [
        "format combined",
        "0 with a request time",
        "1 lines have more fields",
        "--format",
    ] {
        assert!(guessed.output.contains(said), "{said}: {}", guessed.output);
    }
    let seconds = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time"#;
    let refused = ended(api_metrics(&["import", "--dry-run", "--format", seconds]).arg(&log));
    assert_eq!(refused.status.code(), Some(3), "{}", refused.output);
    assert!(
        refused.output.contains("is a whole number"),
        "{}",
        refused.output
    );
    assert!(refused.output.contains("--time-unit"), "{}", refused.output);
    let named = ended(
        api_metrics(&[
            "import",
            "--dry-run",
            "--time-unit",
            "us",
            "--format",
            seconds,
        ])
        .arg(&log),
    );
    assert!(
        named.output.contains("1 with a request time"),
        "{}",
        named.output
    );
}

#[test]
fn flags_win_over_the_environment_and_both_over_the_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(folder.path(), "access.log", LINE);
    let database = SqliteFile::create();
    let settings = written(
        folder.path(),
        "settings.toml",
        format!(
            "database = {:?}\nservice = \"of-file\"\n\n[import]\nformat = \"common\"\nmax-bad = \"0\"\n",
            database.url()
        ),
    );
    let import = |flag: Option<&str>, variable: Option<&str>| {
        let mut command = api_metrics(&["import"]);
        command.arg(&log).arg("--config").arg(&settings);
        command.args(flag.map(|name| format!("--service={name}")));
        command.envs(variable.map(|name| ("API_METRICS_SERVICE", name)));
        let ended = ended(&mut command);
        assert!(ended.status.success(), "{}", ended.output);
        ended.output
    };
    assert!(import(None, None).contains("service of-file:"));
    assert!(import(None, Some("of-environment")).contains("service of-environment:"));
    assert!(import(Some("of-flag"), Some("of-environment")).contains("service of-flag:"));
    for (text, why) in [
        ("servcie = \"x\"\n", "servcie"),
        ("[import]\nmax-bad = \"many\"\n", "--max-bad is"),
        ("database = \"postgres://u:geheim@h\n", "line 1"),
    ] {
        std::fs::write(&settings, text).unwrap();
        let ended = ended(
            api_metrics(&["import", "--config"])
                .arg(&settings)
                .arg(&log),
        );
        assert_eq!(ended.status.code(), Some(2), "{}", ended.output);
        assert!(ended.output.contains(why), "{}", ended.output);
        assert!(!ended.output.contains("geheim"), "{}", ended.output);
    }
}

#[test]
fn a_password_is_never_told_whatever_goes_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(folder.path(), "access.log", LINE);
    let log = log.to_str().unwrap();
    let mut running = Vec::new();
    for url in [
        "postgres://user:geheim@127.0.0.1:1/db",
        "postgres://user:geheim@host.invalid/db",
        "postgres://user:ge/geheim?@127.0.0.1:1/db",
        "postgres://127.0.0.1:1/db?user=u&password=geheim",
        "postgres://user:geheim@127.0.0.1:port/db",
        "postgres://user:geheim@127.0.0.1:1/db?sslmode=nonsense",
        "mysql://user:geheim@127.0.0.1/db",
    ] {
        for arguments in [
            &["import", log, "--json", "--database", url][..],
            &["import", log, &format!("--databse={url}")],
            &["import", log, url],
        ] {
            running.push((url, Process::start(&mut api_metrics(arguments))));
        }
    }
    // At once, because each waits some seconds for its database.
    for (url, process) in running {
        let ended = process.ended();
        assert!(!ended.status.success(), "{}", ended.output);
        assert!(!ended.output.contains("geheim"), "{url}: {}", ended.output);
        assert!(!ended.output.is_empty());
    }
    let mut command = api_metrics(&["import", "--help"]);
    let help = ended(command.env("API_METRICS_DATABASE_URL", "postgres://u:geheim@h/d"));
    assert!(!help.output.contains("geheim"), "{}", help.output);
}

#[test]
fn a_terminal_gets_no_orders_from_a_log_or_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(folder.path(), "a\u{1b}[2J\u{202e}.log", LINE);
    let routes = written(folder.path(), "routes", "nothing\u{1b}[2J\u{202e}\n");
    for mut command in [
        api_metrics(&["import", "--dry-run"]),
        api_metrics(&["import", "--dry-run", "--json"]),
        api_metrics(&["import", "--dry-run", "--format", "\u{1b}[2J\u{202e}"]),
        api_metrics(&["import", "--dry-run", "--routes", routes.to_str().unwrap()]),
    ] {
        let ended = ended(command.arg(&log));
        assert!(
            !ended.output.contains(['\u{1b}', '\u{202e}']),
            "{}",
            ended.output
        );
        assert!(!ended.output.is_empty());
    }
}

#[test]
fn neither_a_closed_pipe_nor_closed_streams_end_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let bad = "what is this\n".repeat(50);
    let log = written(folder.path(), "access.log", LINE.repeat(5_000) + &bad);
    for streams in [">&- 2>&-", "2>&1 | true", "2>&1 | head -c 1 >/dev/null"] {
        let database = SqliteFile::create();
        let script = format!(
            "set -o pipefail; \"$0\" import \"$1\" --database \"$2\" <&- {streams}; exit $?"
        );
        let mut command = Command::new("bash");
        command
            .args(["-c", &script, crate::PROGRAM])
            .arg(&log)
            .arg(database.url());
        let status = isolated(&mut command)
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{streams}: {status}");
        let requests = tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(async { stored::requests(&*stored::open(&database.url()), None).await });
        assert_eq!(requests, 5_000, "{streams}");
    }
}

#[test]
fn routes_of_other_frameworks_are_templates_too() {
    let folder = tempfile::tempdir().unwrap();
    let database = SqliteFile::create();
    let paths = [
        "/v2/54fa/servers/detail",
        "/v2/54fa/servers/7",
        "/latest/meta-data/a/b",
        "/x",
    ];
    let text: String = paths
        .iter()
        .map(|path| LINE.replace("/a ", &format!("{path} ")))
        .collect();
    let log = written(folder.path(), "access.log", text);
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("cli/cases/colon_routes.txt");
    let mut command = api_metrics(&["import", "--database", &database.url()]);
    let ended = ended(command.arg(&log).arg("--routes").arg(routes));
    assert!(ended.status.success(), "{}", ended.output);
    let endpoints = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { stored::endpoints(&*stored::open(&database.url())).await });
    let names: Vec<&str> = endpoints.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "/latest/meta-data/{*rest}",
            "/v2/{tenant}/servers/detail",
            "/v2/{tenant}/servers/{id}",
            "<unmatched>"
        ]
    );
}

#[test]
fn an_import_into_what_is_switched_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(folder.path(), "access.log", LINE);
    let mut command = api_metrics(&["import", "--database", "unused.db"]);
    let ended = ended(command.arg(&log).env("API_METRICS_OFF", "true"));
    assert_eq!(ended.status.code(), Some(2), "{}", ended.output);
    assert!(ended.output.contains("API_METRICS_OFF"), "{}", ended.output);
}

#[test]
fn an_import_into_a_database_that_is_not_there_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = written(folder.path(), "access.log", LINE);
    let nobody = api_metrics_tests::Proxy::reserve();
    let url = format!("postgres://app:hunter2@{}/app", nobody.address());
    let ended = ended(api_metrics(&["import", "--database", &url]).arg(&log));
    assert_eq!(ended.status.code(), Some(1), "{}", ended.output);
    let address = nobody.address().to_string();
    assert!(ended.output.contains(&address), "{}", ended.output);
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}
