//! Simulated cameras: folders of pictures, video files, drawn scenes with staged incidents.
//!
//! A camera is described by one line of text ([`spec`]), opened as a [`source`] and asked for one frame after the
//! other; [`run`] publishes them.

mod config;
mod demo;
mod effect;
mod encode;
mod health;
pub mod incident;
mod process;
mod reference;
mod run;
pub mod scene;
pub mod size;
pub mod source;
pub mod spec;

pub use config::Config;
pub use demo::demo_cameras;
pub use process::main;
pub use reference::{ReferenceError, reference};
pub use run::{run, run_one};
pub use spec::CameraSpec;
