//! Real cameras, by RTSP and HTTP, by what they leave in folders, and by ffmpeg: their pictures as frames, and how each stands.
//!
//! [`CamerasFile`] and the bucket `camera-settings` say which there are (`wanted`); copies of the service share them (`sharing`).
//! [`run`] connects to each that is this copy's (`charge`) in a task of its own (`camera`), again and again (`backoff`). Whoever sets one up has it tried here (`testing`, [`probe`]).
//! A [`Source`] gives pictures: `rtsp` key frames of video, `http` snapshots and streams of pictures,
//! `files` what is written into a folder, `program` what ffmpeg makes of anything else. What happens is folded into how a camera stands (`standing`), which is told on `sources.<folder>` (`telling`). What follows from
//! that is left to who watches over cameras; whether a picture looks as it should, to the comparator.

mod backoff;
mod camera;
mod cameras_file;
mod charge;
mod config;
mod deadlines;
mod files;
mod fleet;
mod frozen;
mod http;
mod outage;
mod probe;
mod process;
mod program;
mod resolving;
mod rtsp;
mod sharing;
mod source;
mod standing;
mod telling;
mod testing;
mod tls;
mod wanted;

pub use camera_pictures::{Luma, NoPicture, Picture};
pub use cameras_file::CamerasFile;
pub use config::{Cameras, Config, Copies};
pub use fleet::run;
pub use outage::{Outage, Patience};
pub use probe::{Step, probe};
pub use process::main;
pub use source::Source;
