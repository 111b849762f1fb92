//! As much of HTTP/1.1 as it takes to ask and to listen, at no cost that would be taken for the server's.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::Instant,
};

/// The admin token of the benchmark's servers.
pub const TOKEN: &str = "the token of the benchmark, 32 characters";

/// One connection, kept alive.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a request and reads the head of its answer; gives the body's length, if it says so.
    pub async fn ask(&mut self, path: &str) -> Option<usize> {
        let request = format!(
            "GET /admin{path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{path}: {line}");
        let mut length = None;
        loop {
            line.clear();
            self.0.read_line(&mut line).await.unwrap();
            if line == "\r\n" {
                return length;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().ok();
            }
        }
    }

    /// A whole answer, and how long it took.
    pub async fn get(&mut self, path: &str) -> (Vec<u8>, Duration) {
        let started = Instant::now();
        let length = self.ask(path).await.expect("the answer says its length");
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        (body, started.elapsed())
    }

    /// The next piece of a body that is sent in chunks; empty at its end.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let size = usize::from_str_radix(line.trim(), 16).expect("a chunk begins with its size");
        let mut piece = vec![0; size + 2];
        self.0.read_exact(&mut piece).await.ok()?;
        piece.truncate(size);
        Some(piece)
    }
}
