//! What systemd wants to know of a service of the type `notify`.

/// Tells the supervisor, where one asks for it by `NOTIFY_SOCKET`. One that does not listen is none.
#[cfg(target_os = "linux")]
pub(super) fn tell(state: &str) {
    use std::os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    };

    let Ok(path) = std::env::var("NOTIFY_SOCKET") else {
        return;
    };
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    };
    if let (Ok(address), Ok(socket)) = (address, UnixDatagram::unbound()) {
        let _ = socket.send_to_addr(state.as_bytes(), &address);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn tell(_: &str) {}
