//! The folds against a real nats-server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod history;
mod scale;
