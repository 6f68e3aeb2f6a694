//! Real cameras, by RTSP and HTTP, by what they leave in folders, and by ffmpeg: their pictures as frames, and how each stands.
//!
//! [`CamerasFile`] and the bucket `camera-settings` say which there are (`wanted`); [`run`] connects to each in a task of its own
//! (`camera`), again and again (`backoff`). Whoever sets one up has it tried here (`testing`, [`probe`]).
//! A [`Source`] gives pictures: `rtsp` and [`video`] key frames of video, `http` snapshots and streams of pictures,
//! `files` what is written into a folder, `program` what ffmpeg makes of anything else. What happens is folded into how a camera stands (`standing`), which is told on `sources.<folder>` (`telling`). What follows from
//! that is left to who watches over cameras; whether a picture looks as it should, to the comparator.

mod backoff;
mod camera;
mod cameras_file;
mod config;
mod deadlines;
mod files;
mod fleet;
mod frozen;
mod http;
mod outage;
mod picture;
mod probe;
mod process;
mod program;
mod resolving;
mod rtsp;
mod source;
mod standing;
mod telling;
mod testing;
pub mod video;
mod wanted;

pub use cameras_file::CamerasFile;
pub use config::{Cameras, Config};
pub use fleet::run;
pub use outage::{Outage, Patience};
pub use picture::{Luma, NoPicture, Picture};
pub use probe::{Step, probe};
pub use process::main;
pub use source::Source;
