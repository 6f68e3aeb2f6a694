//! Server-sent events: what happens, as it happens.
//!
//! - `events`: everything, for programs.
//! - `standings`: how folders stand, for pages, in turns of a second.
//! - `pace`: these turns.
//! - `viewers`: how many may follow, and how they know that the connection lives.

pub(crate) mod events;
pub(crate) mod pace;
pub(crate) mod standings;
pub(crate) mod viewers;
