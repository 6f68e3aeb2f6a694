//! The whole of Framewatch for end-to-end tests: real servers, the services' own `run` or their binaries, and clients that
//! know nothing but HTTP, NATS and Redis. The tests are in `tests/it`, those of the pages in `tests/browser`, the faults in
//! `tests/oracle`, the measuring in `benches`.

mod part;
mod picture;
mod process;
mod proxy;
mod snapshots;
mod stack;
mod view;

pub use part::{Part, part, watched_by_parts};
pub use picture::{View, picture};
pub use process::{Process, framewatch, have_model};
pub use proxy::{Passage, Proxy};
pub use snapshots::SnapshotCamera;
pub use stack::Stack;
pub use view::{scene, watched_by_view};

/// Says that a test can't be run here, and why.
#[expect(
    clippy::print_stderr,
    reason = "the output of a test is where its reader looks"
)]
pub fn skip(why: &str) {
    eprintln!("skipped: {why}");
}
