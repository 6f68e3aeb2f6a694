//! Receivers that are really there: HTTP servers, mail servers by aiosmtpd, Alertmanager, Apprise, and a server that speaks
//! Slack's calls as its documents have them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod alertmanager;
mod apprise;
mod email;
mod hook;
mod messages;
mod python;
mod slack;
mod slack_server;
mod smtp_server;
mod specs;
mod webhook;

use receivers::{Receiver, ReceiverSpec};

/// The receiver that a table of a configuration describes. Files that it names are sought in `folder`.
fn receiver(folder: &tempfile::TempDir, settings: &str) -> Receiver {
    let spec: ReceiverSpec = toml::from_str(settings).unwrap();
    Receiver::of("ops", &spec, folder.path()).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::TempDir::new().unwrap()
}
