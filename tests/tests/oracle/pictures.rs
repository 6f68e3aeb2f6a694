//! What cameras see and people upload.

use std::time::Duration;

use tests::{View, have_model, scene};

/// Blocks; or where comparators compare by `view`, which takes blocks for all alike, scenes.
pub(crate) fn picture(view: View, seed: u32) -> Vec<u8> {
    match have_model() {
        true => scene(view, seed),
        false => tests::picture(view, seed),
    }
}

/// Between two frames of a camera: with all of them two hundred frames a second, or forty where each goes through the network.
pub(crate) fn period() -> Duration {
    match have_model() {
        true => Duration::from_millis(500),
        false => Duration::from_millis(100),
    }
}
