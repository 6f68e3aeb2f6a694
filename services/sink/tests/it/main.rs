//! The sink against real servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cluster;
mod fixture;
mod login;
mod position;
mod process;
mod redis_keys;
mod refused;
