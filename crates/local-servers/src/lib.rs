//! Finds nats-server and redis-server, and says how to start them on loopback with their data in a folder: for
//! `framewatch up`, and for tests. Starting, watching and ending the processes is left to the caller.

mod configure;
mod locate;

pub use configure::{nats_server, redis_server};
pub use locate::{NotFound, Server, locate};

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// A TCP port of loopback that nobody listens on at this moment.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Whether nobody listens on this port of loopback at this moment.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
