//! Serves HTTP/1.1 so that no client can take what is everybody's: connections, memory, open files.

mod address;
mod answering;
mod connections;
mod limits;
mod serve;

pub use address::network;
pub use limits::Limits;
pub use serve::{Peer, serve};
