//! Cameras that are set on the page or by API, and the latest frame of each. Connecting to them is left to the camera service.
//!
//! - `settings`: checked, encrypted, stored.
//! - `api`: setting, removing and trying one, by the API and by forms. No answer has a password.
//! - `input`: the part of a folder's page in which an admin does so.
//! - `frame`: the latest frame.

pub(crate) mod api;
pub(crate) mod frame;
pub(crate) mod input;
pub(crate) mod settings;
