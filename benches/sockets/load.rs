//! Clients that each send a request when the one before is answered, all on this thread.

use std::{
    cell::RefCell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::LocalSet,
};

use crate::{
    numbers::quantile,
    shape::{BODY, Shape},
};

/// More than one worker answers at once, so that it never waits for a client.
const CONNECTIONS: usize = 32;

/// Connections that are kept alive, and what they send.
pub(crate) struct Load {
    clients: Vec<Rc<RefCell<Client>>>,
    sent: u64,
}

/// What one turn has seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    pub(crate) requests: u64,
    pub(crate) a_second: f64,
    pub(crate) p99_us: u32,
}

struct Client {
    wire: TcpStream,
    requests: Rc<Vec<Vec<u8>>>,
    next: usize,
    answer: Vec<u8>,
}

impl Load {
    pub(crate) async fn open(address: SocketAddr, shape: Shape) -> Self {
        let requests = Rc::new(shape.requests(1));
        let mut clients = Vec::new();
        for client in 0..CONNECTIONS {
            let wire = TcpStream::connect(address).await.unwrap();
            wire.set_nodelay(true).unwrap();
            clients.push(Rc::new(RefCell::new(Client {
                wire,
                next: client * requests.len() / CONNECTIONS,
                requests: Rc::clone(&requests),
                answer: vec![0; 4_096],
            })));
        }
        Self { clients, sent: 0 }
    }

    /// How many requests were sent so far; each was answered.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends requests for so long.
    pub(crate) async fn run(&mut self, time: Duration) -> Measurement {
        let started = Instant::now();
        let local = LocalSet::new();
        let tasks: Vec<_> = self
            .clients
            .iter()
            .map(|client| {
                let client = Rc::clone(client);
                // Nobody else borrows a client while a turn lasts.
                #[allow(clippy::await_holding_refcell_ref)]
                local.spawn_local(async move {
                    let mut client = client.borrow_mut();
                    let mut times_us = Vec::new();
                    while started.elapsed() < time {
                        times_us.push(client.exchange().await);
                    }
                    times_us
                })
            })
            .collect();
        let mut times_us: Vec<u32> = Vec::new();
        local
            .run_until(async {
                for task in tasks {
                    times_us.extend(task.await.unwrap());
                }
            })
            .await;
        let took = started.elapsed();
        times_us.sort_unstable();
        let requests = times_us.len() as u64;
        self.sent += requests;
        Measurement {
            requests,
            a_second: requests as f64 / took.as_secs_f64(),
            p99_us: quantile(&times_us, 0.99),
        }
    }
}

impl Client {
    /// Sends the next request and reads its answer; how long that took, in microseconds.
    async fn exchange(&mut self) -> u32 {
        let request = &self.requests[self.next];
        self.next = (self.next + 1) % self.requests.len();
        let sent = Instant::now();
        self.wire.write_all(request).await.unwrap();
        let mut filled = 0;
        loop {
            let read = self.wire.read(&mut self.answer[filled..]).await.unwrap();
            assert!(read > 0, "the server has closed the connection");
            filled += read;
            let answer = &self.answer[..filled];
            if answer.ends_with(BODY.as_bytes()) {
                assert!(answer.starts_with(b"HTTP/1.1 200"), "an answer fails");
                break;
            }
        }
        u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX)
    }
}
