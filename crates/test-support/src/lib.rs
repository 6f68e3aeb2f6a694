//! Real nats-server and redis-server processes for tests: each on a free port of loopback with a folder of its own, gone
//! when the value is dropped. A server that is missing fails the test and says how to get it.

mod server;
mod wait;

pub use server::{NatsServer, RedisServer};
pub use wait::eventually;
