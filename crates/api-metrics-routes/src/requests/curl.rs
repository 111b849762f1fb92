//! `GET /api-requests/{id}/curl`: a request as a command, to send it again by hand.
//!
//! What the log does not keep is a variable of the shell: where the service is, the key, the values of path
//! parameters, the body. So a copied command holds no secret, and says what whoever sends it has to fill in.
//!
//! | not kept | variable |
//! |---|---|
//! | where the service is | `BASE_URL` |
//! | the key | `API_KEY` |
//! | the type of the body, and the body, where there was one | `CONTENT_TYPE`, `BODY` |
//! | the values of path parameters | their names, in small letters |
//! | what the scrubber has taken out of a path | what it was: `email`, `hex`, `secret` |
//!
//! Paths and agents are written by clients. They stand between single quotes, in which the shell changes nothing,
//! and what is not printable is encoded or left out; so a hostile path is no more than a path.

use std::fmt::Write as _;

use api_metrics_store::request_log::{EntryKind, StoredRequest};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use serde::Serialize;

use super::list::found;
use crate::{
    auth::Caller,
    request::Validated,
    response::{Kind, Problem},
    router::App,
};

/// Variables that mean something to some shells.
const SHELL_NAMES: [&str; 12] = [
    "aliases",
    "argv",
    "cdpath",
    "commands",
    "fpath",
    "functions",
    "history",
    "options",
    "path",
    "prompt",
    "signals",
    "status",
];

/// A command and its variables.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = CurlCommand))]
pub(crate) struct CurlView {
    /// One line for a POSIX shell.
    command: String,
    /// The variables in it, which are to be set before, in the order in which they appear.
    placeholders: Vec<String>,
}

/// One request as a curl command
///
/// What the log does not keep is a variable of the shell: `BASE_URL`, `API_KEY`, `CONTENT_TYPE`, `BODY`, and the
/// values of path parameters by their names.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/api-requests/{id}/curl",
    operation_id = "request_as_curl",
    tag = "requests",
    params(("id" = Uuid, Path, description = "The request's id")),
    responses(
        (status = 200, description = "The command", body = CurlView, example = json!(crate::requests::examples::curl())),
        (status = 404, description = "There is no such request, or no more", body = Problem,
            content_type = "application/problem+json"),
    ),
))]
pub(crate) async fn curl(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    _: Validated<()>,
) -> Result<Json<CurlView>, Problem> {
    let request = found(&app, &caller, id).await?;
    if request.kind != EntryKind::Request {
        return Err(Problem::new(Kind::NotFound, "an event is no request"));
    }
    Ok(Json(Command::of(&request).view()))
}

/// A command as it is written, piece by piece.
#[derive(Debug, Default)]
struct Command {
    /// The line so far.
    text: String,
    /// The variables in it, in their order.
    placeholders: Vec<String>,
}

impl Command {
    /// The command that sends a request again.
    fn of(request: &StoredRequest) -> Self {
        let mut command = Self::default();
        // Brackets and braces in paths are no patterns.
        command.text.push_str("curl -sS -g");
        match request.method.as_str() {
            "GET" => {}
            // By its name alone curl would wait for a body.
            "HEAD" => command.text.push_str(" --head"),
            method if !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase()) => {
                // Writing to a string can't fail.
                let _ = write!(command.text, " -X {method}");
            }
            // One that is counted with others.
            _ => {
                command.text.push_str(" -X ");
                command.variable("METHOD");
            }
        }
        command.text.push(' ');
        command.variable("BASE_URL");
        command.path(&request.path);
        if request.api_key_id != 0 {
            command.header("authorization: Bearer ");
            command.variable("API_KEY");
        }
        if let Some(agent) = &request.user_agent {
            command.header(&format!("user-agent: {}", printable(agent)));
        }
        if request.request_bytes > 0 {
            command.header("content-type: ");
            command.variable("CONTENT_TYPE");
            command.text.push_str(" --data-binary ");
            command.variable("BODY");
        }
        command
    }

    /// As it is answered.
    fn view(self) -> CurlView {
        CurlView {
            command: self.text,
            placeholders: self.placeholders,
        }
    }

    /// The beginning of a header, to which its value is added.
    fn header(&mut self, begin: &str) {
        self.text.push_str(" -H ");
        self.quoted(begin);
    }

    /// A path, with variables for what is masked in it.
    fn path(&mut self, path: &str) {
        let mut rest = path;
        while let Some(at) = rest.find(['{', '[', '…']) {
            let (before, from) = rest.split_at(at);
            self.encoded(before);
            let (name, after) = match masked(from) {
                Some(found) => found,
                None => {
                    let next = from.chars().next().map_or(from.len(), char::len_utf8);
                    let (mark, after) = from.split_at(next);
                    self.encoded(mark);
                    rest = after;
                    continue;
                }
            };
            self.variable(&name);
            rest = after;
        }
        self.encoded(rest);
    }

    /// A piece of a path between quotes, as it may stand in a URL.
    fn encoded(&mut self, piece: &str) {
        let mut encoded = String::with_capacity(piece.len());
        for byte in piece.bytes() {
            if byte.is_ascii_graphic() {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        self.quoted(&encoded);
    }

    /// A text between single quotes.
    fn quoted(&mut self, text: &str) {
        if !text.is_empty() {
            let _ = write!(self.text, "'{}'", text.replace('\'', r"'\''"));
        }
    }

    /// A variable of the shell, in double quotes so that its value stays one word.
    fn variable(&mut self, name: &str) {
        let _ = write!(self.text, "\"${{{name}}}\"");
        if !self.placeholders.iter().any(|known| known == name) {
            self.placeholders.push(name.to_owned());
        }
    }
}

/// What is masked at the beginning of a text: the name of its variable, and what follows. `{id}` and `{*path}` are
/// parameters, `[email]` was scrubbed, `…` was cut.
fn masked(text: &str) -> Option<(String, &str)> {
    if let Some(after) = text.strip_prefix('…') {
        return Some(("REST".to_owned(), after));
    }
    let close = if text.starts_with('{') { '}' } else { ']' };
    let (name, after) = text.get(1..)?.split_once(close)?;
    let name = name.strip_prefix('*').unwrap_or(name);
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let mut name: String = is_name.then(|| name.replace('-', "_"))?;
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    // Ours and the system's are written in capitals, the shell's own small: a parameter is none of them.
    name.make_ascii_lowercase();
    if SHELL_NAMES.contains(&name.as_str()) {
        name.push('_');
    }
    Some((name, after))
}

/// A text in one line.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::process::Command as Process;

    use super::*;

    /// What a real shell hands to curl.
    fn arguments(path: &str, agent: &str) -> Vec<String> {
        let mut command = Command::default();
        command.text.push_str("curl ");
        command.variable("BASE_URL");
        command.path(path);
        command.header(&format!("user-agent: {}", printable(agent)));
        assert!(!command.text.contains('\n'), "{}", command.text);
        let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}; {}", command.text);
        let output = Process::new("sh")
            .args(["-eu", "-c", &script])
            .env_clear()
            .env("BASE_URL", "http://127.0.0.1:1/a b")
            .env("id", "7 $(id)")
            .env("path_", "x")
            .env("email", "ann")
            .env("REST", "more")
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_takes_each_part_for_what_it_is() {
        for (path, expected) in [
            ("/users/{id}/files/{*path}", "/users/7 $(id)/files/x"),
            ("/wp-admin/…", "/wp-admin/more"),
            ("/invite/[email]", "/invite/ann"),
            (
                "/a'$(touch /tmp/x)`b`\"$HOME\\",
                "/a'$(touch%20/tmp/x)`b`\"$HOME\\",
            ),
            ("/{/[/{}/{a b}/[x", "/{/[/{}/{a%20b}/[x"),
            ("/ü\n\u{202e}", "/%C3%BC%0A%E2%80%AE"),
            ("", ""),
        ] {
            let expected = [
                format!("http://127.0.0.1:1/a b{expected}"),
                "-H".to_owned(),
                "user-agent: a'b $(id) \\".to_owned(),
            ];
            assert_eq!(arguments(path, "a'b\n$(id) \\"), expected, "{path}");
        }
    }
}
