//! What tests need: real nats-server and redis-server processes, each on a free port of loopback with a folder of its
//! own, gone when the value is dropped; a receiver of webhooks; and the checks that every service's binary has to pass. A
//! server that is missing fails the test and says how to get it.

mod certificates;
mod disk;
mod hook;
mod output;
mod secrets;
mod server;
mod service;
mod wait;

pub use certificates::Certificates;
pub use disk::SmallDisk;
pub use hook::{Answer, Came, Hook};
pub use output::{OutputLines, lines_of};
pub use rustix::process::Signal;
pub use secrets::Secrets;
pub use server::{NatsServer, RedisServer, signal};
pub use service::{ServiceBinary, settings_are_documented, terminate, wait};
pub use wait::{block_until, eventually, eventually_within, soon};
