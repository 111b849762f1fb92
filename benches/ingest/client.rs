//! As much of HTTP/1.1 as it takes to report, at little cost that would be taken for the server's.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

/// One connection, kept alive.
pub(crate) struct Connection {
    wire: BufReader<TcpStream>,
    token: String,
}

impl Connection {
    pub(crate) fn open(authority: &str, token: &str) -> Self {
        let stream = TcpStream::connect(authority).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            wire: BufReader::new(stream),
            token: token.to_owned(),
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> String {
        self.ask("GET", path, "", "")
    }

    /// `headers` are whole lines, each with its end.
    pub(crate) fn post(&mut self, path: &str, headers: &str, body: &str) -> String {
        let kind = if body.contains("}\n{") || body.ends_with("}\n") {
            "application/x-ndjson"
        } else {
            "application/json"
        };
        let headers = format!(
            "content-type: {kind}\r\ncontent-length: {}\r\n{headers}",
            body.len()
        );
        self.ask("POST", path, &headers, body)
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let token = &self.token;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{headers}\r\n{body}"
        );
        self.wire.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = None;
        let mut line = String::new();
        self.wire.read_line(&mut line).unwrap();
        let status = line.clone();
        loop {
            line.clear();
            self.wire.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length: ") {
                length = value.trim().parse().ok();
            }
        }
        let mut answer = vec![0; length.expect("the answer says its length")];
        self.wire.read_exact(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(status.starts_with("HTTP/1.1 2"), "{path}: {status}{answer}");
        answer
    }
}
