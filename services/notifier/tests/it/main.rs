//! The notifier on a real nats-server, with a receiver of our own that speaks HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asked;
mod faults;
mod held;
mod killed;
mod mail;
mod pictures;
mod process;
mod site;
mod told;
