//! From a picture's bytes to the [`Look`] that is kept of it: a fingerprint always, and what the network sees where a
//! measure needs that.
//!
//! Owns the order of the steps (decode, turn upright, network, look), where the network's weights are found, and how a heat
//! map is drawn. Decoding is left to `fingerprint`, the network to `features`, comparing to `comparison`.

mod config;
mod heat_map;
mod model;
mod viewer;

pub use comparison::Look;
pub use config::ModelConfig;
pub use heat_map::heat_map;
pub use model::{Model, ModelError};
pub use viewer::{LookError, Viewer};
