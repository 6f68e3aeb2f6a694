//! What is set of a camera, in `cameras.toml` or by API: read strictly, by rules that are the same for both.
//!
//! - [`CameraSpec`]: all that is set of a camera, as the camera service connects to it.
//! - [`Asked`]: what is asked for by API, and how it becomes [`CameraSettings`](event_bus::CameraSettings) as the bucket
//!   `camera-settings` holds them; [`stored_spec`] is the way back.
//! - [`CameraKey`]: the key by which passwords are encrypted there.
//! - [`Networks`], [`Reach`]: where a camera may be that is set by API.
//! - [`rules`]: what each setting may be.
//!
//! How `cameras.toml` is read, and connecting, are left to the camera service; who may set what, to the upload service.

mod address;
mod asked;
mod camera_source;
mod camera_spec;
mod config;
mod key;
mod login;
mod pin;
mod reach;
pub mod rules;
mod stored;

pub use address::{Address, InvalidAddress, Protocol};
pub use asked::{Asked, Refused};
pub use camera_source::{CameraSource, FfmpegInput, InvalidSource};
pub use camera_spec::{CameraSpec, FreezeWatch, SetBy, Transport};
pub use config::Config;
pub use key::{CameraKey, KeyError};
pub use login::Login;
pub use pin::{CertificatePin, InvalidPin};
pub use reach::{Networks, Reach};
pub use stored::stored_spec;
