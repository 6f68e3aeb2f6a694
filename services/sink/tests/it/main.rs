//! The sink against real servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cluster;
mod fixture;
mod login;
mod process;
mod redis_keys;
