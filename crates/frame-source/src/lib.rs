//! Pictures that others leave in folders, and those that ffmpeg makes of a video: one after the other, and bounded.
//!
//! What becomes of a picture is left to whoever takes it.

mod ffmpeg;
mod folder;
mod read;
mod splitter;
mod watch;

pub use ffmpeg::{Ffmpeg, FfmpegError};
pub use folder::{Entry, Stamp, content_type, list};
pub use read::{ReadError, read};
pub use watch::Watch;
