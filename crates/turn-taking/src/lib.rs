//! Which of several copies of a service does something: the one that says so in a key of a bucket, as long as it goes on
//! saying so.
//!
//! A [`Watch`] says when a key may be taken from whoever had it, a [`Claim`] takes it and goes on saying so. How long a copy has
//! said nothing counts by the clock of the one that listens, which is never set. A copy that is stopped, and goes on when another
//! one has begun, notices before it does anything: its [`Grip`] is not sure any more, and what it says is refused since another
//! one has said something.
//!
//! What is said beside the name of the copy, and what is done by whoever has the turn, is left to the services.

mod claim;
mod watch;

pub use claim::{Claim, Grip, Said};
pub use watch::{Move, Watch};

use std::time::Duration;

/// How often it is said.
pub const SAY_EVERY: Duration = Duration::from_secs(2);

/// After how long without a word another copy begins.
pub const ABANDONED_AFTER: Duration = Duration::from_secs(6);
