//! The sink against real servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod login;
mod process;
mod redis_keys;
