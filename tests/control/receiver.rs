//! A webhook's receiver on a real socket, that answers as it was told to.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// What a receiver does once it has read a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers these bytes and closes.
    Bytes(String),
    /// Says nothing and keeps the connection.
    Silence,
    /// Closes without a word.
    Close,
    /// Sends a head byte by byte, slowly.
    Trickle,
    /// Sends a head that never ends.
    EndlessHead,
    /// Sends a body that never ends.
    EndlessBody,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self::with(status, "content-length: 0\r\n", "")
    }

    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        Self::Bytes(format!("HTTP/1.1 {status} Said\r\n{headers}\r\n{body}"))
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub head: String,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

#[derive(Debug, Default)]
struct State {
    connections: usize,
    received: Vec<Received>,
    replies: VecDeque<Reply>,
}

/// Answers 200 once its replies are used up.
#[derive(Debug, Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::listen(replies, None).await
    }

    pub async fn with_tls(config: ServerConfig) -> Self {
        Self::listen([], Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(replies: impl IntoIterator<Item = Reply>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(State {
                replies: replies.into_iter().collect(),
                ..State::default()
            })),
        };
        let state = receiver.state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.lock().unwrap().connections += 1;
                let (state, tls) = (state.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &state).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &state).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?token=s3cret", self.address)
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().unwrap().received)
    }
}

/// Serves one request; `None` where the client went away.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    state: &Mutex<State>,
) -> Option<()> {
    let mut bytes = Vec::new();
    let request = loop {
        let mut chunk = [0; 4_096];
        let n = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let request = Received {
            head: head.to_owned(),
            body: body.to_owned(),
        };
        let length: usize = request.header("content-length")?.parse().ok()?;
        if body.len() >= length {
            break request;
        }
    };
    let reply = {
        let mut state = state.lock().unwrap();
        state.received.push(request);
        state.replies.pop_front().unwrap_or(Reply::status(200))
    };
    let junk = vec![b'x'; 64 * 1024];
    match reply {
        Reply::Bytes(bytes) => stream.write_all(bytes.as_bytes()).await.ok()?,
        Reply::Close => {}
        // Until the client goes away.
        Reply::Silence => while stream.read(&mut [0; 64]).await.ok()? > 0 {},
        Reply::Trickle => {
            for byte in "HTTP/1.1 200 OK\r\nx: ".bytes().chain(junk) {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        Reply::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await.ok()?;
            loop {
                stream.write_all(&junk).await.ok()?;
            }
        }
        Reply::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(&junk).await.ok()?;
            }
        }
    }
    stream.shutdown().await.ok()
}
