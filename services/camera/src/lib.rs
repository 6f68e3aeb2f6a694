//! Real cameras, by RTSP and HTTP: their pictures as frames, and how each stands.
//!
//! [`CamerasFile`] says which there are; [`run`] connects to each in a task of its own (`camera`), again and again (`backoff`).
//! A [`Source`] gives pictures: `rtsp` and [`video`] key frames of video, `http` snapshots and streams of pictures. What
//! happens is folded into how a camera stands (`standing`), which is told on `sources.<folder>` (`telling`). What follows from
//! that is left to who watches over cameras; whether a picture looks as it should, to the comparator.

mod address;
mod backoff;
mod camera;
mod camera_spec;
mod cameras_file;
mod config;
mod deadlines;
mod fleet;
mod frozen;
mod http;
mod login;
mod outage;
mod picture;
mod probe;
mod process;
mod rtsp;
mod source;
mod standing;
mod telling;
pub mod video;

pub use address::{Address, InvalidAddress, Protocol};
pub use camera_spec::{CameraSpec, FreezeWatch, Transport};
pub use cameras_file::{CamerasFile, Fault, Faults, FileError};
pub use config::Config;
pub use fleet::run;
pub use login::Login;
pub use outage::{Outage, Patience};
pub use picture::{Luma, NoPicture, Picture};
pub use probe::{Step, probe};
pub use process::main;
pub use source::Source;
