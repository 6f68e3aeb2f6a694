//! Decisions carried out against a real nats-server, among others that decide as well.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod camera;
mod endings;
mod races;
mod shares;
mod site;
