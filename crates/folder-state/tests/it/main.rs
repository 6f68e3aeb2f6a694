//! The folds against a real nats-server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "what was measured is for people")]

mod history;
mod scale;
