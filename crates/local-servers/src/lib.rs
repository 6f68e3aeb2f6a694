//! Finds nats-server and redis-server, and says how to start them on loopback with their data in a folder: for
//! `framewatch up`, and for tests. Starting, watching and ending the processes is left to the caller.

mod configure;
mod locate;

pub use configure::{monitored_nats_server, nats_server, redis_server};
pub use locate::{NotFound, Server, locate};

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below what Linux and macOS give to outgoing connections and to those who ask for any port (from 32768 and 49152): a port
/// that is free here stays so until a server takes it, and while one that was killed is started again.
const PORTS: Range<u32> = 20_000..32_000;

/// A TCP port of loopback that nobody listens on at this moment; another one at each call.
pub fn free_port() -> io::Result<u16> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let count = PORTS.end - PORTS.start;
    let first = process::id().wrapping_mul(31);
    PORTS
        .map(|_| first.wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed)) % count)
        .filter_map(|offset| u16::try_from(PORTS.start + offset).ok())
        .find(|&port| is_free(port))
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::AddrInUse,
                "no port from 20000 to 31999 is free",
            )
        })
}

/// Whether nobody listens on this port of loopback at this moment.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
