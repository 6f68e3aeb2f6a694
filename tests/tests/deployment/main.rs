//! The server deployment in `deploy/`: its NATS and Redis configurations, with secrets made by `deploy/init`, on real servers;
//! and the settings that it names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod init;
mod nats;
mod pipeline;
mod redis_users;
mod rights;
mod settings;
mod site;
