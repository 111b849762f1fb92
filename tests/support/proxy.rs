//! A wire to a database that can be cut.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// An address of this machine on which nothing listens until [`Proxy::connect`]; after that it leads
/// to a real server, until it is cut.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    /// Keeps the port ours while nothing listens on it: connections are refused.
    reserved: Option<TcpSocket>,
    running: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Takes a free port.
    #[must_use]
    pub fn reserve() -> Self {
        let socket = socket();
        socket
            .bind(([127, 0, 0, 1], 0).into())
            .expect("a port is free");
        Self {
            address: socket.local_addr().expect("the socket is bound"),
            reserved: Some(socket),
            running: None,
        }
    }

    /// Where to connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets connections through to `target` from now on.
    pub fn connect(&mut self, target: SocketAddr) {
        let socket = self.reserved.take().unwrap_or_else(|| {
            let socket = socket();
            socket.bind(self.address).expect("the port is still ours");
            socket
        });
        let listener = socket.listen(64).expect("the socket listens");
        self.running = Some(tokio::spawn(forward(listener, target)));
    }

    /// Cuts all connections and refuses new ones.
    pub async fn cut(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            // Its listener and connections are closed once the task is gone.
            let _ = running.await;
        }
        let socket = socket();
        socket.bind(self.address).expect("the port is still ours");
        self.reserved = Some(socket);
    }
}

fn socket() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("sockets are to be had");
    socket
        .set_reuseaddr(true)
        .expect("the address may be reused");
    socket
}

async fn forward(listener: TcpListener, target: SocketAddr) {
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    while let Ok((mut inside, _)) = listener.accept().await {
        connections.spawn(async move {
            if let Ok(mut outside) = TcpStream::connect(target).await {
                let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
            }
        });
    }
}
