//! A TCP proxy in front of Postgres that breaks connections at chosen moments.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
    task::JoinHandle,
};

/// What a client asks of the server: something that the server answers when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// COMMIT.
    Commit,
    /// Anything else.
    Other,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It passes.
    Pass,
    /// The connection breaks and the server never sees it.
    CutBefore,
    /// The server carries it out, and the connection breaks before the client hears of it.
    CutAfter,
    /// The connection breaks at both ends as soon as it was forwarded: either may have happened.
    CutAtOnce,
    /// The server carries it out; the answer waits until this is notified.
    Hold(Arc<HeldStatement>),
}

/// An answer that is kept back.
#[derive(Debug, Default)]
pub struct HeldStatement {
    /// Told when the server has answered.
    pub answered: Notify,
    /// To be told when the client may hear it.
    pub release: Notify,
}

type Judge = Box<dyn FnMut(Request) -> Verdict + Send>;

/// The proxy. It serves until it is dropped.
pub struct PgProxy {
    address: SocketAddr,
    judge: Arc<Mutex<Option<Judge>>>,
    cuts: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl std::fmt::Debug for PgProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgProxy")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl PgProxy {
    /// Listens on a free port of this machine and forwards to `server`, e.g. `127.0.0.1:5432`.
    pub async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let judge: Arc<Mutex<Option<Judge>>> = Arc::default();
        let cuts: Arc<AtomicU64> = Arc::default();
        let (judges, counter) = (Arc::clone(&judge), Arc::clone(&cuts));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (judge, cuts) = (Arc::clone(&judges), Arc::clone(&counter));
                let server = server.clone();
                tokio::spawn(async move {
                    // A server that is down looks to the client like a connection that breaks.
                    if let Ok(server) = TcpStream::connect(server).await {
                        forward(client, server, judge, cuts).await;
                    }
                });
            }
        });
        Self {
            address,
            judge,
            cuts,
            accepting,
        }
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on `judge` decides about every request of every connection.
    pub fn judge(&self, judge: impl FnMut(Request) -> Verdict + Send + 'static) {
        *self.judge.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(judge));
    }

    /// From now on everything passes.
    pub fn pass(&self) {
        *self.judge.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many connections it has broken.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for PgProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Between the two directions of one connection.
#[derive(Default)]
struct Answers {
    keep_back: AtomicBool,
    ready: Notify,
    go_on: Notify,
}

async fn forward(
    client: TcpStream,
    server: TcpStream,
    judge: Arc<Mutex<Option<Judge>>>,
    cuts: Arc<AtomicU64>,
) {
    // Small messages must not wait for one another.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    let answers = Arc::new(Answers::default());
    let watched = Arc::clone(&answers);
    let back = tokio::spawn(async move {
        let mut held_back = Vec::new();
        while let Some((kind, mut frame)) = typed_frame(&mut from_server).await {
            if watched.keep_back.load(Ordering::SeqCst) {
                held_back.extend_from_slice(&frame);
                if kind == b'Z' {
                    watched.ready.notify_one();
                    // Either the connection is about to break, or the answer may go on.
                    watched.go_on.notified().await;
                    frame = std::mem::take(&mut held_back);
                } else {
                    continue;
                }
            }
            if to_client.write_all(&frame).await.is_err() {
                return;
            }
        }
        // The server is gone: nobody need wait for its answer.
        watched.ready.notify_one();
    });
    let cut = requests(from_client, to_server, judge, &answers).await;
    if cut {
        cuts.fetch_add(1, Ordering::SeqCst);
    }
    back.abort();
}

/// Forwards what the client says until it leaves or is cut off; answers whether it was.
async fn requests(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    judge: Arc<Mutex<Option<Judge>>>,
    answers: &Answers,
) -> bool {
    let Some(first) = frame_body(&mut client, Vec::new()).await else {
        return false;
    };
    if server.write_all(&first).await.is_err() {
        return false;
    }
    while let Some((kind, frame)) = typed_frame(&mut client).await {
        // Query and Sync are what the server answers with ReadyForQuery.
        let verdict = match kind {
            b'Q' | b'S' => {
                let commit = kind == b'Q' && frame.get(5..).is_some_and(|b| b == b"COMMIT\0");
                let request = if commit {
                    Request::Commit
                } else {
                    Request::Other
                };
                let mut judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
                judge.as_mut().map_or(Verdict::Pass, |judge| judge(request))
            }
            _ => Verdict::Pass,
        };
        match verdict {
            Verdict::Pass => {}
            Verdict::CutBefore => return true,
            Verdict::CutAfter | Verdict::Hold(_) => answers.keep_back.store(true, Ordering::SeqCst),
            Verdict::CutAtOnce => {
                let _ = server.write_all(&frame).await;
                return true;
            }
        }
        if server.write_all(&frame).await.is_err() {
            return false;
        }
        match verdict {
            Verdict::CutAfter => {
                answers.ready.notified().await;
                return true;
            }
            Verdict::Hold(held) => {
                answers.ready.notified().await;
                held.answered.notify_one();
                held.release.notified().await;
                answers.keep_back.store(false, Ordering::SeqCst);
                answers.go_on.notify_one();
            }
            _ => {}
        }
    }
    false
}

/// A message with its type, whole.
async fn typed_frame(from: &mut OwnedReadHalf) -> Option<(u8, Vec<u8>)> {
    let kind = from.read_u8().await.ok()?;
    Some((kind, frame_body(from, vec![kind]).await?))
}

/// Appends a length and as many bytes as it says.
async fn frame_body(from: &mut OwnedReadHalf, mut frame: Vec<u8>) -> Option<Vec<u8>> {
    let length = from.read_u32().await.ok()?;
    frame.extend_from_slice(&length.to_be_bytes());
    let start = frame.len();
    frame.resize(start + usize::try_from(length).ok()?.checked_sub(4)?, 0);
    from.read_exact(frame.get_mut(start..)?).await.ok()?;
    Some(frame)
}
